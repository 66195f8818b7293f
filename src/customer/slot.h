/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One touch in 64 bits: which counter it belongs to, when, and a tag that tells it from others.
 *
 *     counter 6 | milliseconds modulo 2^40 | tag 18                 a touch of a fact
 *     counter 6 | milliseconds modulo 2^40 | tag 16 | state 2       a permit of ours
 *
 * 2^40 ms are 34.8 years. A time is read as the latest one with these bits that is not behind a
 * horizon (now plus the allowed skew), so old recordings and wrap-around do no harm as long as a
 * counter's window is at most TG_WINDOW_MAX_MS, and what has left it is swept in time (upkeep.c).
 * The word 0 is an empty slot. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/time.h"

typedef uint64_t tg_slot_word;

enum {
        TG_SLOT_TIME_BITS = 40,
        TG_SLOT_TAG_BITS = 18,
        TG_PERMIT_TAG_BITS = 16,
        TG_PERMIT_STATE_BITS = 2,
        TG_COUNTERS_MAX = 64, /* a counter's number has 6 bits */
};

#define TG_SLOT_EMPTY UINT64_C(0)
#define TG_SLOT_TIME_MASK ((UINT64_C(1) << TG_SLOT_TIME_BITS) - 1)
#define TG_SLOT_TAG_MASK ((UINT32_C(1) << TG_SLOT_TAG_BITS) - 1)
#define TG_PERMIT_TAG_MASK ((UINT32_C(1) << TG_PERMIT_TAG_BITS) - 1)

#define TG_PERMIT_STATE_MASK UINT64_C(3)

/* Half of what 40 bits hold, so that a slot is swept long before its time reads wrong. */
#define TG_WINDOW_MAX_MS (INT64_C(1) << (TG_SLOT_TIME_BITS - 1))

/* How far in the future an event may be allowed to be: it takes as much from the past. */
#define TG_SKEW_MAX_MS (365 * TG_DAY_MS)

/*
 * What is known of a permit, a bit each, so that the join of two states is their union: it was
 * given; it was settled, for its counter (a reservation by its confirmation or a refund, a permit
 * that is itself counted by a refund alone). 0 is left to the empty slot.
 */
enum tg_permit_state {
        TG_PERMIT_OPEN = 1,    /* given */
        TG_PERMIT_WAITING = 2, /* settled: the settlement waits for its permit */
        TG_PERMIT_SETTLED = TG_PERMIT_OPEN | TG_PERMIT_WAITING,
};

static inline tg_slot_word tg_slot_pack(unsigned counter, int64_t time_ms, uint32_t low)
{
        tg_slot_word word = (uint64_t)counter << (TG_SLOT_TIME_BITS + TG_SLOT_TAG_BITS) |
                            ((uint64_t)time_ms & TG_SLOT_TIME_MASK) << TG_SLOT_TAG_BITS |
                            (low & TG_SLOT_TAG_MASK);

        /* Counter 0 at time 0 modulo 2^40 with tag 0 would be the empty slot: it takes tag 1. */
        return word == TG_SLOT_EMPTY ? 1 : word;
}

static inline tg_slot_word tg_slot_permit(unsigned counter, int64_t time_ms, uint32_t tag,
                                          enum tg_permit_state state)
{
        return tg_slot_pack(counter, time_ms,
                            (tag & TG_PERMIT_TAG_MASK) << TG_PERMIT_STATE_BITS | state);
}

static inline unsigned tg_slot_counter(tg_slot_word word)
{
        return (unsigned)(word >> (TG_SLOT_TIME_BITS + TG_SLOT_TAG_BITS));
}

/* The time of WORD: the latest with its bits that is not later than HORIZON_MS. */
static inline int64_t tg_slot_time(tg_slot_word word, int64_t horizon_ms)
{
        uint64_t bits = word >> TG_SLOT_TAG_BITS;
        uint64_t age = ((uint64_t)horizon_ms - bits) & TG_SLOT_TIME_MASK;

        return horizon_ms - (int64_t)age;
}

static inline uint32_t tg_slot_permit_tag(tg_slot_word word)
{
        return (uint32_t)(word >> TG_PERMIT_STATE_BITS) & TG_PERMIT_TAG_MASK;
}

static inline enum tg_permit_state tg_slot_permit_state(tg_slot_word word)
{
        return (enum tg_permit_state)(word & TG_PERMIT_STATE_MASK);
}
