/* SPDX-License-Identifier: Apache-2.0 */
#include "pacing/gcra.h"

#include <assert.h>

/* Some 146 years: sums of two stay within 64 bits. */
#define LONGEST_NS (INT64_MAX / 2)

static int64_t clamp(__int128 ns)
{
        if (ns > LONGEST_NS)
                return LONGEST_NS;
        return ns < -LONGEST_NS ? -LONGEST_NS : (int64_t)ns;
}

struct tg_gcra tg_gcra_of(struct tg_rate rate, int64_t burst, uint32_t partitions)
{
        __int128 period_ns = (__int128)rate.per_ms * TG_MS_NS * partitions;
        int64_t share = burst / partitions > 1 ? burst / partitions : 1;
        int64_t interval_ns = clamp((period_ns + rate.count - 1) / rate.count);

        assert(rate.count > 0 && rate.per_ms > 0 && partitions > 0);
        return (struct tg_gcra){
                .interval_ns = interval_ns,
                .tolerance_ns = clamp((__int128)interval_ns * (share - 1)),
                .tat_ns = INT64_MIN,
        };
}

int64_t tg_gcra_conforms_ns(const struct tg_gcra *gcra)
{
        if (gcra->tat_ns == INT64_MIN)
                return INT64_MIN;
        return clamp((__int128)gcra->tat_ns - gcra->tolerance_ns);
}

int64_t tg_gcra_conforms_ms(const struct tg_gcra *gcra)
{
        int64_t ns = tg_gcra_conforms_ns(gcra);

        if (ns == INT64_MIN)
                return INT64_MIN;
        return ns / TG_MS_NS + (ns % TG_MS_NS > 0);
}

void tg_gcra_charge(struct tg_gcra *gcra, int64_t t_ms)
{
        assert(t_ms >= tg_gcra_conforms_ms(gcra));
        tg_gcra_recharge(gcra, t_ms);
}

void tg_gcra_recharge(struct tg_gcra *gcra, int64_t t_ms)
{
        int64_t t_ns = clamp((__int128)t_ms * TG_MS_NS);

        gcra->tat_ns =
                clamp((__int128)(gcra->tat_ns > t_ns ? gcra->tat_ns : t_ns) + gcra->interval_ns);
}
