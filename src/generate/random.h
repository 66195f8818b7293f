/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Chance that is the same everywhere: integers alone, from a seed.
 *
 * SplitMix64: a nanosecond a number, 64 bits of state. Streams of one seed for different purposes
 * are independent, so that asking for one thing more changes nothing else. Not for secrets.
 */
#pragma once

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

enum { TG_PER_MILLION = 1000000 };

struct tg_random {
        uint64_t state;
};

/* One of several things, and how many of a hundred it has. A list's shares add up to a hundred. */
struct tg_share {
        uint8_t value;
        uint8_t percent;
};

static inline uint64_t tg_random_next(struct tg_random *random)
{
        uint64_t z = random->state += UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return z ^ z >> 31;
}

/* The stream of SEED for PURPOSE, any number. */
static inline struct tg_random tg_random_of(uint64_t seed, uint64_t purpose)
{
        struct tg_random mixed = {seed};

        mixed.state = tg_random_next(&mixed) ^ purpose;
        mixed.state = tg_random_next(&mixed);
        return mixed;
}

/* From 0 to BOUND - 1; BOUND is not 0. Off by less than BOUND in 2^64. */
static inline uint64_t tg_random_below(struct tg_random *random, uint64_t bound)
{
        assert(bound > 0);
        return (uint64_t)((unsigned __int128)tg_random_next(random) * bound >> 64);
}

static inline bool tg_random_chance(struct tg_random *random, uint32_t per_million)
{
        return tg_random_below(random, TG_PER_MILLION) < per_million;
}

static inline bool tg_random_percent(struct tg_random *random, uint32_t percent)
{
        return tg_random_below(random, 100) < percent;
}

static inline uint8_t tg_random_share(struct tg_random *random, const struct tg_share *shares)
{
        uint64_t at = tg_random_below(random, 100);

        while (at >= shares->percent)
                at -= shares++->percent;
        return shares->value;
}
