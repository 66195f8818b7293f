/* SPDX-License-Identifier: Apache-2.0 */
#include "pacing/queue.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "pacing/waiting.h"

enum { CHILDREN = 4, PIECE_BITS = 10, PIECE = 1 << PIECE_BITS };

void tg_queue_deinit(struct tg_queue *queue)
{
        for (size_t i = 0; i < queue->heap_pieces; i++)
                free(queue->heap[i]);
        free(queue->heap);
        *queue = (struct tg_queue){0};
}

void tg_queue_clear(struct tg_queue *queue)
{
        queue->count = queue->run_count = queue->heap_count = 0;
}

/* Whether priority P and age A go ahead of priority Q and age B. */
static bool is_ahead(int32_t p, int64_t a, int32_t q, int64_t b)
{
        return p != q ? p > q : a < b;
}

static bool is_item_ahead(const struct tg_queued *a, const struct tg_queued *b)
{
        return is_ahead(a->priority, a->age, b->priority, b->age);
}

static struct tg_queued *item_at(const struct tg_queue *queue, size_t i)
{
        return &queue->heap[i >> PIECE_BITS][i & (PIECE - 1)];
}

static void add_piece(struct tg_queue *queue)
{
        size_t count = queue->heap_pieces++;

        if ((count & (count - 1)) == 0)
                queue->heap =
                        tg_reallocate(queue->heap, (count ? 2 * count : 1) * sizeof queue->heap[0]);
        queue->heap[count] = tg_allocate(PIECE * sizeof queue->heap[0][0]);
}

static void heap_put(struct tg_queue *queue, struct tg_waiter *waiter)
{
        struct tg_queued item = {waiter->age, waiter, waiter->priority};
        size_t i = queue->heap_count++;

        if (i >> PIECE_BITS == queue->heap_pieces)
                add_piece(queue);
        for (; i > 0; i = (i - 1) / CHILDREN) {
                const struct tg_queued *parent = item_at(queue, (i - 1) / CHILDREN);

                if (!is_item_ahead(&item, parent))
                        break;
                *item_at(queue, i) = *parent;
        }
        *item_at(queue, i) = item;
}

/* The child of I that goes ahead of its others, or NULL. */
static const struct tg_queued *best_child(const struct tg_queue *queue, size_t i, size_t *ret_child)
{
        const struct tg_queued *best = NULL;

        for (size_t child = CHILDREN * i + 1;
             child <= CHILDREN * i + CHILDREN && child < queue->heap_count; child++) {
                const struct tg_queued *item = item_at(queue, child);

                if (best && !is_item_ahead(item, best))
                        continue;
                best = item;
                *ret_child = child;
        }
        return best;
}

static struct tg_waiter *heap_take(struct tg_queue *queue)
{
        struct tg_waiter *first = item_at(queue, 0)->waiter;
        struct tg_queued item = *item_at(queue, --queue->heap_count);
        const struct tg_queued *best;
        size_t i = 0, child = 0;

        for (; (best = best_child(queue, i, &child)) && is_item_ahead(best, &item); i = child)
                *item_at(queue, i) = *best;
        *item_at(queue, i) = item;
        return first;
}

/* The run of its priority whose last is the youngest of those that are older, or NULL. */
static struct tg_queue_run *fitting_run(struct tg_queue *queue, const struct tg_waiter *waiter)
{
        struct tg_queue_run *fitting = NULL;

        for (size_t i = 0; i < queue->run_count; i++) {
                struct tg_queue_run *run = &queue->runs[i];

                if (run->priority == waiter->priority && run->last_age < waiter->age &&
                    (!fitting || run->last_age > fitting->last_age))
                        fitting = run;
        }
        return fitting;
}

void tg_queue_put(struct tg_queue *queue, struct tg_waiter *waiter)
{
        struct tg_queue_run *run = fitting_run(queue, waiter);

        queue->count++;
        waiter->next = NULL;
        if (run) {
                run->last->next = waiter;
                run->last = waiter;
                run->last_age = waiter->age;
        } else if (queue->run_count < TG_QUEUE_RUNS) {
                queue->runs[queue->run_count++] = (struct tg_queue_run){
                        waiter, waiter, waiter->age, waiter->age, waiter->priority};
        } else {
                heap_put(queue, waiter);
        }
}

/* The run whose first goes ahead of those of all others, or NULL. */
static struct tg_queue_run *best_run(struct tg_queue *queue)
{
        struct tg_queue_run *best = NULL;

        for (size_t i = 0; i < queue->run_count; i++) {
                struct tg_queue_run *run = &queue->runs[i];

                if (!best ||
                    is_ahead(run->priority, run->first_age, best->priority, best->first_age))
                        best = run;
        }
        return best;
}

static struct tg_waiter *run_take(struct tg_queue *queue, struct tg_queue_run *run)
{
        struct tg_waiter *first = run->first;

        run->first = first->next;
        if (run->first)
                run->first_age = run->first->age;
        else
                *run = queue->runs[--queue->run_count];
        return first;
}

struct tg_waiter *tg_queue_take(struct tg_queue *queue)
{
        struct tg_queue_run *run = best_run(queue);
        const struct tg_queued *top = queue->heap_count > 0 ? item_at(queue, 0) : NULL;

        assert(queue->count > 0);
        queue->count--;
        if (!run || (top && is_ahead(top->priority, top->age, run->priority, run->first_age)))
                return heap_take(queue);
        return run_take(queue, run);
}
