/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A value is one 16-byte word whose larger is the one that wins, so that the join is the maximum:
 *
 *     set 1 | event time 63 | withdrawn 1 | 2^63 - 1 - end 63
 *
 * Relaxed throughout: a register says all in one word, and its line is empty until then.
 */
#include "customer/registers.h"

#include "customer/inside.h"

#define TIME_BITS 63
#define TIME_MAX (INT64_C(1) << 61)
#define TIME_MASK ((UINT64_C(1) << TIME_BITS) - 1)
#define HIGH_BIT (UINT64_C(1) << TIME_BITS)

/* A time as an unsigned word of 63 bits, in the same order; TG_NEVER is the largest. */
static uint64_t biased(int64_t time_ms)
{
        if (time_ms == TG_NEVER)
                return TIME_MASK;
        if (time_ms > TIME_MAX)
                time_ms = TIME_MAX;
        if (time_ms < -TIME_MAX)
                time_ms = -TIME_MAX;
        return (uint64_t)(time_ms + TIME_MAX);
}

static int64_t unbiased(uint64_t bits)
{
        return bits == TIME_MASK ? TG_NEVER : (int64_t)bits - TIME_MAX;
}

static tg_register_word pack(const struct tg_register *value)
{
        uint64_t high = HIGH_BIT | biased(value->time_ms);
        uint64_t low = (value->granted ? 0 : HIGH_BIT) | (TIME_MASK - biased(value->until_ms));

        return (tg_register_word)high << 64 | low;
}

bool tg_register_empty(const struct tg_line *cell)
{
        for (int i = 0; i < TG_LINE_REGISTERS; i++) {
                if (atomic_load_explicit(&cell->registers[i], memory_order_relaxed) != 0)
                        return false;
        }
        return true;
}

void tg_register_join(_Atomic tg_register_word *place, tg_register_word word)
{
        tg_register_word held = atomic_load_explicit(place, memory_order_relaxed);

        while (held < word &&
               !atomic_compare_exchange_weak_explicit(place, &held, word, memory_order_relaxed,
                                                      memory_order_relaxed))
                ;
}

bool tg_register_set(struct tg_table *table, struct tg_identity identity,
                     enum tg_register_side side, const struct tg_register *value)
{
        struct tg_line *cell = tg_table_obtain(table, identity, TG_KIND_REGISTER);

        if (!cell)
                return false;
        tg_register_join(&cell->registers[side], pack(value));
        return true;
}

bool tg_register_stands(const struct tg_table *table, struct tg_identity identity,
                        enum tg_register_side side, const struct tg_register *value)
{
        struct tg_line *cell = tg_table_find(table, identity);

        if (!cell)
                return !value->granted;
        return atomic_load_explicit(&cell->registers[side], memory_order_relaxed) == pack(value);
}

static int64_t time_of(tg_register_word word)
{
        return unbiased((uint64_t)(word >> 64) & TIME_MASK);
}

bool tg_register_gone(const struct tg_table *table, struct tg_identity identity,
                      enum tg_register_side side, int64_t erased_ms)
{
        struct tg_line *cell = tg_table_find(table, identity);
        tg_register_word word =
                cell ? atomic_load_explicit(&cell->registers[side], memory_order_relaxed) : 0;

        return cell && (word == 0 || time_of(word) <= erased_ms);
}

bool tg_register_read(struct tg_line *cell, enum tg_register_side side, int64_t erased_ms,
                      struct tg_register *ret_value)
{
        tg_register_word word;
        uint64_t low;

        if (!cell)
                return false;
        word = atomic_load_explicit(&cell->registers[side], memory_order_relaxed);
        low = (uint64_t)word;
        if (word == 0)
                return false;
        if (time_of(word) <= erased_ms) {
                /* As good as empty. A later value that came meanwhile stays. */
                atomic_compare_exchange_strong_explicit(&cell->registers[side], &word, 0,
                                                        memory_order_relaxed, memory_order_relaxed);
                return false;
        }
        *ret_value = (struct tg_register){
                .time_ms = time_of(word),
                .until_ms = unbiased(TIME_MASK - (low & TIME_MASK)),
                .granted = !(low & HIGH_BIT),
        };
        return true;
}
