/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment that was built anew is retired: guests who entered before may still read and record in
 * it. Once they have left, whatever it holds is joined into the table as it then is. A join changes
 * nothing where nothing is new, so nobody has to know what was recorded when.
 */
#include "customer/inside.h"
#include "customer/stamps.h"
#include "customer/touches.h"

void tg_segment_retire(struct tg_table *table, uint32_t segment)
{
        struct tg_segment *old = &table->segments[segment];

        old->state = TG_SEGMENT_RETIRED;
        old->next = TG_NO_SEGMENT;
        /*
         * Release, pairs with the acquire in tg_guest_enter(): who enters in the epoch that begins
         * here sees a directory without the segment.
         */
        old->retired_epoch = atomic_fetch_add_explicit(&table->epoch, 1, memory_order_release);
        if (table->retired_first == TG_NO_SEGMENT)
                table->retired_first = segment;
        else
                table->segments[table->retired_last].next = segment;
        table->retired_last = segment;
}

/* Whether there is anything in a cell to be joined: what was swept doesn't come back empty. */
static bool worth_absorbing(const struct tg_cell_view *view, struct tg_line *base)
{
        for (struct tg_line *line = view->cell; line; line = tg_chain_next(base, line)) {
                if (atomic_load_explicit(&line->key_low, memory_order_relaxed) == TG_LINE_STAMPS)
                        return true;
                for (int i = 0; i < TG_LINE_SLOTS; i++) {
                        tg_slot_word word =
                                atomic_load_explicit(&line->slots[i], memory_order_relaxed);

                        if (word != TG_SLOT_EMPTY && !tg_slot_expired(view, word))
                                return true;
                }
        }
        return false;
}

static void absorb_slots(const struct tg_cell_view *to, struct tg_line *base, struct tg_line *cell)
{
        for (struct tg_line *line = cell; line; line = tg_chain_next(base, line)) {
                if (atomic_load_explicit(&line->key_low, memory_order_relaxed) == TG_LINE_STAMPS)
                        continue;
                for (int i = 0; i < TG_LINE_SLOTS; i++) {
                        tg_slot_word word =
                                atomic_load_explicit(&line->slots[i], memory_order_relaxed);

                        if (word != TG_SLOT_EMPTY)
                                tg_slot_join(to, word);
                }
        }
}

static void absorb_register(struct tg_table *table, struct tg_identity key, struct tg_line *cell)
{
        struct tg_line *to = NULL;

        if (!tg_register_empty(cell))
                to = tg_table_obtain(table, key, TG_KIND_REGISTER);
        for (int i = 0; to && i < TG_LINE_REGISTERS; i++)
                tg_register_join(&to->registers[i],
                                 atomic_load_explicit(&cell->registers[i], memory_order_relaxed));
}

static void absorb_touches(struct tg_table *table, struct tg_identity key, struct tg_line *base,
                           struct tg_line *cell)
{
        uint32_t head = atomic_load_explicit(&cell->head, memory_order_relaxed);
        uint32_t lost = TG_HEAD_LOST | TG_HEAD_LOST_FOR_GOOD;
        int64_t erased_ms = tg_stamp_get(table, cell, TG_STAMP_ERASED);
        struct tg_cell_view view = {
                .table = table,
                .layout = &table->care.layouts[tg_head_kind(head)],
                .cell = cell,
                .now_ms = table->now_ms,
                .horizon_ms = table->now_ms + table->care.skew_ms,
                .erased_ms = erased_ms,
        };

        if (!(head & lost) && !worth_absorbing(&view, base))
                return;
        view.cell = tg_table_obtain(table, key, tg_head_kind(head));
        if (!view.cell)
                return;
        if (erased_ms != TG_NO_TIME)
                tg_stamp_raise(table, view.cell, TG_STAMP_ERASED, erased_ms);
        if (head & lost)
                atomic_fetch_or_explicit(&view.cell->head, head & lost, memory_order_relaxed);
        absorb_slots(&view, base, cell);
}

static void absorb_cell(struct tg_table *table, struct tg_line *base, struct tg_line *cell)
{
        struct tg_identity key = {
                atomic_load_explicit(&cell->key_low, memory_order_relaxed),
                atomic_load_explicit(&cell->key_high, memory_order_relaxed),
        };
        unsigned kind = tg_head_kind(atomic_load_explicit(&cell->head, memory_order_relaxed));

        /* A cell of a kind that the present policy has no counters for matters to nobody. */
        if (kind == TG_KIND_REGISTER)
                absorb_register(table, key, cell);
        else if (kind < table->care.kinds)
                absorb_touches(table, key, base, cell);
}

static void absorb(struct tg_table *table, uint32_t segment)
{
        struct tg_line *base = tg_segment_lines(table, segment);
        size_t cells = 0;

        for (uint32_t i = 0; i <= table->line_mask; i++) {
                if (tg_line_starts_cell(&base[i])) {
                        absorb_cell(table, base, &base[i]);
                        cells++;
                }
        }
        /* Those that guests claimed meanwhile have just been counted once more. */
        atomic_fetch_sub_explicit(&table->cells, cells - table->segments[segment].cells,
                                  memory_order_relaxed);
}

bool tg_segments_reclaim(struct tg_table *table)
{
        uint32_t segment = table->retired_first;
        struct tg_segment *old = &table->segments[segment];

        assert(segment != TG_NO_SEGMENT);
        if (!tg_guests_gone(table, old->retired_epoch))
                return false;
        if (atomic_load_explicit(&table->visited, memory_order_relaxed))
                absorb(table, segment);
        table->retired_first = old->next;
        old->state = TG_SEGMENT_FREE;
        old->next = table->free;
        table->free = segment;
        table->spare++;
        return true;
}
