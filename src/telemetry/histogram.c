/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/histogram.h"

#include <time.h>

#define MS INT64_C(1000)
#define S (1000 * MS)
#define MINUTE (60 * S)
#define HOUR (60 * MINUTE)

const struct tg_bounds tg_bounds_work = {{100, 250, 500, 1 * MS, 2500, 5 * MS, 10 * MS, 25 * MS,
                                          50 * MS, 100 * MS, 250 * MS, 500 * MS, 1 * S, 2500 * MS,
                                          5 * S, 10 * S}};

const struct tg_bounds tg_bounds_age = {{10 * MS, 50 * MS, 100 * MS, 250 * MS, 500 * MS, 1 * S,
                                         2500 * MS, 5 * S, 10 * S, 30 * S, 1 * MINUTE, 5 * MINUTE,
                                         15 * MINUTE, 1 * HOUR, 6 * HOUR, 24 * HOUR}};

/* There is one writer, so reading and storing what it alone changes is enough. */
static void add(_Atomic uint64_t *value, uint64_t addend)
{
        uint64_t old = atomic_load_explicit(value, memory_order_relaxed);

        atomic_store_explicit(value, old + addend, memory_order_relaxed);
}

void tg_histogram_add(struct tg_histogram *histogram, const struct tg_bounds *bounds,
                      int64_t taken_us)
{
        int i = 0;

        if (taken_us < 0)
                taken_us = 0;
        while (i < TG_HISTOGRAM_BOUNDS && taken_us > bounds->us[i])
                i++;
        add(&histogram->counts[i], 1);
        add(&histogram->sum_us, (uint64_t)taken_us);
}

void tg_histogram_sum(struct tg_histogram *sum, const struct tg_histogram *part)
{
        for (int i = 0; i <= TG_HISTOGRAM_BOUNDS; i++)
                add(&sum->counts[i], atomic_load_explicit(&part->counts[i], memory_order_relaxed));
        add(&sum->sum_us, atomic_load_explicit(&part->sum_us, memory_order_relaxed));
}

int64_t tg_watch_us(void)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * S + now.tv_nsec / 1000;
}
