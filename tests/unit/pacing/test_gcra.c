/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "pacing/gcra.h"

#define START_MS INT64_C(1500000000000)

/* How many leave at T_MS if as many as may want to, at most MOST. */
static int leave(struct tg_gcra *gcra, int64_t t_ms, int most)
{
        int left = 0;

        while (left < most && tg_gcra_conforms_ms(gcra) <= t_ms) {
                tg_gcra_charge(gcra, t_ms);
                left++;
        }
        return left;
}

Test(gcra, the_first_conforms_whenever_it_comes)
{
        struct tg_gcra gcra = tg_gcra_of((struct tg_rate){1, TG_DAY_MS}, 1, 1);

        cr_assert_eq(tg_gcra_conforms_ms(&gcra), INT64_MIN);
        cr_assert_eq(leave(&gcra, INT64_MIN / TG_MS_NS, 9), 1);
}

Test(gcra, without_a_burst_one_leaves_every_interval)
{
        struct tg_gcra gcra = tg_gcra_of((struct tg_rate){4, TG_SECOND_MS}, 1, 1);

        cr_assert_eq(leave(&gcra, START_MS, 9), 1);
        cr_assert_eq(tg_gcra_conforms_ms(&gcra), START_MS + 250);
        cr_assert_eq(leave(&gcra, START_MS + 249, 9), 0);
        cr_assert_eq(leave(&gcra, START_MS + 250, 9), 1);
        cr_assert_eq(leave(&gcra, START_MS + 500, 9), 1);
}

Test(gcra, a_late_one_saves_nothing_up)
{
        struct tg_gcra gcra = tg_gcra_of((struct tg_rate){4, TG_SECOND_MS}, 1, 1);

        leave(&gcra, START_MS, 1);
        cr_assert_eq(leave(&gcra, START_MS + 10000, 9), 1);
        cr_assert_eq(tg_gcra_conforms_ms(&gcra), START_MS + 10250);
}

Test(gcra, a_burst_leaves_at_once_and_fills_up_one_by_one)
{
        struct tg_gcra gcra = tg_gcra_of((struct tg_rate){10, TG_SECOND_MS}, 3, 1);

        cr_assert_eq(leave(&gcra, START_MS, 9), 3);
        cr_assert_eq(tg_gcra_conforms_ms(&gcra), START_MS + 100);
        cr_assert_eq(leave(&gcra, START_MS + 100, 9), 1);
        cr_assert_eq(leave(&gcra, START_MS + 300, 9), 2);
        cr_assert_eq(leave(&gcra, START_MS + 9000, 9), 3);
}

Test(gcra, a_moment_between_two_milliseconds_is_rounded_up)
{
        struct tg_gcra gcra = tg_gcra_of((struct tg_rate){3, TG_SECOND_MS}, 1, 1);

        cr_assert_eq(gcra.interval.ms, 333);
        cr_assert_eq(gcra.interval.ns, 333334);
        leave(&gcra, START_MS, 1);
        cr_assert_eq(tg_gcra_conforms_ms(&gcra), START_MS + 334);
        leave(&gcra, START_MS + 334, 1);
        cr_assert_eq(tg_gcra_conforms_ms(&gcra), START_MS + 668);
}

Test(gcra, before_1970_it_is_rounded_up_too)
{
        struct tg_gcra gcra = tg_gcra_of((struct tg_rate){3, TG_SECOND_MS}, 1, 1);

        leave(&gcra, -1000, 1);
        cr_assert_eq(tg_gcra_conforms_ms(&gcra), -666);
}

Test(gcra, partitions_divide_rate_and_burst_between_them)
{
        struct tg_gcra gcra = tg_gcra_of((struct tg_rate){500, TG_SECOND_MS}, 40, 16);

        cr_assert_eq(gcra.interval.ms, 32);
        cr_assert_eq(leave(&gcra, START_MS, 99), 2);
        gcra = tg_gcra_of((struct tg_rate){500, TG_SECOND_MS}, 15, 16);
        cr_assert_eq(leave(&gcra, START_MS, 99), 1);
}

Test(gcra, the_slowest_rate_and_the_largest_burst_are_exact)
{
        struct tg_gcra gcra = tg_gcra_of((struct tg_rate){1, TG_DAY_MS}, INT32_MAX, 1);

        cr_assert_eq(leave(&gcra, START_MS, 1000), 1000);
        cr_assert_eq(tg_gcra_conforms_ms(&gcra),
                     START_MS + 1000 * TG_DAY_MS - (INT32_MAX - 1) * TG_DAY_MS);
        gcra = tg_gcra_of((struct tg_rate){1, TG_DAY_MS}, 1, UINT32_MAX);
        cr_assert_eq(leave(&gcra, START_MS, 9), 1);
        cr_assert_eq(tg_gcra_conforms_ms(&gcra), START_MS + UINT32_MAX * TG_DAY_MS);
}

