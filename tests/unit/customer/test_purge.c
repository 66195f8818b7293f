/* SPDX-License-Identifier: Apache-2.0 */
/* Numbers of counters that are used anew. */
#include "cell.h"

Test(purge, no_slot_has_a_number_that_was_freed_and_all_others_stay)
{
        enum { CUSTOMERS = 20000 };
        const uint64_t numbers[] = {1 << MANY};
        tg_cleanup(cell_deinit) struct cell cell;

        cell_init(&cell, 8 << 20);
        cell_care(&cell);
        for (uint64_t i = 0; i < CUSTOMERS; i++) {
                tg_table_maintain(cell.table, START_MS);
                cell.view.cell = tg_table_obtain(cell.table, spread(i), 0);
                cr_assert_not_null(cell.view.cell);
                for (int64_t touch = 0; touch < 7; touch++)
                        tg_touches_record(&cell.view, MANY, START_MS - touch, 1);
                tg_touches_record(&cell.view, FEW, START_MS - (int64_t)i % 7, 1);
        }
        tg_table_purge(cell.table, numbers, 1);
        for (uint64_t i = 0; i < CUSTOMERS; i++) {
                cell.view.cell = tg_table_find(cell.table, spread(i));
                cr_assert_eq(tg_touches_latest(&cell.view, MANY), TG_NO_TIME);
                cr_assert_eq(tg_touches_latest(&cell.view, FEW), START_MS - (int64_t)i % 7);
        }
}
