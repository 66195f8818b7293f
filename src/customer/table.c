/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Primary lines are an open-addressed array (linear probing, a power of two); further lines are
 * handed out of a second array, in order, and never come back.
 *
 * Claiming a primary line takes two words, the key's low and high part, without a lock: whoever
 * finds key_low free swaps its own in; whoever then finds its own key_low there (its own doing or
 * not) swaps its key_high in if that is still 0. The line belongs to whoever's key_high is there
 * in the end; the other walks on. Two writers of one key walk the same lines in the same order, so
 * they end in the same one.
 */
#include "customer/table.h"

#include <assert.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/memory.h"

/* In struct tg_line.next: the index of a further line plus 1, or 0, and a mark. */
#define NEXT_INDEX UINT32_C(0x7fffffff)
#define NEXT_INCOMPLETE UINT32_C(0x80000000) /* on a cell's primary line */

enum { MEMORY_MIN = 64 * 1024 };

struct tg_table {
        struct tg_line *primary;
        struct tg_line *further;
        size_t primary_mask;  /* primary lines - 1 */
        size_t primary_limit; /* cells, at most: probing stays short */
        size_t further_count;
        struct tg_hash_key key;
        size_t mapped_bytes;
        _Atomic size_t cells;
        _Atomic size_t further_used;
        _Atomic bool overflowed;
};

static size_t power_of_two_below(size_t n)
{
        size_t power = 1;

        while (power <= n / 2)
                power *= 2;
        return power;
}

int tg_table_new(size_t memory_bytes, const struct tg_hash_key *key, struct tg_table **ret_table,
                 struct tg_error *error)
{
        size_t lines = memory_bytes / sizeof(struct tg_line);
        size_t primary = power_of_two_below(lines * 4 / 5);
        struct tg_table *table;
        void *memory;

        if (memory_bytes < MEMORY_MIN)
                return tg_fail(error, EX_CONFIG,
                               "a customer table of %zu bytes is too small: give it at least %d",
                               memory_bytes, MEMORY_MIN);
        if (lines - primary > NEXT_INDEX)
                lines = primary + NEXT_INDEX;
        memory = mmap(NULL, lines * sizeof(struct tg_line), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (memory == MAP_FAILED)
                return tg_fail(error, EX_OSERR,
                               "cannot reserve %zu bytes for a customer table: lower the memory of "
                               "the configuration",
                               memory_bytes);
        table = tg_allocate_zeroed(1, sizeof *table);
        table->primary = memory;
        table->further = table->primary + primary;
        table->primary_mask = primary - 1;
        table->primary_limit = primary / 4 * 3;
        table->further_count = lines - primary;
        table->key = *key;
        table->mapped_bytes = lines * sizeof(struct tg_line);
        *ret_table = table;
        return 0;
}

void tg_table_free(struct tg_table *table)
{
        if (!table)
                return;
        munmap(table->primary, table->mapped_bytes);
        free(table);
}

const struct tg_hash_key *tg_table_key(const struct tg_table *table)
{
        return &table->key;
}

/* 0 means free in both words of a key. */
static struct tg_identity storable(struct tg_identity identity)
{
        identity.low += identity.low == 0;
        identity.high += identity.high == 0;
        return identity;
}

static struct tg_line *line_at(const struct tg_table *table, uint64_t position)
{
        return &table->primary[position & table->primary_mask];
}

struct tg_line *tg_table_find(const struct tg_table *table, struct tg_identity identity)
{
        struct tg_identity key = storable(identity);

        for (uint64_t position = key.low;; position++) {
                struct tg_line *line = line_at(table, position);
                /* Acquire, pairs with the release in tg_table_obtain: slots follow the key. */
                uint64_t low = atomic_load_explicit(&line->key_low, memory_order_acquire);

                if (low == 0)
                        return NULL;
                if (low == key.low &&
                    atomic_load_explicit(&line->key_high, memory_order_acquire) == key.high)
                        return line;
        }
}

/* Counts a cell that is about to be added; false if there is no place for it. */
static bool take_place(struct tg_table *table)
{
        /* Relaxed: a bound, which orders nothing. */
        if (atomic_fetch_add_explicit(&table->cells, 1, memory_order_relaxed) <
            table->primary_limit)
                return true;
        atomic_fetch_sub_explicit(&table->cells, 1, memory_order_relaxed);
        /* Release, pairs with the acquire in tg_table_overflowed. */
        atomic_store_explicit(&table->overflowed, true, memory_order_release);
        return false;
}

struct tg_line *tg_table_obtain(struct tg_table *table, struct tg_identity identity)
{
        struct tg_identity key = storable(identity);

        for (uint64_t position = key.low;; position++) {
                struct tg_line *line = line_at(table, position);
                uint64_t low = atomic_load_explicit(&line->key_low, memory_order_acquire);
                uint32_t high = 0;

                if (low == 0) {
                        if (!take_place(table))
                                return NULL;
                        /* Acquire-release: what the loser reads of the line is the winner's. */
                        if (atomic_compare_exchange_strong_explicit(&line->key_low, &low, key.low,
                                                                    memory_order_acq_rel,
                                                                    memory_order_acquire))
                                low = key.low;
                        else
                                atomic_fetch_sub_explicit(&table->cells, 1, memory_order_relaxed);
                }
                if (low != key.low)
                        continue;
                if (atomic_compare_exchange_strong_explicit(&line->key_high, &high, key.high,
                                                            memory_order_acq_rel,
                                                            memory_order_acquire) ||
                    high == key.high)
                        return line;
        }
}

void tg_table_prefetch(const struct tg_table *table, struct tg_identity identity)
{
        __builtin_prefetch(line_at(table, storable(identity).low), 1, 3);
}

bool tg_table_overflowed(const struct tg_table *table)
{
        return atomic_load_explicit(&table->overflowed, memory_order_acquire);
}

bool tg_cell_incomplete(const struct tg_line *cell)
{
        return atomic_load_explicit(&cell->next, memory_order_acquire) & NEXT_INCOMPLETE;
}

struct tg_line *tg_line_next(const struct tg_table *table, const struct tg_line *line)
{
        /* Relaxed: a line is linked empty, as all were from the start; slots order nothing. */
        uint32_t next = atomic_load_explicit(&line->next, memory_order_relaxed) & NEXT_INDEX;

        return next ? &table->further[next - 1] : NULL;
}

bool tg_table_extend(struct tg_table *table, struct tg_line *cell)
{
        size_t index = atomic_fetch_add_explicit(&table->further_used, 1, memory_order_relaxed);
        struct tg_line *line = cell;

        if (index >= table->further_count) {
                atomic_fetch_sub_explicit(&table->further_used, 1, memory_order_relaxed);
                atomic_fetch_or_explicit(&cell->next, NEXT_INCOMPLETE, memory_order_release);
                return false;
        }
        for (;;) {
                uint32_t next = atomic_load_explicit(&line->next, memory_order_relaxed);

                if (next & NEXT_INDEX) {
                        line = &table->further[(next & NEXT_INDEX) - 1];
                        continue;
                }
                if (atomic_compare_exchange_weak_explicit(
                            &line->next, &next, next | ((uint32_t)index + 1), memory_order_relaxed,
                            memory_order_relaxed))
                        return true;
        }
}

size_t tg_table_cells(const struct tg_table *table)
{
        return atomic_load_explicit(&table->cells, memory_order_relaxed);
}
