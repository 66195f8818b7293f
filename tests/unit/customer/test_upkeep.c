/* SPDX-License-Identifier: Apache-2.0 */
/* Growth, sweep, overflow and stamps. */
#include "cell.h"

#include "customer/registers.h"
#include "customer/stamps.h"

/* The table's upkeep for a while, step by step. */
static void live(struct cell *cell, int64_t from_ms, int64_t to_ms)
{
        for (int64_t now_ms = from_ms; now_ms <= to_ms; now_ms += TG_HOUR_MS)
                for (int i = 0; i < 8; i++)
                        tg_table_maintain(cell->table, now_ms);
        cell_clock(cell, to_ms);
}

static bool record(struct cell *cell, struct tg_identity who, unsigned counter, int64_t time_ms)
{
        cell->view.cell = tg_table_obtain(cell->table, who, 0);
        return cell->view.cell && tg_touches_record(&cell->view, counter, time_ms, 0);
}

static unsigned known(struct cell *cell, struct tg_identity who, unsigned counter)
{
        cell->view.cell = tg_table_find(cell->table, who);
        return cell->view.cell ? cell_count(cell, counter, TG_NO_TIME) : 0;
}

Test(upkeep, a_table_grows_from_one_segment_and_loses_nobody)
{
        enum { CUSTOMERS = 300000 };
        tg_cleanup(cell_deinit) struct cell cell;
        size_t begun;

        cell_init(&cell, 128 << 20);
        cell_care(&cell);
        begun = tg_table_memory_bytes(cell.table);
        cr_assert_leq(begun, 1 << 20);
        for (uint64_t i = 0; i < CUSTOMERS; i++) {
                tg_table_maintain(cell.table, START_MS);
                cr_assert(record(&cell, spread(i), MANY, START_MS - (int64_t)i % 7));
        }
        for (uint64_t i = 0; i < CUSTOMERS; i++)
                cr_assert_eq(known(&cell, spread(i), MANY), 1);
        cr_assert_eq(tg_table_cells(cell.table), CUSTOMERS, "the empty one of cell_init() went");
        cr_assert_not(tg_table_overflowed(cell.table));
        cr_assert_leq(tg_table_memory_bytes(cell.table), CUSTOMERS * 64 * 3);
}

Test(upkeep, a_segment_is_found_by_every_key_it_is_for_however_deep_others_are)
{
        enum { DEEP = 20000, SHALLOW = 600 };
        tg_cleanup(cell_deinit) struct cell cell;

        cell_init(&cell, 8 << 20);
        cell_care(&cell);
        for (uint64_t i = 0; i < DEEP; i++) { /* all in a sixteenth of the table */
                tg_table_maintain(cell.table, START_MS);
                cr_assert(record(&cell, identity(spread(i).low >> 4, 1), MANY, START_MS));
        }
        for (uint64_t i = 0; i < SHALLOW; i++)
                cr_assert(record(&cell, spread(i), i % 2 ? MANY : FEW, START_MS));
        live(&cell, START_MS, START_MS + 6 * TG_DAY_MS); /* sweeps the half */
        for (uint64_t i = 0; i < SHALLOW; i++)
                cr_assert_eq(known(&cell, spread(i), MANY), i % 2, "%ju", (uintmax_t)i);
        for (uint64_t i = 0; i < DEEP; i++)
                cr_assert_eq(known(&cell, identity(spread(i).low >> 4, 1), MANY), 1);
}

Test(upkeep, busy_customers_keep_all_their_lines_while_the_table_grows)
{
        tg_cleanup(cell_deinit) struct cell cell;

        cell_init(&cell, 8 << 20);
        cell_care(&cell);
        for (int64_t touch = 0; touch < 40; touch++) {
                for (uint64_t i = 0; i < 500; i++) {
                        tg_table_maintain(cell.table, START_MS);
                        cr_assert(record(&cell, spread(i), MANY, START_MS - touch));
                        cr_assert(tg_permits_add(&cell.view, 1 << PERMITS, START_MS - touch, 7));
                }
        }
        for (uint64_t i = 0; i < 500; i++) {
                cr_assert_eq(known(&cell, spread(i), MANY), 40);
                cr_assert_eq(tg_permits_kept(&cell.view, PERMITS), 40);
        }
}

