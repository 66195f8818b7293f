/* SPDX-License-Identifier: Apache-2.0 */
#include "pacing/queue.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "pacing/waiting.h"

enum { CHILDREN = 4, FIRST_CAPACITY = 16 };

void tg_queue_deinit(struct tg_queue *queue)
{
        free(queue->items);
        *queue = (struct tg_queue){0};
}

static bool is_ahead(const struct tg_queued *a, const struct tg_queued *b)
{
        if (a->priority != b->priority)
                return a->priority > b->priority;
        return a->age < b->age;
}

static void append(struct tg_queue *queue, struct tg_waiter *waiter)
{
        if (queue->count == queue->capacity) {
                queue->capacity = queue->capacity ? 2 * queue->capacity : FIRST_CAPACITY;
                queue->items =
                        tg_reallocate(queue->items, queue->capacity * sizeof queue->items[0]);
        }
        queue->items[queue->count++] = (struct tg_queued){waiter->age, waiter, waiter->priority};
}

/* Moves the item at I forward to where it belongs. */
static void rise(struct tg_queue *queue, size_t i)
{
        struct tg_queued item = queue->items[i];

        for (; i > 0 && is_ahead(&item, &queue->items[(i - 1) / CHILDREN]); i = (i - 1) / CHILDREN)
                queue->items[i] = queue->items[(i - 1) / CHILDREN];
        queue->items[i] = item;
}

/* Moves the item at I back to where it belongs. */
static void sink(struct tg_queue *queue, size_t i)
{
        struct tg_queued item = queue->items[i];

        for (;;) {
                size_t first = CHILDREN * i + 1, best = first;

                for (size_t child = first + 1; child < first + CHILDREN && child < queue->count;
                     child++) {
                        if (is_ahead(&queue->items[child], &queue->items[best]))
                                best = child;
                }
                if (first >= queue->count || !is_ahead(&queue->items[best], &item))
                        break;
                queue->items[i] = queue->items[best];
                i = best;
        }
        queue->items[i] = item;
}

void tg_queue_put(struct tg_queue *queue, struct tg_waiter *waiter)
{
        append(queue, waiter);
        rise(queue, queue->count - 1);
}

void tg_queue_put_chain(struct tg_queue *queue, struct tg_waiter *first)
{
        size_t before = queue->count;

        for (; first; first = first->next)
                append(queue, first);
        if (queue->count < 2 * before) {
                for (size_t i = before; i < queue->count; i++)
                        rise(queue, i);
        } else {
                /* From the last parent on: linear. */
                for (size_t i = (queue->count + CHILDREN - 2) / CHILDREN; i-- > 0;)
                        sink(queue, i);
        }
}

struct tg_waiter *tg_queue_take(struct tg_queue *queue)
{
        struct tg_waiter *first = queue->items[0].waiter;

        assert(queue->count > 0);
        queue->items[0] = queue->items[--queue->count];
        if (queue->count > 0)
                sink(queue, 0);
        return first;
}
