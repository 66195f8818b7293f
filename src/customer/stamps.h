/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Stamps: the latest time something happened to a customer, kept for good. The join is the maximum.
 *
 * A cell with a stamp has a line of its own for them and is never swept; one without pays a look at
 * its head, which whoever reads the cell has at hand. Any thread may raise and read, as for
 * touches.
 *
 * TG_STAMP_ERASED is the time up to which (inclusive) everything about the customer was erased. It
 * stands in the customer's cell; readers put it into tg_cell_view.erased_ms of every cell of the
 * customer, and hand it to tg_register_read. The sweep drops what it covers from the cell that
 * carries it; in cells of pairs, which don't know their customer, it is only hidden until its
 * window has passed.
 */
#pragma once

#include "customer/table.h"

enum tg_stamp { TG_STAMP_ERASED, TG_STAMPS };
_Static_assert((int)TG_STAMPS <= TG_LINE_SLOTS, "the stamps of a cell share a line");

/*
 * Raises a stamp to TIME_MS if it is earlier. CELL is that of tg_table_obtain: NULL if the table
 * had no room for it. Returns false if the stamp found no room; as it has no window, CELL is then
 * incomplete, or the table overflowed, for good.
 */
bool tg_stamp_raise(struct tg_table *table, struct tg_line *cell, enum tg_stamp stamp,
                    int64_t time_ms);

/* The stamp of a cell that has one, or TG_NO_TIME. */
int64_t tg_stamp_read(const struct tg_table *table, const struct tg_line *cell,
                      enum tg_stamp stamp);

/* The same of any cell. CELL NULL, it isn't there: TG_NO_TIME. */
static inline int64_t tg_stamp_get(const struct tg_table *table, const struct tg_line *cell,
                                   enum tg_stamp stamp)
{
        if (!cell || !(atomic_load_explicit(&cell->head, memory_order_relaxed) & TG_HEAD_STAMPED))
                return TG_NO_TIME;
        return tg_stamp_read(table, cell, stamp);
}