Test(upkeep, whose_every_window_has_passed_is_taken_out_and_nobody_else)
{
        CELL(cell);
        struct tg_register value = {START_MS, TG_NEVER, true};

        cell_care(&cell);
        for (uint64_t i = 0; i < 1000; i++)
                cr_assert(record(&cell, spread(i), i % 2 ? MANY : FEW, START_MS));
        cr_assert(tg_register_set(cell.table, spread(2000), TG_REGISTER_IMPLIED, &value));
        live(&cell, START_MS, START_MS + MANY_WINDOW_MS - 1);
        for (uint64_t i = 0; i < 1000; i++)
                cr_assert_eq(tg_table_find(cell.table, spread(i)) != NULL, i % 2, "%ju",
                             (uintmax_t)i);
        live(&cell, START_MS + MANY_WINDOW_MS, START_MS + 2 * MANY_WINDOW_MS);
        cr_assert_eq(tg_table_cells(cell.table), 1, "the register alone");
        cr_assert(tg_register_read(tg_table_find(cell.table, spread(2000)), TG_REGISTER_IMPLIED,
                                   TG_NO_TIME, &value));
}

Test(upkeep, the_sweep_spares_a_touch_to_the_millisecond)
{
        CELL(cell);

        cell_care(&cell);
        cr_assert(record(&cell, spread(1), FEW, START_MS));
        for (int i = 0; i < 10; i++)
                tg_table_maintain(cell.table, START_MS + FEW_WINDOW_MS - 1);
        cr_assert_not_null(tg_table_find(cell.table, spread(1)));
        live(&cell, START_MS + FEW_WINDOW_MS, START_MS + FEW_WINDOW_MS + MANY_WINDOW_MS);
        cr_assert_null(tg_table_find(cell.table, spread(1)));
}

/* A slot tells times apart that are less than 2^40 ms from one another: 34.8 years. */
Test(upkeep, a_clock_that_leaps_by_what_a_slot_can_tell_brings_nothing_back)
{
        const int64_t then_ms = START_MS + (INT64_C(1) << TG_SLOT_TIME_BITS);
        struct tg_register value = {START_MS, TG_NEVER, true};
        CELL(cell);

        cell_care(&cell);
        tg_table_maintain(cell.table, START_MS);
        for (uint64_t i = 0; i < 1000; i++)
                cr_assert(record(&cell, spread(i), MANY, START_MS + SKEW_MS));
        cr_assert(tg_permits_add(&cell.view, 1 << PERMITS, START_MS, 7));
        cr_assert(tg_register_set(cell.table, spread(2000), TG_REGISTER_EXPLICIT, &value));
        tg_table_maintain(cell.table, then_ms);
        cell_clock(&cell, then_ms);
        for (uint64_t i = 0; i < 1000; i++)
                cr_assert_eq(known(&cell, spread(i), MANY), 0, "%ju", (uintmax_t)i);
        cr_assert_not(tg_permits_have(&cell.view, then_ms, 7));
        cr_assert(record(&cell, spread(1), MANY, then_ms));
        cr_assert_eq(known(&cell, spread(1), MANY), 1);
        cr_assert(tg_register_read(tg_table_find(cell.table, spread(2000)), TG_REGISTER_EXPLICIT,
                                   TG_NO_TIME, &value),
                  "what has no window stays");
}

Test(upkeep, a_clock_that_leaps_takes_out_nothing_whose_window_has_not_passed)
{
        const int64_t then_ms = START_MS + TG_WINDOW_MAX_MS - 1;
        CELL(cell);

        cell.layout.counters[MANY].window_ms = TG_WINDOW_MAX_MS;
        tg_table_care(cell.table, &(struct tg_table_care){.layouts = &cell.layout,
                                                          .kinds = 1,
                                                          .window_max_ms = TG_WINDOW_MAX_MS,
                                                          .skew_ms = SKEW_MS});
        tg_table_maintain(cell.table, START_MS);
        cr_assert(record(&cell, spread(1), MANY, START_MS));
        tg_table_maintain(cell.table, then_ms);
        cell_clock(&cell, then_ms);
        cr_assert_eq(known(&cell, spread(1), MANY), 1);
}

Test(upkeep, customers_who_come_and_go_never_fill_a_table)
{
        tg_cleanup(cell_deinit) struct cell cell;

        cell_init(&cell, 256 << 10); /* 4096 lines, for 100 customers an hour who stay for a day */
        cell_care(&cell);
        for (uint64_t i = 0; i < 100000; i++) {
                int64_t now_ms = START_MS + (int64_t)i * TG_HOUR_MS / 100;

                cell_clock(&cell, now_ms);
                tg_table_maintain(cell.table, now_ms);
                cr_assert(record(&cell, spread(i), FEW, now_ms), "the %ju-th", (uintmax_t)i);
        }
        cr_assert_not(tg_table_overflowed(cell.table));
}

