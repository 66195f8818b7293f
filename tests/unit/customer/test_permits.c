/* SPDX-License-Identifier: Apache-2.0 */
#include "cell.h"

#include <stdio.h>

static void add(const struct cell *cell, int64_t time_ms, uint32_t tag)
{
        cr_assert(tg_permits_add(&cell->view, 1 << PERMITS, time_ms, tag));
}

static void settle(const struct cell *cell, int64_t time_ms, uint32_t tag)
{
        cr_assert(tg_permits_settle(&cell->view, PERMITS, time_ms, tag));
}

Test(permits, one_is_kept_until_its_window_ends)
{
        CELL(cell);

        add(&cell, START_MS, 7);
        cell_clock(&cell, START_MS + PERMITS_WINDOW_MS - 1);
        cr_assert_eq(tg_permits_kept(&cell.view, PERMITS), 1);
        cell_clock(&cell, START_MS + PERMITS_WINDOW_MS);
        cr_assert_eq(tg_permits_kept(&cell.view, PERMITS), 0);
}

Test(permits, none_makes_room_for_a_newer_one)
{
        CELL(cell);

        for (uint32_t i = 0; i < 4 * PERMITS_KEPT; i++)
                add(&cell, START_MS, i);
        cr_assert_eq(tg_permits_kept(&cell.view, PERMITS), 4 * PERMITS_KEPT);
}

Test(permits, a_settlement_by_receipt_settles_that_permit_alone)
{
        CELL(cell);

        add(&cell, START_MS, 7);
        add(&cell, START_MS, 8);
        add(&cell, START_MS + 1, 7);
        cr_assert(tg_permits_add(&cell.view, 1 << RESERVATIONS, START_MS, 7));
        settle(&cell, START_MS, 7);
        cr_assert_eq(cell_state(&cell, PERMITS, START_MS, 7), TG_PERMIT_SETTLED);
        cr_assert_eq(cell_state(&cell, PERMITS, START_MS, 8), TG_PERMIT_OPEN);
        cr_assert_eq(cell_state(&cell, PERMITS, START_MS + 1, 7), TG_PERMIT_OPEN);
        cr_assert_eq(cell_state(&cell, RESERVATIONS, START_MS, 7), TG_PERMIT_OPEN);
        cr_assert_eq(tg_permits_kept(&cell.view, PERMITS), 2);
}

Test(permits, a_settlement_that_comes_first_waits_for_its_permit)
{
        CELL(cell);

        settle(&cell, START_MS + 5, 7);
        cr_assert_eq(tg_permits_kept(&cell.view, PERMITS), 0);
        add(&cell, START_MS + 5, 7);
        cr_assert_eq(cell_state(&cell, PERMITS, START_MS + 5, 7), TG_PERMIT_SETTLED);
        cr_assert_eq(tg_permits_kept(&cell.view, PERMITS), 0);
}

Test(permits, without_a_receipt_every_permit_of_the_tag_is_settled_and_nothing_waits)
{
        CELL(cell);

        add(&cell, START_MS - 9, 7);
        add(&cell, START_MS, 7);
        add(&cell, START_MS, 8);
        settle(&cell, TG_NO_TIME, 7);
        cr_assert_eq(cell_state(&cell, PERMITS, START_MS - 9, 7), TG_PERMIT_SETTLED);
        cr_assert_eq(cell_state(&cell, PERMITS, START_MS, 7), TG_PERMIT_SETTLED);
        cr_assert_eq(cell_state(&cell, PERMITS, START_MS, 8), TG_PERMIT_OPEN);
        add(&cell, START_MS + 1, 7);
        cr_assert_eq(cell_state(&cell, PERMITS, START_MS + 1, 7), TG_PERMIT_OPEN);
}

Test(permits, a_tag_is_taken_by_a_permit_of_the_same_millisecond_alone)
{
        CELL(cell);

        add(&cell, START_MS, 7);
        cr_assert(tg_permits_have(&cell.view, START_MS, 7));
        cr_assert_not(tg_permits_have(&cell.view, START_MS, 8));
        cr_assert_not(tg_permits_have(&cell.view, START_MS + 1, 7));
        cr_assert(tg_permits_add(&cell.view, 1 << RESERVATIONS, START_MS, 9));
        cr_assert(tg_permits_have(&cell.view, START_MS, 9));
}

Test(permits, a_settlement_that_waits_takes_no_tag)
{
        CELL(cell);

        settle(&cell, START_MS, 7);
        cr_assert_not(tg_permits_have(&cell.view, START_MS, 7));
}

Test(permits, a_receipt_from_outside_the_window_or_the_horizon_is_nobodys)
{
        CELL(cell);

        settle(&cell, START_MS - PERMITS_WINDOW_MS, 7);
        settle(&cell, START_MS + SKEW_MS + 1, 7);
        settle(&cell, INT64_MIN + 1, 7);
        settle(&cell, INT64_MAX, 7);
        cr_assert_eq(atomic_load(&cell.view.cell->slots[0]), TG_SLOT_EMPTY);
}

