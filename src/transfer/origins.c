/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/origins.h"

#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"

enum { CAPACITY_MIN = 1024 };

void tg_origins_deinit(struct tg_origins *origins)
{
        free(origins->slots);
        *origins = (struct tg_origins){0};
}

static uint64_t hash_of(const struct tg_letter *letter)
{
        const int64_t place[] = {letter->origin_partition, letter->origin_offset};
        uint64_t hash =
                tg_hash64_seeded(tg_span_of(place, sizeof place), tg_hash64(letter->origin_topic));

        return hash ? hash : 1;
}

/* Where HASH is, or would be. */
static uint64_t *find(const struct tg_origins *origins, uint64_t hash)
{
        size_t i = hash & (origins->capacity - 1);

        while (origins->slots[i] && origins->slots[i] != hash)
                i = (i + 1) & (origins->capacity - 1);
        return &origins->slots[i];
}

static void grow(struct tg_origins *origins)
{
        struct tg_origins old = *origins;

        origins->capacity = old.capacity ? 2 * old.capacity : CAPACITY_MIN;
        origins->slots = tg_allocate_zeroed(origins->capacity, sizeof *origins->slots);
        for (size_t i = 0; i < old.capacity; i++)
                if (old.slots[i])
                        *find(origins, old.slots[i]) = old.slots[i];
        free(old.slots);
}

bool tg_origins_add(struct tg_origins *origins, const struct tg_letter *letter)
{
        uint64_t hash = hash_of(letter);
        uint64_t *slot;

        if (2 * origins->count >= origins->capacity)
                grow(origins);
        slot = find(origins, hash);
        if (*slot)
                return false;
        *slot = hash;
        origins->count++;
        return true;
}
