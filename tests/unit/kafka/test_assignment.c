/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "kafka/assignment.h"

enum { PARTITIONS = 3, IDLE_MS = 500 };

static struct tg_assignment assignment;

static void setup(void)
{
        tg_assignment_init(&assignment, PARTITIONS);
}

static void teardown(void)
{
        tg_assignment_deinit(&assignment);
}

TestSuite(assignment, .init = setup, .fini = teardown);

static void expect_news(enum tg_record_kind kind, int32_t partition)
{
        struct tg_record record;

        cr_assert(tg_assignment_next_news(&assignment, &record));
        cr_expect_eq(record.kind, kind);
        cr_expect_eq(record.partition, partition);
        cr_expect_null(record.owner);
}

static void expect_silence(void)
{
        struct tg_record record;

        cr_expect_not(tg_assignment_next_news(&assignment, &record));
}

static void gain_only(int32_t partition)
{
        static const int64_t nothing[TG_LANES];

        tg_assignment_gain(&assignment, &(struct tg_progress){.partition = partition}, nothing);
}

/* Nothing was written about it before, and the shard knows that. */
static void gain(int32_t partition)
{
        struct tg_record record;

        gain_only(partition);
        expect_news(TG_RECORD_ASSIGNED, partition);
        for (int stream = TG_STREAMS; stream < TG_LANES; stream++) {
                cr_assert(tg_assignment_next_end(&assignment, 0, IDLE_MS, &record));
                cr_expect_eq((int)record.stream, stream);
        }
}

Test(assignment, a_partition_that_leaves_is_told_while_it_can_still_be_committed)
{
        gain(1);
        tg_assignment_leave(&assignment, 1, false);
        expect_news(TG_RECORD_REVOKED, 1);
        cr_expect(tg_assignment_owns(&assignment, 1));
        tg_assignment_lose(&assignment, 1);
        cr_expect_not(tg_assignment_owns(&assignment, 1));
        expect_silence();
        cr_expect_eq(assignment.owned, 0);
        cr_expect_eq(assignment.leaving, 0);
}

Test(assignment, a_partition_that_is_lost_at_once_is_told)
{
        gain(0);
        tg_assignment_lose(&assignment, 0);
        expect_news(TG_RECORD_REVOKED, 0);
        expect_silence();
}

Test(assignment, a_partition_that_came_and_went_unheard_is_not_told)
{
        gain_only(2);
        tg_assignment_lose(&assignment, 2);
        expect_silence();
}

Test(assignment, partitions_beyond_the_topic_are_not_owned)
{
        cr_expect_not(tg_assignment_owns(&assignment, -1));
        cr_expect_not(tg_assignment_owns(&assignment, PARTITIONS));
}

Test(assignment, facts_are_taken_up_to_the_last_record_or_the_end_behind_it)
{
        gain(1);
        cr_expect_eq(tg_assignment_facts_next(&assignment, 1), 0);
        cr_assert(tg_assignment_take(&assignment, 1, TG_STREAM_TOUCHPOINTS, 6));
        cr_expect_eq(tg_assignment_facts_next(&assignment, 1), 7);
        tg_assignment_see_end(&assignment, 1, TG_STREAM_TOUCHPOINTS, 7, 0);
        tg_assignment_see_end(&assignment, 1, TG_STREAM_TOUCHPOINTS, 9, 0);
        tg_assignment_see_end(&assignment, 1, TG_STREAM_REQUESTS, 40, 0);
        cr_expect_eq(tg_assignment_facts_next(&assignment, 1), 9);
        assignment.partitions[1].waits = true;
        cr_expect_eq(tg_assignment_facts_next(&assignment, 1), 0, "some are on their way");
        assignment.partitions[1].waits = false;
        cr_assert(tg_assignment_rewind(&assignment, 1, TG_STREAM_TOUCHPOINTS, 3));
        cr_expect_eq(tg_assignment_facts_next(&assignment, 1), 3);
}

Test(assignment, an_end_is_told_once_when_it_has_stayed_one)
{
        struct tg_record record;

        gain(0);
        tg_assignment_see_end(&assignment, 0, TG_STREAM_REQUESTS, 0, 1000);
        cr_expect_not(tg_assignment_next_end(&assignment, 1499, IDLE_MS, &record));
        cr_assert(tg_assignment_next_end(&assignment, 1500, IDLE_MS, &record));
        cr_expect_eq(record.kind, TG_RECORD_END);
        cr_expect_eq(record.stream, TG_STREAM_REQUESTS);
        cr_expect_not(tg_assignment_next_end(&assignment, 9000, IDLE_MS, &record));
}

Test(assignment, a_record_behind_an_end_takes_it_back)
{
        struct tg_record record;

        gain(0);
        tg_assignment_see_end(&assignment, 0, TG_STREAM_REQUESTS, 0, 1000);
        tg_assignment_hold(&assignment, 0, TG_STREAM_REQUESTS, 7);
        cr_expect_not(tg_assignment_next_end(&assignment, 9000, IDLE_MS, &record));
        tg_assignment_see_end(&assignment, 0, TG_STREAM_REQUESTS, 0, 9000);
        cr_expect(tg_assignment_next_end(&assignment, 9500, IDLE_MS, &record));
}

Test(assignment, all_is_read_when_every_stream_has_stayed_at_its_end)
{
        struct tg_record record;

        cr_expect(tg_assignment_at_end(&assignment, 0, IDLE_MS), "nothing is ours");
        gain(0);
        cr_expect_not(tg_assignment_at_end(&assignment, 9000, IDLE_MS));
        tg_assignment_see_end(&assignment, 0, TG_STREAM_REQUESTS, 0, 1000);
        tg_assignment_see_end(&assignment, 0, TG_STREAM_TOUCHPOINTS, 0, 2000);
        while (tg_assignment_next_end(&assignment, 2000, 0, &record))
                ;
        cr_expect_not(tg_assignment_at_end(&assignment, 2499, IDLE_MS));
        cr_expect(tg_assignment_at_end(&assignment, 2500, IDLE_MS));
}

