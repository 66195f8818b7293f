/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "kafka/reach.h"

static struct tg_reach reach;

/* A partition that came at 10,000, of which the first round is over. */
static void setup(void)
{
        struct tg_record record;

        tg_reach_begin(&reach, 10000);
        cr_assert(tg_reach_asks(&reach, -1, 10000));
        tg_reach_answer(&reach, 0);
        cr_assert(tg_reach_tells(&reach, 0, 10000, &record));
        cr_assert_eq(record.kind, TG_RECORD_KNOWN);
        cr_assert_eq(record.offset, -1);
}

TestSuite(reach, .init = setup);

static void expect_known(int64_t next, int64_t now_ms, int64_t offset)
{
        struct tg_record record;

        cr_assert(tg_reach_tells(&reach, next, now_ms, &record));
        cr_expect_eq(record.kind, TG_RECORD_KNOWN);
        cr_expect_eq(record.offset, offset);
}

static void expect_behind(int64_t next, int64_t now_ms)
{
        struct tg_record record;

        cr_assert(tg_reach_tells(&reach, next, now_ms, &record));
        cr_expect_eq(record.kind, TG_RECORD_BEHIND);
}

static void expect_silence(int64_t next, int64_t now_ms)
{
        struct tg_record record;

        cr_expect_not(tg_reach_tells(&reach, next, now_ms, &record));
}

Test(reach, requests_are_known_once_facts_are_read_up_to_where_they_ended)
{
        cr_assert(tg_reach_asks(&reach, 5, 10001));
        expect_silence(100, 10002);
        tg_reach_answer(&reach, 100);
        expect_silence(99, 10003);
        expect_known(100, 10004, 5);
        expect_silence(100, 10005);
}

Test(reach, those_that_come_meanwhile_wait_for_the_next_round)
{
        cr_assert(tg_reach_asks(&reach, 5, 10001));
        cr_expect_not(tg_reach_asks(&reach, 9, 10002));
        tg_reach_answer(&reach, 100);
        expect_known(100, 10003, 5);
        cr_assert(tg_reach_asks(&reach, 9, 10003));
        tg_reach_answer(&reach, 120);
        expect_silence(110, 10004);
        expect_known(130, 10005, 9);
}

Test(reach, without_requests_it_is_asked_now_and_then_and_nothing_is_told)
{
        cr_expect_not(tg_reach_asks(&reach, -1, 10249));
        cr_assert(tg_reach_asks(&reach, -1, 10250));
        tg_reach_answer(&reach, 7);
        expect_silence(7, 10251);
        cr_expect_not(tg_reach_asks(&reach, -1, 10500));
        cr_expect(tg_reach_asks(&reach, -1, 10501));
}

Test(reach, a_round_that_takes_long_leaves_the_partition_behind_until_it_is_over)
{
        cr_assert(tg_reach_asks(&reach, 5, 10300));
        expect_silence(0, 10999);
        expect_behind(0, 11000);
        expect_silence(0, 11001);
        tg_reach_answer(&reach, 50);
        expect_silence(49, 12000);
        expect_known(50, 12001, 5);
        expect_silence(50, 13000);
}

Test(reach, after_a_long_sleep_a_partition_is_behind)
{
        expect_behind(0, 3600000);
        cr_assert(tg_reach_asks(&reach, -1, 3600000));
        tg_reach_answer(&reach, 50);
        expect_known(50, 3600001, -1);
}

Test(reach, a_partition_that_comes_is_taken_to_be_behind)
{
        tg_reach_begin(&reach, 20000);
        cr_assert(tg_reach_asks(&reach, 5, 20000), "at once");
        expect_silence(0, 90000);
        tg_reach_answer(&reach, 9);
        expect_known(9, 90001, 5);
}

Test(reach, an_end_that_is_gone_is_not_waited_for)
{
        cr_assert(tg_reach_asks(&reach, 5, 10001));
        tg_reach_answer(&reach, 100);
        cr_expect_not(tg_reach_asks(&reach, 6, 11000));
        cr_assert(tg_reach_asks(&reach, 6, 11001), "once more");
        tg_reach_answer(&reach, 90);
        expect_known(90, 11002, 5);
}

Test(reach, a_question_that_is_not_answered_is_not_asked_again)
{
        cr_assert(tg_reach_asks(&reach, 5, 10001));
        cr_expect_not(tg_reach_asks(&reach, 6, 90000), "its ticket stays good");
}

Test(reach, an_end_that_has_moved_on_does_not_put_the_round_off)
{
        cr_assert(tg_reach_asks(&reach, 5, 10001));
        tg_reach_answer(&reach, 100);
        cr_assert(tg_reach_asks(&reach, 5, 11001));
        tg_reach_answer(&reach, 500);
        expect_known(100, 11002, 5);
}

Test(reach, what_goes_back_is_not_known_any_more)
{
        cr_assert(tg_reach_asks(&reach, 5, 10001));
        tg_reach_answer(&reach, 100);
        expect_known(100, 10002, 5);
        tg_reach_rewind(&reach);
        expect_silence(100, 10003);
        cr_assert(tg_reach_asks(&reach, 3, 10003));
        tg_reach_answer(&reach, 100);
        expect_silence(40, 10004);
        expect_known(100, 10005, 3);
}

Test(reach, it_hurries_for_requests_alone_and_not_for_long)
{
        cr_assert(tg_reach_asks(&reach, -1, 10250));
        cr_expect_not(tg_reach_hurries(&reach, 10250));
        tg_reach_answer(&reach, 0);
        expect_silence(0, 10251);
        cr_assert(tg_reach_asks(&reach, 5, 10252));
        cr_expect(tg_reach_hurries(&reach, 10253));
        cr_expect_not(tg_reach_hurries(&reach, 10602));
}
