/* SPDX-License-Identifier: Apache-2.0 */
/* Ends of partitions, asked of a cluster of two brokers in our own process. */
#include <criterion/criterion.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <sched.h>
#include <stdio.h>

#include "kafka/lookout.h"
#include "support/notices.h"

enum { PARTITIONS = 4 }; /* the last two are the second broker's */

static struct tg_kafka_settings settings;
static rd_kafka_t *host;
static rd_kafka_mock_cluster_t *cluster;
static struct tg_lookout *lookout;

static rd_kafka_t *open_producer(const char *bootstrap)
{
        rd_kafka_conf_t *conf = rd_kafka_conf_new();
        char text[256];

        if (bootstrap)
                rd_kafka_conf_set(conf, "bootstrap.servers", bootstrap, text, sizeof text);
        return rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
}

static void setup(void)
{
        struct tg_error error;

        host = open_producer(NULL);
        cluster = rd_kafka_mock_cluster_new(host, 2);
        cr_assert_eq(rd_kafka_mock_topic_create(cluster, "touchpoints", PARTITIONS, 1), 0);
        for (int32_t i = 0; i < PARTITIONS; i++)
                rd_kafka_mock_partition_set_leader(cluster, "touchpoints", i, 1 + i / 2);
        tg_kafka_settings_init(&settings);
        tg_kafka_settings_set(&settings, "group.id", "test");
        tg_kafka_settings_set(&settings, "bootstrap.servers",
                              rd_kafka_mock_cluster_bootstraps(cluster));
        cr_assert_eq(tg_lookout_new(&settings, &notices, PARTITIONS, &lookout, &error), 0, "%s",
                     error.message);
}

static void teardown(void)
{
        tg_lookout_free(lookout);
        tg_kafka_settings_deinit(&settings);
        rd_kafka_mock_cluster_destroy(cluster);
        rd_kafka_destroy(host);
}

TestSuite(lookout, .init = setup, .fini = teardown, .timeout = 60);

/* So many messages more in each partition. */
static void produce(int count)
{
        rd_kafka_t *producer = open_producer(rd_kafka_mock_cluster_bootstraps(cluster));

        for (int i = 0; i < count * PARTITIONS; i++)
                cr_assert_eq(rd_kafka_producev(producer, RD_KAFKA_V_TOPIC("touchpoints"),
                                               RD_KAFKA_V_PARTITION(i % PARTITIONS),
                                               RD_KAFKA_V_VALUE("x", 1), RD_KAFKA_V_END),
                             0);
        cr_assert_eq(rd_kafka_flush(producer, 30000), 0);
        rd_kafka_destroy(producer);
}

static int64_t await(int32_t partition, uint32_t ticket)
{
        int64_t end;

        while (!tg_lookout_answer(lookout, partition, ticket, &end))
                sched_yield();
        return end;
}

static int64_t ask(int32_t partition)
{
        return await(partition, tg_lookout_ask(lookout, partition));
}

Test(lookout, an_end_is_that_after_the_question)
{
        for (int32_t i = 0; i < PARTITIONS; i++)
                cr_expect_eq(ask(i), 0);
        for (int i = 1; i <= 3; i++) {
                produce(10);
                for (int32_t j = 0; j < PARTITIONS; j++)
                        cr_expect_eq(ask(j), 10 * i);
        }
}

Test(lookout, questions_of_one_moment_are_all_answered)
{
        uint32_t tickets[PARTITIONS][3];

        produce(5);
        for (int i = 0; i < 3; i++)
                for (int32_t j = 0; j < PARTITIONS; j++)
                        tickets[j][i] = tg_lookout_ask(lookout, j);
        for (int i = 0; i < 3; i++)
                for (int32_t j = 0; j < PARTITIONS; j++)
                        cr_expect_eq(await(j, tickets[j][i]), 5);
}

Test(lookout, a_broker_that_does_not_answer_holds_up_its_own_partitions_alone)
{
        uint32_t silent, other;
        int64_t end;

        for (int32_t i = 0; i < PARTITIONS; i++)
                ask(i);
        produce(5);
        rd_kafka_mock_broker_set_rtt(cluster, 2, 3600000);
        tg_lookout_ask(lookout, 2); /* while it is waited for these two come together */
        silent = tg_lookout_ask(lookout, 3);
        other = tg_lookout_ask(lookout, 0);
        cr_expect_eq(await(0, other), 5);
        for (int i = 0; i < 20; i++)
                cr_expect_eq(ask(1), 5);
        cr_expect_not(tg_lookout_answer(lookout, 3, silent, &end));
        rd_kafka_mock_broker_set_rtt(cluster, 2, 0);
}

Test(lookout, what_was_refused_is_asked_again)
{
        ask(0);
        produce(5);
        rd_kafka_mock_push_request_errors(cluster, 2 /* ListOffsets */, 1,
                                          RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
        cr_expect_eq(ask(0), 5);
}
