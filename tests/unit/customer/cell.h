/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One cell in a table of its own, read by a layout of four counters: what the tests of customer/
 * share.
 */
#pragma once

#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "customer/touches.h"

#define START_MS INT64_C(1500000000000)
#define SKEW_MS TG_HOUR_MS

/* The counters of the layout. */
enum { FEW, MANY, PERMITS, RESERVATIONS, COUNTERS };

#define FEW_WINDOW_MS TG_DAY_MS
#define MANY_WINDOW_MS (7 * TG_DAY_MS)
#define PERMITS_WINDOW_MS (2 * TG_DAY_MS)
#define RESERVATIONS_WINDOW_MS TG_HOUR_MS

enum { FEW_KEPT = 3, MANY_KEPT = 100, PERMITS_KEPT = 8, CELL_TABLE_SIZE = 1 << 20 };

struct cell {
        struct tg_table *table; /* owned */
        struct tg_cell_layout layout;
        struct tg_cell_view view; /* of the one cell */
};

static inline struct tg_identity identity(uint64_t low, uint32_t high)
{
        return (struct tg_identity){low, high};
}

/* Distinct identities that are spread as those of the keyed hash are. */
static inline struct tg_identity spread(uint64_t number)
{
        uint64_t z = number * UINT64_C(0x9e3779b97f4a7c15) + UINT64_C(0x632be59bd9b4e019);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return identity(z ^ z >> 31, (uint32_t)(z >> 16));
}

static inline void cell_init(struct cell *cell, size_t table_size)
{
        static const struct tg_hash_key key = {{1, 2, 3}};
        struct tg_error error;

        cr_assert_eq(tg_table_new(table_size, &key, &cell->table, &error), 0);
        cell->layout = (struct tg_cell_layout){
                .counters = {[FEW] = {FEW_WINDOW_MS, FEW_KEPT, false},
                             [MANY] = {MANY_WINDOW_MS, MANY_KEPT, false},
                             [PERMITS] = {PERMITS_WINDOW_MS, PERMITS_KEPT, true},
                             [RESERVATIONS] = {RESERVATIONS_WINDOW_MS, PERMITS_KEPT, true}},
                .count = COUNTERS,
        };
        cell->view = (struct tg_cell_view){
                .table = cell->table,
                .layout = &cell->layout,
                .cell = tg_table_obtain(cell->table, identity(1, 1), 0),
                .now_ms = START_MS,
                .horizon_ms = START_MS + SKEW_MS,
                .erased_ms = TG_NO_TIME,
        };
}

static inline void cell_deinit(struct cell *cell)
{
        tg_table_free(cell->table);
}

#define CELL(name)                                \
        tg_cleanup(cell_deinit) struct cell name; \
        cell_init(&name, CELL_TABLE_SIZE)

static inline void cell_clock(struct cell *cell, int64_t now_ms)
{
        cell->view.now_ms = now_ms;
        cell->view.horizon_ms = now_ms + SKEW_MS;
}

/* The table knows how the cell is read. */
static inline void cell_care(const struct cell *cell)
{
        tg_table_care(cell->table, &(struct tg_table_care){.layouts = &cell->layout,
                                                           .kinds = 1,
                                                           .window_max_ms = MANY_WINDOW_MS,
                                                           .skew_ms = SKEW_MS});
}

/* How many of COUNTER are later than SINCE_MS; permits: those in state OPEN alone. */
static inline unsigned cell_count(const struct cell *cell, unsigned counter, int64_t since_ms)
{
        struct tg_slots_walk walk = tg_slots_walk(&cell->view, counter);
        bool permits = cell->layout.counters[counter].permits;
        tg_slot_word word;
        int64_t time_ms;
        unsigned count = 0;

        while (tg_slots_next(&walk, &word, &time_ms))
                count += time_ms > since_ms &&
                         (!permits || tg_slot_permit_state(word) == TG_PERMIT_OPEN);
        return count;
}

/* The state of the permit of this time and tag; 0: it isn't there. */
static inline unsigned cell_state(const struct cell *cell, unsigned counter, int64_t time_ms,
                                  uint32_t tag)
{
        struct tg_slots_walk walk = tg_slots_walk(&cell->view, counter);
        tg_slot_word word;
        int64_t found_ms;

        while (tg_slots_next(&walk, &word, &found_ms)) {
                if (found_ms == time_ms && tg_slot_permit_tag(word) == tag)
                        return tg_slot_permit_state(word);
        }
        return 0;
}

/* A seed of the moment; failing tests print it. */
static inline unsigned fresh_seed(void)
{
        return (unsigned)time(NULL);
}

/* From 0 to BELOW - 1. */
static inline int random_below(unsigned *seed, int below)
{
        return rand_r(seed) % below;
}
