/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/skew.h"

#include <criterion/criterion.h>
#include <math.h>
#include <stdlib.h>

enum { DRAWS = 1000000 };

/* How often each of RANKS was drawn; [0] is never. For free(). */
static unsigned *draw(uint32_t ranks, unsigned quarters)
{
        struct tg_skew skew = tg_skew_of(ranks, quarters);
        struct tg_random random = tg_random_of(7, 0);
        unsigned *counts = calloc((size_t)ranks + 1, sizeof *counts);

        for (int i = 0; i < DRAWS; i++) {
                uint32_t rank = tg_skew_pick(&skew, &random);

                cr_assert(rank >= 1 && rank <= ranks, "rank %u of %u", rank, ranks);
                counts[rank]++;
        }
        return counts;
}

/* Drawn from FROM to TO. */
static double sum(const unsigned *counts, uint32_t from, uint32_t to)
{
        double sum = 0;

        for (uint32_t rank = from; rank <= to; rank++)
                sum += counts[rank];
        return sum;
}

Test(skew, without_it_every_rank_is_as_frequent_as_any_other)
{
        unsigned *counts = draw(100, 0);
        double wanted = DRAWS / 100;

        for (uint32_t rank = 1; rank <= 100; rank++)
                cr_assert_float_eq(counts[rank], wanted, wanted / 10, "rank %u: %u", rank,
                                   counts[rank]);
        free(counts);
}

Test(skew, an_octave_weighs_what_the_exponent_says)
{
        for (unsigned quarters = 0; quarters <= TG_SKEW_QUARTERS_MAX; quarters++) {
                unsigned *counts = draw(1023, quarters);
                double wanted = pow(2, 3 * (1 - quarters / 4.0));

                cr_assert_float_eq(sum(counts, 256, 511) / sum(counts, 32, 63) / wanted, 1, 0.1,
                                   "quarters %u", quarters);
                free(counts);
        }
}

Test(skew, ranks_that_end_inside_an_octave_are_no_more_frequent_than_those_before)
{
        unsigned *counts = draw(40, TG_SKEW_QUARTERS_MAX);

        /* Of [32, 64), nine ranks, each as frequent as if all were there. */
        cr_assert_float_eq(sum(counts, 32, 40) / sum(counts, 16, 31), 9.0 / 32, 0.02);
        free(counts);
}

Test(skew, one_rank_and_the_most_ranks_can_be_drawn)
{
        struct tg_random random = tg_random_of(1, 0);

        for (unsigned quarters = 0; quarters <= TG_SKEW_QUARTERS_MAX; quarters++) {
                struct tg_skew one = tg_skew_of(1, quarters),
                               most = tg_skew_of(UINT32_MAX, quarters);

                cr_assert_eq(tg_skew_pick(&one, &random), 1);
                for (int i = 0; i < 1000; i++)
                        cr_assert_neq(tg_skew_pick(&most, &random), 0);
        }
}
