/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_shards.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/memory.h"
#include "kafka/lookout.h"

/* The clock by which a fact gets its timestamp may be slow by so much, and by the allowed skew. */
enum { LATE_MS = TG_HOUR_MS };

/* One of them. */
struct shard_thread {
        pthread_t thread;
        struct tg_run_shards *shards;
        const struct tg_run_shards_options *options; /* of all */
        struct tg_summary summary;
        struct tg_kafka_source_counts read;
        struct tg_kafka_sink_counts written;
        struct tg_error error; /* with `failed` */
        bool started;
        bool ran; /* there is a summary */
        bool failed;
};

struct tg_run_shards {
        struct tg_run_shards_options options;
        struct tg_lookout *lookout; /* NULL: by event time */
        pthread_mutex_t lock;       /* of the next three */
        pthread_cond_t changed;
        unsigned expected; /* threads there are */
        unsigned done;     /* that have decided and committed their last */
        struct shard_thread threads[];
};

/*
 * A member that leaves makes the group rebalance, and a commit in that moment is refused. So nobody
 * leaves before everybody has committed.
 */
static void await_others(struct tg_run_shards *shards)
{
        pthread_mutex_lock(&shards->lock);
        shards->done++;
        pthread_cond_broadcast(&shards->changed);
        while (shards->done < shards->expected)
                pthread_cond_wait(&shards->changed, &shards->lock);
        pthread_mutex_unlock(&shards->lock);
}

static void expect(struct tg_run_shards *shards, unsigned count)
{
        pthread_mutex_lock(&shards->lock);
        shards->expected = count;
        pthread_cond_broadcast(&shards->changed);
        pthread_mutex_unlock(&shards->lock);
}

static int run_shard(struct shard_thread *thread, struct tg_kafka_source *source,
                     struct tg_error *error)
{
        struct tg_shard_options shard = *thread->options->shard;
        const struct tg_kafka_sink_options options = {
                .settings = thread->options->settings,
                .board = thread->options->boards[thread - thread->shards->threads],
                .notices = thread->options->notices,
                .subjects = thread->options->subjects,
                .source = source,
                .lifetime = thread->options->lifetime,
                .shard = (unsigned)(thread - thread->shards->threads),
                .shards = thread->options->count,
                .commit_ms = thread->options->commit_ms,
                .transaction_ms = thread->options->transaction_ms,
                .customers = thread->options->customers,
        };
        struct tg_kafka_sink *sink;
        struct tg_port port = {
                .source = tg_kafka_source_port(source),
                .clock = {.now_ms = tg_clock_wall_ms},
        };
        int result;

        if (tg_kafka_sink_new(&options, &sink, error) < 0)
                return -1;
        port.sink = tg_kafka_sink_port(sink);
        shard.board = thread->options->boards[thread - thread->shards->threads];
        shard.inbox = thread->options->inboxes[thread - thread->shards->threads];
        result = tg_shard_run(&shard, &port, &thread->summary, error);
        thread->ran = true;
        thread->written = tg_kafka_sink_counts(sink);
        tg_kafka_sink_free(sink);
        return result;
}

static int serve(struct shard_thread *thread, struct tg_error *error)
{
        const struct tg_kafka_source_options options = {
                .settings = thread->options->settings,
                .readings = thread->options->readings,
                .notices = thread->options->notices,
                .lifetime = thread->options->lifetime,
                .board = thread->options->boards[thread - thread->shards->threads],
                .lookout = thread->shards->lookout,
                .shard = (unsigned)(thread - thread->shards->threads),
                .shards = thread->options->count,
                .batch = thread->options->shard->batch,
                .partitions = (int32_t)thread->options->shard->partition.partitions,
                .idle_ms = thread->options->idle_ms,
                .late_ms = thread->options->shard->clock == TG_CLOCK_WALL
                                   ? LATE_MS + thread->options->shard->partition.skew_ms
                                   : -1,
                .customers = thread->options->customers,
                .end_at_once = thread->options->shard->clock == TG_CLOCK_WALL,
        };
        struct tg_kafka_source *source;
        int result;

        if (tg_kafka_source_new(&options, &source, error) < 0) {
                tg_lifetime_stop(thread->options->lifetime);
                await_others(thread->shards);
                return -1;
        }
        result = run_shard(thread, source, error);
        if (result < 0)
                tg_lifetime_stop(thread->options->lifetime);
        await_others(thread->shards);
        thread->read = tg_kafka_source_counts(source);
        tg_kafka_source_free(source);
        return result;
}

static void *thread_main(void *argument)
{
        struct shard_thread *thread = argument;

        thread->failed = serve(thread, &thread->error) < 0;
        return NULL;
}

int tg_run_shards_start(const struct tg_run_shards_options *options,
                        struct tg_run_shards **ret_shards, struct tg_error *error)
{
        struct tg_run_shards *shards =
                tg_allocate_zeroed(1, sizeof *shards + options->count * sizeof shards->threads[0]);

        shards->options = *options;
        pthread_mutex_init(&shards->lock, NULL);
        pthread_cond_init(&shards->changed, NULL);
        expect(shards, options->count);
        *ret_shards = shards;
        if (options->shard->clock == TG_CLOCK_WALL &&
            tg_lookout_new(options->settings, options->notices,
                           (int32_t)options->shard->partition.partitions, &shards->lookout,
                           error) < 0)
                return -1;
        atomic_fetch_add(&options->lifetime->busy, options->count);
        for (unsigned i = 0; i < options->count; i++) {
                struct shard_thread *thread = &shards->threads[i];
                int code;

                thread->shards = shards;
                thread->options = &shards->options;
                code = pthread_create(&thread->thread, NULL, thread_main, thread);
                if (code) {
                        tg_lifetime_stop(options->lifetime);
                        expect(shards, i);
                        return tg_fail_errno(error, EX_OSERR, code, "a thread for shard %u", i);
                }
                thread->started = true;
        }
        return 0;
}

static void add_up(struct tg_run_tally *tally, const struct shard_thread *thread)
{
        if (thread->ran)
                tg_summary_add(&tally->shards, &thread->summary);
        for (int i = 0; i < TG_STREAMS; i++) {
                tally->read.records[i] += thread->read.records[i];
                tally->read.lost.records[i] += thread->read.lost.records[i];
        }
        tally->read.faulty += thread->read.faulty;
        tally->read.keys += thread->read.keys;
        tally->read.partitions += thread->read.partitions;
        tally->written.decisions += thread->written.decisions;
        tally->written.permitted += thread->written.permitted;
        tally->written.rejected += thread->written.rejected;
        tally->written.commits += thread->written.commits;
        tally->written.aborts += thread->written.aborts;
        tally->written.doubts += thread->written.doubts;
}

int tg_run_shards_join(struct tg_run_shards *shards, struct tg_run_tally *tally,
                       struct tg_error *error)
{
        int result = 0;

        for (unsigned i = 0; shards && i < shards->options.count; i++) {
                struct shard_thread *thread = &shards->threads[i];

                if (!thread->started)
                        continue;
                pthread_join(thread->thread, NULL);
                add_up(tally, thread);
                tg_summary_deinit(&thread->summary);
                if (thread->failed && result == 0) {
                        *error = thread->error;
                        result = -1;
                }
        }
        if (shards) {
                tg_lookout_free(shards->lookout);
                pthread_cond_destroy(&shards->changed);
                pthread_mutex_destroy(&shards->lock);
        }
        free(shards);
        return result;
}
