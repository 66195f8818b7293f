/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/partition.h"

#include <stdlib.h>

#include "base/memory.h"
#include "rules/facts.h"
#include "shard/decide.h"
#include "shard/undo.h"

int tg_partition_new(int32_t id, const struct tg_partition_options *options,
                     const struct tg_port *port, struct tg_summary *summary,
                     struct tg_buffer *buffer, struct tg_partition **ret_partition,
                     struct tg_error *error)
{
        const struct tg_policy *policy = options->policy;
        struct tg_partition *partition;
        struct tg_table *table;

        if (tg_table_new(options->table_bytes, &options->hash_key, &table, error) < 0)
                return -1;
        tg_table_care(table,
                      &(struct tg_table_care){.layouts = policy->counters.layouts,
                                              .kinds = TG_SCOPES,
                                              .window_max_ms = policy->counters.window_max_ms,
                                              .skew_ms = options->skew_ms});
        partition = tg_allocate_zeroed(1, sizeof *partition);
        partition->id = id;
        partition->options = options;
        partition->port = port;
        partition->summary = summary;
        partition->buffer = buffer;
        partition->table = table;
        partition->waiting = tg_waiting_new(policy->throttle_count, options->waiting);
        partition->repeats = tg_repeats_new(policy->dedupe_for_ms, policy->dedupe_per_partition);
        partition->throttles =
                tg_allocate_zeroed(policy->throttle_count, sizeof partition->throttles[0]);
        for (size_t i = 0; i < policy->throttle_count; i++)
                partition->throttles[i] = tg_gcra_of(
                        policy->throttles[i].rate, policy->throttles[i].burst, options->partitions);
        partition->undo.throttles =
                tg_allocate_zeroed(policy->throttle_count, sizeof partition->throttles[0]);
        partition->clock_ms = TG_NO_TIME;
        for (int stream = 0; stream < TG_STREAMS; stream++)
                partition->next[stream] = -1;
        tg_undo_mark(partition);
        *ret_partition = partition;
        return 0;
}

static void release(const struct tg_partition *partition, const struct tg_record *record)
{
        const struct tg_source *source = &partition->port->source;

        if (source->release)
                source->release(source->context, record);
}

/* Gives back the records that were read and not taken up. */
static void drop_read(struct tg_partition *partition)
{
        struct tg_record record;

        for (int stream = 0; stream < TG_STREAMS; stream++) {
                while (tg_merge_take(&partition->merge, (enum tg_stream)stream, &record))
                        release(partition, &record);
        }
        tg_merge_deinit(&partition->merge);
}

void tg_partition_free(struct tg_partition *partition)
{
        if (!partition)
                return;
        drop_read(partition);
        tg_table_free(partition->table);
        tg_waiting_free(partition->waiting);
        tg_repeats_free(partition->repeats);
        tg_buffer_deinit(&partition->undo.permits);
        free(partition->undo.throttles);
        free(partition->throttles);
        free(partition);
}

int tg_partition_advance(struct tg_partition *partition, int64_t t_ms, struct tg_error *error)
{
        int64_t due_ms;

        while ((due_ms = tg_waiting_due(partition->waiting, partition->throttles)) <= t_ms) {
                if (tg_partition_catch_up(partition, due_ms, error) < 0)
                        return -1;
        }
        if (partition->clock_ms < t_ms)
                partition->clock_ms = t_ms;
        return 0;
}

int tg_partition_catch_up(struct tg_partition *partition, int64_t t_ms, struct tg_error *error)
{
        struct tg_waiter *waiter;

        if (partition->clock_ms < t_ms)
                partition->clock_ms = t_ms;
        while ((waiter = tg_waiting_take(partition->waiting, partition->throttles,
                                         partition->clock_ms))) {
                tg_table_maintain(partition->table, partition->clock_ms);
                if (tg_decide_again(partition, waiter, error) < 0)
                        return -1;
        }
        return 0;
}

static int reject(struct tg_partition *partition, const struct tg_record *record,
                  const char *reason, const char *detail, struct tg_error *error)
{
        const struct tg_sink *sink = &partition->port->sink;

        partition->summary->rejected++;
        return sink->rejected(sink->context, record, reason, detail, error);
}

