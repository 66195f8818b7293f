/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/lag.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static const struct tg_metric lag = {
        .name = "touchgate_consumer_lag_records",
        .type = TG_METRIC_GAUGE,
        .unit = "records",
        .labels = "topic, partition",
        .help = "Records of the partitions owned that have not been read yet, up to the last "
                "stable offset",
        .about = "By librdkafka's statistics, five seconds old at most. Offsets are counted, so "
                 "markers "
                 "of transactions and what compaction removed count as well, until the end is "
                 "reached. Requests that are read and wait are in touchgate_pending_messages. Lag "
                 "that grows for minutes means that more comes than is decided: add shards or "
                 "processes, up to the number of partitions.",
};

static const struct tg_metric *const items[] = {&lag};

const struct tg_metrics tg_lag_metrics = {"Kafka", items, sizeof items / sizeof items[0]};

/* -1: not known. */
static int64_t number(const json_t *object, const char *name)
{
        const json_t *value = json_object_get(object, name);

        return json_is_integer(value) ? json_integer_value(value) : -1;
}

/* Of one partition. Its end was seen at eof_offset, which may be behind the last record. */
static int64_t lag_of(const json_t *partition)
{
        int64_t end = number(partition, "ls_offset");
        int64_t next = number(partition, "app_offset");
        int64_t seen = number(partition, "eof_offset");

        if (seen > next)
                next = seen;
        if (end < 0)
                return -1;
        if (next < 0)
                next = number(partition, "next_offset");
        if (next < 0)
                return -1;
        return end > next ? end - next : 0;
}

static void note_topic(struct tg_board *board, enum tg_stream stream, const json_t *topic)
{
        const json_t *partitions = json_object_get(topic, "partitions"), *partition;
        const char *key;

        json_object_foreach((json_t *)partitions, key, partition)
        {
                int64_t id = number(partition, "partition");

                if (id >= 0 && id < board->partitions)
                        atomic_store_explicit(&board->shares[id].lags[stream], lag_of(partition),
                                              memory_order_relaxed);
        }
}

void tg_lag_note(struct tg_board *board, const struct tg_kafka_settings *settings,
                 const char *statistics, size_t size)
{
        json_t *json = json_loadb(statistics, size, 0, NULL);
        const json_t *all = json_object_get(json, "topics");

        note_topic(board, TG_STREAM_TOUCHPOINTS,
                   json_object_get(all, settings->topics[TG_TOPIC_TOUCHPOINTS]));
        note_topic(board, TG_STREAM_REQUESTS,
                   json_object_get(all, settings->topics[TG_TOPIC_REQUESTS]));
        json_decref(json);
}

static void write_stream(struct tg_buffer *page, const char *topic, enum tg_stream stream,
                         const struct tg_board *board)
{
        for (uint32_t i = 0; i < board->partitions; i++) {
                int64_t value =
                        atomic_load_explicit(&board->shares[i].lags[stream], memory_order_relaxed);
                char partition[16];
                const struct tg_label labels[] = {
                        {"topic", topic}, {"partition", partition}, {NULL, NULL}};

                snprintf(partition, sizeof partition, "%u", i);
                if (value >= 0 && tg_board_owns(board, (int32_t)i))
                        tg_metric_sample(page, &lag, labels, (double)value);
        }
}

void tg_lag_write(struct tg_buffer *page, const struct tg_kafka_settings *settings,
                  struct tg_board *const *boards, size_t count)
{
        tg_metric_begin(page, &lag);
        for (size_t i = 0; i < count; i++) {
                write_stream(page, settings->topics[TG_TOPIC_TOUCHPOINTS], TG_STREAM_TOUCHPOINTS,
                             boards[i]);
                write_stream(page, settings->topics[TG_TOPIC_REQUESTS], TG_STREAM_REQUESTS,
                             boards[i]);
        }
}
