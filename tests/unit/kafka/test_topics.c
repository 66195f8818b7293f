/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/topics.h"

#include <criterion/criterion.h>

enum { TOPICS_MAX = 3 };

/* What is wanted if the first COUNT of TOPICS are what the brokers know of. */
static int32_t wanted(const struct rd_kafka_metadata_topic *topics, int count)
{
        struct rd_kafka_metadata_topic copies[TOPICS_MAX];
        const struct rd_kafka_metadata metadata = {.topic_cnt = count, .topics = copies};
        struct tg_kafka_settings settings;
        int32_t partitions;

        for (int i = 0; i < count; i++)
                copies[i] = topics[i];
        tg_kafka_settings_init(&settings);
        partitions = tg_topics_partitions_wanted(&metadata, &settings);
        tg_kafka_settings_deinit(&settings);
        return partitions;
}

Test(topics, that_are_missing_get_as_many_partitions_as_those_that_are_there)
{
        char touchpoints[] = "touchpoints", requests[] = "requests", decisions[] = "decisions";
        const struct rd_kafka_metadata_topic of_touchpoints = {.topic = touchpoints,
                                                               .partition_cnt = 16};
        const struct rd_kafka_metadata_topic of_decisions = {.topic = decisions,
                                                             .partition_cnt = 8};
        const struct rd_kafka_metadata_topic all[] = {
                of_touchpoints, of_decisions, {.topic = requests, .partition_cnt = 12}};

        cr_expect_eq(wanted(&of_touchpoints, 1), 16);
        cr_expect_eq(wanted(&of_decisions, 1), 8);
        cr_expect_eq(wanted(all, 3), 12, "the requests' number is the one to have");
}

Test(topics, that_are_missing_get_the_default_if_nothing_else_says_it)
{
        char rejected[] = "rejected", touchpoints[] = "touchpoints";
        const struct rd_kafka_metadata_topic others[] = {
                {.topic = rejected, .partition_cnt = 3},
                {.topic = touchpoints, .err = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART}};

        cr_expect_eq(wanted(others, 0), TG_TOPICS_PARTITIONS_DEFAULT);
        cr_expect_eq(wanted(others, 2), TG_TOPICS_PARTITIONS_DEFAULT);
}