Test(gcra, in_every_year_it_lets_no_more_through_than_in_this_one)
{
        const int64_t times_ms[] = {TG_TIME_FIRST_MS, -START_MS * 8, START_MS * 5,
                                    TG_TIME_LAST_MS - TG_DAY_MS};

        for (size_t i = 0; i < sizeof times_ms / sizeof times_ms[0]; i++) {
                struct tg_gcra gcra = tg_gcra_of((struct tg_rate){3, TG_SECOND_MS}, 2, 1);

                cr_assert_eq(leave(&gcra, times_ms[i], 9), 2);
                cr_assert_eq(tg_gcra_conforms_ms(&gcra), times_ms[i] + 334);
                cr_assert_eq(leave(&gcra, times_ms[i] + 333, 9), 0);
                cr_assert_eq(leave(&gcra, times_ms[i] + 334, 9), 1);
        }
}

Test(gcra, what_did_not_conform_may_be_taken_up_without_end)
{
        struct tg_gcra gcra = tg_gcra_of((struct tg_rate){1, TG_DAY_MS}, 1, UINT32_MAX);

        for (int i = 0; i < 100; i++)
                tg_gcra_recharge(&gcra, START_MS);
        cr_assert_gt(tg_gcra_conforms_ms(&gcra), TG_TIME_LAST_MS);
}

Test(gcra, of_two_that_conform_in_one_millisecond_one_is_later)
{
        struct tg_gcra thirds = tg_gcra_of((struct tg_rate){3, TG_SECOND_MS}, 1, 1);
        struct tg_gcra sevenths = tg_gcra_of((struct tg_rate){7, TG_SECOND_MS}, 1, 1);
        struct tg_gcra fresh = thirds;

        tg_gcra_charge(&thirds, START_MS);         /* 333.33 ms */
        tg_gcra_charge(&sevenths, START_MS + 191); /* 191 + 142.86 ms */
        cr_assert_eq(tg_gcra_conforms_ms(&thirds), tg_gcra_conforms_ms(&sevenths));
        cr_assert(tg_gcra_is_later(&sevenths, &thirds));
        cr_assert_not(tg_gcra_is_later(&thirds, &sevenths));
        cr_assert_not(tg_gcra_is_later(&thirds, &thirds), "a tie is the first's");
        cr_assert(tg_gcra_is_later(&thirds, &fresh));
}

/* The definition in I.371 as arithmetic without limits: an exact fraction of a nanosecond. */
Test(gcra, random_arrivals_conform_as_by_the_definition)
{
        unsigned first = (unsigned)time(NULL), seed = first;

        for (int round = 0; round < 500; round++) {
                struct tg_rate rate = {1 + rand_r(&seed) % 1000, TG_SECOND_MS};
                int64_t burst = 1 + rand_r(&seed) % 30;
                uint32_t partitions = 1 + (uint32_t)rand_r(&seed) % 8;
                struct tg_gcra gcra = tg_gcra_of(rate, burst, partitions);
                __int128 period = (__int128)1000000000 * partitions;
                __int128 t = (period + rate.count - 1) / rate.count;
                __int128 share = burst / partitions > 0 ? burst / partitions : 1;
                __int128 tat = 0;
                int64_t now_ms = START_MS;

                for (int i = 0; i < 300; i++) {
                        __int128 now = (__int128)now_ms * 1000000;
                        bool conforms = now >= tat - (share - 1) * t;

                        cr_assert_eq(tg_gcra_conforms_ms(&gcra) <= now_ms, conforms, "seed %u",
                                     first);
                        if (conforms) {
                                tg_gcra_charge(&gcra, now_ms);
                                tat = (tat > now ? tat : now) + t;
                        }
                        now_ms += rand_r(&seed) % 3 ? rand_r(&seed) % 4 : rand_r(&seed) % 100;
                }
        }
}

Test(gcra, no_window_ever_holds_more_than_rate_and_burst_allow)
{
        unsigned first = (unsigned)time(NULL), seed = first;
        struct tg_gcra gcra = tg_gcra_of((struct tg_rate){50, TG_SECOND_MS}, 10, 1);
        static int64_t left_ms[4000];
        int count = 0;

        for (int64_t t_ms = START_MS; t_ms < START_MS + 60000; t_ms += rand_r(&seed) % 40) {
                int left = leave(&gcra, t_ms, 1 + rand_r(&seed) % 4);

                for (int i = 0; i < left; i++)
                        left_ms[count++] = t_ms;
        }
        for (int i = 0; i + 60 < count; i++) /* 10 at once and 50 a second: 61 need a second */
                cr_assert_geq(left_ms[i + 60] - left_ms[i], 1000, "seed %u", first);
}
