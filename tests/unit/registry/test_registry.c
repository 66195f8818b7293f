/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/registry.h"

#include <criterion/criterion.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/time.h"
#include "registry/server.h"
#include "support/folder.h"

static struct tg_registry_settings settings;
static struct tg_registry *registry;
static struct tg_buffer json;
static struct tg_error error;
static atomic_int stop;
static unsigned told;

static void tell(void *context, const char *text)
{
        (void)context;
        cr_expect(strstr(text, "trying on"), "%s", text);
        told++;
}

static void setup(void)
{
        tg_registry_settings_init(&settings);
        settings.timeout_ms = 300;
}

static void teardown(void)
{
        tg_registry_free(registry);
        tg_registry_settings_deinit(&settings);
        tg_buffer_deinit(&json);
}

TestSuite(registry, .init = setup, .fini = teardown, .timeout = 20);

static void at(const char *url)
{
        settings.urls[settings.url_count++] = tg_duplicate(url, strlen(url));
}

static void open_registry(void)
{
        const struct tg_registry_options options = {
                .settings = &settings,
                .stop = &stop,
                .tell = tell,
        };

        cr_assert_eq(tg_registry_new(&options, &registry, &error), 0, "%s", error.message);
}

static void close_registry(void)
{
        tg_registry_free(registry);
        registry = NULL;
        free(settings.urls[0]);
        settings.url_count = 0;
}

/* Asks for schema 7 and returns the answer. */
static int ask(int64_t patience_ms)
{
        if (!registry)
                open_registry();
        tg_buffer_reset(&json);
        return tg_registry_schema(registry, 7, patience_ms, &json, &error);
}

static void expect_error(int result, int expected, int exit_code, const char *part)
{
        cr_assert_eq(result, expected, "%d: %s", result, error.message);
        cr_expect_eq(error.exit_code, exit_code, "%d: %s", error.exit_code, error.message);
        cr_expect(strstr(error.message, part), "%s", error.message);
}

Test(registry, a_schema_is_fetched_by_its_id)
{
        SERVER(server, {.status = 200, .body = "{\"schema\": \"\\\"string\\\"\"}"});

        at(server.url);
        cr_assert_eq(ask(0), 0, "%s", error.message);
        cr_expect(tg_span_equal(tg_buffer_span(&json), tg_span_text("\"string\"")));
        cr_expect(strstr(server.requests[0], "GET /schemas/ids/7 HTTP/1.1\r\n"));
}

Test(registry, an_id_that_is_not_there_is_an_answer_and_not_asked_for_twice)
{
        SERVER(server, {.status = 404,
                        .body = "{\"error_code\": 40403, \"message\": \"Schema not found\"}"});

        at(server.url);
        expect_error(ask(1000), 1, EX_DATAERR, "Schema not found (40403)");
        cr_expect_eq(server.count, 1);
}

Test(registry, a_404_of_somebody_else_is_a_wrong_address)
{
        SERVER(server, {.status = 404, .body = "<html>Not Found</html>"});

        at(server.url);
        expect_error(ask(1000), -1, EX_CONFIG, "/apis/ccompat/v7");
}

Test(registry, a_refused_user_is_told_at_once_and_what_to_check)
{
        SERVER(server, {.status = 401});

        at(server.url);
        expect_error(ask(1000), -1, EX_NOPERM, "basic_auth");
        cr_expect_eq(server.count, 1);
}

Test(registry, a_server_that_stumbles_is_asked_again)
{
        SERVER(server, {.status = 500}, {.status = 503}, {.hang_up = true},
               {.status = 200, .body = "{\"schema\": \"1\"}"});

        at(server.url);
        cr_assert_eq(ask(10000), 0, "%s", error.message);
        cr_expect_eq(server.count, 4);
        cr_expect_eq(told, 1);
}

