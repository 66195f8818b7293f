/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the owner does between records: one thing a call, so that no batch waits for long.
 */
#include "customer/inside.h"

enum {
        PASSES_PER_WINDOW = 2, /* of the sweep over the table, a longest window */
        PASSES_WHEN_FULL = 16,
        REST_PART = 8,       /* upkeep calls between two reliefs: this part of a segment's lines */
        IMPATIENT_PART = 32, /* lines by which the first in the queue may grow meanwhile */
};

/* From so much on the clock is said to leap: some 8.7 years, a quarter of what a slot can tell. */
#define LEAP_MS ((uint64_t)TG_WINDOW_MAX_MS / 2)

void tg_table_care(struct tg_table *table, const struct tg_table_care *care)
{
        assert(care->kinds <= TG_KINDS_MAX);
        table->care = *care;
}

/*
 * A slot must be gone before its time reads wrong. The sweep sees to that while the clock walks; it
 * can't if the clock leaps by years, as a recording with gaps or a stray record makes it. Then all
 * windows have passed, and every slot is emptied. (A shorter leap leaves the sweep its time.)
 */
static void move_clock(struct tg_table *table, int64_t now_ms)
{
        int64_t before_ms = table->now_ms;
        uint64_t leap_ms = (uint64_t)now_ms - (uint64_t)before_ms;
        int64_t longest_ms = table->care.window_max_ms + table->care.skew_ms;

        table->now_ms = now_ms;
        if (leap_ms >= LEAP_MS && leap_ms >= (uint64_t)longest_ms && table->care.layouts &&
            before_ms != TG_NO_TIME)
                tg_table_purge(table, NULL, TG_KINDS_MAX);
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

/* Lines that a segment holds beyond those at which it is crowded. */
static int64_t crowd_of(const struct tg_segment *segment)
{
        return (int64_t)atomic_load_explicit(&segment->used, memory_order_relaxed) -
               atomic_load_explicit(&segment->crowded_lines, memory_order_relaxed);
}

/* Lets a segment that found no room fill further before it is tried again. */
static void try_later(struct tg_table *table, struct tg_segment *segment)
{
        uint32_t lines = atomic_load_explicit(&segment->used, memory_order_relaxed) +
                         tg_sixteenth(table) / 2;

        atomic_store_explicit(&segment->crowded_lines,
                              lines < table->full_lines ? lines : TG_HOPELESS,
                              memory_order_relaxed);
}

static enum tg_relief relieve(struct tg_table *table, struct tg_segment *segment)
{
        enum tg_relief relief = tg_segment_relieve(table, (uint32_t)(segment - table->segments));

        if (relief != TG_RELIEF_LATER)
                table->rest = (table->line_mask + 1) / REST_PART;
        if (relief == TG_RELIEF_NONE)
                atomic_store_explicit(&table->full, true, memory_order_relaxed);
        return relief;
}

static bool is_crowded(const struct tg_segment *segment)
{
        return segment->state == TG_SEGMENT_LIVE && crowd_of(segment) >= 0;
}

/* A segment that fills while it, or another, waits for its turn; in a full table it waits on. */
static bool relieve_pressed(struct tg_table *table)
{
        uint32_t number = atomic_load_explicit(&table->pressed, memory_order_relaxed);
        struct tg_segment *segment;

        if (number == 0)
                return false;
        atomic_store_explicit(&table->pressed, 0, memory_order_relaxed);
        segment = &table->segments[number - 1];
        return !atomic_load_explicit(&table->full, memory_order_relaxed) && is_crowded(segment) &&
               crowd_of(segment) >= tg_sixteenth(table) &&
               relieve(table, segment) == TG_RELIEF_DONE;
}

static struct tg_segment *first_queued(const struct tg_table *table)
{
        uint32_t number =
                atomic_load_explicit(&table->queue[table->queue_first], memory_order_relaxed);

        return number ? &table->segments[number - 1] : NULL;
}

static void unqueue_first(struct tg_table *table, struct tg_segment *segment)
{
        atomic_store_explicit(&table->queue[table->queue_first], 0, memory_order_relaxed);
        if (++table->queue_first == table->segments_max)
                table->queue_first = 0;
        /* Release, pairs with the acquire in queue_crowded() of table.c: its place is empty. */
        atomic_store_explicit(&segment->queued, false, memory_order_release);
}

/*
 * The segment crowded first: after a rest, so that a batch of a thousand pays for one; segments
 * that grow alike are crowded one after the other, about as often (tg_crowded_lines). One that was
 * built anew while it waited, swept or pressed, holds up nobody.
 */
static bool relieve_first(struct tg_table *table)
{
        struct tg_segment *segment;
        enum tg_relief relief;

        table->rest -= table->rest > 0;
        while ((segment = first_queued(table)) && !is_crowded(segment))
                unqueue_first(table, segment);
        if (!segment ||
            (table->rest > 0 && crowd_of(segment) < (table->line_mask + 1) / IMPATIENT_PART))
                return false;
        relief = relieve(table, segment);
        if (relief == TG_RELIEF_LATER)
                return false;
        if (relief == TG_RELIEF_NONE)
                try_later(table, segment);
        unqueue_first(table, segment);
        return true;
}

static void sweep(struct tg_table *table)
{
        uint32_t begun = atomic_load_explicit(&table->segments_begun, memory_order_relaxed);
        bool full = atomic_load_explicit(&table->full, memory_order_relaxed);
        int64_t pass_ms = table->care.window_max_ms / (full ? PASSES_WHEN_FULL : PASSES_PER_WINDOW);

        table->sweep_next_ms = table->now_ms + 1 + pass_ms / begun;
        if (table->sweep_cursor >= begun) {
                table->sweep_cursor = 0;
                atomic_store_explicit(&table->full, false, memory_order_relaxed);
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
                move_clock(table, now_ms);
        if (atomic_load_explicit(&table->overflowed, memory_order_relaxed))
                note_loss(table);
        if (table->retired_first != TG_NO_SEGMENT && tg_segments_reclaim(table))
                return;
        if (relieve_pressed(table) || relieve_first(table))
                return;
        if (table->care.layouts && table->now_ms >= table->sweep_next_ms &&
            table->now_ms != TG_NO_TIME)
                sweep(table);
}
