/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/rounds.h"

#include <stdlib.h>

#include "base/memory.h"

void tg_rounds_init(struct tg_rounds *rounds, struct tg_lookout *lookout, struct tg_board *board,
                    int32_t partitions)
{
        *rounds = (struct tg_rounds){.lookout = lookout, .board = board};
        if (lookout)
                rounds->reaches = tg_allocate_zeroed((size_t)partitions, sizeof rounds->reaches[0]);
}

void tg_rounds_deinit(struct tg_rounds *rounds)
{
        free(rounds->reaches);
        *rounds = (struct tg_rounds){0};
}

void tg_rounds_begin(struct tg_rounds *rounds, int32_t partition, int64_t now_ms)
{
        if (rounds->lookout)
                tg_reach_begin(&rounds->reaches[partition], now_ms);
}

void tg_rounds_rewind(struct tg_rounds *rounds, const struct tg_progress *progress, size_t count)
{
        for (size_t i = 0; rounds->lookout && i < count; i++)
                tg_reach_rewind(&rounds->reaches[progress[i].partition]);
}

/* Whether the shard has the partition, and will have it. */
static bool is_shards(const struct tg_partition_state *state)
{
        return state->owned && !state->leaving && !state->news;
}

static int64_t read_requests(const struct tg_partition_state *state)
{
        return state->streams[TG_STREAM_REQUESTS].next;
}

void tg_rounds_ask(struct tg_rounds *rounds, const struct tg_assignment *assignment, int64_t now_ms)
{
        rounds->hurries = false;
        for (int32_t i = 0; rounds->lookout && i < assignment->count; i++) {
                const struct tg_partition_state *state = &assignment->partitions[i];
                struct tg_reach *reach = &rounds->reaches[i];

                if (!is_shards(state))
                        continue;
                if (tg_reach_asks(reach, read_requests(state), now_ms))
                        reach->ticket = tg_lookout_ask(rounds->lookout, i);
                rounds->hurries |= tg_reach_hurries(reach, now_ms);
        }
}

/* How long requests have waited, if there were any. */
static void note_wait(const struct tg_rounds *rounds, const struct tg_reach *before,
                      const struct tg_record *mark, int64_t now_ms)
{
        if (rounds->board && mark->kind == TG_RECORD_KNOWN && mark->offset > before->known)
                tg_histogram_add(&rounds->board->facts_waits, &tg_bounds_work,
                                 (now_ms - before->asked_ms) * 1000);
}

bool tg_rounds_next(struct tg_rounds *rounds, const struct tg_assignment *assignment,
                    int64_t now_ms, struct tg_record *ret_record)
{
        for (int32_t i = 0; rounds->lookout && i < assignment->count; i++) {
                struct tg_reach *reach = &rounds->reaches[i];
                const struct tg_reach before = *reach;
                int64_t end;

                if (!is_shards(&assignment->partitions[i]))
                        continue;
                if (reach->asked && tg_lookout_answer(rounds->lookout, i, reach->ticket, &end))
                        tg_reach_answer(reach, end);
                if (!tg_reach_tells(reach, tg_assignment_facts_next(assignment, i), now_ms,
                                    ret_record))
                        continue;
                ret_record->partition = i;
                note_wait(rounds, &before, ret_record, now_ms);
                return true;
        }
        return false;
}

bool tg_rounds_none(const struct tg_rounds *rounds, const struct tg_assignment *assignment)
{
        for (int32_t i = 0; rounds->lookout && i < assignment->count; i++) {
                const struct tg_partition_state *state = &assignment->partitions[i];

                if (is_shards(state) && read_requests(state) > rounds->reaches[i].known)
                        return false;
        }
        return true;
}
