/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "base/memory.h"
#include "kafka/subjects.h"
#include "records/words.h"
#include "registry/server.h"
#include "support/notices.h"

static struct tg_kafka_settings settings;
static struct tg_subjects *subjects;
static struct tg_error error;

static void setup(void)
{
        tg_kafka_settings_init(&settings);
        settings.registry.start_wait_ms = 0;
}

static void teardown(void)
{
        tg_subjects_free(subjects);
        tg_kafka_settings_deinit(&settings);
}

TestSuite(subjects, .init = setup, .fini = teardown, .timeout = 20);

static int open_subjects(const char *url, uint32_t channels)
{
        const struct tg_subjects_options options = {
                .settings = &settings,
                .notices = &notices,
                .channels = channels,
        };

        if (url)
                settings.registry.urls[settings.registry.url_count++] =
                        tg_duplicate(url, strlen(url));
        return tg_subjects_new(&options, &subjects, &error);
}

static uint32_t permitted(unsigned channel)
{
        uint32_t id;

        cr_assert_eq(tg_subjects_permitted(subjects, channel, &id, &error), 0, "%s", error.message);
        return id;
}

Test(subjects, without_a_registry_ids_are_those_of_the_configuration)
{
        settings.ids[TG_SCHEMA_DECISION] = 44;
        settings.ids[TG_SCHEMA_PERMITTED] = 33;
        cr_assert_eq(open_subjects(NULL, 0), 0);
        cr_expect_eq(tg_subjects_decision(subjects), 44);
        cr_expect_eq(permitted(TG_CHANNEL_EMAIL), 33);
}

Test(subjects, each_output_topic_that_is_there_is_registered_at_the_start)
{
        SERVER(server, {.status = 200, .path = "/decisions-value/versions", .body = "{\"id\": 70}"},
               {.status = 200, .path = "/permitted.email-value/versions", .body = "{\"id\": 71}"},
               {.status = 200, .path = "/permitted.ads-value/versions", .body = "{\"id\": 72}"},
               {.status = 500});

        cr_assert_eq(open_subjects(server.url, 1U << TG_CHANNEL_EMAIL | 1U << TG_CHANNEL_ADS), 0,
                     "%s", error.message);
        cr_expect_eq(server.count, 3);
        cr_expect_eq(tg_subjects_decision(subjects), 70);
        cr_expect_eq(permitted(TG_CHANNEL_EMAIL), 71);
        cr_expect_eq(permitted(TG_CHANNEL_ADS), 72);
        cr_expect_eq(server.count, 3);
}

Test(subjects, a_topic_that_comes_later_is_asked_for_once)
{
        SERVER(server, {.status = 200, .path = "/decisions-value/versions", .body = "{\"id\": 70}"},
               {.status = 200, .path = "/permitted.email-value/versions", .body = "{\"id\": 71}"});

        cr_assert_eq(open_subjects(server.url, 0), 0, "%s", error.message);
        cr_expect_eq(server.count, 1);
        cr_expect_eq(permitted(TG_CHANNEL_EMAIL), 71);
        cr_expect_eq(permitted(TG_CHANNEL_EMAIL), 71);
        cr_expect_eq(server.count, 2);
}

Test(subjects, who_may_not_register_is_told_what_is_missing)
{
        SERVER(server,
               {.status = 404, .body = "{\"error_code\": 40401, \"message\": \"no subject\"}"});

        settings.registry.auto_register = false;
        cr_assert_eq(open_subjects(server.url, 0), -1);
        cr_expect_eq(error.exit_code, EX_CONFIG);
        cr_expect(strstr(error.message, "schemas/decision.avsc under subject decisions-value"),
                  "%s", error.message);
        cr_expect(strstr(server.requests[0], "POST /subjects/decisions-value HTTP"));
}

Test(subjects, a_refused_schema_ends_the_start_with_the_registrys_reason)
{
        SERVER(server, {.status = 409, .body = "{\"error_code\": 409, \"message\": \"MISSING\"}"});

        cr_assert_eq(open_subjects(server.url, 0), -1);
        cr_expect_eq(error.exit_code, EX_CONFIG);
        cr_expect(strstr(error.message, "MISSING"), "%s", error.message);
        cr_expect(strstr(error.message, "topic decisions"), "%s", error.message);
}
