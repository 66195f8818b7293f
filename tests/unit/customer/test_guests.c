/* SPDX-License-Identifier: Apache-2.0 */
/* Guests beside an owner that is away, step by step; threads.c has them all at once. */
#include "cell.h"

#include "customer/inside.h"

enum { SEGMENT_LINES = 4096, TABLE_SIZE = 8 * SEGMENT_LINES * 64 };

struct visit {
        struct cell cell;
        unsigned guest;
        uint64_t passers;
};

static void visit_init(struct visit *visit, size_t table_size)
{
        cell_init(&visit->cell, table_size);
        cell_care(&visit->cell);
        tg_table_maintain(visit->cell.table, START_MS);
        visit->passers = 0;
        cr_assert_eq(tg_guest_join(visit->cell.table, &visit->guest), 0);
        tg_guest_enter(visit->cell.table, visit->guest);
}

static void visit_deinit(struct visit *visit)
{
        cell_deinit(&visit->cell);
}

static bool add(struct visit *visit, int64_t time_ms)
{
        visit->cell.view.cell = tg_table_obtain(visit->cell.table, spread(visit->passers), 0);
        return visit->cell.view.cell && ++visit->passers &&
               tg_touches_record(&visit->cell.view, MANY, time_ms, 0);
}

/* The guest adds passers-by for as long as it may. */
static void add_while_it_may(struct visit *visit)
{
        while (tg_guest_may_record(visit->cell.table, spread(visit->passers)) &&
               add(visit, START_MS))
                ;
}

Test(guests, one_that_asks_leaves_a_sixteenth_of_the_segment_to_the_owner)
{
        tg_cleanup(visit_deinit) struct visit visit;

        visit_init(&visit, TABLE_SIZE);
        add_while_it_may(&visit);
        cr_assert_geq(visit.passers, SEGMENT_LINES / 4 * 3, "not %ju", (uintmax_t)visit.passers);
        for (int i = 0; i < SEGMENT_LINES / 16; i++)
                cr_assert(add(&visit, START_MS), "the owner's %d-th", i);
        cr_assert_not(tg_table_overflowed(visit.cell.table));
        cr_assert_not(add(&visit, START_MS), "then it is full");
}

Test(guests, not_now_lasts_until_the_owner_has_had_a_step_for_each_segment_that_is_asked_for)
{
        tg_cleanup(visit_deinit) struct visit visit;

        visit_init(&visit, TABLE_SIZE);
        for (int round = 0; round < 4; round++) {
                int steps = 0;

                add_while_it_may(&visit);
                while (!tg_guest_may_record(visit.cell.table, spread(visit.passers))) {
                        tg_guest_leave(visit.cell.table, visit.guest);
                        tg_table_maintain(visit.cell.table, START_MS);
                        tg_guest_enter(visit.cell.table, visit.guest);
                        cr_assert_leq(++steps, 4);
                }
        }
        cr_assert_gt(visit.passers, 2 * SEGMENT_LINES);
        cr_assert_not(tg_table_overflowed(visit.cell.table));
}

Test(guests, there_is_no_waiting_for_a_table_that_is_full)
{
        tg_cleanup(visit_deinit) struct visit visit;

        visit_init(&visit, 64 << 10);
        for (int step = 0; step < 10000; step++) {
                add_while_it_may(&visit);
                tg_guest_leave(visit.cell.table, visit.guest);
                tg_table_maintain(visit.cell.table, START_MS);
                tg_guest_enter(visit.cell.table, visit.guest);
        }
        cr_assert(tg_table_overflowed(visit.cell.table), "what finds no room is a loss, and known");
        cr_assert(tg_guest_may_record(visit.cell.table, spread(visit.passers)));
}

Test(guests, a_cell_that_is_being_claimed_while_its_segment_is_built_anew_stays_no_trace)
{
        tg_cleanup(visit_deinit) struct visit visit;
        struct tg_table *table;
        struct tg_line *claimed;
        uint32_t kind;

        visit_init(&visit, TABLE_SIZE);
        table = visit.cell.table;
        cr_assert(add(&visit, START_MS - MANY_WINDOW_MS + 2)); /* lives for a millisecond or two */
        claimed = visit.cell.view.cell;
        kind = claimed->head;
        claimed->head = 0; /* the guest is about to say its kind */
        cr_assert(add(&visit, START_MS - MANY_WINDOW_MS), "who expires, so that there is a sweep");
        tg_segment_sweep(table, tg_segment_of(table, 0));
        claimed->head = kind;
        tg_guest_leave(table, visit.guest);
        for (int64_t hour = 1; hour <= 15 * 24; hour++)
                tg_table_maintain(table, START_MS + hour * TG_HOUR_MS);
        cr_assert_eq(tg_table_cells(table), 0, "%zu", tg_table_cells(table));
}
