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

void tg_assignment_gain(struct tg_assignment *assignment, const struct tg_progress *resume,
                        const int64_t ends[static TG_LANES])
{
        struct tg_partition_state *state = at(assignment, resume->partition);

        assert(!state->news);
        if (state->owned)
                return;
        for (int i = 0; i < TG_LANES; i++)
                state->streams[i] = (struct tg_stream_state){
                        .held = state->streams[i].held,
                        .held_bytes = state->streams[i].held_bytes,
                        .next = -1,
                        .end = ends[i],
                        .fence = -1,
                };
        state->resume = state->committed = *resume;
        state->streams[TG_STREAM_REQUESTS].next = resume->next[TG_STREAM_REQUESTS];
        state->owned = true;
        state->lost = state->waits = false;
        assignment->owned++;
        set_news(assignment, state, true);
}

void tg_assignment_leave(struct tg_assignment *assignment, int32_t partition, bool lost)
{
        struct tg_partition_state *state = at(assignment, partition);

        if (!state->owned || state->leaving)
                return;
        state->leaving = true;
        assignment->leaving++;
        /* If the shard never heard that it came, it need not hear that it goes. */
        set_news(assignment, state, !state->news);
        state->lost = lost && state->news;
        assignment->lost += state->lost;
}

void tg_assignment_lose(struct tg_assignment *assignment, int32_t partition)
{
        struct tg_partition_state *state = at(assignment, partition);

        if (!state->owned)
                return;
        tg_assignment_leave(assignment, partition, false);
        state->owned = false;
        state->leaving = false;
        assignment->leaving--;
        assignment->owned--;
}

static void fill_news(struct tg_assignment *assignment, struct tg_partition_state *state,
                      struct tg_record *ret_record)
{
        bool comes = state->owned && !state->leaving;

        *ret_record = (struct tg_record){
                .kind = comes         ? TG_RECORD_ASSIGNED
                        : state->lost ? TG_RECORD_LOST
                                      : TG_RECORD_REVOKED,
                .partition = (int32_t)(state - assignment->partitions),
                .resume = comes ? &state->resume : NULL,
                .time_ms = TG_NO_TIME,
        };
        assignment->lost -= state->lost;
        state->lost = false;
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
                fill_news(assignment, state, ret_record);
                return true;
        }
}

bool tg_assignment_take(struct tg_assignment *assignment, int32_t partition, enum tg_stream stream,
                        int64_t offset)
{
        struct tg_partition_state *owner = &assignment->partitions[partition];
        struct tg_stream_state *state = &owner->streams[stream];

        if (!owner->owned || offset < state->next ||
            (stream >= TG_STREAMS && offset >= state->end) ||
            (state->fence >= 0 && offset >= state->fence))
                return false;
        state->fence = -1;
        state->next = offset + 1;
        return true;
}

bool tg_assignment_rewind(struct tg_assignment *assignment, int32_t partition,
                          enum tg_stream stream, int64_t next)
{
        struct tg_stream_state *state = &at(assignment, partition)->streams[stream];

        state->end_told = false;
        if (state->next <= next || state->next < 0)
                return false;
        state->at_end = false;
        state->passed = 0;
        if (state->fence < 0)
                state->fence = state->next;
        state->next = next;
        return true;
}

void tg_assignment_hold(struct tg_assignment *assignment, int32_t partition, enum tg_stream stream,
                        size_t bytes)
{
        struct tg_stream_state *state = &assignment->partitions[partition].streams[stream];

        assert(tg_assignment_owns(assignment, partition));
        state->held++;
        state->held_bytes += bytes;
        assignment->held++;
        state->at_end = false;
        state->end_told = false;
}

void tg_assignment_release(struct tg_assignment *assignment, int32_t partition,
                           enum tg_stream stream, size_t bytes)
{
        struct tg_stream_state *state = &assignment->partitions[partition].streams[stream];

        assert(state->held > 0 && state->held_bytes >= bytes);
        state->held--;
        state->held_bytes -= bytes;
        assignment->held--;
}

void tg_assignment_see_end(struct tg_assignment *assignment, int32_t partition,
                           enum tg_stream stream, int64_t offset, int64_t now_ms)
{
        struct tg_stream_state *state = &assignment->partitions[partition].streams[stream];

        assert(tg_assignment_owns(assignment, partition));
        if (state->fence >= 0)
                return;
        if (state->passed < offset)
                state->passed = offset;
        if (state->at_end)
                return;
        /* Behind a transaction that is still open there may be more of what was written before. */
        if (stream >= TG_STREAMS && offset < state->end)
                return;
        state->at_end = true;
        state->end_since_ms = now_ms;
}

int64_t tg_assignment_facts_next(const struct tg_assignment *assignment, int32_t partition)
{
        const struct tg_partition_state *state = at(assignment, partition);
        const struct tg_stream_state *facts = &state->streams[TG_STREAM_TOUCHPOINTS];

        if (state->waits) /* what was taken may still be on its way */
                return 0;
        return facts->next > facts->passed ? facts->next : facts->passed;
}

static bool stays(const struct tg_partition_state *state)
{
        return state->owned && !state->leaving;
}

/* Whether a stream is at its end, and the shard doesn't know. */
static bool has_end(const struct tg_partition_state *partition, int stream, int64_t now_ms,
                    int64_t idle_ms)
{
        const struct tg_stream_state *state = &partition->streams[stream];

        if (state->end_told)
                return false;
        if (stream >= TG_STREAMS)
                return state->at_end || state->next >= state->end || state->end == 0;
        return state->at_end && now_ms - state->end_since_ms >= idle_ms;
}

bool tg_assignment_next_end(struct tg_assignment *assignment, int64_t now_ms, int64_t idle_ms,
                            struct tg_record *ret_record)
{
        for (int32_t i = 0; i < assignment->count; i++) {
                struct tg_partition_state *state = &assignment->partitions[i];

                if (!stays(state) || state->waits)
                        continue;
                for (int j = 0; j < TG_LANES; j++) {
                        if (!has_end(state, j, now_ms, idle_ms))
                                continue;
                        state->streams[j].end_told = true;
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
                const struct tg_partition_state *partition = &assignment->partitions[i];

                if (!stays(partition))
                        continue;
                if (partition->waits)
                        return false;
                for (int j = 0; j < TG_LANES; j++) {
                        const struct tg_stream_state *state = &partition->streams[j];

                        if (!state->end_told ||
                            (j < TG_STREAMS && now_ms - state->end_since_ms < idle_ms))
                                return false;
                }
        }
        return assignment->news == 0;
}
