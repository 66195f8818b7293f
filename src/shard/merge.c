/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/merge.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

enum { FIRST_CAPACITY = 64 };

void tg_merge_deinit(struct tg_merge *merge)
{
        for (int stream = 0; stream < TG_STREAMS; stream++)
                free(merge->lanes[stream].records);
        *merge = (struct tg_merge){0};
}

static struct tg_record *at(const struct tg_lane *lane, size_t index)
{
        return &lane->records[(lane->first + index) & (lane->capacity - 1)];
}

static void grow(struct tg_lane *lane)
{
        size_t capacity = lane->capacity ? 2 * lane->capacity : FIRST_CAPACITY;
        struct tg_record *records = tg_allocate(capacity * sizeof records[0]);

        for (size_t i = 0; i < lane->count; i++)
                records[i] = *at(lane, i);
        free(lane->records);
        lane->records = records;
        lane->capacity = capacity;
        lane->first = 0;
}

void tg_merge_push(struct tg_merge *merge, const struct tg_record *record)
{
        struct tg_lane *lane = &merge->lanes[record->stream];

        if (record->kind == TG_RECORD_END) {
                lane->ended = true;
                return;
        }
        assert(record->kind == TG_RECORD_DATA || record->kind == TG_RECORD_FAULTY);
        lane->ended = false;
        if (lane->count == lane->capacity)
                grow(lane);
        lane->count++;
        *at(lane, lane->count - 1) = *record;
}

bool tg_merge_take(struct tg_merge *merge, enum tg_stream stream, struct tg_record *ret_record)
{
        struct tg_lane *lane = &merge->lanes[stream];

        if (lane->count == 0)
                return false;
        *ret_record = *at(lane, 0);
        lane->first++;
        lane->count--;
        return true;
}

static bool head_is_faulty(const struct tg_lane *lane)
{
        return lane->count > 0 && at(lane, 0)->kind == TG_RECORD_FAULTY;
}

bool tg_merge_next(struct tg_merge *merge, struct tg_record *ret_record)
{
        int earliest = -1;
        int64_t earliest_ms = 0;

        for (int stream = 0; stream < TG_STREAMS; stream++) {
                if (head_is_faulty(&merge->lanes[stream]))
                        return tg_merge_take(merge, (enum tg_stream)stream, ret_record);
        }
        for (int stream = 0; stream < TG_STREAMS; stream++) {
                const struct tg_lane *lane = &merge->lanes[stream];
                const struct tg_record *head;

                if (lane->count == 0) {
                        if (!lane->ended)
                                return false;
                        continue;
                }
                head = at(lane, 0);
                if (earliest < 0 || head->time_ms < earliest_ms) {
                        earliest = stream;
                        earliest_ms = head->time_ms;
                }
        }
        return earliest >= 0 && tg_merge_take(merge, (enum tg_stream)earliest, ret_record);
}