Test(upkeep, overflow_ends_a_longest_window_after_the_last_loss_and_not_before)
{
        tg_cleanup(cell_deinit) struct cell cell;
        int64_t end_ms = START_MS + MANY_WINDOW_MS + SKEW_MS;

        cell_init(&cell, 64 << 10);
        cell_care(&cell);
        for (uint64_t i = 0; record(&cell, spread(i), MANY, START_MS); i++)
                tg_table_maintain(cell.table, START_MS);
        cr_assert(tg_table_overflowed(cell.table));
        live(&cell, START_MS, end_ms - 1);
        tg_table_maintain(cell.table, end_ms - 1);
        cr_assert(tg_table_overflowed(cell.table));
        tg_table_maintain(cell.table, end_ms);
        cr_assert_not(tg_table_overflowed(cell.table));
        live(&cell, end_ms, end_ms + MANY_WINDOW_MS);
        cr_assert(record(&cell, spread(1000000), MANY, cell.view.now_ms), "there is room again");
}

/* Of the same customer something may have been lost before, when there was no room for a cell. */
Test(upkeep, a_cell_that_begins_while_the_table_overflows_is_incomplete_for_a_window)
{
        tg_cleanup(cell_deinit) struct cell cell;
        int64_t again_ms = START_MS + MANY_WINDOW_MS - FEW_WINDOW_MS, now_ms;
        uint64_t lost = 0;

        cell_init(&cell, 64 << 10);
        cell_care(&cell);
        for (; record(&cell, spread(lost), FEW, START_MS); lost++)
                tg_table_maintain(cell.table, START_MS);
        live(&cell, START_MS, again_ms); /* what stood in its way has passed */
        cr_assert(tg_table_overflowed(cell.table));
        for (now_ms = again_ms; now_ms < again_ms + MANY_WINDOW_MS; now_ms += TG_HOUR_MS) {
                cell_clock(&cell, now_ms);
                tg_table_maintain(cell.table, now_ms);
                cr_assert(record(&cell, spread(lost), FEW, now_ms));
                cr_assert(tg_cell_incomplete(tg_table_find(cell.table, spread(lost))));
        }
        for (; now_ms < again_ms + 4 * MANY_WINDOW_MS; now_ms += TG_HOUR_MS) {
                cell_clock(&cell, now_ms);
                tg_table_maintain(cell.table, now_ms);
                cr_assert(record(&cell, spread(lost), FEW, now_ms));
        }
        cr_assert_not(tg_cell_incomplete(tg_table_find(cell.table, spread(lost))));
}

Test(upkeep, an_incomplete_cell_is_whole_again_when_what_it_lost_has_passed)
{
        tg_cleanup(cell_deinit) struct cell cell;
        int64_t now_ms = START_MS;

        cell_init(&cell, 64 << 10);
        cell_care(&cell);
        cell.layout.counters[MANY].keep = 1 << 20;
        for (uint32_t i = 0; tg_touches_record(&cell.view, MANY, START_MS, i); i++)
                ;
        live(&cell, START_MS, START_MS + MANY_WINDOW_MS);
        cr_assert(tg_cell_incomplete(tg_table_find(cell.table, identity(1, 1))));
        for (now_ms += MANY_WINDOW_MS; now_ms < START_MS + 4 * MANY_WINDOW_MS;
             now_ms += TG_HOUR_MS) {
                live(&cell, now_ms, now_ms);
                cr_assert(record(&cell, identity(1, 1), FEW, now_ms), "it stays in use");
        }
        cr_assert_not(tg_cell_incomplete(tg_table_find(cell.table, identity(1, 1))));
}

Test(stamps, the_latest_stands_whatever_came_last)
{
        CELL(cell);

        cr_assert_eq(tg_stamp_get(cell.table, cell.view.cell, TG_STAMP_ERASED), TG_NO_TIME);
        cr_assert(tg_stamp_raise(cell.table, cell.view.cell, TG_STAMP_ERASED, -5));
        cr_assert_eq(tg_stamp_get(cell.table, cell.view.cell, TG_STAMP_ERASED), -5);
        cr_assert(tg_stamp_raise(cell.table, cell.view.cell, TG_STAMP_ERASED, START_MS));
        cr_assert(tg_stamp_raise(cell.table, cell.view.cell, TG_STAMP_ERASED, START_MS - 1));
        cr_assert_eq(tg_stamp_get(cell.table, cell.view.cell, TG_STAMP_ERASED), START_MS);
}

