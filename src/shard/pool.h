/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a source keeps the records that a shard holds.
 *
 * What was given back last is taken first, so that few cache lines are used as long as few records
 * are held. Allocates when more are held than ever before; frees nothing until the end. One owner,
 * one thread.
 */
#pragma once

#include "shard/port.h"

struct tg_pool {
        struct tg_record **free; /* owned */
        size_t free_count;
        size_t capacity; /* of `free`: all records there are */
        struct tg_pool_chunk *chunks;
};

void tg_pool_deinit(struct tg_pool *pool); /* what is still taken is gone, too */

/*
 * Starts to fetch RECORD: what a source holds at a time is larger than the nearest caches, so that
 * one that was touched a batch ago has left them.
 */
static inline void tg_record_prefetch(const struct tg_record *record)
{
        enum { CACHE_LINE = 64 };

        for (size_t line = 0; line < sizeof *record; line += CACHE_LINE)
                __builtin_prefetch((const char *)record + line, 1);
}

/* A record with any content. */
struct tg_record *tg_pool_take(struct tg_pool *pool);
void tg_pool_give(struct tg_pool *pool, struct tg_record *record);
