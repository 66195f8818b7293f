/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The loop, and below it what it does with a batch.
 */
#include "shard/shard.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "shard/desk.h"
#include "shard/drain.h"
#include "shard/lasting.h"
#include "shard/prefault.h"

struct shard {
        const struct tg_shard_options *options;
        const struct tg_port *port;
        struct tg_partition_options settings[2]; /* of its partitions: as they are, as they were */
        unsigned setting;                        /* which of the two they are */
        struct tg_summary *summary;
        struct tg_summary committed; /* the summary at the last commit */
        struct tg_buffer buffer;
        struct tg_record **records;       /* one batch */
        struct tg_partition **partitions; /* by id; NULL: not ours */
        size_t owned;                     /* how many are */
        struct tg_progress *progress;     /* of those that are ours */
        struct tg_drain drain;
        struct tg_desk desk;
        struct tg_prefault *prefault;
        bool rewound; /* in this batch: there is more to read, whatever the source said */
        bool behind;  /* in this batch: not all that was due has been decided */
};

static int turn(struct shard *shard, struct tg_error *error);
static int take_batch(struct shard *shard, size_t count, struct tg_error *error);
static int serve_desk(struct shard *shard, struct tg_error *error);
static void time_batch(const struct shard *shard, size_t count, int64_t begun_us);
static int commit(struct shard *shard, bool now, struct tg_error *error);
static int undo(struct shard *shard, struct tg_error *error);
static const struct tg_policy *offered(const struct shard *shard);
static void follow_policy(struct shard *shard);
static int shard_init(struct shard *shard, const struct tg_shard_options *options,
                      const struct tg_port *port, struct tg_summary *summary);
static void shard_deinit(struct shard *shard);

int tg_shard_run(const struct tg_shard_options *options, const struct tg_port *port,
                 struct tg_summary *ret_summary, struct tg_error *error)
{
        struct shard shard;
        int answer = shard_init(&shard, options, port, ret_summary);

        while (answer == 0)
                answer = turn(&shard, error);
        shard_deinit(&shard);
        return answer < 0 ? -1 : 0;
}

/* One batch. 1: it was the last. */
static int turn(struct shard *shard, struct tg_error *error)
{
        const struct tg_source *source = &shard->port->source;
        const struct tg_sink *sink = &shard->port->sink;
        size_t count = 0;
        int last =
                source->poll(source->context, shard->records, shard->options->batch, &count, error);
        int64_t begun_us = shard->options->board ? tg_watch_us() : 0;
        int committed;

        if (last < 0 || sink->begin(sink->context, error) < 0 ||
            take_batch(shard, count, error) < 0 || serve_desk(shard, error) < 0)
                return -1;
        committed = commit(shard, last > 0 || offered(shard) != NULL, error);
        if (committed < 0)
                return -1;
        time_batch(shard, count, begun_us);
        if (committed == 0)
                follow_policy(shard);
        if (shard->behind && source->hurry)
                source->hurry(source->context);
        return last > 0 && !shard->rewound;
}

/* What partitions that come from now on need is what the policy looks at. */
static void tell_lookback(const struct shard *shard)
{
        const struct tg_source *source = &shard->port->source;
        const struct tg_lookback lookback =
                tg_lasting_lookback(shard->settings[shard->setting].policy);

        if (source->look_back)
                source->look_back(source->context, &lookback);
}

