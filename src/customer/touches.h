/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cell remembers: the N latest touches of each counter, and the permits with their state.
 *
 * Touches are a join-semilattice: the same touch again changes nothing, order changes nothing, and
 * of each counter the N latest stay (of those of one millisecond the larger words). Permits are
 * kept until their window has passed. Slots of all counters share the lines of a cell; one whose
 * window has passed is as good as empty.
 *
 * Recording is one compare-and-swap; reading takes no lock. Any thread may record a touch or settle
 * a permit; only the owner of the partition adds permits.
 */
#pragma once

#include "customer/table.h"

/* Everything that says how a cell is to be read: where, by which layout, and when. */
struct tg_cell_view {
        struct tg_table *table;
        const struct tg_cell_layout *layout;
        struct tg_line *cell;
        int64_t now_ms;     /* the clock of the partition */
        int64_t horizon_ms; /* now plus the allowed skew: no slot is later */
        int64_t erased_ms;  /* what is at or before it is ignored (stamps.h); TG_NO_TIME: nothing */
        uint64_t lacks;     /* bit = a counter known to have no slot (tg_cell_lacks); or 0 */
};

/* The counters that have no slot in CELL (all if that is NULL), for those who will look for many.
 */
uint64_t tg_cell_lacks(const struct tg_table *table, const struct tg_line *cell);

/* Up to when, inclusive, slots of COUNTER matter to nobody any more. */
static inline int64_t tg_slots_end(const struct tg_cell_view *view, unsigned counter)
{
        int64_t end_ms = view->now_ms - view->layout->counters[counter].window_ms;

        return end_ms > view->erased_ms ? end_ms : view->erased_ms;
}

/* Whether a slot that isn't empty matters to nobody any more: its window has passed, or erased. */
static inline bool tg_slot_expired(const struct tg_cell_view *view, tg_slot_word word)
{
        return tg_slot_time(word, view->horizon_ms) <= tg_slots_end(view, tg_slot_counter(word));
}

/*
 * Joins a slot's word, of a counter of either sort, as it stands in another copy of the cell. False
 * as below.
 */
bool tg_slot_join(const struct tg_cell_view *view, tg_slot_word word);

/* Records a touch; false if it should be kept and there is no room (the cell is then incomplete).
 */
bool tg_touches_record(const struct tg_cell_view *view, unsigned counter, int64_t time_ms,
                       uint32_t tag);

/*
 * Adds a permit to COUNTERS (bit = counter); no other of this time has TAG (tg_permits_have). Joins
 * a settlement that was there before it. False as above: it may then be in some of them.
 */
bool tg_permits_add(const struct tg_cell_view *view, uint64_t counters, int64_t time_ms,
                    uint32_t tag);

/*
 * Takes back a permit that was added and never published; a settlement stays. The owner's alone,
 * and no join: where guests left a segment that is not yet joined in, the permit may come back, and
 * then counts until its window has passed.
 */
void tg_permits_remove(const struct tg_cell_view *view, unsigned counter, int64_t time_ms,
                       uint32_t tag);

/* The permits of COUNTER that are unexpired and not settled. */
uint32_t tg_permits_kept(const struct tg_cell_view *view, unsigned counter);

/* Whether a permit of this time and TAG was given, in whatever counter, settled or not. */
bool tg_permits_have(const struct tg_cell_view *view, int64_t time_ms, uint32_t tag);

/*
 * Settles the permit of this time and tag; if it isn't there (yet), the settlement waits in its
 * place. TIME_MS == TG_NO_TIME: settles every permit of this tag, and nothing waits. False as
 * above.
 */
bool tg_permits_settle(const struct tg_cell_view *view, unsigned counter, int64_t time_ms,
                       uint32_t tag);

/*
 * A walk over the distinct, unexpired slots of one counter, in no order:
 * `for (walk = tg_slots_walk(view, counter); tg_slots_next(&walk, &word, &time_ms);)`.
 */
struct tg_slots_walk {
        const struct tg_cell_view *view;
        const struct tg_line *line;
        unsigned counter;
        unsigned slot;
};

static inline struct tg_slots_walk tg_slots_walk(const struct tg_cell_view *view, unsigned counter)
{
        return (struct tg_slots_walk){
                .view = view,
                .line = view->lacks >> counter & 1 ? NULL : view->cell,
                .counter = counter,
        };
}

/* The same where the cell has slots. */
bool tg_slots_next_held(struct tg_slots_walk *walk, tg_slot_word *ret_word, int64_t *ret_time_ms);

static inline bool tg_slots_next(struct tg_slots_walk *walk, tg_slot_word *ret_word,
                                 int64_t *ret_time_ms)
{
        return walk->line && tg_slots_next_held(walk, ret_word, ret_time_ms);
}

/* The time of the latest touch of COUNTER, or TG_NO_TIME. */
int64_t tg_touches_latest(const struct tg_cell_view *view, unsigned counter);
