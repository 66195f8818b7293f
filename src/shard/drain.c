/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/drain.h"

#include <stdlib.h>

#include "base/memory.h"
#include "shard/restore.h"

/* Records whose cache misses overlap: enough to hide a miss, few enough to stay in the cache. */
enum { GROUP = 32 };

/* Records that are taken up together. */
struct tg_drain_group {
        int count;
        size_t search_count;
        struct tg_prepared items[GROUP];
        struct tg_search searches[GROUP * TG_HISTORY_CELLS];
};

void tg_drain_init(struct tg_drain *drain, const struct tg_source *source, enum tg_clock_mode clock)
{
        *drain = (struct tg_drain){.source = source, .clock = clock};
        drain->groups = tg_allocate(2 * sizeof drain->groups[0]);
}

void tg_drain_deinit(struct tg_drain *drain)
{
        free(drain->groups);
}

/* The next record to be taken up; NULL: none. */
typedef struct tg_record *(*next_fn)(struct tg_partition *partition);

static struct tg_record *next_of_all(struct tg_partition *partition)
{
        return tg_merge_next(&partition->merge);
}

static struct tg_record *next_fact(struct tg_partition *partition)
{
        return tg_merge_take(&partition->merge, TG_STREAM_TOUCHPOINTS);
}

/* One whose facts are known. */
static struct tg_record *next_request(struct tg_partition *partition)
{
        const struct tg_record *head = tg_merge_head(&partition->merge, TG_STREAM_REQUESTS);

        if (!head || head->offset >= partition->known)
                return NULL;
        return tg_merge_take(&partition->merge, TG_STREAM_REQUESTS);
}

/* Whether what waits for facts since FROM_MS has waited long enough. */
static bool is_late(const struct tg_partition *partition, int64_t from_ms)
{
        if (from_ms < partition->begun_ms)
                from_ms = partition->begun_ms;
        return partition->clock_ms - from_ms >= partition->options->facts_wait_ms;
}

/* One that waits no longer for them. */
static struct tg_record *next_late_request(struct tg_partition *partition)
{
        const struct tg_record *head = tg_merge_head(&partition->merge, TG_STREAM_REQUESTS);

        if (!head || !is_late(partition, head->taken_ms))
                return NULL;
        return tg_merge_take(&partition->merge, TG_STREAM_REQUESTS);
}

/* DUE_MS: what waits falls due no earlier; facts don't change that, TG_NO_TIME is always right. */
static int take_prepared(struct tg_drain *drain, struct tg_partition *partition,
                         struct tg_prepared *prepared, int64_t *due_ms, struct tg_error *error)
{
        const struct tg_record *record = prepared->record;

        if (drain->clock == TG_CLOCK_EVENT && record->kind == TG_RECORD_DATA &&
            record->stream != TG_STREAM_CUSTOMERS &&
            tg_partition_advance(partition, record->time_ms, due_ms, error) < 0)
                return -1;
        if (record->stream != TG_STREAM_TOUCHPOINTS)
                *due_ms = TG_NO_TIME;
        return tg_partition_take(partition, prepared, error);
}

/* What is hashed first lies where the record was read from. */
static void prefetch_names(const struct tg_record *record)
{
        if (record->kind != TG_RECORD_DATA)
                return;
        __builtin_prefetch(record->event.head.customer.data);
        __builtin_prefetch(record->event.head.id.data);
}

/* Prepares the next records, and begins to fetch their cells. */
static void prepare_group(struct tg_partition *partition, next_fn next,
                          struct tg_drain_group *group)
{
        struct tg_prepared *items = group->items;
        int count = 0;

        while (count < GROUP && (items[count].record = next(partition)))
                prefetch_names(items[count++].record);
        group->count = count;
        group->search_count = 0;
        for (int i = 0; i < count; i++) {
                tg_partition_prepare(partition, &items[i]);
                group->search_count += tg_history_searches(&items[i].history,
                                                           group->searches + group->search_count);
        }
        tg_table_prefetch(partition->table, group->searches, group->search_count);
}

/* Takes them in order, unless RESULT, or what becomes of one, is -1; gives all back. */
static int take_group(struct tg_drain *drain, struct tg_partition *partition,
                      struct tg_drain_group *group, int result, struct tg_error *error)
{
        int64_t due_ms = TG_NO_TIME;

        tg_table_prefetch_further(partition->table, group->searches, group->search_count);
        for (int i = 0; i < group->count; i++) {
                if (result == 0)
                        result = take_prepared(drain, partition, &group->items[i], &due_ms, error);
                drain->source->release(drain->source->context, group->items[i].record);
        }
        return result;
}

/* While a group is taken, the cells of the next one are on their way. */
static int take_all(struct tg_drain *drain, struct tg_partition *partition, next_fn next,
                    struct tg_error *error)
{
        struct tg_drain_group *group = drain->groups, *ahead = group + 1, *taken;
        int result = 0;

        prepare_group(partition, next, group);
        while (group->count > 0) {
                ahead->count = 0;
                if (result == 0)
                        prepare_group(partition, next, ahead);
                result = take_group(drain, partition, group, result, error);
                if (result == 0 && ahead->count == 0) /* coming back, that decides what is next */
                        prepare_group(partition, next, ahead);
                taken = group;
                group = ahead;
                ahead = taken;
        }
        return result;
}

/* What is due, unless it waits for facts. Returns 0, 1 (more is due), or -1. */
static int take_due(struct tg_partition *partition, int64_t now_ms, size_t due_most,
                    struct tg_error *error)
{
        int result;

        if (partition->behind && !is_late(partition, partition->behind_ms))
                return 0;
        partition->blind = partition->behind;
        result = tg_partition_catch_up(partition, now_ms, due_most, error);
        partition->blind = false;
        return result;
}

/* The requests that need wait no longer: since their facts are known, or for too long. */
static int take_requests(struct tg_drain *drain, struct tg_partition *partition,
                         struct tg_error *error)
{
        int result;

        if (take_all(drain, partition, next_request, error) < 0)
                return -1;
        partition->blind = true;
        result = take_all(drain, partition, next_late_request, error);
        partition->blind = false;
        return result;
}

/* By the wall clock: all facts, then of what is due as much as a batch decides, then requests. */
static int take_by_wall_clock(struct tg_drain *drain, struct tg_partition *partition,
                              int64_t now_ms, size_t due_most, struct tg_error *error)
{
        int more;

        if (partition->begun_ms == TG_NO_TIME)
                partition->begun_ms = partition->clock_ms;
        if (take_all(drain, partition, next_fact, error) < 0)
                return -1;
        more = take_due(partition, now_ms, due_most, error);
        if (more < 0 || take_requests(drain, partition, error) < 0)
                return -1;
        return more;
}

int tg_drain_partition(struct tg_drain *drain, struct tg_partition *partition, int64_t now_ms,
                       size_t due_most, struct tg_error *error)
{
        bool by_wall_clock = drain->clock == TG_CLOCK_WALL;

        if (by_wall_clock && partition->clock_ms < now_ms)
                partition->clock_ms = now_ms;
        else if (!by_wall_clock && (partition->merge.lanes[TG_STREAM_TOUCHPOINTS].ended ||
                                    partition->clock_ms != TG_NO_TIME))
                partition->behind = false;
        if (partition->restore) {
                if (take_all(drain, partition, tg_restore_next, error) < 0)
                        return -1;
                if (!tg_restore_end(partition))
                        return 0;
        }
        if (drain->clock == TG_CLOCK_EVENT)
                return take_all(drain, partition, next_of_all, error);
        return take_by_wall_clock(drain, partition, now_ms, due_most, error);
}
