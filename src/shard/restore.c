/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/restore.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "rules/facts.h"
#include "shard/lasting.h"
#include "shard/undo.h"

enum { DEFERRED = -1 };

/* A message that was deferred. */
struct deferral {
        int64_t offset; /* of its request */
        int64_t until_ms;
        int64_t decided_ms;
        int32_t throttle; /* in whose queue it waits; DEFERRED: none */
        bool over;        /* it has its final answer */
};

struct tg_restore {
        struct tg_progress resume;
        int64_t told_ms;            /* the latest time of what was told */
        struct deferral *deferrals; /* owned; by offset */
        size_t count;
        size_t capacity;
};

void tg_restore_begin(struct tg_partition *partition, const struct tg_progress *resume)
{
        assert(!partition->restore && resume->partition == partition->id);
        partition->restore = tg_allocate(sizeof *partition->restore);
        *partition->restore = (struct tg_restore){.resume = *resume, .told_ms = TG_NO_TIME};
        partition->clock_ms = resume->clock_ms;
        partition->next[TG_STREAM_REQUESTS] = resume->next[TG_STREAM_REQUESTS];
}

void tg_restore_free(struct tg_restore *restore)
{
        if (restore)
                free(restore->deferrals);
        free(restore);
}

/* How far a stream that comes in had been taken up. */
static int64_t taken_up(const struct tg_restore *restore, enum tg_stream stream)
{
        return stream == TG_STREAM_REQUESTS ? restore->resume.decided
                                            : restore->resume.next[stream];
}

/* Whether STREAM has been read up to END, as far as it still goes there. */
static bool has_come_to(const struct tg_partition *partition, enum tg_stream stream, int64_t end)
{
        const struct tg_record *head = tg_merge_head(&partition->merge, stream);

        if (head)
                return head->offset >= end;
        return partition->next[stream] >= end || partition->merge.lanes[stream].ended;
}

static struct tg_record *next_before(struct tg_partition *partition, enum tg_stream stream,
                                     int64_t end)
{
        const struct tg_record *head = tg_merge_head(&partition->merge, stream);

        return head && head->offset < end ? tg_merge_take(&partition->merge, stream) : NULL;
}

/* Whether all of a stream that is told has been taken up. */
static bool is_told(const struct tg_partition *partition, enum tg_stream stream)
{
        const struct tg_lane *lane = &partition->merge.lanes[stream];

        return lane->ended && lane->count == 0;
}

static struct tg_span name_of(const struct tg_partition *partition, enum tg_stream stream)
{
        const struct tg_source *source = &partition->port->source;

        return tg_span_text(source->stream_name(source->context, stream));
}

/* How many of the facts that had been taken up were known when this was decided. */
static int64_t facts_before(const struct tg_partition *partition, const struct tg_record *told)
{
        int64_t most = taken_up(partition->restore, TG_STREAM_TOUCHPOINTS);
        int64_t next = told->kind == TG_RECORD_FAULTY
                               ? -1
                               : tg_told_facts_next(&told->event.told,
                                                    name_of(partition, TG_STREAM_TOUCHPOINTS));

        return next < most ? next : most;
}

/* The next decision, or a fact that it knew. */
static struct tg_record *next_decision(struct tg_partition *partition)
{
        const struct tg_record *head = tg_merge_head(&partition->merge, TG_STREAM_DECISIONS);
        int64_t facts;

        if (!head)
                return NULL;
        facts = facts_before(partition, head);
        if (has_come_to(partition, TG_STREAM_TOUCHPOINTS, facts))
                return tg_merge_take(&partition->merge, TG_STREAM_DECISIONS);
        return next_before(partition, TG_STREAM_TOUCHPOINTS, facts);
}

/* The next of what had been taken up after the last decision. */
static struct tg_record *next_undecided(struct tg_partition *partition)
{
        const struct tg_restore *restore = partition->restore;
        struct tg_record *record = next_before(partition, TG_STREAM_TOUCHPOINTS,
                                               taken_up(restore, TG_STREAM_TOUCHPOINTS));

        if (!record)
                record = next_before(partition, TG_STREAM_REQUESTS,
                                     taken_up(restore, TG_STREAM_REQUESTS));
        return record;
}

struct tg_record *tg_restore_next(struct tg_partition *partition)
{
        if (!is_told(partition, TG_STREAM_CUSTOMERS))
                return tg_merge_take(&partition->merge, TG_STREAM_CUSTOMERS);
        if (!is_told(partition, TG_STREAM_DECISIONS))
                return next_decision(partition);
        return next_undecided(partition);
}

/* Where a deferral of OFFSET is, or would be. */
static size_t place_of(const struct tg_restore *restore, int64_t offset)
{
        size_t first = 0, end = restore->count;

        while (first < end) {
                size_t middle = first + (end - first) / 2;

                if (restore->deferrals[middle].offset < offset)
                        first = middle + 1;
                else
                        end = middle;
        }
        return first;
}

