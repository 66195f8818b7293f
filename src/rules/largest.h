/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The n largest of many moments, in falling order: what caps and cooldowns ask of a counter.
 *
 * On the stack; adding costs a comparison, and a shift of those smaller if it is among them.
 */
#pragma once

#include <assert.h>
#include <stdint.h>

enum { TG_LARGEST_MAX = 1000 };

struct tg_largest {
        int64_t at_ms[TG_LARGEST_MAX];
        uint32_t count;
        uint32_t limit; /* n */
};

/* LIMIT: from 1 to TG_LARGEST_MAX. */
static inline void tg_largest_init(struct tg_largest *largest, uint32_t limit)
{
        assert(limit > 0 && limit <= TG_LARGEST_MAX);
        largest->count = 0;
        largest->limit = limit;
}

static inline void tg_largest_add(struct tg_largest *largest, int64_t moment_ms)
{
        uint32_t i;

        if (largest->count == largest->limit) {
                if (moment_ms <= largest->at_ms[largest->count - 1])
                        return;
                largest->count--;
        }
        for (i = largest->count++; i > 0 && largest->at_ms[i - 1] < moment_ms; i--)
                largest->at_ms[i] = largest->at_ms[i - 1];
        largest->at_ms[i] = moment_ms;
}
