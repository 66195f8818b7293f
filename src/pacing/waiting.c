/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Binary heaps: the deferred by (due, priority, age); what of them has fallen due, and the queue of
 * each throttle, by (priority, age).
 */
#include "pacing/waiting.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"

struct heap {
        struct tg_waiter **items; /* owned, each owned too */
        size_t count;
        size_t capacity;
};

struct tg_waiting {
        struct tg_waiting_limits limits;
        size_t messages; /* made and not freed */
        size_t bytes;
        struct heap deferred;
        struct heap ready; /* was deferred, is due */
        size_t throttles;
        struct heap queues[]; /* one a throttle */
};

/* Higher priority first, then older: the order of a queue. */
static bool ahead_in_queue(const struct tg_waiter *a, const struct tg_waiter *b)
{
        if (a->priority != b->priority)
                return a->priority > b->priority;
        return a->age < b->age;
}

/* Earlier first, then as in a queue: the order of the deferred. */
static bool ahead_in_time(const struct tg_waiter *a, const struct tg_waiter *b)
{
        if (a->due_ms != b->due_ms)
                return a->due_ms < b->due_ms;
        return ahead_in_queue(a, b);
}

typedef bool (*ahead_fn)(const struct tg_waiter *, const struct tg_waiter *);

static void heap_put(struct heap *heap, struct tg_waiter *waiter, ahead_fn ahead)
{
        size_t i = heap->count++;

        if (heap->count > heap->capacity) {
                heap->capacity = heap->capacity ? 2 * heap->capacity : 16;
                heap->items = tg_reallocate(heap->items, heap->capacity * sizeof heap->items[0]);
        }
        for (; i > 0 && ahead(waiter, heap->items[(i - 1) / 2]); i = (i - 1) / 2)
                heap->items[i] = heap->items[(i - 1) / 2];
        heap->items[i] = waiter;
}

static struct tg_waiter *heap_take(struct heap *heap, ahead_fn ahead)
{
        struct tg_waiter *first = heap->items[0];
        struct tg_waiter *last = heap->items[--heap->count];
        size_t i = 0;

        for (;;) {
                size_t child = 2 * i + 1;

                if (child >= heap->count)
                        break;
                if (child + 1 < heap->count && ahead(heap->items[child + 1], heap->items[child]))
                        child++;
                if (!ahead(heap->items[child], last))
                        break;
                heap->items[i] = heap->items[child];
                i = child;
        }
        heap->items[i] = last;
        return first;
}

static void heap_free(struct heap *heap)
{
        for (size_t i = 0; i < heap->count; i++)
                free(heap->items[i]);
        free(heap->items);
}

struct tg_waiting *tg_waiting_new(size_t throttles, struct tg_waiting_limits limits)
{
        struct tg_waiting *waiting =
                tg_allocate_zeroed(1, sizeof *waiting + throttles * sizeof waiting->queues[0]);

        waiting->limits = limits;
        waiting->throttles = throttles;
        return waiting;
}

void tg_waiting_free(struct tg_waiting *waiting)
{
        if (!waiting)
                return;
        heap_free(&waiting->deferred);
        heap_free(&waiting->ready);
        for (size_t i = 0; i < waiting->throttles; i++)
                heap_free(&waiting->queues[i]);
        free(waiting);
}

struct tg_waiter *tg_waiter_new(struct tg_waiting *waiting, struct tg_span datum)
{
        struct tg_waiter *waiter;

        if (waiting->messages >= waiting->limits.messages ||
            waiting->bytes + datum.size > waiting->limits.bytes)
                return NULL;
        waiter = tg_allocate(sizeof *waiter + datum.size);
        *waiter = (struct tg_waiter){.size = datum.size};
        memcpy(waiter->datum, datum.data, datum.size);
        waiting->messages++;
        waiting->bytes += datum.size;
        return waiter;
}

void tg_waiter_free(struct tg_waiting *waiting, struct tg_waiter *waiter)
{
        assert(waiting->messages > 0);
        waiting->messages--;
        waiting->bytes -= waiter->size;
        free(waiter);
}

void tg_waiting_defer(struct tg_waiting *waiting, struct tg_waiter *waiter)
{
        heap_put(&waiting->deferred, waiter, ahead_in_time);
}

void tg_waiting_queue(struct tg_waiting *waiting, size_t throttle, struct tg_waiter *waiter)
{
        assert(throttle < waiting->throttles);
        heap_put(&waiting->queues[throttle], waiter, ahead_in_queue);
}

int64_t tg_waiting_due(const struct tg_waiting *waiting, const struct tg_gcra *throttles)
{
        int64_t due_ms = TG_NEVER;

        if (waiting->ready.count)
                return TG_NO_TIME;
        if (waiting->deferred.count)
                due_ms = waiting->deferred.items[0]->due_ms;
        for (size_t i = 0; i < waiting->throttles; i++) {
                int64_t conforms_ms;

                if (!waiting->queues[i].count)
                        continue;
                conforms_ms = tg_gcra_conforms_ms(&throttles[i]);
                if (conforms_ms < due_ms)
                        due_ms = conforms_ms;
        }
        return due_ms;
}

struct tg_waiter *tg_waiting_take(struct tg_waiting *waiting, const struct tg_gcra *throttles,
                                  int64_t t_ms)
{
        for (size_t i = 0; i < waiting->throttles; i++) {
                if (waiting->queues[i].count && tg_gcra_conforms_ms(&throttles[i]) <= t_ms)
                        return heap_take(&waiting->queues[i], ahead_in_queue);
        }
        while (waiting->deferred.count && waiting->deferred.items[0]->due_ms <= t_ms)
                heap_put(&waiting->ready, heap_take(&waiting->deferred, ahead_in_time),
                         ahead_in_queue);
        return waiting->ready.count ? heap_take(&waiting->ready, ahead_in_queue) : NULL;
}

size_t tg_waiting_count(const struct tg_waiting *waiting)
{
        return waiting->messages;
}

static int64_t oldest_of(const struct heap *heap, int64_t oldest)
{
        for (size_t i = 0; i < heap->count; i++) {
                if (oldest < 0 || heap->items[i]->offset < oldest)
                        oldest = heap->items[i]->offset;
        }
        return oldest;
}

int64_t tg_waiting_oldest_offset(const struct tg_waiting *waiting)
{
        int64_t oldest = oldest_of(&waiting->ready, oldest_of(&waiting->deferred, -1));

        for (size_t i = 0; i < waiting->throttles; i++)
                oldest = oldest_of(&waiting->queues[i], oldest);
        return oldest;
}