static struct deferral *find(const struct tg_restore *restore, int64_t offset)
{
        size_t place = place_of(restore, offset);

        return place < restore->count && restore->deferrals[place].offset == offset
                       ? &restore->deferrals[place]
                       : NULL;
}

/* Drops those that are over, so that there is room without growing, if they are many. */
static void make_room(struct tg_restore *restore)
{
        size_t kept = 0;

        for (size_t i = 0; i < restore->count; i++) {
                if (!restore->deferrals[i].over)
                        restore->deferrals[kept++] = restore->deferrals[i];
        }
        restore->count = kept;
        if (2 * kept < restore->capacity)
                return;
        restore->capacity = 2 * restore->capacity + 64;
        restore->deferrals =
                tg_reallocate(restore->deferrals, restore->capacity * sizeof restore->deferrals[0]);
}

/* The throttle that it waits for, by what was told: the last reason is the one it waits for. */
static int32_t throttle_of(const struct tg_policy *policy, const struct tg_told *told)
{
        struct tg_told_reason reason;

        if (!tg_told_last_reason(told, &reason) ||
            !tg_span_equal(reason.family, tg_span_text("throttle")))
                return DEFERRED;
        for (size_t i = 0; i < policy->throttle_count; i++) {
                if (tg_span_equal(reason.rule, tg_span_text(policy->throttles[i].name)))
                        return (int32_t)i;
        }
        return DEFERRED;
}

/* Where a deferral of OFFSET goes, among those of other offsets. */
static struct deferral *insert(struct tg_restore *restore, int64_t offset)
{
        size_t place;

        if (restore->count == restore->capacity)
                make_room(restore);
        place = place_of(restore, offset);
        memmove(restore->deferrals + place + 1, restore->deferrals + place,
                (restore->count - place) * sizeof restore->deferrals[0]);
        restore->count++;
        return &restore->deferrals[place];
}

/* Told twice (at least once): the later is of whoever committed it. */
static void take_deferral(struct tg_partition *partition, const struct tg_told *told)
{
        struct tg_restore *restore = partition->restore;
        struct deferral *deferral = find(restore, told->source.offset);

        if (!deferral)
                deferral = insert(restore, told->source.offset);
        *deferral = (struct deferral){
                .offset = told->source.offset,
                .until_ms = told->until_ms,
                .decided_ms = told->time_ms,
                .throttle = throttle_of(partition->options->policy, told),
        };
}

/* A deferral that is final was told to somebody who asked directly, and is kept nowhere. */
static bool is_remembered(const struct tg_told *told)
{
        struct tg_told_reason reason;

        if (told->outcome == TG_DEFER)
                return false;
        return told->outcome != TG_DENY || !tg_told_last_reason(told, &reason) ||
               !tg_span_equal(reason.rule, tg_span_text("dedupe full"));
}

static void remember(struct tg_partition *partition, const struct tg_told *told,
                     struct tg_identity customer)
{
        uint64_t key = tg_repeats_key(customer, told->id);
        const struct tg_remembered answer = {
                .outcome = (enum tg_outcome)told->outcome,
                .time_ms = partition->restore->told_ms,
                .tag = (uint32_t)told->receipt.tag,
                .content = (uint32_t)told->content,
        };
        struct tg_remembered before;

        if (is_remembered(told) &&
            !tg_repeats_find(partition->repeats, key, answer.time_ms, &before))
                tg_repeats_add(partition->repeats, key, &answer);
}

static void take_permit(struct tg_partition *partition, const struct tg_told *told,
                        struct tg_history *history)
{
        const struct tg_policy *policy = partition->options->policy;

        tg_facts_permit_again(history, told->receipt.time_ms, (uint32_t)told->receipt.tag);
        for (size_t i = 0; i < policy->throttle_count; i++) {
                if (tg_selector_matches(&policy->throttles[i].for_, &history->traits))
                        tg_gcra_recharge(&partition->throttles[i], told->time_ms);
        }
}

/* Whether the request is in the log: its offset is one of those. */
static bool is_logged(const struct tg_partition *partition, const struct tg_told *told)
{
        return tg_span_equal(told->source.topic, name_of(partition, TG_STREAM_REQUESTS));
}

static void take_final(struct tg_partition *partition, const struct tg_told *told)
{
        struct deferral *deferral =
                is_logged(partition, told) ? find(partition->restore, told->source.offset) : NULL;
        const struct tg_traits traits = {
                .channel = told->channel,
                .kind = told->kind,
                .class = told->class,
                .campaign = told->campaign,
                .subject = told->subject,
                .topic = told->topic,
        };
        struct tg_history history;

        if (deferral)
                deferral->over = true;
        tg_history_init(&history, &partition->options->policy->counters, partition->table,
                        told->customer, &traits, partition->clock_ms, partition->options->skew_ms);
        if (told->outcome == TG_PERMIT && told->receipt.present)
                take_permit(partition, told, &history);
        remember(partition, told, history.identities[TG_SCOPE_CUSTOMER]);
}