static int shard_init(struct shard *shard, const struct tg_shard_options *options,
                      const struct tg_port *port, struct tg_summary *summary)
{
        uint32_t partitions = options->partition.partitions;

        assert(options->batch > 0 && partitions > 0);
        assert(options->clock == TG_CLOCK_EVENT ||
               (port->clock.now_ms && options->partition.facts_wait_ms > 0));
        *shard = (struct shard){.options = options, .port = port, .summary = summary};
        shard->settings[0] = options->partition;
        shard->desk = (struct tg_desk){.inbox = options->inbox,
                                       .by_wall_clock = options->clock == TG_CLOCK_WALL};
        tg_summary_init(summary, options->partition.policy);
        tg_summary_init(&shard->committed, options->partition.policy);
        shard->records = tg_allocate(options->batch * sizeof(struct tg_record *));
        tg_drain_init(&shard->drain, &port->source, options->clock);
        shard->partitions = tg_allocate_zeroed(partitions, sizeof(struct tg_partition *));
        shard->progress = tg_allocate(partitions * sizeof shard->progress[0]);
        shard->prefault = tg_prefault_new(partitions);
        tell_lookback(shard);
        return 0;
}

static void forget(struct shard *shard, int32_t id)
{
        if (shard->partitions[id]) {
                shard->summary->pending += tg_waiting_count(shard->partitions[id]->waiting);
                tg_prefault_remove(shard->prefault, shard->partitions[id]->table);
                shard->owned--;
        }
        tg_partition_free(shard->partitions[id]);
        shard->partitions[id] = NULL;
}

static void shard_deinit(struct shard *shard)
{
        tg_desk_close(&shard->desk);
        for (uint32_t id = 0; id < shard->options->partition.partitions; id++)
                forget(shard, (int32_t)id);
        tg_prefault_free(shard->prefault);
        free(shard->partitions);
        free(shard->progress);
        free(shard->records);
        tg_drain_deinit(&shard->drain);
        tg_buffer_deinit(&shard->buffer);
        tg_summary_deinit(&shard->committed);
}

static int adopt(struct shard *shard, const struct tg_record *record, struct tg_error *error)
{
        int32_t id = record->partition;

        assert(!shard->partitions[id]);
        if (tg_partition_new(id, &shard->settings[shard->setting], shard->port, shard->summary,
                             &shard->buffer, record->resume, &shard->partitions[id], error) < 0)
                return -1;
        tg_prefault_add(shard->prefault, shard->partitions[id]->table);
        shard->owned++;
        return 0;
}

static void refuse(struct tg_record *record, const char *fault, const char *detail)
{
        record->kind = TG_RECORD_FAULTY;
        record->fault = fault;
        record->detail = detail;
}

/*
 * An event from too far in the future would stop the clock's use for everybody, and one outside of
 * the calendar can't be reckoned with: dead letters.
 */
static void refuse_time(const struct shard *shard, struct tg_record *record, int64_t now_ms)
{
        if (record->kind != TG_RECORD_DATA)
                return;
        if (!tg_time_in_calendar(record->time_ms))
                refuse(record, "no time", "its time is not within the years 0 to 9999");
        else if (now_ms != TG_NEVER && record->time_ms > now_ms + shard->options->partition.skew_ms)
                refuse(record, "future",
                       "its time is later than now (or the configured end) by more than "
                       "future_skew_max");
}

static void release(const struct shard *shard, struct tg_record *record)
{
        shard->port->source.release(shard->port->source.context, record);
}

/* A record of no partition: nobody knows whose it is. */
static int reject_homeless(struct shard *shard, const struct tg_record *record,
                           struct tg_error *error)
{
        const struct tg_sink *sink = &shard->port->sink;

        tg_summary_reject(shard->summary, record->fault);
        return sink->rejected(sink->context, record, record->fault, record->detail, error);
}

/* One partition's share of what a batch decides of what is due. */
static size_t due_share(const struct shard *shard)
{
        size_t due_max = shard->options->due_max ? shard->options->due_max : TG_DUE_DEFAULT;

        assert(shard->owned > 0);
        return due_max > shard->owned ? due_max / shard->owned : 1;
}

static int drain(struct shard *shard, struct tg_partition *partition, int64_t now_ms,
                 struct tg_error *error)
{
        int behind = tg_drain_partition(&shard->drain, partition, now_ms, due_share(shard), error);

        shard->behind |= behind > 0;
        return behind < 0 ? -1 : 0;
}

