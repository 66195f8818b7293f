/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/merge.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "shard/pool.h"

enum {
        FIRST_CAPACITY = 64,
        AHEAD = 6, /* records between one that is taken and one that is fetched */
};

void tg_merge_deinit(struct tg_merge *merge)
{
        for (int stream = 0; stream < TG_LANES; stream++)
                free(merge->lanes[stream].records);
        *merge = (struct tg_merge){0};
}

static struct tg_record **at(const struct tg_lane *lane, size_t index)
{
        return &lane->records[(lane->first + index) & (lane->capacity - 1)];
}

static void grow(struct tg_lane *lane)
{
        size_t capacity = lane->capacity ? 2 * lane->capacity : FIRST_CAPACITY;
        struct tg_record **records = tg_allocate(capacity * sizeof(struct tg_record *));

        for (size_t i = 0; i < lane->count; i++)
                records[i] = *at(lane, i);
        free(lane->records);
        lane->records = records;
        lane->capacity = capacity;
        lane->first = 0;
}

void tg_merge_push(struct tg_merge *merge, struct tg_record *record)
{
        struct tg_lane *lane = &merge->lanes[record->stream];

        assert(record->kind == TG_RECORD_DATA || record->kind == TG_RECORD_FAULTY);
        lane->ended = false;
        if (lane->count == lane->capacity)
                grow(lane);
        lane->count++;
        *at(lane, lane->count - 1) = record;
}

void tg_merge_end(struct tg_merge *merge, enum tg_stream stream)
{
        merge->lanes[stream].ended = true;
}

static struct tg_record *take(struct tg_lane *lane)
{
        struct tg_record *record = *at(lane, 0);

        if (lane->count > AHEAD)
                tg_record_prefetch(*at(lane, AHEAD));
        lane->first++;
        lane->count--;
        return record;
}

struct tg_record *tg_merge_take(struct tg_merge *merge, enum tg_stream stream)
{
        struct tg_lane *lane = &merge->lanes[stream];

        return lane->count > 0 ? take(lane) : NULL;
}

const struct tg_record *tg_merge_head(const struct tg_merge *merge, enum tg_stream stream)
{
        const struct tg_lane *lane = &merge->lanes[stream];

        return lane->count > 0 ? *at(lane, 0) : NULL;
}

struct tg_record *tg_merge_next(struct tg_merge *merge)
{
        struct tg_lane *earliest = NULL;
        int64_t earliest_ms = 0;
        bool unknown = false;

        for (int stream = 0; stream < TG_STREAMS; stream++) {
                struct tg_lane *lane = &merge->lanes[stream];
                const struct tg_record *head;

                if (lane->count == 0) {
                        unknown = unknown || !lane->ended;
                        continue;
                }
                head = *at(lane, 0);
                if (head->kind == TG_RECORD_FAULTY)
                        return take(lane);
                if (!earliest || head->time_ms < earliest_ms) {
                        earliest = lane;
                        earliest_ms = head->time_ms;
                }
        }
        return earliest && !unknown ? take(earliest) : NULL;
}