Test(stamps, a_stamp_is_no_touch_and_its_line_holds_none)
{
        CELL(cell);

        cr_assert(tg_stamp_raise(cell.table, cell.view.cell, TG_STAMP_ERASED, START_MS));
        for (uint32_t i = 0; i < 20; i++)
                cr_assert(tg_touches_record(&cell.view, MANY, START_MS + 1, i));
        cr_assert_eq(cell_count(&cell, MANY, TG_NO_TIME), 20);
        cr_assert_eq(tg_stamp_get(cell.table, cell.view.cell, TG_STAMP_ERASED), START_MS);
        for (unsigned counter = 0; counter < COUNTERS; counter++)
                cr_assert_eq(cell_count(&cell, counter, TG_NO_TIME), counter == MANY ? 20 : 0);
}

Test(stamps, what_is_at_or_before_an_erasure_counts_nowhere_and_no_join_brings_it_back)
{
        CELL(cell);

        for (int64_t i = -3; i <= 3; i++) {
                cr_assert(tg_touches_record(&cell.view, MANY, START_MS + i, 0));
                cr_assert(tg_permits_add(&cell.view, 1 << PERMITS, START_MS + i, 1));
        }
        cell.view.erased_ms = START_MS;
        for (int64_t i = -3; i <= 3; i++) {
                cr_assert(tg_touches_record(&cell.view, MANY, START_MS + i, 0));
                cr_assert(tg_permits_settle(&cell.view, PERMITS, START_MS + i, 2));
        }
        cr_assert_eq(cell_count(&cell, MANY, TG_NO_TIME), 3);
        cr_assert_eq(tg_permits_kept(&cell.view, PERMITS), 3);
}

Test(stamps, the_sweep_drops_what_was_erased_and_keeps_the_stamp_for_good)
{
        CELL(cell);

        cell_care(&cell);
        cr_assert(record(&cell, spread(1), MANY, START_MS));
        cr_assert(record(&cell, spread(1), MANY, START_MS + 1));
        cr_assert(tg_stamp_raise(cell.table, cell.view.cell, TG_STAMP_ERASED, START_MS));
        cr_assert(record(&cell, spread(2), FEW, START_MS), "who expires, so that there is a sweep");
        live(&cell, START_MS + 1, START_MS + MANY_WINDOW_MS);
        cr_assert_eq(known(&cell, spread(1), MANY), 1, "hidden or dropped, it is gone");
        live(&cell, START_MS + MANY_WINDOW_MS, START_MS + 400 * TG_DAY_MS);
        cell.view.cell = tg_table_find(cell.table, spread(1));
        cr_assert_not_null(cell.view.cell);
        cr_assert_eq(tg_stamp_get(cell.table, cell.view.cell, TG_STAMP_ERASED), START_MS);
        cr_assert_eq(tg_table_cells(cell.table), 1);
}

Test(stamps, one_that_was_lost_leaves_its_cell_incomplete_for_good)
{
        tg_cleanup(cell_deinit) struct cell cell;

        cell_init(&cell, 64 << 10);
        cell_care(&cell);
        cell.layout.counters[MANY].keep = 1 << 20;
        for (uint32_t i = 0; tg_touches_record(&cell.view, MANY, START_MS, i); i++)
                ;
        cr_assert_not(tg_stamp_raise(cell.table, cell.view.cell, TG_STAMP_ERASED, START_MS));
        cr_assert_eq(tg_stamp_get(cell.table, cell.view.cell, TG_STAMP_ERASED), TG_NO_TIME);
        live(&cell, START_MS, START_MS + 10 * MANY_WINDOW_MS);
        cr_assert(tg_cell_incomplete(tg_table_find(cell.table, identity(1, 1))));
        cr_assert_not(tg_table_overflowed(cell.table), "others are complete");
}

Test(stamps, one_that_found_no_cell_makes_the_table_overflow_for_good)
{
        CELL(cell);

        cell_care(&cell);
        cr_assert_not(tg_stamp_raise(cell.table, NULL, TG_STAMP_ERASED, START_MS));
        live(&cell, START_MS, START_MS + 10 * MANY_WINDOW_MS);
        cr_assert(tg_table_overflowed(cell.table));
}

Test(stamps, who_is_not_there_was_never_erased)
{
        CELL(cell);

        cr_assert_eq(tg_stamp_get(cell.table, NULL, TG_STAMP_ERASED), TG_NO_TIME);
}
