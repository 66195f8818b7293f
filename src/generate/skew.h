/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Zipf-like ranks: few are frequent, most are rare.
 *
 * Rank r is drawn about in proportion to 1 / r^s, s in quarters: exactly so between the octaves
 * [2^k, 2^(k+1)), evenly within one. Integers alone, so that every machine draws the same. Costs
 * two random numbers; a few hundred bytes whatever the number of ranks. Immutable once made.
 */
#pragma once

#include "generate/random.h"

enum { TG_SKEW_OCTAVES = 32, TG_SKEW_QUARTERS_MAX = 4 };

struct tg_skew {
        uint32_t ranks;
        int octaves;
        uint64_t before[TG_SKEW_OCTAVES + 1]; /* weight of the octaves below; the last is of all */
};

/* RANKS is not 0; QUARTERS / 4 is the exponent s: 0 draws all alike. */
struct tg_skew tg_skew_of(uint32_t ranks, unsigned quarters);

/* From 1, the most frequent, to `ranks`. */
uint32_t tg_skew_pick(const struct tg_skew *skew, struct tg_random *random);
