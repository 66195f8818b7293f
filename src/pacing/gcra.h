/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A throttle's state: the generic cell rate algorithm in integer nanoseconds.
 *
 * A rate is divided evenly over the partitions, so that each has its own state and none talks to
 * another: the interval T is ⌈P × period / count⌉, the burst max(1, ⌊b / P⌋). A message conforms at
 * t iff t ≥ TAT − (burst − 1) × T; one that leaves moves TAT, the theoretical arrival time, to
 * max(TAT, t) + T. (ITU-T I.371, virtual scheduling.)
 *
 * Pure; a few instructions, and no division. Exact in all years that a calendar has.
 */
#pragma once

#include "base/time.h"
#include "config/value.h"

/* A moment or a duration to the nanosecond: 64 bits of nanoseconds alone end in the year 2262. */
struct tg_fine {
        int64_t ms;
        int32_t ns; /* beyond the milliseconds: 0 to TG_MS_NS - 1 */
};

struct tg_gcra {
        struct tg_fine interval;  /* T */
        struct tg_fine tolerance; /* (burst − 1) × T */
        struct tg_fine tat;       /* theoretical arrival time; ms INT64_MIN: nothing has left yet */
};

/* BURST: up to INT32_MAX, RATE as a policy can say it: a period of a day at most. */
struct tg_gcra tg_gcra_of(struct tg_rate rate, int64_t burst, uint32_t partitions);

/* The first moment at which a message conforms, rounded up to a millisecond; INT64_MIN: any. */
int64_t tg_gcra_conforms_ms(const struct tg_gcra *gcra);

/* Whether A first conforms later than B does, be it by a nanosecond. */
bool tg_gcra_is_later(const struct tg_gcra *a, const struct tg_gcra *b);

/* A message leaves at T_MS, at which it conforms. */
void tg_gcra_charge(struct tg_gcra *gcra, int64_t t_ms);

/* A message left at T_MS, not before the last; by the rate of then, it need not conform. */
void tg_gcra_recharge(struct tg_gcra *gcra, int64_t t_ms);