static void begin_history(struct tg_partition *partition, struct tg_history *history,
                          struct tg_span customer, const struct tg_traits *traits)
{
        tg_history_init(history, &partition->options->policy->counters, partition->table, customer,
                        traits, partition->clock_ms, partition->options->skew_ms);
}

static void prepare_touchpoint(struct tg_partition *partition, struct tg_prepared *prepared)
{
        const struct tg_counters *counters = &partition->options->policy->counters;
        const struct tg_touchpoint *touchpoint = &prepared->touchpoint;
        struct tg_traits traits = tg_traits_of_touchpoint(touchpoint);
        unsigned scopes = counters->scopes_by_type[touchpoint->type];

        if (tg_span_present(touchpoint->message_id))
                scopes |= counters->scopes_by_type[TG_TYPE_PERMIT];
        begin_history(partition, &prepared->history, touchpoint->customer, &traits);
        tg_history_prefetch(&prepared->history, scopes);
}

/* Its history is made when it is decided; that finds the cells in the cache. */
static void prepare_request(struct tg_partition *partition, struct tg_prepared *prepared)
{
        struct tg_traits traits = tg_traits_of_request(&prepared->request);
        unsigned scopes = 0;

        for (unsigned scope = 0; scope < TG_SCOPES; scope++) {
                if (partition->options->policy->counters.layouts[scope].count)
                        scopes |= 1U << scope;
        }
        begin_history(partition, &prepared->history, prepared->request.customer, &traits);
        tg_history_prefetch(&prepared->history, scopes);
}

void tg_partition_prepare(struct tg_partition *partition, struct tg_prepared *prepared)
{
        const struct tg_record *record = &prepared->record;
        bool request = record->stream == TG_STREAM_REQUESTS;
        void *decoded = request ? (void *)&prepared->request : (void *)&prepared->touchpoint;
        size_t consumed;

        if (record->kind == TG_RECORD_FAULTY)
                return;
        prepared->fault = tg_plan_decode(record->reading->full, record->datum, decoded, &consumed);
        if (prepared->fault < 0)
                return;
        if (request)
                prepare_request(partition, prepared);
        else
                prepare_touchpoint(partition, prepared);
}

static int take_touchpoint(struct tg_partition *partition, struct tg_prepared *prepared,
                           struct tg_error *error)
{
        tg_history_at(&prepared->history, partition->clock_ms, partition->options->skew_ms);
        if (!tg_facts_apply(&prepared->history, &prepared->touchpoint))
                return reject(partition, &prepared->record, "no body",
                              "a consent touchpoint must carry `consent`: what was agreed to",
                              error);
        partition->summary->touchpoints++;
        return 0;
}

static int take_request(struct tg_partition *partition, const struct tg_prepared *prepared,
                        struct tg_error *error)
{
        partition->summary->requests++;
        return tg_decide_first(partition, &prepared->request, &prepared->record, error);
}

int tg_partition_take(struct tg_partition *partition, struct tg_prepared *prepared,
                      struct tg_error *error)
{
        const struct tg_record *record = &prepared->record;
        int result;

        tg_table_maintain(partition->table, partition->clock_ms);
        partition->next[record->stream] = record->offset + 1;
        if (record->kind == TG_RECORD_FAULTY)
                result = reject(partition, record, record->fault, record->detail, error);
        else if (prepared->fault < 0)
                result = reject(partition, record, "undecodable",
                                tg_decode_error_text(prepared->fault), error);
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
        struct tg_progress progress = {.partition = partition->id};

        tg_undo_apply(partition);
        drop_read(partition);
        partition->reads_again = true;
        memcpy(progress.next, partition->next, sizeof progress.next);
        return progress;
}

struct tg_progress tg_partition_progress(const struct tg_partition *partition)
{
        struct tg_progress progress = {.partition = partition->id};
        int64_t waits = tg_waiting_oldest_offset(partition->waiting);

        memcpy(progress.next, partition->next, sizeof progress.next);
        if (waits >= 0)
                progress.next[TG_STREAM_REQUESTS] = waits;
        return progress;
}
