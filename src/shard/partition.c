/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/partition.h"

#include <stdlib.h>

#include "base/memory.h"
#include "rules/facts.h"
#include "shard/decide.h"
#include "shard/lasting.h"
#include "shard/restore.h"
#include "shard/undo.h"

/* Lining a message up costs a fraction of deciding it: so many for each, and at least so many. */
enum { GATHERED = 4, GATHERED_LEAST = 256 };

struct tg_gcra *tg_partition_throttles(const struct tg_partition_options *options,
                                       const struct tg_policy *policy)
{
        struct tg_gcra *throttles = tg_allocate_zeroed(policy->throttle_count, sizeof throttles[0]);

        for (size_t i = 0; i < policy->throttle_count; i++)
                throttles[i] = tg_gcra_of(policy->throttles[i].rate, policy->throttles[i].burst,
                                          options->partitions);
        return throttles;
}

void tg_partition_take_care(struct tg_partition *partition)
{
        const struct tg_counters *counters = &partition->options->policy->counters;

        tg_table_care(partition->table,
                      &(struct tg_table_care){.layouts = counters->layouts,
                                              .kinds = TG_SCOPES,
                                              .window_max_ms = counters->window_max_ms,
                                              .skew_ms = partition->options->skew_ms});
}

int tg_partition_new(int32_t id, const struct tg_partition_options *options,
                     const struct tg_port *port, struct tg_summary *summary,
                     struct tg_buffer *buffer, const struct tg_progress *resume,
                     struct tg_partition **ret_partition, struct tg_error *error)
{
        const struct tg_policy *policy = options->policy;
        struct tg_partition *partition;
        struct tg_table *table;

        if (tg_table_new(options->table_bytes, &options->hash_key, &table, error) < 0)
                return -1;
        partition = tg_allocate_zeroed(1, sizeof *partition);
        partition->id = id;
        partition->options = options;
        partition->port = port;
        partition->summary = summary;
        partition->buffer = buffer;
        partition->table = table;
        tg_partition_take_care(partition);
        partition->waiting = tg_waiting_new(policy->throttle_count, options->waiting);
        partition->repeats = tg_repeats_new(policy->dedupe_for_ms, policy->dedupe_per_partition);
        partition->throttles = tg_partition_throttles(options, policy);
        partition->undo.throttles =
                tg_allocate_zeroed(policy->throttle_count, sizeof partition->throttles[0]);
        partition->clock_ms = partition->begun_ms = TG_NO_TIME;
        partition->known = -1;
        partition->behind = true;
        for (int lane = 0; lane < TG_LANES; lane++)
                partition->next[lane] = -1;
        tg_lasting_begin(partition, resume);
        if (resume)
                tg_restore_begin(partition, resume);
        tg_undo_mark(partition);
        *ret_partition = partition;
        return 0;
}

static void release(const struct tg_partition *partition, struct tg_record *record)
{
        const struct tg_source *source = &partition->port->source;

        source->release(source->context, record);
}

/* Gives back the records that were read and not taken up. */
static void drop_read(struct tg_partition *partition)
{
        struct tg_record *record;

        for (int lane = 0; lane < TG_LANES; lane++) {
                while ((record = tg_merge_take(&partition->merge, (enum tg_stream)lane)))
                        release(partition, record);
        }
        tg_merge_deinit(&partition->merge);
}

void tg_partition_free(struct tg_partition *partition)
{
        if (!partition)
                return;
        drop_read(partition);
        tg_restore_free(partition->restore);
        tg_lasting_end(partition);
        tg_table_free(partition->table);
        tg_waiting_free(partition->waiting);
        tg_repeats_free(partition->repeats);
        tg_buffer_deinit(&partition->undo.permits);
        free(partition->undo.throttles);
        free(partition->throttles);
        free(partition->cold);
        free(partition);
}

void tg_partition_note_known(struct tg_partition *partition, int64_t offset)
{
        if (partition->known < offset)
                partition->known = offset;
        partition->behind = false;
}

void tg_partition_note_behind(struct tg_partition *partition, int64_t now_ms)
{
        if (partition->behind)
                return;
        partition->behind = true;
        partition->behind_ms = now_ms < partition->clock_ms ? partition->clock_ms : now_ms;
}

/* Decides at the partition's clock up to MOST of what is due and in line. */
static int decide_due(struct tg_partition *partition, size_t most, struct tg_error *error)
{
        for (; most > 0; most--) {
                struct tg_waiter *waiter = tg_waiting_take(partition->waiting, partition->throttles,
                                                           partition->clock_ms);

                if (!waiter)
                        break;
                tg_table_maintain(partition->table, partition->clock_ms);
                if (tg_decide_again(partition, waiter, error) < 0)
                        return -1;
        }
        return 0;
}

static void move_clock(struct tg_partition *partition, int64_t t_ms)
{
        if (partition->clock_ms < t_ms)
                partition->clock_ms = t_ms;
}

int tg_partition_advance(struct tg_partition *partition, int64_t t_ms, int64_t *due_ms,
                         struct tg_error *error)
{
        while (*due_ms <= t_ms && !partition->restore) {
                *due_ms = tg_waiting_due(partition->waiting, partition->throttles);
                if (*due_ms > t_ms)
                        break;
                move_clock(partition, *due_ms);
                tg_waiting_gather(partition->waiting, partition->clock_ms, SIZE_MAX);
                if (decide_due(partition, SIZE_MAX, error) < 0)
                        return -1;
        }
        move_clock(partition, t_ms);
        return 0;
}