Test(permits, touches_and_permits_of_one_cell_leave_each_other_alone)
{
        CELL(cell);

        for (uint32_t i = 0; i < 20; i++) {
                add(&cell, START_MS, i);
                cr_assert(tg_touches_record(&cell.view, FEW, START_MS + i, 7));
                cr_assert(tg_touches_record(&cell.view, MANY, START_MS + i, 7));
        }
        settle(&cell, TG_NO_TIME, 7);
        cr_assert_eq(tg_permits_kept(&cell.view, PERMITS), 19);
        cr_assert_eq(cell_count(&cell, FEW, 0), FEW_KEPT);
        cr_assert_eq(cell_count(&cell, MANY, 0), 20);
}

Test(permits, a_permit_that_was_waited_for_takes_its_tag)
{
        CELL(cell);

        settle(&cell, START_MS, 7);
        add(&cell, START_MS, 7);
        cr_assert(tg_permits_have(&cell.view, START_MS, 7));
}

Test(permits, one_added_to_several_counters_at_once_is_as_if_added_to_one_after_the_other)
{
        unsigned seed = (unsigned)time(NULL);

        printf("seed %u\n", seed);
        for (int round = 0; round < 200; round++) {
                CELL(together);
                CELL(apart);

                for (int i = 0; i < 20; i++) {
                        int64_t time_ms = START_MS - rand_r(&seed) % 4;
                        uint32_t tag = (uint32_t)rand_r(&seed) % 4;
                        unsigned counter = rand_r(&seed) % 2 ? PERMITS : RESERVATIONS;

                        if (rand_r(&seed) % 3 == 0) {
                                tg_permits_settle(&together.view, counter, time_ms, tag);
                                tg_permits_settle(&apart.view, counter, time_ms, tag);
                                continue;
                        }
                        cr_assert(tg_permits_add(&together.view, 1 << PERMITS | 1 << RESERVATIONS,
                                                 time_ms, tag));
                        cr_assert(tg_permits_add(&apart.view, 1 << PERMITS, time_ms, tag));
                        cr_assert(tg_permits_add(&apart.view, 1 << RESERVATIONS, time_ms, tag));
                }
                for (uint32_t i = 0; i < 16; i++) {
                        cr_assert_eq(cell_state(&together, PERMITS, START_MS - i / 4, i % 4),
                                     cell_state(&apart, PERMITS, START_MS - i / 4, i % 4));
                        cr_assert_eq(cell_state(&together, RESERVATIONS, START_MS - i / 4, i % 4),
                                     cell_state(&apart, RESERVATIONS, START_MS - i / 4, i % 4));
                }
                cr_assert_eq(tg_permits_kept(&together.view, PERMITS),
                             tg_permits_kept(&apart.view, PERMITS));
        }
}

Test(permits, a_counter_that_a_cell_lacks_has_no_slot_in_it_and_the_others_may)
{
        CELL(cell);

        cr_assert_eq(tg_cell_lacks(cell.table, NULL), UINT64_MAX);
        cr_assert_eq(tg_cell_lacks(cell.table, cell.view.cell), UINT64_MAX);
        for (uint32_t i = 0; i < 9; i++)
                add(&cell, START_MS, i);
        tg_touches_record(&cell.view, MANY, START_MS, 7);
        cr_assert_eq(tg_cell_lacks(cell.table, cell.view.cell),
                     ~(UINT64_C(1) << PERMITS | UINT64_C(1) << MANY));
}

/* The plain reference: for each time and tag, what was ever said. */
enum { TIMES = 6, TAGS = 4 };

static void do_something(const struct cell *cell, unsigned said[TIMES][TAGS], unsigned *seed)
{
        int time = random_below(seed, TIMES), tag = random_below(seed, TAGS);

        if (random_below(seed, 2)) {
                add(cell, START_MS + time, (uint32_t)tag);
                said[time][tag] |= TG_PERMIT_OPEN;
        } else {
                settle(cell, START_MS + time, (uint32_t)tag);
                said[time][tag] |= TG_PERMIT_WAITING;
        }
}

Test(permits, any_order_and_repetition_of_adding_and_settling_give_the_same_states)
{
        unsigned seed = fresh_seed();

        for (int round = 0; round < 300; round++) {
                unsigned said[TIMES][TAGS] = {0}, first = seed;
                int steps = random_below(&seed, 60);
                CELL(cell);

                for (int step = 0; step < steps; step++)
                        do_something(&cell, said, &seed);
                for (int time = 0; time < TIMES; time++) {
                        for (int tag = 0; tag < TAGS; tag++)
                                cr_assert_eq(
                                        cell_state(&cell, PERMITS, START_MS + time, (uint32_t)tag),
                                        said[time][tag], "seed %u", first);
                }
        }
}
