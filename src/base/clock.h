/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The machine's clocks in milliseconds, for who may read one: pure folders may not.
 *
 * A few tens of nanoseconds; thread-safe.
 */
#pragma once

#include <stdint.h>

/* Since some moment of the past: never goes back, for durations. */
int64_t tg_clock_monotonic_ms(void);

/* The same, but it goes on while the machine sleeps. */
int64_t tg_clock_awake_ms(void);

/* UTC since 1970, as it is set. CONTEXT is not looked at: it fits where a clock is given. */
int64_t tg_clock_wall_ms(void *context);