static void take_told(struct tg_partition *partition, const struct tg_told *told)
{
        struct tg_restore *restore = partition->restore;

        if (told->repeat || (partition->options->tells_again && is_logged(partition, told) &&
                             told->source.offset >= restore->resume.decided))
                return;
        if (restore->told_ms < told->time_ms)
                restore->told_ms = told->time_ms;
        if (partition->clock_ms < told->time_ms)
                partition->clock_ms = told->time_ms;
        if (told->final)
                take_final(partition, told);
        else if (told->outcome == TG_DEFER)
                take_deferral(partition, told);
}

/* What was kept of it need not be kept again. */
static int take_fact(struct tg_partition *partition, struct tg_prepared *prepared,
                     struct tg_error *error)
{
        if (!tg_partition_apply(partition, prepared) || !partition->keeps_again)
                return 0;
        return tg_lasting_keep(partition, &prepared->history, &prepared->record->event.touchpoint,
                               error);
}

static void take_lasting(struct tg_partition *partition, struct tg_prepared *prepared)
{
        tg_history_at(&prepared->history, partition->clock_ms, partition->options->skew_ms);
        tg_lasting_take(partition, &prepared->history, &prepared->record->event.touchpoint);
}

/* Back to waiting, if that is where it was. */
static void take_request(struct tg_partition *partition, const struct tg_prepared *prepared)
{
        const struct tg_record *record = prepared->record;
        const struct deferral *deferral = find(partition->restore, record->offset);
        struct tg_waiter *waiter;

        if (!deferral || deferral->over)
                return;
        waiter = tg_waiter_again(partition->waiting, record->datum);
        waiter->due_ms = deferral->until_ms;
        waiter->decided_ms = deferral->decided_ms;
        waiter->age = partition->age++;
        waiter->offset = record->offset;
        waiter->priority = record->event.request.priority;
        waiter->reading = record->reading;
        tg_repeats_wait(partition->repeats, prepared->key, (uint32_t)tg_hash64(record->datum),
                        waiter);
        if (deferral->throttle == DEFERRED)
                tg_waiting_defer(partition->waiting, waiter);
        else
                tg_waiting_queue(partition->waiting, (size_t)deferral->throttle, waiter);
}

int tg_restore_take(struct tg_partition *partition, struct tg_prepared *prepared,
                    struct tg_error *error)
{
        const struct tg_record *record = prepared->record;

        if (record->kind == TG_RECORD_FAULTY)
                return 0; /* it is a dead letter already */
        switch (record->stream) {
        case TG_STREAM_DECISIONS:
                take_told(partition, &record->event.told);
                return 0;
        case TG_STREAM_CUSTOMERS:
                take_lasting(partition, prepared);
                return 0;
        case TG_STREAM_REQUESTS:
                take_request(partition, prepared);
                return 0;
        default:
                return take_fact(partition, prepared, error);
        }
}

/* Whether all of STREAM has been read that had been taken up. */
static bool has_caught_up(const struct tg_partition *partition, enum tg_stream stream)
{
        return has_come_to(partition, stream, taken_up(partition->restore, stream));
}

/* What was written of the facts is not committed: they are read again if it is undone. */
static void mark(struct tg_partition *partition)
{
        int64_t facts = partition->undo.next[TG_STREAM_TOUCHPOINTS];

        tg_undo_mark(partition);
        partition->undo.next[TG_STREAM_TOUCHPOINTS] = facts;
}

bool tg_restore_end(struct tg_partition *partition)
{
        struct tg_restore *restore = partition->restore;
        bool ended = is_told(partition, TG_STREAM_CUSTOMERS) &&
                     is_told(partition, TG_STREAM_DECISIONS) &&
                     has_caught_up(partition, TG_STREAM_TOUCHPOINTS) &&
                     has_caught_up(partition, TG_STREAM_REQUESTS);

        for (int stream = 0; ended && stream < TG_STREAMS; stream++) {
                if (partition->next[stream] < taken_up(restore, (enum tg_stream)stream))
                        partition->next[stream] = taken_up(restore, (enum tg_stream)stream);
        }
        mark(partition);
        if (!ended)
                return false;
        tg_restore_free(restore);
        partition->restore = NULL;
        return true;
}

void tg_restore_progress(const struct tg_partition *partition, struct tg_progress *progress)
{
        const struct tg_progress *resume = &partition->restore->resume;

        progress->next[TG_STREAM_TOUCHPOINTS] = resume->next[TG_STREAM_TOUCHPOINTS];
        progress->next[TG_STREAM_REQUESTS] = resume->next[TG_STREAM_REQUESTS];
        progress->decided = resume->decided;
        progress->kept = resume->kept;
}