Test(registry, without_patience_every_address_is_asked_once)
{
        SERVER(server, {.status = 500, .body = "{\"error_code\": 50001, \"message\": \"store\"}"});

        at(server.url);
        expect_error(ask(0), -1, EX_UNAVAILABLE, "HTTP 500: store (50001)");
        cr_expect_eq(server.count, 1);
        cr_expect_eq(told, 0);
}

Test(registry, a_server_that_is_too_slow_has_not_answered)
{
        SERVER(server, {.status = 200, .body = "{\"schema\": \"1\"}", .delay_ms = 600});

        at(server.url);
        expect_error(ask(0), -1, EX_UNAVAILABLE, "timed out");
}

Test(registry, nobody_there_is_told_with_the_address)
{
        char url[64];

        server_nowhere(url);
        at(url);
        expect_error(ask(300), -1, EX_UNAVAILABLE, url);
        cr_expect_eq(told, 1);
}

Test(registry, the_next_address_is_tried_and_then_preferred)
{
        char url[64];
        SERVER(server, {.status = 200, .body = "{\"schema\": \"1\"}"});

        server_nowhere(url);
        at(url);
        at(server.url);
        cr_assert_eq(ask(0), 0, "%s", error.message);
        cr_assert_eq(ask(0), 0, "%s", error.message);
        cr_expect_eq(server.count, 2);
        cr_expect_eq(told, 0);
}

Test(registry, waiting_ends_when_the_process_is_asked_to_stop)
{
        char url[64];

        server_nowhere(url);
        at(url);
        stop = 1;
        expect_error(ask(TG_HOUR_MS), -1, EX_TEMPFAIL, "");
}

Test(registry, a_redirect_is_not_followed)
{
        SERVER(server, {.status = 302, .headers = "Location: /elsewhere\r\n"});

        at(server.url);
        expect_error(ask(1000), -1, EX_CONFIG, "redirects");
        cr_expect_eq(server.count, 1);
}

Test(registry, what_is_no_answer_of_a_registry_is_refused)
{
        static const char *const bodies[] = {"",
                                             "{",
                                             "[]",
                                             "null",
                                             "{\"schema\": 7}",
                                             "{\"schema\": null}",
                                             "{\"schema\": \"a\\u0000b\"}",
                                             "{\"schema\": \"\xff\"}",
                                             "{\"schema\": \"1\", \"schema\": \"2\"}"};

        for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
                SERVER(server, {.status = 200, .body = bodies[i]});

                at(server.url);
                expect_error(ask(0), -1, EX_PROTOCOL, "not that of a schema registry");
                cr_expect_eq(json.size, 0);
                close_registry();
        }
}

Test(registry, a_schema_that_refers_to_others_is_refused_with_the_reason)
{
        SERVER(server, {.status = 200,
                        .body = "{\"schema\": \"\\\"x.Y\\\"\", \"references\": [{\"name\": "
                                "\"x.Y\", \"subject\": \"y\", \"version\": 1}]}"});

        at(server.url);
        expect_error(ask(0), -1, EX_DATAERR, "x.Y");
}

Test(registry, a_schema_of_another_kind_is_refused)
{
        SERVER(server, {.status = 200, .body = "{\"schema\": \"{}\", \"schemaType\": \"JSON\"}"});

        at(server.url);
        expect_error(ask(0), -1, EX_DATAERR, "JSON, not Avro");
}

Test(registry, an_answer_has_its_largest_size)
{
        SERVER(server, {.status = 200, .body = "{\"schema\": \"1\"}", .filler = 5 << 20});

        settings.timeout_ms = 5000;
        at(server.url);
        expect_error(ask(1000), -1, EX_PROTOCOL, "longer than 4 MiB");
        cr_expect_eq(server.count, 1);
}

Test(registry, a_large_answer_within_the_bound_is_read)
{
        SERVER(server, {.status = 200, .body = "{\"schema\": \"1\"}", .filler = 3 << 20});

        settings.timeout_ms = 5000;
        at(server.url);
        cr_assert_eq(ask(0), 0, "%s", error.message);
}

