/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <time.h>

#include "base/time.h"

static int64_t read_ms(clockid_t clock)
{
        struct timespec now;

        clock_gettime(clock, &now);
        return now.tv_sec * TG_SECOND_MS + now.tv_nsec / TG_MS_NS;
}

int64_t tg_clock_monotonic_ms(void)
{
        return read_ms(CLOCK_MONOTONIC);
}

int64_t tg_clock_awake_ms(void)
{
        return read_ms(CLOCK_BOOTTIME);
}

int64_t tg_clock_wall_ms(void *context)
{
        (void)context;
        return read_ms(CLOCK_REALTIME);
}
