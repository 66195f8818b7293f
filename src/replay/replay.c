/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay.h"

#include <assert.h>
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "base/memory.h"
#include "replay/outputs.h"
#include "replay/source.h"

enum { PROGRESS_INTERVAL_MS = 200 };

struct worker {
        pthread_t thread;
        const struct tg_shard_options *options;
        struct tg_replay_source *source;
        struct tg_paced *paced; /* the same at the replay's speed */
        struct tg_pace *pace;   /* that of all */
        struct tg_port port;
        struct tg_summary summary;
        struct tg_error error;
        int result;
};

static void *work(void *argument)
{
        struct worker *worker = argument;

        worker->result =
                tg_shard_run(worker->options, &worker->port, &worker->summary, &worker->error);
        if (worker->result < 0) /* read sooner or later; it orders nothing */
                atomic_store_explicit(&worker->pace->failed, true, memory_order_relaxed);
        return NULL;
}

/* How far the workers have come: the first reads for all, and each takes up its own records. */
static struct tg_replay_progress progress_of(const struct worker *workers, uint32_t count,
                                             const struct tg_recording *recording)
{
        struct tg_replay_progress progress = {
                .bytes_read = tg_replay_source_bytes(workers[0].source),
                .bytes_total = tg_recording_bytes(recording),
                .time_ms = TG_NO_TIME,
        };

        for (uint32_t i = 0; i < count; i++) {
                int64_t time_ms = tg_paced_time_ms(workers[i].paced);

                progress.records += tg_paced_records(workers[i].paced);
                if (time_ms > progress.time_ms)
                        progress.time_ms = time_ms;
        }
        return progress;
}

static void tell(const struct worker *workers, const struct tg_replay_options *options,
                 const struct tg_recording *recording, bool writing)
{
        struct tg_replay_progress progress;

        if (!options->progress)
                return;
        progress = progress_of(workers, options->shards, recording);
        progress.writing = writing;
        options->progress(options->progress_context, &progress);
}

/* Waits for a worker, and tells how far all have come meanwhile. */
static void join(struct worker *worker, const struct worker *workers,
                 const struct tg_replay_options *options, const struct tg_recording *recording)
{
        struct timespec until;

        while (options->progress) {
                clock_gettime(CLOCK_REALTIME, &until);
                until.tv_nsec += PROGRESS_INTERVAL_MS * TG_MS_NS;
                until.tv_sec += until.tv_nsec / (TG_SECOND_MS * TG_MS_NS);
                until.tv_nsec %= TG_SECOND_MS * TG_MS_NS;
                if (pthread_timedjoin_np(worker->thread, NULL, &until) != ETIMEDOUT)
                        return;
                tell(workers, options, recording, false);
        }
        pthread_join(worker->thread, NULL);
}

static void prepare(struct worker *workers, const struct tg_replay_options *options,
                    const struct tg_recording *recording, struct tg_pace *pace,
                    struct tg_outputs *outputs)
{
        for (uint32_t i = 0; i < options->shards; i++) {
                struct worker *worker = &workers[i];
                struct tg_source source;

                worker->options = &options->shard;
                worker->source = tg_replay_source_new(recording, i, options->shards,
                                                      options->shard.partition.partitions);
                source = tg_replay_source_port(worker->source);
                worker->pace = pace;
                worker->paced = tg_paced_new(pace, &source);
                worker->port.source = tg_paced_port(worker->paced);
                worker->port.sink = tg_outputs_sink(outputs);
        }
}

static int start(struct worker *workers, const struct tg_replay_options *options,
                 uint32_t *ret_started, struct tg_error *error)
{
        for (uint32_t i = 0; i < options->shards; i++) {
                int failure = pthread_create(&workers[i].thread, NULL, work, &workers[i]);

                if (failure)
                        return tg_fail_errno(error, EX_OSERR, failure,
                                             "thread %u of %u cannot be started", i + 1,
                                             options->shards);
                (*ret_started)++;
        }
        return 0;
}

/*
 * Of what decides: the policy, the number of partitions, and the bytes of all records in the order
 * of their streams. Files in pieces, or compressed, give the same.
 */
