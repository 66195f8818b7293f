/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/client.h"

#include <criterion/criterion.h>
#include <stdlib.h>

static void tell(void *context, enum tg_notice_level level, const char *key, const char *text)
{
        (void)key;
        if (level == TG_NOTICE_WARNING && strstr(text, "trying on"))
                ++*(unsigned *)context;
}

/* Whether a client fails that hears of CODE; if not, it says that it tries on. */
static bool fails(bool trusted, rd_kafka_resp_err_t code)
{
        unsigned warnings = 0;
        const struct tg_notices notices = {.tell = tell, .context = &warnings};
        struct tg_client client = {.notices = &notices, .role = "test", .trusted = trusted};

        tg_client_note(&client, code, "said so");
        cr_expect_eq(warnings, !client.failed);
        if (client.failed)
                cr_expect_eq(client.failure.exit_code, EX_NOPERM);
        return client.failed;
}

Test(client, that_was_never_let_in_gives_up_when_its_credentials_are_refused)
{
        cr_expect(fails(false, RD_KAFKA_RESP_ERR__AUTHENTICATION));
        cr_expect(fails(false, RD_KAFKA_RESP_ERR__SSL));
}

Test(client, whose_settings_were_good_before_says_so_and_tries_on)
{
        cr_expect_not(fails(true, RD_KAFKA_RESP_ERR__AUTHENTICATION));
        cr_expect_not(fails(true, RD_KAFKA_RESP_ERR__SSL));
}

Test(client, that_may_not_do_what_it_must_gives_up_in_any_case)
{
        cr_expect(fails(true, RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED));
        cr_expect_not(fails(false, RD_KAFKA_RESP_ERR__TRANSPORT));
}

Test(client, takes_the_first_error_of_a_partition_for_the_answer)
{
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(3);

        for (int32_t i = 0; i < 3; i++)
                rd_kafka_topic_partition_list_add(list, "requests", i);
        cr_expect_eq(tg_client_answer(RD_KAFKA_RESP_ERR_NO_ERROR, list), 0);
        cr_expect_eq(tg_client_answer(RD_KAFKA_RESP_ERR_NO_ERROR, NULL), 0);
        list->elems[1].err = RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE;
        list->elems[2].err = RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION;
        cr_expect_eq(tg_client_answer(RD_KAFKA_RESP_ERR_NO_ERROR, list),
                     RD_KAFKA_RESP_ERR_OFFSET_METADATA_TOO_LARGE);
        cr_expect_eq(tg_client_answer(RD_KAFKA_RESP_ERR__TIMED_OUT, list),
                     RD_KAFKA_RESP_ERR__TIMED_OUT);
        rd_kafka_topic_partition_list_destroy(list);
}

/* What the bounds are; and that librdkafka takes them. */
static void expect_bounds(const char *message_max, int64_t bytes, int64_t kilobytes,
                          int64_t messages, int64_t fetch)
{
        struct tg_kafka_settings settings;
        struct tg_client_property properties[] = {{"queued.max.messages.kbytes"},
                                                  {"queued.min.messages"},
                                                  {"fetch.max.bytes"},
                                                  {NULL}};
        const struct tg_notices notices = {.tell = tell};
        const struct tg_client_options options = {.settings = &settings, .defaults = properties};
        struct tg_client client = {.notices = &notices, .role = "test"};
        struct tg_client_bounds bounds;
        struct tg_error error;

        tg_kafka_settings_init(&settings);
        if (message_max)
                tg_kafka_settings_set(&settings, "message.max.bytes", message_max);
        bounds = tg_client_bounds_of(&settings, bytes);
        properties[0].value = bounds.kilobytes;
        properties[1].value = bounds.messages;
        properties[2].value = bounds.fetch;
        cr_expect_eq(atoll(bounds.kilobytes), kilobytes, "%s", bounds.kilobytes);
        cr_expect_eq(atoll(bounds.messages), messages, "%s", bounds.messages);
        cr_expect_eq(atoll(bounds.fetch), fetch, "%s", bounds.fetch);
        cr_expect_leq(2 * atoll(bounds.fetch), (atoll(bounds.kilobytes) + 1) << 10);
        cr_assert_eq(tg_client_init(&client, RD_KAFKA_CONSUMER, &options, &error), 0, "%s",
                     error.message);
        tg_client_deinit(&client);
        tg_kafka_settings_deinit(&settings);
}

Test(client, an_answer_does_not_fill_the_queue_and_may_hold_the_largest_message)
{
        expect_bounds(NULL, INT64_C(256) << 20, 64 << 10, 503316, 16 << 20);
        expect_bounds(NULL, INT64_C(16) << 20, 4 << 10, 31457, 1 << 20);
        expect_bounds(NULL, INT64_C(1) << 20, 1953, 1966, 1000000);
        expect_bounds(NULL, INT64_C(1) << 40, 2097151, 10000000, 52428800);
        expect_bounds("10000000", INT64_C(16) << 20, 19531, 31457, 10000000);
}
