/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A hierarchical timing wheel: messages by the millisecond at which they are due.
 *
 * Eleven levels of 64 slots, each slot of a level as wide as the whole level below, hold any time
 * that fits in 64 bits. A message lies on the level of the highest digit (to base 64) in which its
 * time differs from the wheel's, so the first slot of the lowest level in use holds what is next,
 * however far away: empty slots are never walked over. When a slot's turn comes, its messages move
 * down; each moves at most ten times. (Varghese and Lauck's scheme 7.)
 *
 * Cost: putting is constant; taking is linear in what is taken and moved. 11 KiB, and nothing is
 * allocated: the messages of a slot are chained through `next`. One owner, one thread.
 */
#pragma once

#include "base/time.h"

enum { TG_WHEEL_BITS = 6, TG_WHEEL_SLOTS = 1 << TG_WHEEL_BITS, TG_WHEEL_LEVELS = 11 };

struct tg_waiter;

struct tg_wheel {
        int64_t now_ms; /* all that is due by then has been taken */
        size_t count;
        uint64_t moves; /* of a message from one slot to another, so far */
        struct tg_wheel_level {
                uint64_t occupied; /* bit = slot */
                struct tg_wheel_slot {
                        struct tg_waiter *first;
                        int64_t earliest_ms; /* of its messages */
                } slots[TG_WHEEL_SLOTS];
        } levels[TG_WHEEL_LEVELS];
};

/* An empty wheel, at the beginning of time. */
void tg_wheel_init(struct tg_wheel *wheel);

/* Puts a message that is due after wheel->now_ms. */
void tg_wheel_put(struct tg_wheel *wheel, struct tg_waiter *waiter);

/* The next moment at which something is due; TG_NEVER: the wheel is empty. */
int64_t tg_wheel_due(const struct tg_wheel *wheel);

/*
 * Moves the wheel to that moment (there is one) and takes what is due then, chained through `next`,
 * in no order.
 */
struct tg_waiter *tg_wheel_take(struct tg_wheel *wheel);
