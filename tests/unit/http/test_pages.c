/* SPDX-License-Identifier: Apache-2.0 */
/* What is read off the boards, and what HTTP itself refuses. */
#include "http/live.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NO_RULES "rules: []\n"
#define CAP "rules:\n- rule: \"a \\\"cap\\\"\"\n  cap: {count: permit, at_most: 1, per: 1d}\n"

Test(pages, a_shard_that_turns_is_live_and_ready)
{
        LIVE(live, CAP);
        live_run(&live);
        ANSWER(alive, &live, "/livez", NULL);
        cr_assert_eq(alive.status, 200, "%s", alive.body);
        ANSWER(ready, &live, "/readyz", NULL);
        cr_assert_eq(ready.status, 200, "%s", ready.body);
        cr_assert(json_is_true(json_object_get(ready.json, "ready")));
}

Test(pages, a_shard_that_stands_still_is_named)
{
        const json_t *still;

        LIVE(live, CAP);
        live.settings.live_within_ms = 1;
        live_run(&live);
        live_hold(&live);
        for (int i = 0; i < 3; i++) {
                ANSWER(page, &live, "/version", NULL); /* passes the time */
                cr_assert_eq(page.status, 200);
        }
        ANSWER(answer, &live, "/livez", NULL);
        cr_assert_eq(answer.status, 503, "%s", answer.body);
        still = json_array_get(json_object_get(answer.json, "standing_still"), 0);
        cr_assert_eq(json_integer_value(json_object_get(still, "shard")), 0);
}

Test(pages, what_is_missing_to_be_ready_is_named)
{
        LIVE(live, CAP);
        live_serve(&live);
        ANSWER(unassigned, &live, "/readyz", NULL);
        cr_assert_eq(unassigned.status, 503);
        cr_assert_not_null(strstr(unassigned.body, "\"missing\":[\"assigned\"]"), "%s",
                           unassigned.body);
        atomic_store(&live.board->assigned, true);
        atomic_store(&live.board->tallies[TG_TALLY_BEHIND], 1);
        atomic_store(&live.stop, 1);
        ANSWER(behind, &live, "/readyz", NULL);
        cr_assert_eq(behind.status, 503);
        cr_assert_not_null(strstr(behind.body, "\"missing\":[\"caught_up\",\"not_draining\"]"),
                           "%s", behind.body);
}

Test(pages, the_version_names_the_policy_by_its_hash)
{
        LIVE(live, CAP);
        live_serve(&live);
        ANSWER(answer, &live, "/version", NULL);
        cr_assert_eq(answer.status, 200);
        cr_assert_str_eq(text_of(&answer, "version"), TG_VERSION);
        cr_assert_str_eq(text_of(&answer, "policy"), "test");
        cr_assert_str_eq(text_of(&answer, "policy_hash"), live.options.partition.policy->name.hash);
}

/* The value of the sample of this name and these labels, or -1. */
static double sample(const struct answer *answer, const char *name)
{
        size_t size = strlen(name);

        for (const char *line = answer->body; line; line = strchr(line, '\n')) {
                line += *line == '\n';
                if (strncmp(line, name, size) == 0 && line[size] == ' ')
                        return strtod(line + size, NULL);
        }
        return -1;
}

Test(pages, the_metrics_are_what_was_done)
{
        LIVE(live, CAP);
        tg_twin_request(&live.twin, &(struct tg_request){.id = tg_span_text("r"),
                                                         .customer = tg_span_text("me"),
                                                         .time_ms = NOW_MS - 2000,
                                                         .expires_ms = TG_NO_TIME,
                                                         .channel = TG_CHANNEL_EMAIL,
                                                         .kind = TG_KIND_OFFER});
        tg_twin_datum(&live.twin, TG_STREAM_REQUESTS, tg_span_text("\xff"));
        live_run(&live);
        ANSWER(second, &live, "/decide",
               "{\"id\": \"s\", \"customer\": \"me\", \"channel\": "
               "\"email\", \"kind\": \"offer\"}");
        cr_assert_str_eq(text_of(&second, "outcome"), "defer");
        ANSWER(page, &live, "/metrics", NULL);
        cr_assert_eq(page.status, 200);
        cr_assert_not_null(strstr(page.header, "Content-Type: text/plain; version=0.0.4"));
        cr_assert_eq(sample(&page, "touchgate_requests_total"), 2, "%s", page.body);
        cr_assert_eq(sample(&page, "touchgate_decisions_total{outcome=\"permit\"}"), 1);
        cr_assert_eq(sample(&page, "touchgate_decisions_total{outcome=\"defer\"}"), 1);
        cr_assert_eq(sample(&page, "touchgate_permitted_total{channel=\"email\"}"), 1);
        cr_assert_eq(sample(&page, "touchgate_reasons_total{rule=\"a \\\"cap\\\"\",effect="
                                   "\"defer\"}"),
                     1, "%s", page.body);
        cr_assert_eq(sample(&page, "touchgate_rejected_total{reason=\"undecodable\"}"), 1);
        cr_assert_eq(sample(&page, "touchgate_partitions"), 2);
        cr_assert_eq(sample(&page, "touchgate_pending_messages"), 0);
        cr_assert_eq(sample(&page, "touchgate_table_limit_bytes"), 2 << 20);
        cr_assert_eq(sample(&page, "touchgate_request_age_seconds_bucket{le=\"1\"}"), 0);
        cr_assert_eq(sample(&page, "touchgate_request_age_seconds_bucket{le=\"2.5\"}"), 1);
        cr_assert_eq(sample(&page, "touchgate_request_age_seconds_count"), 1);
        cr_assert_eq(sample(&page, "touchgate_http_requests_total{path=\"/decide\",code=\"200\"}"),
                     1);
        cr_assert_gt(sample(&page, "touchgate_batch_seconds_count"), 0);
        cr_assert_gt(sample(&page, "process_resident_memory_bytes"), 1 << 20);
        cr_assert_geq(sample(&page, "process_cpu_seconds_total"), 0);
}

