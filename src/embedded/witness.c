/* SPDX-License-Identifier: Apache-2.0 */
#include "embedded/witness.h"

#include <assert.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "kafka/client.h"

enum { WAIT_MS = 20, IDLE_MS = 100, WATERMARK_TIMEOUT_MS = 5000, SILENCE_MAX_MS = 30000 };

struct tg_witness {
        struct tg_client client;
        struct tg_witness_options options;
        int64_t *next; /* owned: by topic and partition, the offset to be read next */
        int64_t *ends; /* owned: likewise, where to stop; once finishing */
        atomic_bool finishing;
        struct tg_error error; /* with `failed` */
        bool failed;
        bool running;
        pthread_t thread;
};

static size_t slots(const struct tg_witness *witness)
{
        return witness->options.topic_count * (size_t)witness->options.partitions;
}

static size_t slot_of(const struct tg_witness *witness, const char *topic, int32_t partition)
{
        for (size_t i = 0; i < witness->options.topic_count; i++)
                if (strcmp(witness->options.topics[i], topic) == 0)
                        return i * (size_t)witness->options.partitions + (size_t)partition;
        abort(); /* only topics that were assigned come */
}

static int see(struct tg_witness *witness, const rd_kafka_message_t *message,
               struct tg_error *error)
{
        const struct tg_witnessed record = {
                .topic = rd_kafka_topic_name(message->rkt),
                .partition = message->partition,
                .offset = message->offset,
                .key = tg_span_of(message->key, message->key_len),
                .value = tg_span_of(message->payload, message->len),
                .reason = tg_client_header(message, "touchgate.reason"),
                .detail = tg_client_header(message, "touchgate.detail"),
        };
        int64_t *next = &witness->next[slot_of(witness, record.topic, record.partition)];

        if (record.offset != *next)
                return tg_fail(error, EX_SOFTWARE,
                               "reading back %s, partition %d: offset %lld came after %lld: the "
                               "broker dropped what was in between",
                               record.topic, (int)record.partition, (long long)record.offset,
                               (long long)*next - 1);
        *next = record.offset + 1;
        witness->options.see(witness->options.context, &record);
        return 0;
}

static int find_ends(struct tg_witness *witness, struct tg_error *error)
{
        int64_t low;

        for (size_t i = 0; i < slots(witness); i++) {
                size_t count = (size_t)witness->options.partitions;
                const char *topic = witness->options.topics[i / count];
                rd_kafka_resp_err_t code = rd_kafka_query_watermark_offsets(
                        witness->client.handle, topic, (int32_t)(i % count), &low,
                        &witness->ends[i], WATERMARK_TIMEOUT_MS);

                if (code)
                        return tg_client_error(code, topic, rd_kafka_err2str(code), error);
        }
        return 0;
}

static bool complete(const struct tg_witness *witness)
{
        for (size_t i = 0; i < slots(witness); i++)
                if (witness->next[i] < witness->ends[i])
                        return false;
        return true;
}

/* Returns 1 if there was a record, 0 or -1. */
static int read_one(struct tg_witness *witness, struct tg_error *error)
{
        rd_kafka_message_t *message = rd_kafka_consumer_poll(witness->client.handle, WAIT_MS);
        int result = 0;

        if (!message)
                return 0;
        if (!message->err)
                result = see(witness, message, error) < 0 ? -1 : 1;
        else
                tg_notice(witness->client.notices, TG_NOTICE_WARNING, "reading back: %s",
                          rd_kafka_message_errstr(message));
        rd_kafka_message_destroy(message);
        return result;
}

