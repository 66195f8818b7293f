/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/feeder.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/hash.h"
#include "base/memory.h"
#include "kafka/client.h"
#include "kafka/embedded.h"
#include "kafka/tape.h"

enum {
        WAIT_MS = 100,
        PACE_STEP_MS = 10, /* records are fed in small portions, one each so many milliseconds */
};

struct tg_feeder {
        struct tg_client client;
        struct tg_feeder_options options;
        struct tg_recording *recording; /* owned */
        struct tg_feeder_counts counts;
        struct tg_buffer frame;
        rd_kafka_topic_t *topics[TG_STREAMS];
        struct tg_error error; /* with `failed` */
        bool failed;
        bool running; /* the thread is to be joined */
        pthread_t thread;
};

static const enum tg_topic topics[TG_STREAMS] = {
        [TG_STREAM_TOUCHPOINTS] = TG_TOPIC_TOUCHPOINTS,
        [TG_STREAM_REQUESTS] = TG_TOPIC_REQUESTS,
};

/* Adds up the bytes that each partition of the stream would hold. */
static int measure_stream(struct tg_feeder *feeder, enum tg_stream stream, uint64_t *loads,
                          struct tg_error *error)
{
        const struct tg_feeder_options *options = &feeder->options;
        struct tg_tape tape;
        int answer;

        tg_tape_init(&tape, feeder->recording, stream, options->readings);
        while ((answer = tg_tape_next(&tape, error)) == 0) {
                struct tg_span customer = tape.record.head.customer;
                uint32_t partition = tg_partition_of(customer, (uint32_t)options->partitions);

                loads[partition] += TG_FRAMING_CONFLUENT_SIZE + tape.record.datum.size +
                                    customer.size + TG_EMBEDDED_RECORD_COST;
                feeder->counts.records[stream]++;
        }
        tg_tape_deinit(&tape);
        return answer < 0 ? -1 : 0;
}

static int check_load(const struct tg_feeder *feeder, enum tg_stream stream, const uint64_t *loads,
                      struct tg_error *error)
{
        for (int32_t i = 0; i < feeder->options.partitions; i++)
                if (loads[i] > TG_EMBEDDED_BYTES_MAX)
                        return tg_fail(error, EX_DATAERR,
                                       "%s: too large for the embedded broker, which keeps %d MiB "
                                       "of a partition (%s would have %llu bytes in one): use more "
                                       "--partitions, a real Kafka, or `touchgate replay`",
                                       feeder->options.directory, TG_EMBEDDED_BYTES_MAX >> 20,
                                       feeder->options.settings->topics[topics[stream]],
                                       (unsigned long long)loads[i]);
        return 0;
}

static int measure(struct tg_feeder *feeder, struct tg_error *error)
{
        int result = 0;

        for (int i = 0; i < TG_STREAMS && result == 0; i++) {
                uint64_t *loads =
                        tg_allocate_zeroed((size_t)feeder->options.partitions, sizeof *loads);

                result = measure_stream(feeder, (enum tg_stream)i, loads, error);
                if (result == 0)
                        result = check_load(feeder, (enum tg_stream)i, loads, error);
                free(loads);
        }
        return result;
}

static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
        (void)handle;
        if (message->err)
                tg_client_fail(opaque, message->err, "feeding the recording",
                               rd_kafka_err2str(message->err));
}

static void prepare(rd_kafka_conf_t *conf)
{
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
}

static int open_producer(struct tg_feeder *feeder, struct tg_error *error)
{
        static const struct tg_client_property fixed[] = {
                {"partitioner", "murmur2_random"},
                {"enable.idempotence", "true"}, /* keeps the order, whatever is tried again */
                {"client.id", "touchgate-feeder"},
                {NULL, NULL},
        };
        const struct tg_client_options options = {
                .settings = feeder->options.settings,
                .fixed = fixed,
                .prepare = prepare,
        };

        if (tg_client_init(&feeder->client, RD_KAFKA_PRODUCER, &options, error) < 0)
                return -1;
        for (int i = 0; i < TG_STREAMS; i++)
                feeder->topics[i] = rd_kafka_topic_new(feeder->client.handle,
                                                       options.settings->topics[topics[i]], NULL);
        return 0;
}

int tg_feeder_new(const struct tg_feeder_options *options, struct tg_feeder **ret_feeder,
                  struct tg_error *error)
{
        struct tg_feeder *feeder = tg_allocate_zeroed(1, sizeof *feeder);

        feeder->options = *options;
        feeder->client = (struct tg_client){
                .notices = options->notices,
                .role = "feeder",
                .owner = feeder,
        };
        if (tg_recording_open(&options->directory, 1, &feeder->recording, error) < 0 ||
            measure(feeder, error) < 0 || open_producer(feeder, error) < 0) {
                tg_feeder_free(feeder);
                return -1;
        }
        *ret_feeder = feeder;
        return 0;
}

void tg_feeder_free(struct tg_feeder *feeder)
{
        if (!feeder)
                return;
        assert(!feeder->running);
        for (int i = 0; i < TG_STREAMS; i++)
                if (feeder->topics[i])
                        rd_kafka_topic_destroy(feeder->topics[i]);
        tg_client_deinit(&feeder->client);
        tg_buffer_deinit(&feeder->frame);
        tg_recording_close(feeder->recording);
        free(feeder);
}

