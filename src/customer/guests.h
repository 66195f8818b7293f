/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests: threads other than the owner that read or record in a customer table.
 *
 * A guest enters, does what it came for, and leaves; lines that it was given are its own in
 * between. The owner frees a segment once every guest that could have seen it has left: a guest
 * that never leaves costs memory (the segments built anew meanwhile), never a wait.
 *
 * A segment that guests fill faster than the owner has its steps (it may be in a long commit, or
 * descheduled) would have to refuse, though there be memory to grow into. So a guest asks before it
 * records. "Not now" means that only the owner's own room is left, the last sixteenth of a segment
 * (512 lines; fewer in a small table), and that the owner is told: the guest leaves and asks again
 * after the owner's next step, with a back-off of its own and as long as its patience lasts. Who
 * records nonetheless takes of that room; what then finds none is remembered as a loss. A segment
 * that has nothing to grow into never says "not now": there is nothing to wait for.
 *
 * Cost: entering is one exchange and leaving one store in a cache line of the guest's own. One
 * guest is one thread at a time. At most TG_GUESTS_MAX at a time, fewer than 2^64 visits.
 */
#pragma once

#include "customer/table.h"

enum { TG_GUESTS_MAX = 16, TG_GUEST_LINES = 4 };

/*
 * Takes a place, to be given back by tg_guest_part. tg_table_care was called before. Returns 0 and
 * the guest's number, or -1 if there are TG_GUESTS_MAX already.
 */
int tg_guest_join(struct tg_table *table, unsigned *ret_guest);
void tg_guest_part(struct tg_table *table, unsigned guest); /* it has left */

void tg_guest_enter(struct tg_table *table, unsigned guest); /* it isn't inside */
void tg_guest_leave(struct tg_table *table, unsigned guest); /* it is */

/*
 * Whether a guest inside may record about IDENTITY, up to TG_GUEST_LINES lines before it asks
 * again; false: not now.
 */
bool tg_guest_may_record(struct tg_table *table, struct tg_identity identity);
