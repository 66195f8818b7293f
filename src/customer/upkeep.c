/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the owner does between records: one thing a call, so that no batch waits for long.
 */
#include "customer/inside.h"

enum {
        PASSES_PER_WINDOW = 2, /* of the sweep over the table, a longest window */
        PASSES_WHEN_FULL = 16,
};

void tg_table_care(struct tg_table *table, const struct tg_table_care *care)
{
        assert(care->kinds <= TG_KINDS_MAX);
        table->care = *care;
}

/* Begins an overflow, or ends one. */
static void note_loss(struct tg_table *table)
{
        /* Acquire, pairs with the release in tg_table_lose(). */
        if (atomic_exchange_explicit(&table->lost, false, memory_order_acquire)) {
                table->overflow_end_ms =
                        table->now_ms + table->care.window_max_ms + table->care.skew_ms;
                return;
        }
        if (!table->care.layouts || table->now_ms < table->overflow_end_ms ||
            atomic_load_explicit(&table->lost_for_good, memory_order_relaxed))
                return;
        atomic_store_explicit(&table->overflowed, false, memory_order_relaxed);
        /* A guest may have lost something since we looked: its mark brings the overflow back. */
        if (atomic_load_explicit(&table->lost, memory_order_acquire))
                atomic_store_explicit(&table->overflowed, true, memory_order_relaxed);
}

/* In upkeep calls, and in lines that a segment may fill meanwhile. */
static uint32_t rest_of(const struct tg_table *table)
{
        return (table->line_mask + 1) / 16;
}

/* Lines that a segment holds beyond those at which it is crowded. */
static int64_t crowd_of(const struct tg_segment *segment)
{
        return (int64_t)atomic_load_explicit(&segment->used, memory_order_relaxed) -
               atomic_load_explicit(&segment->crowded_lines, memory_order_relaxed);
}

/* Lets a segment fill further before it is tried again; false if it is as good as full. */
static bool try_later(struct tg_table *table, struct tg_segment *segment)
{
        uint32_t lines =
                atomic_load_explicit(&segment->used, memory_order_relaxed) + rest_of(table) / 2;

        table->full = true;
        if (lines >= table->full_lines)
                return false;
        atomic_store_explicit(&segment->crowded_lines, lines, memory_order_relaxed);
        return true;
}

static void relieve(struct tg_table *table)
{
        _Atomic uint32_t *place = &table->queue[table->queue_head % table->segments_max];
        uint32_t number = atomic_load_explicit(place, memory_order_relaxed) - 1;
        struct tg_segment *segment = &table->segments[number];
        enum tg_relief relief = TG_RELIEF_DONE;

        /* Else it was swept while it waited, or a guest filled it when it was retired. */
        if (segment->state == TG_SEGMENT_LIVE && crowd_of(segment) >= 0)
                relief = tg_segment_relieve(table, number);
        if (relief == TG_RELIEF_LATER)
                return;
        atomic_store_explicit(place, 0, memory_order_relaxed);
        table->queue_head++;
        table->rest = rest_of(table);
        if (relief == TG_RELIEF_NONE && !try_later(table, segment)) {
                segment->hopeless = true;
                return;
        }
        /* Release, pairs with the acquire in queue_crowded() of table.c: its place is empty. */
        atomic_store_explicit(&segment->queued, false, memory_order_release);
}

/*
 * Whether it is time to relieve the segment crowded first: after a rest, so that a batch pays for
 * one or two, unless the segment fills faster than that.
 */
static bool relief_due(struct tg_table *table)
{
        uint32_t queued = atomic_load_explicit(
                &table->queue[table->queue_head % table->segments_max], memory_order_relaxed);
        const struct tg_segment *segment;

        table->rest -= table->rest > 0;
        if (queued == 0)
                return false;
        segment = &table->segments[queued - 1];
        return table->rest == 0 || crowd_of(segment) >= rest_of(table);
}

static void sweep(struct tg_table *table)
{
        uint32_t begun = atomic_load_explicit(&table->segments_begun, memory_order_relaxed);
        int64_t pass_ms =
                table->care.window_max_ms / (table->full ? PASSES_WHEN_FULL : PASSES_PER_WINDOW);

        table->sweep_next_ms = table->now_ms + 1 + pass_ms / begun;
        if (table->sweep_cursor >= begun) {
                table->sweep_cursor = 0;
                table->full = false;
        }
        while (table->sweep_cursor < begun &&
               table->segments[table->sweep_cursor].state != TG_SEGMENT_LIVE)
                table->sweep_cursor++;
        if (table->sweep_cursor < begun)
                tg_segment_sweep(table, table->sweep_cursor++);
}

void tg_table_maintain(struct tg_table *table, int64_t now_ms)
{
        if (now_ms > table->now_ms)
                table->now_ms = now_ms;
        if (atomic_load_explicit(&table->overflowed, memory_order_relaxed))
                note_loss(table);
        if (tg_segments_reclaim(table))
                return;
        if (relief_due(table))
                relieve(table);
        else if (table->care.layouts && table->now_ms >= table->sweep_next_ms &&
                 table->now_ms != TG_NO_TIME)
                sweep(table);
}