Test(assignment, what_is_held_outlives_the_partition)
{
        gain(0);
        tg_assignment_hold(&assignment, 0, TG_STREAM_TOUCHPOINTS, 7);
        tg_assignment_leave(&assignment, 0, false);
        expect_news(TG_RECORD_REVOKED, 0);
        tg_assignment_lose(&assignment, 0);
        gain(0);
        cr_expect_eq(assignment.held, 1);
        cr_expect_eq(assignment.partitions[0].streams[TG_STREAM_TOUCHPOINTS].held_bytes, 7);
        tg_assignment_release(&assignment, 0, TG_STREAM_TOUCHPOINTS, 7);
        cr_expect_eq(assignment.held, 0);
        cr_expect_eq(assignment.partitions[0].streams[TG_STREAM_TOUCHPOINTS].held_bytes, 0);
}

Test(assignment, a_partition_that_waits_has_no_end_and_a_new_owner_does_not_wait)
{
        struct tg_record record;

        gain(1);
        for (int j = 0; j < TG_STREAMS; j++)
                tg_assignment_see_end(&assignment, 1, (enum tg_stream)j, 0, 0);
        assignment.partitions[1].waits = true;
        cr_expect_not(tg_assignment_next_end(&assignment, 2 * IDLE_MS, IDLE_MS, &record));
        cr_expect_not(tg_assignment_at_end(&assignment, 2 * IDLE_MS, IDLE_MS));
        tg_assignment_lose(&assignment, 1);
        expect_news(TG_RECORD_REVOKED, 1);
        gain(1);
        cr_expect_not(assignment.partitions[1].waits);
}

Test(assignment, what_is_lost_is_told_as_such_and_nothing_may_be_committed_until_then)
{
        gain(1);
        tg_assignment_leave(&assignment, 1, true);
        tg_assignment_lose(&assignment, 1);
        cr_expect_eq(assignment.lost, 1);
        expect_news(TG_RECORD_LOST, 1);
        cr_expect_eq(assignment.lost, 0);
}

Test(assignment, what_was_written_before_ends_where_it_ended_when_the_partition_came)
{
        for (int written = TG_STREAMS; written < TG_LANES; written++) {
                enum tg_stream stream = (enum tg_stream)written;
                int64_t ends[TG_LANES] = {0};
                struct tg_record record;

                ends[stream] = 3;
                tg_assignment_gain(&assignment, &(struct tg_progress){.partition = 0}, ends);
                expect_news(TG_RECORD_ASSIGNED, 0);
                cr_assert(tg_assignment_next_end(&assignment, 0, IDLE_MS, &record));
                cr_expect_neq(record.stream, stream, "of the other nothing was");
                cr_expect(tg_assignment_take(&assignment, 0, stream, 0));
                tg_assignment_see_end(&assignment, 0, stream, 1, 1000);
                cr_expect_not(tg_assignment_next_end(&assignment, 9000, 0, &record),
                              "a transaction was open then");
                cr_expect(tg_assignment_take(&assignment, 0, stream, 2));
                cr_expect_not(tg_assignment_take(&assignment, 0, stream, 3));
                cr_expect(tg_assignment_next_end(&assignment, 0, IDLE_MS, &record));
                tg_assignment_lose(&assignment, 0);
                expect_news(TG_RECORD_REVOKED, 0);
        }
}

Test(assignment, behind_what_goes_back_nothing_is_taken_until_it_comes_from_there)
{
        gain(0);
        for (int64_t offset = 0; offset < 10; offset++)
                cr_expect(tg_assignment_take(&assignment, 0, TG_STREAM_REQUESTS, offset));
        cr_expect_not(tg_assignment_rewind(&assignment, 0, TG_STREAM_REQUESTS, 10));
        cr_expect(tg_assignment_rewind(&assignment, 0, TG_STREAM_REQUESTS, 4));
        cr_expect_not(tg_assignment_take(&assignment, 0, TG_STREAM_REQUESTS, 10), "it is stale");
        tg_assignment_see_end(&assignment, 0, TG_STREAM_REQUESTS, 11, 1000);
        cr_expect_not(assignment.partitions[0].streams[TG_STREAM_REQUESTS].at_end);
        cr_expect(tg_assignment_take(&assignment, 0, TG_STREAM_REQUESTS, 5), "4 was a marker");
        cr_expect(tg_assignment_take(&assignment, 0, TG_STREAM_REQUESTS, 10));
}

Test(assignment, what_was_told_ends_again_after_going_back_even_if_nothing_of_it_could_be_read)
{
        const int64_t ends[TG_LANES] = {[TG_STREAM_DECISIONS] = 7};
        struct tg_record record;

        tg_assignment_gain(&assignment, &(struct tg_progress){.partition = 0}, ends);
        expect_news(TG_RECORD_ASSIGNED, 0);
        tg_assignment_see_end(&assignment, 0, TG_STREAM_DECISIONS, 7, 1000); /* all aborted */
        cr_expect(tg_assignment_next_end(&assignment, 1000, IDLE_MS, &record));
        cr_expect_not(tg_assignment_rewind(&assignment, 0, TG_STREAM_DECISIONS, -1));
        cr_expect(tg_assignment_next_end(&assignment, 1000, IDLE_MS, &record));
        cr_expect_eq(record.stream, TG_STREAM_DECISIONS);
}
