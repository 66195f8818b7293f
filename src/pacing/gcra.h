/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A throttle's one word: the generic cell rate algorithm in integer nanoseconds.
 *
 * A rate is divided evenly over the partitions, so that each has its own word and none talks to
 * another: the interval T is ⌈P × period / count⌉, the burst max(1, ⌊b / P⌋). A message conforms at
 * t iff t ≥ TAT − (burst − 1) × T; one that leaves moves TAT, the theoretical arrival time, to
 * max(TAT, t) + T. (ITU-T I.371, virtual scheduling.)
 *
 * Pure; a few instructions.
 */
#pragma once

#include "base/time.h"
#include "config/value.h"

struct tg_gcra {
        int64_t interval_ns;  /* T */
        int64_t tolerance_ns; /* (burst − 1) × T */
        int64_t tat_ns;       /* theoretical arrival time; INT64_MIN: nothing has left yet */
};

/* Saturates where a rate is so slow that nanoseconds would overflow (some 290 years). */
struct tg_gcra tg_gcra_of(struct tg_rate rate, int64_t burst, uint32_t partitions);

/* The first moment at which a message conforms, in nanoseconds; INT64_MIN: any. */
int64_t tg_gcra_conforms_ns(const struct tg_gcra *gcra);

/* The same, rounded up to a millisecond. */
int64_t tg_gcra_conforms_ms(const struct tg_gcra *gcra);

/* A message leaves at T_MS, at which it conforms. */
void tg_gcra_charge(struct tg_gcra *gcra, int64_t t_ms);

/* A message left at T_MS, not before the last; by the rate of then, it need not conform. */
void tg_gcra_recharge(struct tg_gcra *gcra, int64_t t_ms);
