/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/lookups.h"

#include <criterion/criterion.h>
#include <time.h>

#include "base/memory.h"
#include "registry/server.h"

static struct tg_registry_settings settings;
static struct tg_lookups *lookups;
static struct tg_error error;
static atomic_uint arrivals, tellings;
static atomic_uint last_id;

static int arrived(void *context, uint32_t id, struct tg_span json, struct tg_error *ret_error)
{
        (void)context;
        if (tg_span_equal(json, tg_span_text("bogus")))
                return tg_fail(ret_error, EX_DATAERR, "this is no Avro");
        last_id = id;
        arrivals++;
        return 0;
}

static void tell(void *context, const char *text)
{
        (void)context, (void)text;
        tellings++;
}

static void start(const char *url)
{
        const struct tg_lookups_options options = {
                .settings = &settings,
                .arrived = arrived,
                .tell = tell,
        };

        tg_registry_settings_init(&settings);
        settings.urls[settings.url_count++] = tg_duplicate(url, strlen(url));
        settings.record_wait_ms = 400;
        cr_assert_eq(tg_lookups_new(&options, &lookups, &error), 0, "%s", error.message);
}

/* Before the server goes. */
static void stop(void)
{
        tg_lookups_free(lookups);
        tg_registry_settings_deinit(&settings);
}

TestSuite(lookups, .timeout = 30);

static int64_t now_ms(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * INT64_C(1000) + now.tv_nsec / 1000000;
}

static void nap(void)
{
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

/* Asks until it is no longer awaited; returns how long that took. */
static int64_t await_failure(uint32_t id)
{
        int64_t start_ms = now_ms();

        while (tg_lookups_ask(lookups, id, &error) == TG_LOOKUP_AWAITED)
                nap();
        return now_ms() - start_ms;
}

Test(lookups, an_id_arrives_once_however_often_it_was_asked_for)
{
        SERVER(server, {.status = 200, .body = "{\"schema\": \"1\"}", .delay_ms = 100});

        start(server.url);
        for (int i = 0; i < 50; i++)
                cr_assert_eq(tg_lookups_ask(lookups, 7, &error), TG_LOOKUP_AWAITED);
        while (arrivals == 0)
                nap();
        cr_expect_eq(last_id, 7);
        cr_expect_eq(server.count, 1);
        cr_expect_eq(tellings, 0);
        stop();
}

Test(lookups, a_flood_of_a_bogus_id_costs_one_request)
{
        SERVER(server, {.status = 404, .body = "{\"error_code\": 40403, \"message\": \"none\"}"});

        start(server.url);
        await_failure(7);
        for (int i = 0; i < 100000; i++)
                cr_assert_eq(tg_lookups_ask(lookups, 7, &error), TG_LOOKUP_FAILED);
        cr_expect(strstr(error.message, "none (40403)"), "%s", error.message);
        cr_expect_eq(server.count, 1);
        cr_expect_eq(tellings, 1);
        stop();
}

Test(lookups, a_schema_that_nobody_can_use_fails_with_the_reason)
{
        SERVER(server, {.status = 200, .body = "{\"schema\": \"bogus\"}"});

        start(server.url);
        await_failure(7);
        cr_expect(strstr(error.message, "no Avro"), "%s", error.message);
        stop();
}

Test(lookups, a_registry_that_is_away_for_a_moment_costs_no_record)
{
        SERVER(server, {.status = 503}, {.hang_up = true},
               {.status = 200, .body = "{\"schema\": \"1\"}"});

        start(server.url);
        settings.record_wait_ms = 10000;
        tg_lookups_ask(lookups, 7, &error);
        while (arrivals == 0)
                nap();
        cr_expect_eq(server.count, 3);
        stop();
}

Test(lookups, many_ids_of_a_registry_that_is_away_do_not_wait_in_turn)
{
        char url[64];
        int64_t took_ms;

        server_nowhere(url);
        start(url);
        for (uint32_t id = 0; id < TG_LOOKUPS_MAX; id++)
                tg_lookups_ask(lookups, id, &error);
        took_ms = await_failure(0);
        cr_expect_geq(took_ms, 100, "it did not try on: %d ms", (int)took_ms);
        for (uint32_t id = 0; id < TG_LOOKUPS_MAX; id++)
                took_ms += await_failure(id);
        cr_expect_lt(took_ms, 10000, "%d ms", (int)took_ms); /* in turn: over 100 s */
        stop();
}

Test(lookups, more_ids_than_are_remembered_are_all_answered)
{
        SERVER(server, {.status = 404, .body = "{\"error_code\": 40403, \"message\": \"none\"}"});

        start(server.url);
        for (uint32_t id = 0; id < 2 * TG_LOOKUPS_MAX; id++)
                await_failure(id);
        cr_expect_geq(server.count, 2 * TG_LOOKUPS_MAX);
        cr_expect_eq(tg_lookups_ask(lookups, 2 * TG_LOOKUPS_MAX - 1, &error), TG_LOOKUP_FAILED);
        stop();
}

Test(lookups, leaving_does_not_wait_for_an_answer)
{
        SERVER(server, {.hang_up = true, .delay_ms = 3000});
        int64_t start_ms = now_ms();

        start(server.url);
        tg_lookups_ask(lookups, 7, &error);
        while (server.count == 0)
                nap();
        stop();
        cr_expect_lt(now_ms() - start_ms, 2500);
}