/* What comes before a revocation is still ours: it is taken up and committed first. */
static int give_back(struct shard *shard, int32_t id, int64_t now_ms, struct tg_error *error)
{
        if (!shard->partitions[id])
                return 0;
        if (drain(shard, shard->partitions[id], now_ms, error) < 0 ||
            commit(shard, true, error) < 0 ||
            shard->port->sink.begin(shard->port->sink.context, error) < 0)
                return -1;
        forget(shard, id);
        tg_summary_copy(&shard->committed, shard->summary);
        return 0;
}

/*
 * Its next owner decides again what was not committed, so nothing of it may be; and what was
 * produced for all partitions is one.
 */
static int let_go(struct shard *shard, int32_t id, struct tg_error *error)
{
        const struct tg_sink *sink = &shard->port->sink;

        if (!shard->partitions[id])
                return 0;
        if (sink->abort && !shard->rewound &&
            (sink->abort(sink->context, error) < 0 || undo(shard, error) < 0 ||
             sink->begin(sink->context, error) < 0))
                return -1;
        forget(shard, id);
        return 0;
}

/* Whether an undo in this batch had the source read RECORD again. */
static bool comes_again(const struct shard *shard, const struct tg_record *record)
{
        if (record->partition < 0)
                return shard->rewound;
        return shard->partitions[record->partition]->reads_again;
}

/* Puts a record where it will be taken up, true; or deals with it at once. */
static bool put_in_order(struct shard *shard, struct tg_record *record, int64_t now_ms)
{
        struct tg_partition *partition = shard->partitions[record->partition];
        struct tg_merge *merge = &partition->merge;

        if (record->kind == TG_RECORD_END) {
                tg_merge_end(merge, record->stream);
                return false;
        }
        record->taken_ms = now_ms < partition->clock_ms ? partition->clock_ms : now_ms;
        if (record->stream < TG_STREAMS)
                refuse_time(shard, record, now_ms);
        if (shard->options->board && shard->options->clock == TG_CLOCK_WALL &&
            record->kind == TG_RECORD_DATA && record->stream == TG_STREAM_REQUESTS)
                tg_histogram_add(&shard->options->board->ages, &tg_bounds_age,
                                 (now_ms - record->time_ms) * 1000);
        tg_merge_push(merge, record);
        return true;
}

static int sort_record(struct shard *shard, struct tg_record *record, int64_t now_ms,
                       struct tg_error *error)
{
        int result = 0;

        assert(record->partition < (int32_t)shard->options->partition.partitions);
        if (record->kind == TG_RECORD_ASSIGNED)
                result = adopt(shard, record, error);
        else if (record->kind == TG_RECORD_REVOKED)
                result = give_back(shard, record->partition, now_ms, error);
        else if (record->kind == TG_RECORD_LOST)
                result = let_go(shard, record->partition, error);
        else if (comes_again(shard, record))
                result = 0;
        else if (record->partition < 0)
                result = reject_homeless(shard, record, error);
        else if (record->kind == TG_RECORD_KNOWN)
                tg_partition_note_known(shard->partitions[record->partition], record->offset);
        else if (record->kind == TG_RECORD_BEHIND)
                tg_partition_note_behind(shard->partitions[record->partition], now_ms);
        else if (put_in_order(shard, record, now_ms))
                return 0;
        release(shard, record);
        return result;
}

static int take_batch(struct shard *shard, size_t count, struct tg_error *error)
{
        const struct tg_clock *clock = &shard->port->clock;
        int64_t now_ms = clock->now_ms ? clock->now_ms(clock->context) : shard->options->end_ms;

        shard->rewound = shard->behind = false;
        for (uint32_t id = 0; id < shard->options->partition.partitions; id++) {
                if (shard->partitions[id])
                        shard->partitions[id]->reads_again = false;
        }
        for (size_t i = 0; i < count; i++) {
                if (sort_record(shard, shard->records[i], now_ms, error) < 0)
                        return -1;
        }
        for (uint32_t id = 0; id < shard->options->partition.partitions; id++) {
                if (shard->partitions[id] && drain(shard, shard->partitions[id], now_ms, error) < 0)
                        return -1;
        }
        return 0;
}

