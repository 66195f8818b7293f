/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Empties slots that would be read wrong: those of counters whose numbers are to be used anew, as
 * no slot may say what it was under another policy; and all, when a clock leaps by years.
 */
#include "customer/inside.h"

static void empty_cell(struct tg_line *base, struct tg_line *cell, uint64_t numbers)
{
        for (struct tg_line *line = cell; line; line = tg_chain_next(base, line)) {
                if (atomic_load_explicit(&line->key_low, memory_order_relaxed) == TG_LINE_STAMPS)
                        continue;
                for (int i = 0; i < TG_LINE_SLOTS; i++) {
                        tg_slot_word word =
                                atomic_load_explicit(&line->slots[i], memory_order_relaxed);

                        /* A guest may take the slot first: for something that lives. */
                        if (word != TG_SLOT_EMPTY && numbers >> tg_slot_counter(word) & 1)
                                atomic_compare_exchange_strong_explicit(
                                        &line->slots[i], &word, TG_SLOT_EMPTY, memory_order_relaxed,
                                        memory_order_relaxed);
                }
        }
}

void tg_table_purge(struct tg_table *table, const uint64_t *numbers, unsigned kinds)
{
        uint32_t begun = atomic_load_explicit(&table->segments_begun, memory_order_relaxed);

        for (uint32_t segment = 0; segment < begun; segment++) {
                struct tg_line *base = tg_segment_lines(table, segment);

                if (table->segments[segment].state == TG_SEGMENT_FREE)
                        continue;
                for (uint32_t i = 0; i <= table->line_mask; i++) {
                        uint32_t head = atomic_load_explicit(&base[i].head, memory_order_relaxed);
                        unsigned kind = tg_head_kind(head);
                        uint64_t emptied = 0;

                        if (kind < kinds)
                                emptied = numbers ? numbers[kind] : UINT64_MAX;
                        if (emptied && tg_line_starts_cell(&base[i]))
                                empty_cell(base, &base[i], emptied);
                }
        }
}
