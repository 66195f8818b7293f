/* SPDX-License-Identifier: Apache-2.0 */
#include "embedded/feeder.h"

#include <assert.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "avro/framing.h"
#include "base/hash.h"
#include "base/memory.h"
#include "embedded/broker.h"
#include "transfer/player.h"

enum {
        PACE_STEP_MS = 10, /* records are fed in small portions, one each so many milliseconds */
};

struct tg_feeder {
        struct tg_feeder_options options;
        struct tg_recording *recording; /* owned */
        struct tg_framing_ids ids;
        struct tg_player *player; /* owned */
        struct tg_feeder_counts counts;
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

        tg_tape_init(&tape, feeder->recording, stream, &feeder->ids);
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

/* Sleeps so that the next record does not come before its time. */
static int keep_pace(void *context, uint64_t fed, enum tg_stream stream,
                     const struct tg_stream_record *record, int *ret_wait_ms,
                     struct tg_error *error)
{
        const struct tg_feeder *feeder = context;
        uint64_t step = (uint64_t)feeder->options.pace_per_s * PACE_STEP_MS / 1000;
        const struct timespec pause = {.tv_nsec = PACE_STEP_MS * 1000000L};

        (void)stream;
        (void)record;
        (void)ret_wait_ms; /* it has waited */
        (void)error;
        if (feeder->options.pace_per_s && fed > 0 && fed % (step ? step : 1) == 0)
                nanosleep(&pause, NULL);
        return atomic_load_explicit(&feeder->options.lifetime->stop, memory_order_relaxed) != 0;
}

static int open_player(struct tg_feeder *feeder, struct tg_error *error)
{
        const struct tg_player_options options = {
                .settings = feeder->options.settings,
                .notices = feeder->options.notices,
                .recording = feeder->recording,
                .ids = &feeder->ids,
                .role = "touchgate-feeder",
                .keep_pace = keep_pace,
                .context = feeder,
        };

        return tg_player_new(&options, &feeder->player, error);
}

static int find_ids(struct tg_feeder *feeder, struct tg_error *error)
{
        const struct tg_framing_ids_options options = {
                .settings = feeder->options.settings,
                .readings = feeder->options.readings,
                .notices = feeder->options.notices,
                .recording = feeder->recording,
                .stop = &feeder->options.lifetime->stop,
        };

        return tg_framing_ids_find(&options, &feeder->ids, error);
}

int tg_feeder_new(const struct tg_feeder_options *options, struct tg_feeder **ret_feeder,
                  struct tg_error *error)
{
        struct tg_feeder *feeder = tg_allocate_zeroed(1, sizeof *feeder);

        feeder->options = *options;
        if (tg_recording_open(&options->directory, 1, &feeder->recording, error) < 0 ||
            find_ids(feeder, error) < 0 || measure(feeder, error) < 0 ||
            open_player(feeder, error) < 0) {
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
        tg_player_free(feeder->player);
        tg_framing_ids_deinit(&feeder->ids);
        tg_recording_close(feeder->recording);
        free(feeder);
}

static void *thread_main(void *argument)
{
        struct tg_feeder *feeder = argument;

        if (tg_player_run(feeder->player, &feeder->error) < 0) {
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