/* What was asked within the process; its answers are kept until they are committed. */
static int serve_desk(struct shard *shard, struct tg_error *error)
{
        return tg_desk_serve(&shard->desk, shard->partitions, shard->options->partition.partitions,
                             error);
}

/* Shows that the loop turns. A batch in which nothing was read takes no time worth a note. */
static void time_batch(const struct shard *shard, size_t count, int64_t begun_us)
{
        struct tg_board *board = shard->options->board;

        tg_board_beat(board, shard->partitions);
        if (board && count > 0)
                tg_histogram_add(&board->batches, &tg_bounds_work, tg_watch_us() - begun_us);
}

static void accept(struct shard *shard)
{
        for (uint32_t id = 0; id < shard->options->partition.partitions; id++) {
                if (shard->partitions[id])
                        tg_partition_commit(shard->partitions[id]);
        }
        tg_summary_copy(&shard->committed, shard->summary);
        tg_board_show(shard->options->board, &shard->committed);
        tg_desk_settle(&shard->desk, TG_INQUIRY_ANSWERED);
}

/* Nobody has seen what was decided since the last commit: it is as if it had not been. */
static int undo(struct shard *shard, struct tg_error *error)
{
        const struct tg_source *source = &shard->port->source;
        size_t count = 0;

        for (uint32_t id = 0; id < shard->options->partition.partitions; id++) {
                if (shard->partitions[id])
                        shard->progress[count++] = tg_partition_undo(shard->partitions[id]);
        }
        tg_summary_copy(shard->summary, &shard->committed);
        tg_desk_settle(&shard->desk, TG_INQUIRY_UNDONE);
        shard->rewound = true;
        assert(source->rewind);
        return source->rewind(source->context, shard->progress, count, error);
}

/* 1: what was decided is undone, and will be read again. 2: nothing is committed yet. */
static int commit(struct shard *shard, bool now, struct tg_error *error)
{
        const struct tg_sink *sink = &shard->port->sink;
        size_t count = 0;
        int answer;

        for (uint32_t id = 0; id < shard->options->partition.partitions; id++) {
                if (shard->partitions[id])
                        shard->progress[count++] = tg_partition_progress(shard->partitions[id]);
        }
        answer = sink->commit(sink->context, shard->progress, count, now, error);
        assert(answer != 2 || !now);
        if (answer == 0)
                accept(shard);
        else if (answer == 1 && undo(shard, error) < 0)
                answer = -1;
        return answer;
}

/* A policy that is to be taken up; NULL: there is none. */
static const struct tg_policy *offered(const struct shard *shard)
{
        const struct tg_swap *swap = shard->options->swap;

        return swap ? tg_swap_next(swap, shard->settings[shard->setting].policy) : NULL;
}

/* Takes up a policy that was offered; nothing is decided that isn't committed. */
static void follow_policy(struct shard *shard)
{
        const struct tg_partition_options *old = &shard->settings[shard->setting];
        struct tg_partition_options *new = &shard->settings[!shard->setting];
        const struct tg_policy *next = offered(shard);

        if (!next)
                return;
        *new = *old;
        new->policy = next;
        for (uint32_t id = 0; id < new->partitions; id++) {
                if (shard->partitions[id])
                        tg_partition_swap_policy(shard->partitions[id], new);
        }
        shard->setting = !shard->setting;
        tell_lookback(shard);
        tg_summary_follow(shard->summary, next);
        tg_summary_follow(&shard->committed, next);
        tg_board_follow(shard->options->board, next, &shard->committed);
        tg_swap_take(shard->options->swap);
}