static int run(struct tg_witness *witness, struct tg_error *error)
{
        int64_t idle_ms = tg_clock_monotonic_ms(), read_ms = idle_ms;
        bool ending = false; /* it is known how far there is to read */

        for (;;) {
                int64_t now_ms = tg_clock_monotonic_ms();
                int read = read_one(witness, error);

                if (read < 0)
                        return -1;
                if (read > 0)
                        read_ms = now_ms;
                if (witness->options.idle && now_ms - idle_ms >= IDLE_MS) {
                        witness->options.idle(witness->options.context);
                        idle_ms = now_ms;
                }
                if (!atomic_load_explicit(&witness->finishing, memory_order_relaxed))
                        continue;
                if (!ending) {
                        if (find_ends(witness, error) < 0)
                                return -1;
                        ending = true;
                        read_ms = now_ms;
                }
                if (complete(witness))
                        return 0;
                if (now_ms - read_ms > SILENCE_MAX_MS)
                        return tg_fail(error, EX_UNAVAILABLE,
                                       "the outputs could not be read back: nothing came for %d s",
                                       SILENCE_MAX_MS / 1000);
        }
}

static void *thread_main(void *argument)
{
        struct tg_witness *witness = argument;

        witness->failed = run(witness, &witness->error) < 0;
        return NULL;
}

static int open_consumer(struct tg_witness *witness, struct tg_error *error)
{
        static const struct tg_client_property fixed[] = {
                {"group.id", "touchgate-witness"},  {"enable.auto.commit", "false"},
                {"auto.offset.reset", "earliest"},  {"isolation.level", "read_committed"},
                {"client.id", "touchgate-witness"}, {NULL, NULL},
        };
        const struct tg_client_options options = {
                .settings = witness->options.settings,
                .fixed = fixed,
        };
        rd_kafka_topic_partition_list_t *list;
        rd_kafka_resp_err_t code;

        if (tg_client_init(&witness->client, RD_KAFKA_CONSUMER, &options, error) < 0)
                return -1;
        rd_kafka_poll_set_consumer(witness->client.handle);
        list = rd_kafka_topic_partition_list_new((int)slots(witness));
        for (size_t i = 0; i < witness->options.topic_count; i++)
                for (int32_t j = 0; j < witness->options.partitions; j++)
                        rd_kafka_topic_partition_list_add(list, witness->options.topics[i], j)
                                ->offset = RD_KAFKA_OFFSET_BEGINNING;
        code = rd_kafka_assign(witness->client.handle, list);
        rd_kafka_topic_partition_list_destroy(list);
        return code ? tg_client_error(code, "reading back", rd_kafka_err2str(code), error) : 0;
}

int tg_witness_new(const struct tg_witness_options *options, struct tg_witness **ret_witness,
                   struct tg_error *error)
{
        struct tg_witness *witness = tg_allocate_zeroed(1, sizeof *witness);
        int result;

        witness->options = *options;
        witness->client = (struct tg_client){
                .notices = options->notices,
                .role = "witness",
        };
        witness->next = tg_allocate_zeroed(slots(witness), sizeof *witness->next);
        witness->ends = tg_allocate_zeroed(slots(witness), sizeof *witness->ends);
        if (open_consumer(witness, error) < 0) {
                tg_witness_free(witness);
                return -1;
        }
        result = pthread_create(&witness->thread, NULL, thread_main, witness);
        assert(result == 0); /* a process this small has room for one more thread */
        witness->running = true;
        *ret_witness = witness;
        return 0;
}

int tg_witness_finish(struct tg_witness *witness, struct tg_error *error)
{
        atomic_store_explicit(&witness->finishing, true, memory_order_relaxed);
        if (witness->running)
                pthread_join(witness->thread, NULL);
        witness->running = false;
        if (witness->failed)
                *error = witness->error;
        return witness->failed ? -1 : 0;
}

void tg_witness_free(struct tg_witness *witness)
{
        if (!witness)
                return;
        assert(!witness->running);
        if (witness->client.handle)
                rd_kafka_consumer_close(witness->client.handle);
        tg_client_deinit(&witness->client);
        free(witness->next);
        free(witness->ends);
        free(witness);
}