static int failed(const struct tg_feeder *feeder, struct tg_error *error)
{
        if (!feeder->client.failed)
                return 0;
        *error = feeder->client.failure;
        return -1;
}

static int feed(struct tg_feeder *feeder, enum tg_stream stream, const struct tg_tape *tape,
                struct tg_error *error)
{
        struct tg_span customer = tape->record.head.customer;

        tg_buffer_reset(&feeder->frame);
        tg_put_confluent(&feeder->frame, tape->schema_id);
        tg_buffer_append(&feeder->frame, tape->record.datum.data, tape->record.datum.size);
        while (rd_kafka_produce(feeder->topics[stream], RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY,
                                feeder->frame.data, feeder->frame.size, customer.data,
                                customer.size, NULL) < 0) {
                rd_kafka_resp_err_t code = rd_kafka_last_error();

                if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
                        return tg_client_error(code, "feeding the recording",
                                               rd_kafka_err2str(code), error);
                rd_kafka_poll(feeder->client.handle, WAIT_MS);
        }
        rd_kafka_poll(feeder->client.handle, 0);
        return failed(feeder, error);
}

/* Sleeps so that the FED-th record does not come before its time. */
static void keep_pace(const struct tg_feeder *feeder, uint64_t fed)
{
        uint64_t step = (uint64_t)feeder->options.pace_per_s * PACE_STEP_MS / 1000;
        const struct timespec pause = {.tv_nsec = PACE_STEP_MS * 1000000L};

        if (feeder->options.pace_per_s && fed % (step ? step : 1) == 0)
                nanosleep(&pause, NULL);
}

/* The merge: the stream whose next record is earlier; on a tie the touchpoint. */
static int play(struct tg_feeder *feeder, struct tg_tape tapes[static TG_STREAMS],
                struct tg_error *error)
{
        int answers[TG_STREAMS];
        uint64_t fed = 0;

        for (int i = 0; i < TG_STREAMS; i++)
                if ((answers[i] = tg_tape_next(&tapes[i], error)) < 0)
                        return -1;
        while ((answers[TG_STREAM_TOUCHPOINTS] == 0 || answers[TG_STREAM_REQUESTS] == 0) &&
               !atomic_load_explicit(&feeder->options.lifetime->stop, memory_order_relaxed)) {
                const struct tg_tape *touchpoints = &tapes[TG_STREAM_TOUCHPOINTS];
                const struct tg_tape *requests = &tapes[TG_STREAM_REQUESTS];
                bool request = answers[TG_STREAM_TOUCHPOINTS] != 0 ||
                               (answers[TG_STREAM_REQUESTS] == 0 &&
                                requests->record.head.time_ms < touchpoints->record.head.time_ms);
                enum tg_stream next = request ? TG_STREAM_REQUESTS : TG_STREAM_TOUCHPOINTS;

                if (feed(feeder, next, &tapes[next], error) < 0)
                        return -1;
                keep_pace(feeder, ++fed);
                if ((answers[next] = tg_tape_next(&tapes[next], error)) < 0)
                        return -1;
        }
        while (rd_kafka_flush(feeder->client.handle, WAIT_MS) == RD_KAFKA_RESP_ERR__TIMED_OUT &&
               !feeder->client.failed)
                ;
        return failed(feeder, error);
}

static int run(struct tg_feeder *feeder, struct tg_error *error)
{
        struct tg_tape tapes[TG_STREAMS];
        int result;

        for (int i = 0; i < TG_STREAMS; i++)
                tg_tape_init(&tapes[i], feeder->recording, (enum tg_stream)i,
                             feeder->options.readings);
        result = play(feeder, tapes, error);
        for (int i = 0; i < TG_STREAMS; i++)
                tg_tape_deinit(&tapes[i]);
        return result;
}

static void *thread_main(void *argument)
{
        struct tg_feeder *feeder = argument;

        if (run(feeder, &feeder->error) < 0) {
                feeder->failed = true;
                tg_lifetime_stop(feeder->options.lifetime);
        }
        atomic_fetch_sub_explicit(&feeder->options.lifetime->busy, 1, memory_order_relaxed);
        return NULL;
}

void tg_feeder_start(struct tg_feeder *feeder)
{
        int result = pthread_create(&feeder->thread, NULL, thread_main, feeder);

        assert(result == 0); /* a process this small has room for one more thread */
        feeder->running = true;
}

int tg_feeder_wait(struct tg_feeder *feeder, struct tg_error *error)
{
        if (feeder->running)
                pthread_join(feeder->thread, NULL);
        feeder->running = false;
        if (feeder->failed)
                *error = feeder->error;
        return feeder->failed ? -1 : 0;
}

void tg_feeder_set_pace(struct tg_feeder *feeder, unsigned pace_per_s)
{
        assert(!feeder->running);
        feeder->options.pace_per_s = pace_per_s;
}

struct tg_feeder_counts tg_feeder_counts(const struct tg_feeder *feeder)
{
        return feeder->counts;
}
