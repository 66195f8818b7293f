/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hierarchical timing wheel: messages by the millisecond at which they are due.
 *
 * Eleven levels of 64 slots, each slot of a level as wide as the whole level below, hold any time
 * that fits in 64 bits. A message lies on the level of the highest digit (to base 64) in which its
 * time differs from the wheel's, so the first slot of the lowest level in use holds what is next,
 * however far away: empty slots are never walked over. When a slot's turn comes, its messages move
 * down, a few at a time if the caller wants; each moves at most ten times. (Varghese and Lauck's
 * scheme 7.)
 *
 * Cost: putting is constant; taking is linear in what is taken and moved. 17 KiB, and nothing is
 * allocated: the messages of a slot are chained through `next`, in the order they were put. One
 * owner, one thread.
 */
#pragma once

#include "base/time.h"

enum { TG_WHEEL_BITS = 6, TG_WHEEL_SLOTS = 1 << TG_WHEEL_BITS, TG_WHEEL_LEVELS = 11 };

struct tg_waiter;

struct tg_wheel {
        int64_t now_ms; /* all that is due by then has been taken, or is in `turning` */
        size_t count;
        uint64_t moves;            /* of a message from one slot to another, so far */
        struct tg_waiter *turning; /* what is left of the slot whose turn it is, or NULL */
        struct tg_wheel_level {
                uint64_t occupied; /* bit = slot */
                struct tg_wheel_slot {
                        struct tg_waiter *first;
                        struct tg_waiter *last;
                        int64_t earliest_ms; /* of its messages */
                } slots[TG_WHEEL_SLOTS];
        } levels[TG_WHEEL_LEVELS];
};

/* An empty wheel, at the beginning of time. */
void tg_wheel_init(struct tg_wheel *wheel);

/* Puts a message that is due after wheel->now_ms. */
void tg_wheel_put(struct tg_wheel *wheel, struct tg_waiter *waiter);

/* The next moment at which something is due (or may be, of a slot whose turn it is); TG_NEVER: the
 * wheel is empty. */
int64_t tg_wheel_due(const struct tg_wheel *wheel);

/*
 * Moves the wheel to that moment (there is one), looks at up to MOST messages of the slot whose
 * turn it is (at least one), and takes those that are due then: RET_TAKEN, chained through `next`,
 * in the order they were put, or NULL. Returns how many it looked at.
 */
size_t tg_wheel_take(struct tg_wheel *wheel, size_t most, struct tg_waiter **ret_taken);
