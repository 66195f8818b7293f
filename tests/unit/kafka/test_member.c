/* SPDX-License-Identifier: Apache-2.0 */
/* A member on the embedded broker. */
#include "kafka/member.h"

#include <criterion/criterion.h>

#include "embedded/broker.h"

enum { PARTITIONS = 2, MANY = 20, TURN_MS = 100, TURNS_MAX = 300 };

static unsigned scout_errors;

static void tell(void *context, enum tg_notice_level level, const char *key, const char *text)
{
        (void)context;
        (void)key;
        if (level == TG_NOTICE_WARNING && strncmp(text, "scout: ", 7) == 0 &&
            strstr(text, "trying on"))
                scout_errors++;
}

static const struct tg_notices notices = {.tell = tell};
static struct tg_kafka_settings settings;
static struct tg_lifetime lifetime;
static struct tg_embedded *embedded;
static struct tg_member member;
static struct tg_error error;

static void poll_member(void)
{
        rd_kafka_message_t *messages[MANY];
        ssize_t count = rd_kafka_consume_batch_queue(member.queue, TURN_MS, messages, MANY);

        for (ssize_t i = 0; i < count; i++)
                rd_kafka_message_destroy(messages[i]);
        tg_member_settle(&member);
}

static void setup(void)
{
        const struct tg_member_options options = {
                .settings = &settings,
                .notices = &notices,
                .lifetime = &lifetime,
                .partitions = PARTITIONS + 1, /* one more than the broker has */
                .fetch_bytes = INT64_C(16) << 20,
                .shards = 1,
        };

        tg_kafka_settings_init(&settings);
        tg_kafka_settings_set(&settings, "group.id", "test");
        cr_assert_eq(tg_embedded_new(&settings, PARTITIONS, &embedded, &error), 0, "%s",
                     error.message);
        tg_embedded_use(embedded, &settings);
        cr_assert_eq(tg_member_init(&member, &options, &error), 0, "%s", error.message);
        while (!member.assigned)
                poll_member();
}

static void teardown(void)
{
        tg_member_deinit(&member);
        tg_embedded_free(embedded);
        tg_kafka_settings_deinit(&settings);
}

TestSuite(member, .init = setup, .fini = teardown, .timeout = 60);

static int commit(int64_t next)
{
        const struct tg_commit_name name = {1, 1};
        struct tg_progress progress[PARTITIONS + 1];

        for (int32_t i = 0; i <= PARTITIONS; i++)
                progress[i] = (struct tg_progress){
                        .partition = i, .next = {[TG_STREAM_REQUESTS] = next}, .decided = next};
        return tg_member_commit(&member, progress, PARTITIONS + 1, &name, &error);
}

Test(member, does_not_take_a_commit_for_done_that_one_partition_refused)
{
        const struct tg_progress none = {.partition = PARTITIONS, .decided = -1};
        const int64_t ends[TG_LANES] = {0};

        cr_expect_eq(commit(3), 0, "%s", error.message);
        cr_expect_eq(member.assignment.partitions[0].committed.next[TG_STREAM_REQUESTS], 3);
        tg_assignment_gain(&member.assignment, &none, ends);
        cr_expect_eq(commit(4), -1, "the broker does not know the last partition");
        cr_expect(strstr(error.message, "committing offsets"), "%s", error.message);
        cr_expect_eq(member.assignment.partitions[0].committed.next[TG_STREAM_REQUESTS], 3);
}

Test(member, hears_of_the_errors_of_all_its_connections)
{
        tg_embedded_free(embedded);
        embedded = NULL;
        for (int i = 0; i < TURNS_MAX && scout_errors == 0; i++)
                poll_member();
        cr_expect_gt(scout_errors, 0);
}
