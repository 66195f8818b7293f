/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/skew.h"

static uint64_t octave_first(int octave)
{
        return UINT64_C(1) << octave;
}

static uint64_t octave_size(uint32_t ranks, int octave)
{
        uint64_t left = ranks - octave_first(octave) + 1;

        return left < octave_first(octave) ? left : octave_first(octave);
}

/* 2^16 × 2^(octave × (1 - s)), and less for the last octave, if the ranks end inside it. */
static uint64_t octave_weight(uint32_t ranks, int octave, unsigned quarters)
{
        static const uint32_t roots[4] = {65536, 77936, 92682, 110218}; /* 2^16 × 2^(i/4) */
        unsigned power = (unsigned)octave * (TG_SKEW_QUARTERS_MAX - quarters);
        unsigned __int128 whole = (unsigned __int128)roots[power % 4] << power / 4;

        return (uint64_t)(whole * octave_size(ranks, octave) / octave_first(octave));
}

struct tg_skew tg_skew_of(uint32_t ranks, unsigned quarters)
{
        struct tg_skew skew = {.ranks = ranks};

        assert(ranks > 0 && quarters <= TG_SKEW_QUARTERS_MAX);
        while (skew.octaves < TG_SKEW_OCTAVES && octave_first(skew.octaves) <= ranks) {
                uint64_t weight = octave_weight(ranks, skew.octaves, quarters);

                /* The last octave may hold too few ranks to weigh anything: each is drawn. */
                skew.before[skew.octaves + 1] = skew.before[skew.octaves] + (weight ? weight : 1);
                skew.octaves++;
        }
        return skew;
}

uint32_t tg_skew_pick(const struct tg_skew *skew, struct tg_random *random)
{
        uint64_t at = tg_random_below(random, skew->before[skew->octaves]);
        int octave = skew->octaves - 1;

        while (at < skew->before[octave])
                octave--;
        return (uint32_t)(octave_first(octave) +
                          tg_random_below(random, octave_size(skew->ranks, octave)));
}
