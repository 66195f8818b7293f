/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/recent.h"

#include <stdlib.h>

#include "base/memory.h"

void tg_recent_init(struct tg_recent *recent, uint32_t capacity)
{
        assert(capacity > 0 && (capacity & (capacity - 1)) == 0);
        *recent = (struct tg_recent){
                .traces = tg_allocate_zeroed(capacity, sizeof recent->traces[0]),
                .capacity = capacity,
        };
}

void tg_recent_deinit(struct tg_recent *recent)
{
        free(recent->traces);
        *recent = (struct tg_recent){0};
}

void tg_recent_add(struct tg_recent *recent, const struct tg_trace *trace)
{
        recent->traces[recent->added++ & (recent->capacity - 1)] = *trace;
}

const struct tg_trace *tg_recent_pick(const struct tg_recent *recent, struct tg_random *random)
{
        uint64_t count = recent->added < recent->capacity ? recent->added : recent->capacity;
        uint64_t octave, size, back;

        if (count == 0)
                return NULL;
        /* Each octave of ages is as likely as any other; the last may end before its time. */
        octave = UINT64_C(1) << tg_random_below(random, 64 - (uint64_t)__builtin_clzll(count));
        size = count - octave + 1 < octave ? count - octave + 1 : octave;
        back = octave + tg_random_below(random, size);
        return &recent->traces[(recent->added - back) & (recent->capacity - 1)];
}
