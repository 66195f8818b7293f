/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What became of the waits in a memory for requests since the last commit, so that it can be taken
 * back: those that began and those that ended, the newest first.
 *
 * In pieces that are chained: however many there are, noting one more copies none of them. Cost:
 * constant, an allocation of 12 KiB for every TG_WAITS_PIECE. One owner, one thread.
 */
#pragma once

#include "pacing/waiting.h"

enum { TG_WAITS_PIECE = 512 }; /* changes that memory is taken for at a time */

/* A request began to wait, or no longer does. */
struct tg_waits_change {
        uint64_t key;                   /* what it is known by */
        const struct tg_waiter *waiter; /* borrowed */
        uint32_t content;               /* a hash of what it said */
        bool began;                     /* else: is over */
};

struct tg_waits_piece;

/* Zeroed: nothing was done. tg_waits_clear() before it goes. */
struct tg_waits {
        struct tg_waits_piece *newest; /* owned */
        size_t bytes;                  /* allocated */
};

void tg_waits_note(struct tg_waits *waits, const struct tg_waits_change *change);

/* Takes out what was noted last; false: there is nothing. */
bool tg_waits_take(struct tg_waits *waits, struct tg_waits_change *ret_change);

/* Nothing was done: linear in the pieces. */
void tg_waits_clear(struct tg_waits *waits);
