/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "shard/merge.h"
#include "shard/pool.h"

#define FACTS TG_STREAM_TOUCHPOINTS
#define REQUESTS TG_STREAM_REQUESTS

static struct tg_pool pool;

static void teardown(void)
{
        tg_pool_deinit(&pool);
}

TestSuite(merge, .fini = teardown);

static void push(struct tg_merge *merge, enum tg_record_kind kind, enum tg_stream stream,
                 int64_t time_ms, int64_t offset)
{
        struct tg_record *record = tg_pool_take(&pool);

        record->kind = kind;
        record->stream = stream;
        record->time_ms = time_ms;
        record->offset = offset;
        tg_merge_push(merge, record);
}

static void data(struct tg_merge *merge, enum tg_stream stream, int64_t time_ms, int64_t offset)
{
        push(merge, TG_RECORD_DATA, stream, time_ms, offset);
}

static void end(struct tg_merge *merge, enum tg_stream stream)
{
        tg_merge_end(merge, stream);
}

/* The offset of the next record in merged order; -1: none, or not known yet. */
static int64_t next(struct tg_merge *merge)
{
        struct tg_record *record = tg_merge_next(merge);
        int64_t offset = record ? record->offset : -1;

        if (record)
                tg_pool_give(&pool, record);
        return offset;
}

Test(merge, the_smallest_time_goes_first)
{
        tg_cleanup(tg_merge_deinit) struct tg_merge merge = {0};

        data(&merge, REQUESTS, 10, 1);
        data(&merge, REQUESTS, 30, 3);
        data(&merge, FACTS, 20, 2);
        end(&merge, FACTS);
        end(&merge, REQUESTS);
        cr_assert_eq(next(&merge), 1);
        cr_assert_eq(next(&merge), 2);
        cr_assert_eq(next(&merge), 3);
        cr_assert_eq(next(&merge), -1);
}

Test(merge, on_a_tie_the_fact_goes_first)
{
        tg_cleanup(tg_merge_deinit) struct tg_merge merge = {0};

        data(&merge, REQUESTS, 10, 1);
        data(&merge, FACTS, 10, 2);
        data(&merge, FACTS, 10, 3);
        data(&merge, FACTS, 11, 4);
        cr_assert_eq(next(&merge), 2);
        cr_assert_eq(next(&merge), 3);
        cr_assert_eq(next(&merge), 1);
}

Test(merge, a_stream_keeps_its_own_order_whatever_its_times)
{
        tg_cleanup(tg_merge_deinit) struct tg_merge merge = {0};

        end(&merge, REQUESTS);
        data(&merge, FACTS, 30, 1);
        data(&merge, FACTS, 10, 2);
        cr_assert_eq(next(&merge), 1);
        cr_assert_eq(next(&merge), 2);
}

Test(merge, an_empty_stream_holds_the_other_up_until_it_ends)
{
        tg_cleanup(tg_merge_deinit) struct tg_merge merge = {0};

        data(&merge, REQUESTS, 10, 1);
        data(&merge, REQUESTS, 12, 2);
        cr_assert_eq(next(&merge), -1);
        end(&merge, FACTS);
        cr_assert_eq(next(&merge), 1);
        data(&merge, FACTS, 11, 3);
        cr_assert_eq(next(&merge), 3);
        cr_assert_eq(next(&merge), -1, "it has begun anew");
        end(&merge, FACTS);
        cr_assert_eq(next(&merge), 2);
}

Test(merge, a_record_that_cannot_be_read_goes_at_once)
{
        tg_cleanup(tg_merge_deinit) struct tg_merge merge = {0};

        push(&merge, TG_RECORD_FAULTY, REQUESTS, TG_NO_TIME, 1);
        data(&merge, REQUESTS, 10, 2);
        cr_assert_eq(next(&merge), 1, "no fact could be earlier than no time");
        cr_assert_eq(next(&merge), -1);
        data(&merge, FACTS, 5, 3);
        data(&merge, FACTS, 20, 4);
        push(&merge, TG_RECORD_FAULTY, FACTS, TG_NO_TIME, 5);
        cr_assert_eq(next(&merge), 3);
        cr_assert_eq(next(&merge), 2);
}

Test(merge, one_stream_can_be_taken_whatever_the_other_holds)
{
        tg_cleanup(tg_merge_deinit) struct tg_merge merge = {0};
        const struct tg_record *record;

        data(&merge, REQUESTS, 10, 1);
        record = tg_merge_take(&merge, REQUESTS);
        cr_assert(record);
        cr_assert_eq(record->offset, 1);
        cr_assert_null(tg_merge_take(&merge, REQUESTS));
        cr_assert_null(tg_merge_take(&merge, FACTS));
}

/* Two lists and a plain merge of them; pieces come in chance order. */
enum { RANDOM = 500 };

Test(merge, random_streams_in_random_pieces_come_out_as_from_two_lists)
{
        unsigned first = (unsigned)time(NULL), seed = first;

        for (int round = 0; round < 100; round++) {
                tg_cleanup(tg_merge_deinit) struct tg_merge merge = {0};
                int64_t times_ms[TG_STREAMS][RANDOM];
                int pushed[TG_STREAMS] = {0}, taken[TG_STREAMS] = {0};
                struct tg_record *record;

                for (int i = 0; i < TG_STREAMS * RANDOM; i++)
                        times_ms[i / RANDOM][i % RANDOM] = i % RANDOM + rand_r(&seed) % 9;
                while (taken[0] + taken[1] < TG_STREAMS * RANDOM) {
                        int stream = rand_r(&seed) % 2, size = rand_r(&seed) % 200;

                        for (; size > 0 && pushed[stream] < RANDOM; size--, pushed[stream]++)
                                data(&merge, (enum tg_stream)stream,
                                     times_ms[stream][pushed[stream]], pushed[stream]);
                        if (pushed[stream] == RANDOM)
                                end(&merge, (enum tg_stream)stream);
                        while ((record = tg_merge_next(&merge))) {
                                int facts = taken[FACTS], requests = taken[REQUESTS];
                                bool fact =
                                        requests == RANDOM ||
                                        (facts < RANDOM &&
                                         times_ms[FACTS][facts] <= times_ms[REQUESTS][requests]);

                                cr_assert_eq(record->stream, fact ? FACTS : REQUESTS, "seed %u",
                                             first);
                                cr_assert_eq(record->offset, taken[record->stream]++, "seed %u",
                                             first);
                                tg_pool_give(&pool, record);
                        }
                }
        }
}