int tg_partition_catch_up(struct tg_partition *partition, int64_t t_ms, size_t most,
                          struct tg_error *error)
{
        size_t gathered = most < GATHERED_LEAST / GATHERED ? GATHERED_LEAST : GATHERED * most;

        move_clock(partition, t_ms);
        tg_waiting_gather(partition->waiting, partition->clock_ms, gathered);
        if (decide_due(partition, most, error) < 0)
                return -1;
        return tg_waiting_due(partition->waiting, partition->throttles) <= partition->clock_ms;
}

static int reject(struct tg_partition *partition, const struct tg_record *record,
                  const char *reason, const char *detail, struct tg_error *error)
{
        const struct tg_sink *sink = &partition->port->sink;

        tg_summary_reject(partition->summary, reason);
        return sink->rejected(sink->context, record, reason, detail, error);
}

static void prepare_touchpoint(struct tg_partition *partition, struct tg_prepared *prepared)
{
        const struct tg_counters *counters = &partition->options->policy->counters;
        const struct tg_touchpoint *touchpoint = &prepared->record->event.touchpoint;
        struct tg_traits traits = tg_traits_of_touchpoint(touchpoint);

        tg_history_init(&prepared->history, counters, partition->table, touchpoint->customer,
                        &traits, partition->clock_ms, partition->options->skew_ms);
        tg_facts_need(&prepared->history, touchpoint);
}

void tg_partition_prepare(struct tg_partition *partition, struct tg_prepared *prepared)
{
        prepared->direct = NULL;
        prepared->history.needed = 0; /* of what is no event */
        if (prepared->record->kind == TG_RECORD_FAULTY)
                return;
        if (prepared->record->stream == TG_STREAM_REQUESTS)
                tg_decide_prepare(partition, prepared);
        else if (prepared->record->stream != TG_STREAM_DECISIONS)
                prepare_touchpoint(partition, prepared);
}

bool tg_partition_apply(struct tg_partition *partition, struct tg_prepared *prepared)
{
        const struct tg_touchpoint *touchpoint = &prepared->record->event.touchpoint;
        bool known = prepared->record->offset < partition->facts_known;

        tg_history_at(&prepared->history, partition->clock_ms, partition->options->skew_ms);
        if (!(known ? tg_facts_whole(touchpoint) : tg_facts_apply(&prepared->history, touchpoint)))
                return false;
        partition->summary->touchpoints++;
        return true;
}

static int take_touchpoint(struct tg_partition *partition, struct tg_prepared *prepared,
                           struct tg_error *error)
{
        if (!tg_partition_apply(partition, prepared))
                return reject(partition, prepared->record, "no body",
                              "a consent touchpoint must carry `consent`: what was agreed to",
                              error);
        return tg_lasting_keep(partition, &prepared->history, &prepared->record->event.touchpoint,
                               error);
}

static int take_request(struct tg_partition *partition, struct tg_prepared *prepared,
                        struct tg_error *error)
{
        if (!tg_request_within_calendar(&prepared->record->event.request))
                return reject(partition, prepared->record, "no time",
                              "`expires` or the time of `about` is not within the years 0 to 9999",
                              error);
        partition->summary->requests++;
        return tg_decide_first(partition, prepared, error);
}

int tg_partition_take(struct tg_partition *partition, struct tg_prepared *prepared,
                      struct tg_error *error)
{
        const struct tg_record *record = prepared->record;
        int result;

        tg_table_maintain(partition->table, partition->clock_ms);
        partition->next[record->stream] = record->offset + 1;
        if (partition->restore)
                return tg_restore_take(partition, prepared, error);
        if (record->kind == TG_RECORD_FAULTY)
                result = reject(partition, record, record->fault, record->detail, error);
        else if (record->stream == TG_STREAM_REQUESTS)
                result = take_request(partition, prepared, error);
        else
                result = take_touchpoint(partition, prepared, error);
        return result;
}

void tg_partition_commit(struct tg_partition *partition)
{
        tg_undo_mark(partition);
}

struct tg_progress tg_partition_undo(struct tg_partition *partition)
{
        struct tg_progress progress = {.partition = partition->id, .clock_ms = partition->clock_ms};

        tg_undo_apply(partition);
        drop_read(partition); /* facts perhaps that requests were known to need */
        partition->known = -1;
        partition->reads_again = true;
        memcpy(progress.next, partition->next, sizeof progress.next);
        progress.decided = partition->next[TG_STREAM_REQUESTS];
        return progress;
}

struct tg_progress tg_partition_progress(const struct tg_partition *partition)
{
        struct tg_progress progress = {.partition = partition->id,
                                       .clock_ms = partition->clock_ms,
                                       .kept = tg_lasting_kept(partition)};
        int64_t waits = tg_waiting_oldest_offset(partition->waiting);

        memcpy(progress.next, partition->next, sizeof progress.next);
        progress.decided = partition->next[TG_STREAM_REQUESTS];
        if (partition->restore)
                tg_restore_progress(partition, &progress);
        else if (waits >= 0)
                progress.next[TG_STREAM_REQUESTS] = waits;
        return progress;
}
