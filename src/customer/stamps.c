/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A stamp is stored with its sign bit turned, so that stamps are ordered as unsigned words and 0 is
 * TG_NO_TIME. Two threads may both chain a line of stamps; each is raised, and the largest of all
 * lines counts. Relaxed throughout: a stamp says all in one word.
 */
#include "customer/stamps.h"

#include "customer/inside.h"

#define SIGN (UINT64_C(1) << 63)

static struct tg_line *next_stamps(const struct tg_table *table, const struct tg_line *line)
{
        struct tg_line *base = tg_line_base(table, line), *next = tg_chain_next(base, line);

        while (next && atomic_load_explicit(&next->key_low, memory_order_relaxed) != TG_LINE_STAMPS)
                next = tg_chain_next(base, next);
        return next;
}

/* The line of stamps of a cell, chained if there is none; NULL: there is no room for it. */
static struct tg_line *obtain_stamps(struct tg_table *table, struct tg_line *cell)
{
        struct tg_line *line;

        /* First, so that whoever knows that the stamp was raised finds the mark. */
        if (!(atomic_load_explicit(&cell->head, memory_order_relaxed) & TG_HEAD_STAMPED))
                atomic_fetch_or_explicit(&cell->head, TG_HEAD_STAMPED, memory_order_relaxed);
        line = next_stamps(table, cell);
        if (!line && !(line = tg_cell_chain(table, cell, TG_LINE_STAMPS)))
                atomic_fetch_or_explicit(&cell->head, TG_HEAD_LOST_FOR_GOOD, memory_order_relaxed);
        return line;
}

bool tg_stamp_raise(struct tg_table *table, struct tg_line *cell, enum tg_stamp stamp,
                    int64_t time_ms)
{
        struct tg_line *line;
        uint64_t raised = (uint64_t)time_ms ^ SIGN, held;

        if (!cell) {
                tg_table_lose(table, true);
                return false;
        }
        line = obtain_stamps(table, cell);
        if (!line)
                return false;
        held = atomic_load_explicit(&line->slots[stamp], memory_order_relaxed);
        while (held < raised &&
               !atomic_compare_exchange_weak_explicit(&line->slots[stamp], &held, raised,
                                                      memory_order_relaxed, memory_order_relaxed))
                ;
        return true;
}

int64_t tg_stamp_read(const struct tg_table *table, const struct tg_line *cell, enum tg_stamp stamp)
{
        uint64_t latest = 0;

        for (const struct tg_line *line = cell; (line = next_stamps(table, line));) {
                uint64_t held = atomic_load_explicit(&line->slots[stamp], memory_order_relaxed);

                latest = held > latest ? held : latest;
        }
        return (int64_t)(latest ^ SIGN);
}
