/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/assignment.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

void tg_assignment_init(struct tg_assignment *assignment, int32_t partitions)
{
        assert(partitions > 0);
        *assignment = (struct tg_assignment){
                .partitions =
                        tg_allocate_zeroed((size_t)partitions, sizeof *assignment->partitions),
                .count = partitions,
        };
}

void tg_assignment_deinit(struct tg_assignment *assignment)
{
        free(assignment->partitions);
        *assignment = (struct tg_assignment){0};
}

static struct tg_partition_state *at(const struct tg_assignment *assignment, int32_t partition)
{
        assert(partition >= 0 && partition < assignment->count);
        return &assignment->partitions[partition];
}

static void set_news(struct tg_assignment *assignment, struct tg_partition_state *state, bool news)
{
        assignment->news += (int)news - (int)state->news;
        state->news = news;
}

void tg_assignment_gain(struct tg_assignment *assignment, int32_t partition)
{
        struct tg_partition_state *state = at(assignment, partition);

        assert(!state->news);
        if (state->owned)
                return;
        for (int i = 0; i < TG_STREAMS; i++)
                state->streams[i] = (struct tg_stream_state){
                        .held = state->streams[i].held,
                        .committed = -1,
                };
        state->owned = true;
        state->waits = false;
        assignment->owned++;
        set_news(assignment, state, true);
}

void tg_assignment_leave(struct tg_assignment *assignment, int32_t partition)
{
        struct tg_partition_state *state = at(assignment, partition);

        if (!state->owned || state->leaving)
                return;
        state->leaving = true;
        assignment->leaving++;
        /* If the shard never heard that it came, it need not hear that it goes. */
        set_news(assignment, state, !state->news);
}

void tg_assignment_lose(struct tg_assignment *assignment, int32_t partition)
{
        struct tg_partition_state *state = at(assignment, partition);

        if (!state->owned)
                return;
        tg_assignment_leave(assignment, partition);
        state->owned = false;
        state->leaving = false;
        assignment->leaving--;
        assignment->owned--;
}

bool tg_assignment_next_news(struct tg_assignment *assignment, struct tg_record *ret_record)
{
        if (assignment->news == 0)
                return false;
        for (int32_t i = 0;; i++) {
                struct tg_partition_state *state = &assignment->partitions[i];

                assert(i < assignment->count);
                if (!state->news)
                        continue;
                set_news(assignment, state, false);
                *ret_record = (struct tg_record){
                        .kind = state->owned && !state->leaving ? TG_RECORD_ASSIGNED
                                                                : TG_RECORD_REVOKED,
                        .partition = i,
                        .time_ms = TG_NO_TIME,
                };
                return true;
        }
}

void tg_assignment_hold(struct tg_assignment *assignment, int32_t partition, enum tg_stream stream)
{
        struct tg_stream_state *state = &assignment->partitions[partition].streams[stream];

        assert(tg_assignment_owns(assignment, partition));
        state->held++;
        assignment->held++;
        state->at_end = false;
        state->end_told = false;
}

void tg_assignment_release(struct tg_assignment *assignment, int32_t partition,
                           enum tg_stream stream)
{
        struct tg_stream_state *state = &assignment->partitions[partition].streams[stream];

        assert(state->held > 0);
        state->held--;
        assignment->held--;
}

void tg_assignment_see_end(struct tg_assignment *assignment, int32_t partition,
                           enum tg_stream stream, int64_t now_ms)
{
        struct tg_stream_state *state = &assignment->partitions[partition].streams[stream];

        assert(tg_assignment_owns(assignment, partition));
        if (state->at_end)
                return;
        state->at_end = true;
        state->end_since_ms = now_ms;
}

static bool stays(const struct tg_partition_state *state)
{
        return state->owned && !state->leaving;
}

bool tg_assignment_next_end(struct tg_assignment *assignment, int64_t now_ms, int64_t idle_ms,
                            struct tg_record *ret_record)
{
        for (int32_t i = 0; i < assignment->count; i++) {
                if (!stays(&assignment->partitions[i]) || assignment->partitions[i].waits)
                        continue;
                for (int j = 0; j < TG_STREAMS; j++) {
                        struct tg_stream_state *state = &assignment->partitions[i].streams[j];

                        if (!state->at_end || state->end_told ||
                            now_ms - state->end_since_ms < idle_ms)
                                continue;
                        state->end_told = true;
                        *ret_record = (struct tg_record){
                                .kind = TG_RECORD_END,
                                .stream = (enum tg_stream)j,
                                .partition = i,
                                .time_ms = TG_NO_TIME,
                        };
                        return true;
                }
        }
        return false;
}

bool tg_assignment_at_end(const struct tg_assignment *assignment, int64_t now_ms, int64_t idle_ms)
{
        for (int32_t i = 0; i < assignment->count; i++) {
                if (!stays(&assignment->partitions[i]))
                        continue;
                if (assignment->partitions[i].waits)
                        return false;
                for (int j = 0; j < TG_STREAMS; j++) {
                        const struct tg_stream_state *state = &assignment->partitions[i].streams[j];

                        if (!state->end_told || now_ms - state->end_since_ms < idle_ms)
                                return false;
                }
        }
        return assignment->news == 0;
}
