/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/pool.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

enum {
        CHUNK = 256,
        AHEAD = 3, /* records between one that is taken and one that is fetched */
};

struct tg_pool_chunk {
        struct tg_pool_chunk *next;
        struct tg_record records[CHUNK];
};

void tg_pool_deinit(struct tg_pool *pool)
{
        while (pool->chunks) {
                struct tg_pool_chunk *next = pool->chunks->next;

                free(pool->chunks);
                pool->chunks = next;
        }
        free(pool->free);
        *pool = (struct tg_pool){0};
}

static void grow(struct tg_pool *pool)
{
        struct tg_pool_chunk *chunk = tg_allocate(sizeof *chunk);

        chunk->next = pool->chunks;
        pool->chunks = chunk;
        pool->capacity += CHUNK;
        pool->free = tg_reallocate(pool->free, pool->capacity * sizeof pool->free[0]);
        for (size_t i = CHUNK; i > 0; i--)
                pool->free[pool->free_count++] = &chunk->records[i - 1];
}

struct tg_record *tg_pool_take(struct tg_pool *pool)
{
        if (pool->free_count == 0)
                grow(pool);
        if (pool->free_count > AHEAD)
                tg_record_prefetch(pool->free[pool->free_count - 1 - AHEAD]);
        return pool->free[--pool->free_count];
}

void tg_pool_give(struct tg_pool *pool, struct tg_record *record)
{
        assert(pool->free_count < pool->capacity);
        pool->free[pool->free_count++] = record;
}
