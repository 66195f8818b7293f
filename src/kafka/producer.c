/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/producer.h"

#include <assert.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

bool tg_producer_fails_for_good(rd_kafka_resp_err_t code)
{
        return code == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE ||
               code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
               code == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ||
               code == RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ||
               code == RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
}

/* Called within poll and flush, in the shard's thread. */
static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
        const struct tg_client *client = opaque;
        char where[TG_TOPIC_TEXT_SIZE + 64];

        (void)handle;
        if (!message->err)
                return;
        /* The commit of its transaction fails, which is the answer. */
        if (client->revives && !tg_producer_fails_for_good(message->err))
                return;
        snprintf(where, sizeof where, "writing to topic %s, partition %d",
                 rd_kafka_topic_name(message->rkt), (int)message->partition);
        tg_client_fail(opaque, message->err, where, rd_kafka_err2str(message->err));
}

static void prepare(rd_kafka_conf_t *conf)
{
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
}

static bool is_transactional(const struct tg_producer *producer)
{
        return producer->options.transaction_ms > 0;
}

/* What another process of this group can't have as well. */
static void name_producer(struct tg_producer *producer)
{
        const struct tg_kafka_settings *settings = producer->options.settings;
        const char *group = tg_kafka_settings_find(settings, "group.id");
        const char *instance = tg_kafka_settings_find(settings, "group.instance.id");
        char host[HOST_NAME_MAX + 1] = "";

        if (getrandom(&producer->number, sizeof producer->number, 0) < 0)
                producer->number = (uint64_t)time(NULL) << 20 ^ (uint64_t)getpid();
        gethostname(host, sizeof host - 1);
        if (instance)
                snprintf(producer->id, sizeof producer->id, "%s-%s-%u", group, instance,
                         producer->options.shard);
        else
                snprintf(producer->id, sizeof producer->id, "%s-%s-%d-%08x-%u", group, host,
                         (int)getpid(), (unsigned)producer->number, producer->options.shard);
}

void tg_producer_init(struct tg_producer *producer, const struct tg_producer_options *options)
{
        *producer = (struct tg_producer){
                .client = {.notices = options->notices,
                           .role = "producer",
                           .trusted = true,
                           .revives = options->transaction_ms > 0},
                .options = *options,
        };
        name_producer(producer);
}

/* Requests are given up before the transaction is, so that there is time to end it. */
static int64_t request_timeout_ms(const struct tg_producer *producer)
{
        return producer->options.transaction_ms / 2;
}

static int open_client(struct tg_producer *producer, struct tg_error *error)
{
        int64_t share = producer->options.settings->produce_bytes / producer->options.shards;
        const struct tg_client_bounds bounds =
                tg_client_bounds_of(producer->options.settings, share);
        char kilobytes_text[32], transaction_text[32], request_text[32];
        const struct tg_client_property defaults[] = {
                {"client.id", "touchgate"},
                {"socket.nagle.disable", "true"},
                {"compression.codec", "lz4"},
                {"queue.buffering.max.kbytes", kilobytes_text},
                {"queue.buffering.max.messages", bounds.messages},
                {is_transactional(producer) ? NULL : "message.timeout.ms", "60000"},
                {NULL, NULL},
        };
        const struct tg_client_property fixed[] = {
                {"partitioner", "murmur2_random"},
                {"enable.idempotence", "true"},
                {is_transactional(producer) ? "transactional.id" : NULL, producer->id},
                {"transaction.timeout.ms", transaction_text},
                {"message.timeout.ms", request_text},
                {"socket.timeout.ms", request_text},
                {NULL, NULL},
        };
        const struct tg_client_options options = {
                .settings = producer->options.settings,
                .defaults = defaults,
                .fixed = fixed,
                .prepare = prepare,
        };

        snprintf(transaction_text, sizeof transaction_text, "%" PRId64,
                 producer->options.transaction_ms);
        snprintf(request_text, sizeof request_text, "%" PRId64, request_timeout_ms(producer));
        snprintf(kilobytes_text, sizeof kilobytes_text, "%" PRId64, share / 1024);
        return tg_client_init(&producer->client, RD_KAFKA_PRODUCER, &options, error);
}

static rd_kafka_topic_t *open_topic(struct tg_producer *producer, const char *name)
{
        rd_kafka_topic_t *topic = rd_kafka_topic_new(producer->client.handle, name, NULL);

        assert(topic); /* fails for a bad name alone, which settings and words exclude */
        return topic;
}

int tg_producer_open(struct tg_producer *producer, struct tg_error *error)
{
        const struct tg_kafka_settings *settings = producer->options.settings;

        if (open_client(producer, error) < 0)
                return -1;
        producer->decisions = open_topic(producer, settings->topics[TG_TOPIC_DECISIONS]);
        producer->rejected = open_topic(producer, settings->topics[TG_TOPIC_REJECTED]);
        producer->customers = open_topic(producer, settings->topics[TG_TOPIC_CUSTOMERS]);
        return 0;
}

void tg_producer_close(struct tg_producer *producer)
{
        if (producer->client.handle)
                rd_kafka_purge(producer->client.handle, RD_KAFKA_PURGE_F_QUEUE |
                                                                RD_KAFKA_PURGE_F_INFLIGHT |
                                                                RD_KAFKA_PURGE_F_NON_BLOCKING);
        for (int i = 0; i < TG_CHANNELS; i++)
                if (producer->permitted[i])
                        rd_kafka_topic_destroy(producer->permitted[i]);
        memset(producer->permitted, 0, sizeof producer->permitted);
        if (producer->rejected)
                rd_kafka_topic_destroy(producer->rejected);
        if (producer->decisions)
                rd_kafka_topic_destroy(producer->decisions);
        if (producer->customers)
                rd_kafka_topic_destroy(producer->customers);
        producer->rejected = producer->decisions = producer->customers = NULL;
        tg_client_deinit(&producer->client);
}

int tg_producer_open_channel(struct tg_producer *producer, uint8_t channel, struct tg_error *error)
{
        char name[TG_TOPIC_TEXT_SIZE];

        assert(channel < TG_CHANNELS);
        if (producer->permitted[channel])
                return 0;
        if (tg_subjects_permitted(producer->options.subjects, channel,
                                  &producer->permitted_ids[channel], error) < 0)
                return -1;
        tg_kafka_permitted_topic(producer->options.settings, tg_word(&tg_channel_words, channel),
                                 name);
        producer->permitted[channel] = open_topic(producer, name);
        return 0;
}

int tg_producer_failed(const struct tg_producer *producer, struct tg_error *error)
{
        if (!producer->client.failed)
                return 0;
        *error = producer->client.failure;
        return -1;
}
