/* SPDX-License-Identifier: Apache-2.0 */
/* Against the embedded broker, which drops the oldest batches of a partition beyond 5 MiB. */
#include "kafka/loss.h"

#include <criterion/criterion.h>

#include "base/memory.h"
#include "embedded/broker.h"
#include "kafka/member.h"

enum { PARTITIONS = 2, LARGE = 400 << 10, MANY = 20 };

struct told {
        unsigned warnings;
        char text[1024];
};

static void tell(void *context, enum tg_notice_level level, const char *key, const char *text)
{
        struct told *told = context;

        (void)key;
        if (level != TG_NOTICE_WARNING || strstr(text, "librdkafka"))
                return;
        told->warnings++;
        snprintf(told->text, sizeof told->text, "%s", text);
}

static struct told told;
static const struct tg_notices notices = {.tell = tell, .context = &told};
static struct tg_kafka_settings settings;
static struct tg_embedded *embedded;
static struct tg_client client = {.notices = &notices, .role = "scout"};
static struct tg_error error;

static void setup(void)
{
        const struct tg_client_options options = {.settings = &settings};

        tg_kafka_settings_init(&settings);
        tg_kafka_settings_set(&settings, "group.id", "test");
        cr_assert_eq(tg_embedded_new(&settings, PARTITIONS, &embedded, &error), 0, "%s",
                     error.message);
        tg_embedded_use(embedded, &settings);
        cr_assert_eq(tg_client_init(&client, RD_KAFKA_CONSUMER, &options, &error), 0, "%s",
                     error.message);
}

static void teardown(void)
{
        tg_client_deinit(&client);
        tg_embedded_free(embedded);
        tg_kafka_settings_deinit(&settings);
}

TestSuite(loss, .init = setup, .fini = teardown, .timeout = 60);

/* Writes batches of one large record each, until the first of them are dropped. */
static void overflow(const char *topic, int32_t partition)
{
        const struct tg_client_options options = {.settings = &settings};
        struct tg_client producer = {.notices = &notices, .role = "producer"};
        tg_cleanup(tg_free_pointer) char *value = tg_allocate_zeroed(LARGE, 1);

        cr_assert_eq(tg_client_init(&producer, RD_KAFKA_PRODUCER, &options, &error), 0);
        for (int i = 0; i < MANY; i++) {
                cr_assert_eq(rd_kafka_producev(producer.handle, RD_KAFKA_V_TOPIC(topic),
                                               RD_KAFKA_V_PARTITION(partition),
                                               RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                               RD_KAFKA_V_VALUE(value, LARGE), RD_KAFKA_V_END),
                             0);
                cr_assert_eq(rd_kafka_flush(producer.handle, 10000), 0);
        }
        tg_client_deinit(&producer);
}

static int64_t first_of(const char *topic, int32_t partition)
{
        int64_t low, high;

        cr_assert_eq(rd_kafka_query_watermark_offsets(client.handle, topic, partition, &low, &high,
                                                      10000),
                     0);
        cr_assert_eq(high, MANY);
        cr_assert_gt(low, 3, "%lld", (long long)low);
        return low;
}

static struct tg_progress progress_of(int32_t partition, int64_t requests, int64_t touchpoints)
{
        return (struct tg_progress){
                .partition = partition,
                .next = {[TG_STREAM_REQUESTS] = requests, [TG_STREAM_TOUCHPOINTS] = touchpoints},
        };
}

Test(loss, what_was_deleted_behind_the_committed_offset_is_counted_and_told)
{
        const struct tg_progress progress = progress_of(1, 3, 0);
        struct tg_losses losses = {0};
        char expected[120];
        int64_t low;

        overflow("requests", 1);
        low = first_of("requests", 1);
        tg_losses_look(&losses, &client, &settings, &progress);
        cr_expect_eq(losses.records[TG_STREAM_REQUESTS], (uint64_t)low - 3);
        cr_expect_eq(losses.records[TG_STREAM_TOUCHPOINTS], 0);
        cr_assert_eq(told.warnings, 1);
        snprintf(expected, sizeof expected,
                 "topic requests, partition 1: %lld records (offsets 3 to %lld) were deleted",
                 (long long)low - 3, (long long)low - 1);
        cr_expect(strstr(told.text, expected), "%s", told.text);
        cr_expect(strstr(told.text, "retention.ms"), "%s", told.text);
        tg_losses_look(&losses, &client, &settings, &progress);
        cr_expect_eq(losses.records[TG_STREAM_REQUESTS], 2 * ((uint64_t)low - 3), "added up");
}

