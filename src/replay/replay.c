/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay.h"

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
        return NULL;
}

/* Waits for a worker, and tells how far the first has come meanwhile. */
static void join(struct worker *worker, const struct worker *first,
                 const struct tg_replay_options *options, size_t total)
{
        struct timespec until;

        while (options->progress) {
                clock_gettime(CLOCK_REALTIME, &until);
                until.tv_nsec += PROGRESS_INTERVAL_MS * TG_MS_NS;
                until.tv_sec += until.tv_nsec / (TG_SECOND_MS * TG_MS_NS);
                until.tv_nsec %= TG_SECOND_MS * TG_MS_NS;
                if (pthread_timedjoin_np(worker->thread, NULL, &until) != ETIMEDOUT)
                        return;
                options->progress(options->progress_context, tg_replay_source_bytes(first->source),
                                  total);
        }
        pthread_join(worker->thread, NULL);
}

static int start(struct worker *workers, const struct tg_replay_options *options,
                 const struct tg_recording *recording, struct tg_outputs *outputs,
                 uint32_t *ret_started, struct tg_error *error)
{
        for (uint32_t i = 0; i < options->shards; i++) {
                struct worker *worker = &workers[i];
                int failure;

                worker->options = &options->shard;
                worker->source = tg_replay_source_new(recording, i, options->shards,
                                                      options->shard.partition.partitions);
                worker->port.source = tg_replay_source_port(worker->source);
                worker->port.sink = tg_outputs_sink(outputs);
                failure = pthread_create(&worker->thread, NULL, work, worker);
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

static int finish(struct worker *workers, uint32_t count, struct tg_summary *summary,
                  struct tg_error *error)
{
        for (uint32_t i = 0; i < count; i++) {
                if (workers[i].result < 0) {
                        *error = workers[i].error;
                        return -1;
                }
                tg_summary_add(summary, &workers[i].summary);
        }
        return 0;
}

int tg_replay(const struct tg_replay_options *options, const struct tg_recording *recording,
              struct tg_summary *ret_summary, struct tg_error *error)
{
        struct worker *workers = tg_allocate_zeroed(options->shards, sizeof workers[0]);
        struct tg_outputs *outputs = NULL;
        struct tg_summary summary = {0};
        uint8_t sync[TG_CONTAINER_SYNC_SIZE];
        uint32_t started = 0;
        int result = tg_outputs_new(options->output, options->shard.partition.partitions, &outputs,
                                    error);

        if (result == 0)
                result = start(workers, options, recording, outputs, &started, error);
        for (uint32_t i = 0; i < started; i++)
                join(&workers[i], &workers[0], options, tg_recording_bytes(recording));
        tg_summary_init(&summary, options->shard.partition.policy);
        if (result == 0)
                result = finish(workers, started, &summary, error);
        if (result == 0) {
                sync_marker(options, workers[0].source, sync);
                result = tg_outputs_write(outputs, sync, error);
        }
        for (uint32_t i = 0; i < options->shards; i++) {
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
