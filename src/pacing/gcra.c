/* SPDX-License-Identifier: Apache-2.0 */
#include "pacing/gcra.h"

#include <assert.h>

/* Beyond all calendars, and far enough from 64 bits that sums of two stay within them. */
#define LATEST_MS (INT64_MAX / 4)

static struct tg_fine fine_of(__int128 ns)
{
        assert(ns >= 0 && ns / TG_MS_NS <= LATEST_MS);
        return (struct tg_fine){(int64_t)(ns / TG_MS_NS), (int32_t)(ns % TG_MS_NS)};
}

static struct tg_fine sum(struct tg_fine a, struct tg_fine b)
{
        int32_t ns = a.ns + b.ns;
        bool carries = ns >= TG_MS_NS;

        return (struct tg_fine){a.ms + b.ms + carries, carries ? ns - (int32_t)TG_MS_NS : ns};
}

static struct tg_fine difference(struct tg_fine a, struct tg_fine b)
{
        int32_t ns = a.ns - b.ns;
        bool borrows = ns < 0;

        return (struct tg_fine){a.ms - b.ms - borrows, borrows ? ns + (int32_t)TG_MS_NS : ns};
}

static bool is_later(struct tg_fine a, struct tg_fine b)
{
        return a.ms != b.ms ? a.ms > b.ms : a.ns > b.ns;
}

struct tg_gcra tg_gcra_of(struct tg_rate rate, int64_t burst, uint32_t partitions)
{
        __int128 period_ns = (__int128)rate.per_ms * TG_MS_NS * partitions;
        int64_t share = burst / partitions > 1 ? burst / partitions : 1;
        __int128 interval_ns = (period_ns + rate.count - 1) / rate.count;

        assert(rate.count > 0 && rate.per_ms > 0 && partitions > 0);
        return (struct tg_gcra){
                .interval = fine_of(interval_ns),
                .tolerance = fine_of(interval_ns * (share - 1)),
                .tat = {.ms = INT64_MIN},
        };
}

/* The first moment at which a message conforms. */
static struct tg_fine conforms(const struct tg_gcra *gcra)
{
        return gcra->tat.ms == INT64_MIN ? gcra->tat : difference(gcra->tat, gcra->tolerance);
}

int64_t tg_gcra_conforms_ms(const struct tg_gcra *gcra)
{
        struct tg_fine first = conforms(gcra);

        return first.ms + (first.ns > 0);
}

bool tg_gcra_is_later(const struct tg_gcra *a, const struct tg_gcra *b)
{
        return is_later(conforms(a), conforms(b));
}

void tg_gcra_charge(struct tg_gcra *gcra, int64_t t_ms)
{
        assert(t_ms >= tg_gcra_conforms_ms(gcra));
        tg_gcra_recharge(gcra, t_ms);
}

void tg_gcra_recharge(struct tg_gcra *gcra, int64_t t_ms)
{
        struct tg_fine t = {.ms = t_ms};

        gcra->tat = sum(is_later(gcra->tat, t) ? gcra->tat : t, gcra->interval);
        /* What does not conform may be taken up without end: it is late enough. */
        if (gcra->tat.ms > LATEST_MS)
                gcra->tat = (struct tg_fine){.ms = LATEST_MS};
}