Test(loss, of_touchpoints_is_told_as_such)
{
        const struct tg_progress progress = progress_of(0, 0, 2);
        struct tg_losses losses = {0};

        overflow("touchpoints", 0);
        tg_losses_look(&losses, &client, &settings, &progress);
        cr_expect_eq(losses.records[TG_STREAM_TOUCHPOINTS],
                     (uint64_t)first_of("touchpoints", 0) - 2);
        cr_expect_eq(losses.records[TG_STREAM_REQUESTS], 0);
        cr_expect(strstr(told.text, "topic touchpoints, partition 0"), "%s", told.text);
}

Test(loss, is_none_of_what_was_read_or_of_what_this_group_never_began)
{
        struct tg_progress progress = progress_of(1, -1, -1);
        struct tg_losses losses = {0};

        overflow("requests", 1);
        tg_losses_look(&losses, &client, &settings, &progress);
        progress.next[TG_STREAM_REQUESTS] = first_of("requests", 1);
        tg_losses_look(&losses, &client, &settings, &progress);
        progress.next[TG_STREAM_REQUESTS] = MANY;
        tg_losses_look(&losses, &client, &settings, &progress);
        cr_expect_eq(losses.records[TG_STREAM_REQUESTS], 0);
        cr_expect_eq(told.warnings, 0, "%s", told.text);
}

Test(loss, that_is_not_known_is_told)
{
        const struct tg_progress progress = progress_of(PARTITIONS, 3, -1);
        struct tg_losses losses = {0};

        tg_losses_look(&losses, &client, &settings, &progress);
        cr_expect_eq(losses.records[TG_STREAM_REQUESTS], 0);
        cr_expect_eq(told.warnings, 1);
        cr_expect(strstr(told.text, "not known"), "%s", told.text);
}

/* As a member that was here before would have done. */
static void commit(const char *topic, int32_t partition, int64_t offset)
{
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);

        rd_kafka_topic_partition_list_add(list, topic, partition)->offset = offset;
        cr_assert_eq(rd_kafka_commit(client.handle, list, 0), 0);
        rd_kafka_topic_partition_list_destroy(list);
}

/* Until its partitions have come; what it reads is thrown away. */
static void await_partitions(struct tg_member *member)
{
        while (!member->assigned) {
                rd_kafka_message_t *messages[MANY];
                ssize_t count = rd_kafka_consume_batch_queue(member->queue, 100, messages, MANY);

                for (ssize_t i = 0; i < count; i++)
                        rd_kafka_message_destroy(messages[i]);
                tg_member_settle(member);
        }
}

Test(loss, is_looked_for_when_a_partition_comes_to_a_member)
{
        struct tg_lifetime lifetime = {0};
        const struct tg_member_options options = {
                .settings = &settings,
                .notices = &notices,
                .lifetime = &lifetime,
                .partitions = PARTITIONS,
                .fetch_bytes = INT64_C(16) << 20,
                .shards = 1,
        };
        struct tg_member member;

        overflow("requests", 1);
        commit("requests", 1, 1);
        cr_assert_eq(tg_member_init(&member, &options, &error), 0, "%s", error.message);
        await_partitions(&member);
        cr_expect_eq(member.losses.records[TG_STREAM_REQUESTS],
                     (uint64_t)first_of("requests", 1) - 1);
        cr_expect(strstr(told.text, "topic requests, partition 1"), "%s", told.text);
        tg_member_deinit(&member);
}
