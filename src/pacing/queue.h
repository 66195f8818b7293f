/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages in line: by priority, the larger first, then by age, the older first.
 *
 * A heap of four children a node, which holds what it compares, so that no message is touched until
 * its turn. Joining costs a constant a message on average (a chain: always), taking a logarithm.
 * Memory: 24 bytes for each of the most that ever stood in line. One owner, one thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct tg_waiter;

struct tg_queue {
        struct tg_queued {
                int64_t age;
                struct tg_waiter *waiter;
                int32_t priority;
        } * items; /* owned; the messages are not */
        size_t count;
        size_t capacity;
};

void tg_queue_deinit(struct tg_queue *queue);

void tg_queue_put(struct tg_queue *queue, struct tg_waiter *waiter);

/* Puts all of a chain (through `next`). */
void tg_queue_put_chain(struct tg_queue *queue, struct tg_waiter *first);

struct tg_waiter *tg_queue_take(struct tg_queue *queue); /* the first of at least one */
