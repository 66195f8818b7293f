/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How often something took how long: counts by upper bounds, for Prometheus.
 *
 * One thread, the owner, adds: a search through 16 bounds and two plain stores, no locked
 * instruction. Any thread may read meanwhile; what it reads may lack the addition under way.
 */
#pragma once

#include <stdatomic.h>
#include <stdint.h>

enum { TG_HISTOGRAM_BOUNDS = 16 };

/* Upper bounds in microseconds, rising. */
struct tg_bounds {
        int64_t us[TG_HISTOGRAM_BOUNDS];
};

extern const struct tg_bounds tg_bounds_work; /* 100 us to 10 s: what is done */
extern const struct tg_bounds tg_bounds_age;  /* 10 ms to a day: what has waited */

struct tg_histogram {
        _Atomic uint64_t counts[TG_HISTOGRAM_BOUNDS + 1]; /* the last: beyond all bounds */
        _Atomic uint64_t sum_us;
};

/* The owner's: one that took TAKEN_US (below zero counts as zero). */
void tg_histogram_add(struct tg_histogram *histogram, const struct tg_bounds *bounds,
                      int64_t taken_us);

/* Adds to *SUM, which no other thread knows. */
void tg_histogram_sum(struct tg_histogram *sum, const struct tg_histogram *part);

/* A clock for durations that has nothing to do with what is decided; never goes back. */
int64_t tg_watch_us(void);