static void sync_marker(const struct tg_replay_options *options,
                        const struct tg_replay_source *source,
                        uint8_t ret_sync[TG_CONTAINER_SYNC_SIZE])
{
        const struct tg_partition_options *partition = &options->shard.partition;
        struct {
                struct tg_replay_fingerprint records;
                char policy[TG_POLICY_HASH_SIZE];
                uint32_t partitions;
        } of;
        XXH128_canonical_t canonical;

        memset(&of, 0, sizeof of);
        of.records = tg_replay_source_fingerprint(source);
        memcpy(of.policy, partition->policy->name.hash, sizeof of.policy);
        of.partitions = partition->partitions;
        XXH128_canonicalFromHash(&canonical, XXH3_128bits(&of, sizeof of));
        memcpy(ret_sync, canonical.digest, TG_CONTAINER_SYNC_SIZE);
}

/* Says of a replay that was stopped where it was; other errors speak for themselves. */
static int failed(const struct worker *workers, uint32_t count,
                  const struct tg_recording *recording, struct tg_error *error)
{
        struct tg_replay_progress progress = progress_of(workers, count, recording);
        char at[TG_TIME_TEXT_SIZE];

        if (error->exit_code <= TG_PACE_STOPPED)
                return -1;
        if (progress.time_ms == TG_NO_TIME)
                return tg_fail(error, error->exit_code,
                               "interrupted before the first record; no output was written");
        return tg_fail(error, error->exit_code,
                       "interrupted when it was %s in the recording; no output was written",
                       tg_time_text(progress.time_ms, at));
}

static int finish(const struct worker *workers, uint32_t count,
                  const struct tg_recording *recording, struct tg_summary *summary,
                  struct tg_error *error)
{
        bool all_done = true;

        for (uint32_t i = 0; i < count; i++) {
                all_done = all_done && workers[i].result == 0;
                if (workers[i].result < 0 && workers[i].error.exit_code != EX_OK) {
                        *error = workers[i].error;
                        return failed(workers, count, recording, error);
                }
                tg_summary_add(summary, &workers[i].summary);
        }
        assert(all_done); /* nobody gives up but for another's failure */
        return 0;
}

static struct tg_pace pace_of(const struct tg_replay_options *options)
{
        int64_t end_ms = options->shard.end_ms;

        return (struct tg_pace){
                .speed = options->speed,
                .clock = options->clock ? options->clock : &tg_pace_monotonic,
                .stop = options->stop,
                .last_ms = end_ms == TG_NEVER ? end_ms : end_ms + options->shard.partition.skew_ms,
        };
}

int tg_replay(const struct tg_replay_options *options, const struct tg_recording *recording,
              struct tg_summary *ret_summary, struct tg_error *error)
{
        struct worker *workers = tg_allocate_zeroed(options->shards, sizeof workers[0]);
        struct tg_outputs *outputs = NULL;
        struct tg_summary summary = {0};
        struct tg_pace pace = pace_of(options);
        uint8_t sync[TG_CONTAINER_SYNC_SIZE];
        uint32_t started = 0;
        int result = tg_outputs_new(options->output, options->shard.partition.partitions, &outputs,
                                    error);

        if (result == 0) {
                prepare(workers, options, recording, &pace, outputs);
                tg_pace_start(&pace, recording);
                result = start(workers, options, &started, error);
        }
        for (uint32_t i = 0; i < started; i++)
                join(&workers[i], workers, options, recording);
        tg_summary_init(&summary, options->shard.partition.policy);
        if (result == 0)
                result = finish(workers, started, recording, &summary, error);
        if (result == 0) {
                tell(workers, options, recording, true);
                sync_marker(options, workers[0].source, sync);
                result = tg_outputs_write(outputs, sync, error);
        }
        for (uint32_t i = 0; i < options->shards; i++) {
                tg_paced_free(workers[i].paced);
                tg_replay_source_free(workers[i].source);
                tg_summary_deinit(&workers[i].summary);
        }
        tg_outputs_free(outputs);
        free(workers);
        if (result < 0)
                tg_summary_deinit(&summary);
        else
                *ret_summary = summary;
        return result;
}
