/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/creation.h"

#include <time.h>

#include "base/time.h"
#include "telemetry/histogram.h"

enum { TEXT_SIZE = 512, ANSWER_MARGIN_MS = 5000, TURN_MS = 100, LOOK_MS = 1000 };

/* Those that are asked for at once. */
struct batch {
        rd_kafka_NewTopic_t *topics[TG_TOPICS_COUNT];
        size_t count;
        int32_t partitions; /* of each */
};

static void configure(rd_kafka_NewTopic_t *fresh, const struct tg_topic_need *need)
{
        for (size_t i = 0; i < need->count; i++)
                rd_kafka_NewTopic_set_config(fresh, need->configs[i].name, need->configs[i].value);
}

static int collect(struct batch *batch, const struct tg_kafka_settings *settings,
                   const struct rd_kafka_metadata *metadata, const struct tg_creation *creation,
                   struct tg_error *error)
{
        int32_t partitions = creation->partitions ? creation->partitions
                                                  : tg_topics_partitions_wanted(metadata, settings);
        char topic[TG_TOPIC_TEXT_SIZE], text[TEXT_SIZE];

        batch->partitions = partitions;
        for (unsigned i = 0; i < TG_TOPICS_COUNT; i++) {
                rd_kafka_NewTopic_t *fresh;

                if (tg_topics_partitions(metadata, tg_topics_name(settings, i, topic)) > 0)
                        continue;
                fresh = rd_kafka_NewTopic_new(topic, partitions, creation->replication, text,
                                              sizeof text);
                if (!fresh)
                        return tg_fail(error, EX_CONFIG, "topic %s can't be created: %s", topic,
                                       text);
                configure(fresh, tg_topics_need(creation->needs, i));
                batch->topics[batch->count++] = fresh;
        }
        return 0;
}

/* Asks anew who leads what: by itself librdkafka may wait for that until its time is up. */
static void refresh(const struct tg_client *client)
{
        const struct rd_kafka_metadata *metadata;

        if (!rd_kafka_metadata(client->handle, 1, NULL, &metadata, LOOK_MS))
                rd_kafka_metadata_destroy(metadata);
}

/* Brokers know of a topic a moment before its partitions are led by one of them. */
static int await_leaders(const struct tg_client *client, const char *topic, int32_t partitions,
                         struct tg_error *error)
{
        const struct timespec turn = {.tv_nsec = TURN_MS * TG_MS_NS};
        int64_t until_us = tg_watch_us() + TG_CREATION_TIMEOUT_MS * INT64_C(1000);

        for (int32_t i = 0; i < partitions;) {
                int64_t low, high;
                rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
                        client->handle, topic, i, &low, &high, LOOK_MS);

                if (!code) {
                        i++;
                        continue;
                }
                if (tg_watch_us() >= until_us)
                        return tg_client_error(code, topic, "created, but no broker leads it",
                                               error);
                nanosleep(&turn, NULL);
                refresh(client);
        }
        return 0;
}

/* That somebody else was faster is as good. */
static int take_answer(const struct tg_client *client, const rd_kafka_topic_result_t *answer,
                       int32_t partitions, struct tg_error *error)
{
        const char *topic = rd_kafka_topic_result_name(answer);
        rd_kafka_resp_err_t code = rd_kafka_topic_result_error(answer);
        char where[TEXT_SIZE];

        if (code == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
                return 0;
        if (code) {
                snprintf(where, sizeof where, "topic %s can't be created", topic);
                return tg_client_error(code, where, rd_kafka_topic_result_error_string(answer),
                                       error);
        }
        snprintf(where, sizeof where, "created topic %s", topic);
        client->notices->tell(client->notices->context, TG_NOTICE_INFO, where, where);
        return await_leaders(client, topic, partitions, error);
}

static int take_answers(const struct tg_client *client, rd_kafka_event_t *event, int32_t partitions,
                        struct tg_error *error)
{
        const rd_kafka_topic_result_t **answers;
        size_t count;
        int result = 0;

        if (!event)
                return tg_fail(error, EX_UNAVAILABLE, "creating topics: no answer in %d s",
                               TG_CREATION_TIMEOUT_MS / 1000);
        if (rd_kafka_event_error(event))
                return tg_client_error(rd_kafka_event_error(event), "creating topics",
                                       rd_kafka_event_error_string(event), error);
        answers = rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event),
                                                      &count);
        for (size_t i = 0; i < count && result == 0; i++)
                result = take_answer(client, answers[i], partitions, error);
        return result;
}

static int create(struct tg_client *client, struct batch *batch, struct tg_error *error)
{
        rd_kafka_AdminOptions_t *options =
                rd_kafka_AdminOptions_new(client->handle, RD_KAFKA_ADMIN_OP_CREATETOPICS);
        rd_kafka_queue_t *queue = rd_kafka_queue_new(client->handle);
        rd_kafka_event_t *event;
        char text[TEXT_SIZE];
        int result;

        /* The answer comes when all brokers know the topics. */
        rd_kafka_AdminOptions_set_operation_timeout(
                options, TG_CREATION_TIMEOUT_MS - ANSWER_MARGIN_MS, text, sizeof text);
        rd_kafka_CreateTopics(client->handle, batch->topics, batch->count, options, queue);
        event = rd_kafka_queue_poll(queue, TG_CREATION_TIMEOUT_MS);
        result = take_answers(client, event, batch->partitions, error);
        if (event)
                rd_kafka_event_destroy(event);
        rd_kafka_queue_destroy(queue);
        rd_kafka_AdminOptions_destroy(options);
        return result;
}

int tg_topics_create(struct tg_client *client, const struct tg_kafka_settings *settings,
                     const struct tg_creation *creation, struct tg_error *error)
{
        const struct rd_kafka_metadata *metadata;
        struct batch batch = {0};
        int result;

        if (tg_topics_ask(client, settings, &metadata, error) < 0)
                return -1;
        result = collect(&batch, settings, metadata, creation, error);
        rd_kafka_metadata_destroy(metadata);
        if (result == 0 && batch.count > 0)
                result = create(client, &batch, error);
        rd_kafka_NewTopic_destroy_array(batch.topics, batch.count);
        return result;
}