Test(registry, what_a_server_says_cannot_steer_a_terminal)
{
        SERVER(server, {.status = 422,
                        .body = "{\"error_code\": 42201, \"message\": \"a\\u001b[2Jb\\n\"}"});

        at(server.url);
        expect_error(ask(0), -1, EX_PROTOCOL, "a?[2Jb? (42201)");
}

Test(registry, the_user_and_the_password_of_the_file_go_with_every_request)
{
        SERVER(server, {.status = 200, .body = "{\"schema\": \"1\"}"});
        FOLDER(folder);
        const char *path = folder_put(&folder, "password", "open sesame\n");

        at(server.url);
        settings.user = tg_duplicate("ali", 3);
        settings.password_file = tg_duplicate(path, strlen(path));
        cr_assert_eq(ask(0), 0, "%s", error.message);
        /* ali:open sesame */
        cr_expect(strstr(server.requests[0], "Authorization: Basic YWxpOm9wZW4gc2VzYW1l\r\n"), "%s",
                  server.requests[0]);
}

Test(registry, files_that_are_not_there_are_told_by_their_keys)
{
        const struct tg_registry_options options = {.settings = &settings};

        at("https://127.0.0.1:1");
        settings.ca_file = tg_duplicate("/no/ca", 6);
        expect_error(tg_registry_new(&options, &registry, &error), -1, EX_NOINPUT, "ca_file");
        settings.user = tg_duplicate("a", 1);
        settings.password_file = tg_duplicate("/no/password", 12);
        expect_error(tg_registry_new(&options, &registry, &error), -1, EX_NOINPUT, "password_file");
}

Test(registry, a_schema_is_registered_under_its_subject_as_json)
{
        SERVER(server, {.status = 200, .body = "{\"id\": 4294967295}"});
        uint32_t id;

        at(server.url);
        open_registry();
        cr_assert_eq(tg_registry_register(registry, "decisions-value",
                                          tg_span_text("{\"type\": \"string\"}"), 0, &id, &error),
                     0, "%s", error.message);
        cr_expect_eq(id, 4294967295);
        cr_expect(strstr(server.requests[0], "POST /subjects/decisions-value/versions HTTP/1.1"));
        cr_expect(strstr(server.requests[0], "application/vnd.schemaregistry.v1+json\r\n"));
        cr_expect(strstr(server.requests[0],
                         "\r\n\r\n{\"schema\":\"{\\\"type\\\": \\\"string\\\"}\"}"),
                  "%s", server.requests[0]);
}

Test(registry, an_incompatible_schema_is_told_with_the_reason)
{
        SERVER(server, {.status = 409, .body = "{\"error_code\": 409, \"message\": \"READER_X\"}"});
        uint32_t id;

        at(server.url);
        open_registry();
        expect_error(tg_registry_register(registry, "d", tg_span_text("1"), 0, &id, &error), -1,
                     EX_CONFIG, "READER_X");
}

Test(registry, a_subject_without_our_schema_is_an_answer)
{
        SERVER(server,
               {.status = 404, .body = "{\"error_code\": 40401, \"message\": \"no subject\"}"});
        uint32_t id;

        at(server.url);
        open_registry();
        expect_error(tg_registry_find(registry, "d", tg_span_text("1"), 0, &id, &error), 1,
                     EX_DATAERR, "no subject");
        cr_expect(strstr(server.requests[0], "POST /subjects/d HTTP/1.1"));
}

Test(registry, an_id_that_is_none_is_refused)
{
        static const char *const bodies[] = {"{}", "{\"id\": -1}", "{\"id\": 4294967296}",
                                             "{\"id\": 1.5}", "{\"id\": \"1\"}"};
        uint32_t id;

        for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
                SERVER(server, {.status = 200, .body = bodies[i]});

                at(server.url);
                open_registry();
                expect_error(tg_registry_register(registry, "d", tg_span_text("1"), 0, &id, &error),
                             -1, EX_PROTOCOL, "not that of a schema registry");
                close_registry();
        }
}
