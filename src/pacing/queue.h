/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages in line: by priority, the larger first, then by age, the older first.
 *
 * Messages mostly join in order of age, and have few priorities. So they are kept in a few runs,
 * each of one priority and in order of age, chained through `next`: joining and taking are then
 * constant, however many are in line. Those that fit no run are in a heap of four children a node,
 * which holds what it compares: they cost a logarithm of their number. Memory: 680 bytes, and 24
 * bytes for each of the most that ever were in the heap. One owner, one thread.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { TG_QUEUE_RUNS = 16 };

struct tg_waiter;

struct tg_queue {
        size_t count; /* of all that are in line */
        struct tg_queue_run {
                struct tg_waiter *first;
                struct tg_waiter *last;
                int64_t first_age;
                int64_t last_age;
                int32_t priority;
        } runs[TG_QUEUE_RUNS]; /* none is empty */
        size_t run_count;
        struct tg_queued {
                int64_t age;
                struct tg_waiter *waiter;
                int32_t priority;
        } * *heap; /* owned, in pieces, so that growing copies none; the messages are not */
        size_t heap_count;
        size_t heap_pieces;
};

void tg_queue_deinit(struct tg_queue *queue);

/* Nobody is in line any more. */
void tg_queue_clear(struct tg_queue *queue);

void tg_queue_put(struct tg_queue *queue, struct tg_waiter *waiter);

struct tg_waiter *tg_queue_take(struct tg_queue *queue); /* the first of at least one */