Test(pages, other_pages_and_methods_are_refused)
{
        LIVE(live, NO_RULES);
        live_serve(&live);
        ANSWER(nowhere, &live, "/admin", NULL);
        cr_assert_eq(nowhere.status, 404);
        ANSWER(posted, &live, "/metrics", "{}");
        cr_assert_eq(posted.status, 405);
        cr_assert_not_null(strstr(posted.header, "Allow: GET"));
        ANSWER(got, &live, "/decide", NULL);
        cr_assert_eq(got.status, 405);
}

Test(pages, nobody_may_ask_unless_the_configuration_says_so)
{
        LIVE(live, NO_RULES);
        live.settings.ask = false;
        live_run(&live);
        ANSWER(decide, &live, "/decide", "{}");
        cr_assert_eq(decide.status, 403, "%s", decide.body);
        cr_assert_not_null(strstr(decide.body, "ask: true"));
        ANSWER(explain, &live, "/explain?customer=me&channel=ads&kind=offer", NULL);
        cr_assert_eq(explain.status, 403);
        ANSWER(metrics, &live, "/metrics", NULL);
        cr_assert_eq(metrics.status, 200);
}

Test(pages, a_body_over_a_mebibyte_is_refused)
{
        size_t size = TG_HTTP_BODY_MAX + 2;
        char *body = tg_allocate(size);

        LIVE(live, NO_RULES);
        live_serve(&live);
        memset(body, ' ', size - 1);
        body[size - 1] = '\0';
        ANSWER(large, &live, "/decide", body);
        cr_assert_eq(large.status, 413, "%s", large.body);
        body[TG_HTTP_BODY_MAX] = '\0';
        ANSWER(largest, &live, "/decide", body);
        cr_assert_eq(largest.status, 400, "%s", largest.body);
        free(body);
}

Test(pages, an_address_that_is_taken_is_an_error)
{
        struct tg_http *second;
        struct tg_error error;

        LIVE(live, NO_RULES);
        live_serve(&live);
        cr_assert_eq(
                tg_http_settings_listen(&live.settings, tg_span_text(tg_http_address(live.http))),
                0);
        cr_assert_eq(
                tg_http_start(&(struct tg_http_options){.settings = &live.settings,
                                                        .shards = {&live.board, &live.inbox, 1, 2}},
                              &second, &error),
                -1);
        cr_assert_not_null(strstr(error.message, "in use"), "%s", error.message);
}

Test(settings, addresses_are_numeric_with_a_port_or_off)
{
        static const char *const good[] = {"127.0.0.1:8787", "0.0.0.0:0", "[::1]:65535", "off"};
        static const char *const bad[] = {
                "",           ":",          "8787",          "localhost:80",
                "127.0.0.1",  "127.0.0.1:", "1.2.3.4:65536", "[::1]",
                "1.2.3.4:-1", "1.2.3:4"};
        struct tg_http_settings settings;

        tg_http_settings_init(&settings);
        for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
                cr_assert_eq(tg_http_settings_listen(&settings, tg_span_text(good[i])), 0, "%s",
                             good[i]);
        cr_assert_str_eq(settings.host, "");
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
                cr_assert_eq(tg_http_settings_listen(&settings, tg_span_text(bad[i])), -1, "%s",
                             bad[i]);
}
