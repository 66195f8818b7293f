/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Registers: one value of a customer that stands until it is set anew, such as a consent, explicit
 * and implied.
 *
 * A register is a cell of its own, found by an identity that its caller makes (tg_identity_pair
 * with a scope number of its own), and holds two values, one of each side. Setting is a join: the
 * later event time wins; on a tie a withdrawal before a grant, then the earlier end. So order,
 * repetition and threads make no difference.
 *
 * Cost: one cache miss to find; reading and setting is one 16-byte compare-and-swap. Registers have
 * no window: one stays until it is read under an erasure that covers it, whereupon it is emptied,
 * and swept. One that finds no room makes the table overflow for good.
 *
 * Thread-safety: as for touches (table.h says who must be a guest): any thread may set and read; a
 * value is never torn.
 */
#pragma once

#include "customer/table.h"

enum tg_register_side { TG_REGISTER_EXPLICIT, TG_REGISTER_IMPLIED };

/* Times are those of within +-2^61 ms; what lies beyond is moved to that bound. */
struct tg_register {
        int64_t time_ms;  /* of the event that set it */
        int64_t until_ms; /* it ends; TG_NEVER: it has no end */
        bool granted;     /* false: withdrawn */
};

/* Joins VALUE into one side. Returns false if there is no room (remembered, tg_table_overflowed).
 */
bool tg_register_set(struct tg_table *table, struct tg_identity identity,
                     enum tg_register_side side, const struct tg_register *value);

/*
 * Whether VALUE, joined in, is what one side now holds. If there was no room for it, nobody knows:
 * then a withdrawal is said to stand, and nothing else.
 */
bool tg_register_stands(const struct tg_table *table, struct tg_identity identity,
                        enum tg_register_side side, const struct tg_register *value);

/*
 * Whether there is a cell, one side of which was set at or before ERASED_MS alone, if ever: there
 * may once have been something. Changes nothing.
 */
bool tg_register_gone(const struct tg_table *table, struct tg_identity identity,
                      enum tg_register_side side, int64_t erased_ms);

/*
 * The value of one side of the cell that tg_table_find gave (NULL: none). Returns false if it was
 * never set, or only at or before ERASED_MS (the stamp TG_STAMP_ERASED of the customer; TG_NO_TIME:
 * nothing was erased): it is then emptied.
 */
bool tg_register_read(struct tg_line *cell, enum tg_register_side side, int64_t erased_ms,
                      struct tg_register *ret_value);
