/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a cell remembers: the N latest touches of each counter, and the permits with their state.
 *
 * Touches are a join-semilattice: the same touch again changes nothing, order changes nothing, and
 * of each counter the N latest stay. Permits are kept until their window has passed. Slots of all
 * counters share the lines of a cell; one whose window has passed is as good as empty.
 *
 * Recording is one compare-and-swap; reading takes no lock. Any thread may record a touch or settle
 * a permit; only the owner of the partition adds permits.
 */
#pragma once

#include "customer/table.h"

/* How one counter of a kind of cell is kept. */
struct tg_keeping {
        int64_t window_ms; /* a slot older than this matters to nobody */
        uint32_t keep;     /* touches: the N latest; permits: at most so many unexpired */
        bool permits;      /* its slots are permits */
};

/* The counters of a kind of cell, by number. */
struct tg_cell_layout {
        struct tg_keeping counters[TG_COUNTERS_MAX];
        unsigned count;
};

/* Everything that says how a cell is to be read: where, by which layout, and when. */
struct tg_cell_view {
        struct tg_table *table;
        const struct tg_cell_layout *layout;
        struct tg_line *cell;
        int64_t now_ms;     /* the clock of the partition */
        int64_t horizon_ms; /* now plus the allowed skew: no slot is later */
};

/* Records a touch; false if it should be kept and there is no room (the cell is then incomplete).
 */
bool tg_touches_record(const struct tg_cell_view *view, unsigned counter, int64_t time_ms,
                       uint32_t tag);

/*
 * Adds a permit; no other of this time has TAG (tg_permits_have). Joins a settlement that was there
 * before it. False as above.
 */
bool tg_permits_add(const struct tg_cell_view *view, unsigned counter, int64_t time_ms,
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
struct tg_slots_walk tg_slots_walk(const struct tg_cell_view *view, unsigned counter);
bool tg_slots_next(struct tg_slots_walk *walk, tg_slot_word *ret_word, int64_t *ret_time_ms);

/* The time of the latest touch of COUNTER, or TG_NO_TIME. */
int64_t tg_touches_latest(const struct tg_cell_view *view, unsigned counter);
