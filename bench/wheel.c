/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What waiting costs: the timing wheel beside a binary heap, a million messages of one instant
 * beside such a heap by priority and age, and the word of a throttle; in one run.
 *
 *     bench-wheel [messages ...]        (default: 1000 100000 1000000 10000000)
 *
 * For each number, so many messages are deferred to random moments of 72 hours, then all are taken
 * in order of time; the rounds of both alternate. Prints the median, in CPU time of the thread: the
 * ratio is the result, the times are this machine's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "measure.h"
#include "pacing/waiting.h"
#include "pacing/wheel.h"

#define NOW_MS INT64_C(1500000000000)

enum {
        ROUNDS_MAX = 99,
        MILLION = 1000000,
        PRIORITIES = 5,
        STEP = 16384, /* messages that a batch lines up ... */
        BATCH = 4096, /* ... and decides */
        DATUM_SIZE = 100,
};
static const uint64_t seed = 42;

/* The reference: a binary heap of what it compares, the smallest first. */
struct heap {
        struct item {
                int64_t major;
                int64_t minor;
                struct tg_waiter *waiter;
        } * items;
        size_t count;
};

static bool is_before(const struct item *a, const struct item *b)
{
        return a->major != b->major ? a->major < b->major : a->minor < b->minor;
}

static void heap_put(struct heap *heap, struct item item)
{
        size_t i = heap->count++;

        for (; i > 0 && is_before(&item, &heap->items[(i - 1) / 2]); i = (i - 1) / 2)
                heap->items[i] = heap->items[(i - 1) / 2];
        heap->items[i] = item;
}

static struct tg_waiter *heap_take(struct heap *heap)
{
        struct tg_waiter *first = heap->items[0].waiter;
        struct item item = heap->items[--heap->count];
        size_t i = 0, child;

        while ((child = 2 * i + 1) < heap->count) {
                if (child + 1 < heap->count &&
                    is_before(&heap->items[child + 1], &heap->items[child]))
                        child++;
                if (!is_before(&heap->items[child], &item))
                        break;
                heap->items[i] = heap->items[child];
                i = child;
        }
        heap->items[i] = item;
        return first;
}

/* Nanoseconds a message, by what was done to it. */
struct cost {
        double put[ROUNDS_MAX];
        double take[ROUNDS_MAX];
};

/* Keeps what was taken from being left out. */
static volatile int64_t seen;

static void turn_wheel(struct tg_waiter *waiters, size_t count, double *ret_put, double *ret_take)
{
        struct tg_wheel wheel;
        double start, put;

        tg_wheel_init(&wheel);
        wheel.now_ms = NOW_MS;
        start = measure_cpu_ns();
        for (size_t i = 0; i < count; i++)
                tg_wheel_put(&wheel, &waiters[i]);
        put = measure_cpu_ns();
        while (wheel.count > 0) {
                struct tg_waiter *waiter;

                tg_wheel_take(&wheel, STEP, &waiter);
                for (; waiter; waiter = waiter->next)
                        seen = waiter->age;
        }
        *ret_put = (put - start) / (double)count;
        *ret_take = (measure_cpu_ns() - put) / (double)count;
}

static void turn_heap(struct heap *heap, struct tg_waiter *waiters, size_t count, double *ret_put,
                      double *ret_take)
{
        double start = measure_cpu_ns(), put;

        for (size_t i = 0; i < count; i++)
                heap_put(heap, (struct item){waiters[i].due_ms, 0, &waiters[i]});
        put = measure_cpu_ns();
        while (heap->count > 0)
                seen = heap_take(heap)->age;
        *ret_put = (put - start) / (double)count;
        *ret_take = (measure_cpu_ns() - put) / (double)count;
}

static void print_costs(const char *what, double ours, double theirs)
{
        printf("  %-34s %7.1f ns, heap %7.1f ns: %.2f of it\n", what, ours, theirs, ours / theirs);
}

static void measure(size_t count)
{
        struct tg_waiter *waiters = tg_allocate_zeroed(count, sizeof *waiters);
        struct heap heap = {.items = tg_allocate(count * sizeof heap.items[0])};
        size_t rounds = 5 * (size_t)MILLION / count;
        struct cost wheel, reference;
        uint64_t random = seed;

        rounds = rounds > ROUNDS_MAX ? ROUNDS_MAX : rounds < 3 ? 3 : rounds;
        for (size_t i = 0; i < count; i++) {
                waiters[i].due_ms =
                        NOW_MS + 1 + (int64_t)(measure_random(&random) % (72 * TG_HOUR_MS));
                waiters[i].age = (int64_t)i;
        }
        for (size_t i = 0; i < rounds; i++) {
                turn_heap(&heap, waiters, count, &reference.put[i], &reference.take[i]);
                turn_wheel(waiters, count, &wheel.put[i], &wheel.take[i]);
        }
        printf("%zu waiting, %zu rounds\n", count, rounds);
        print_costs("a deferral", measure_median(wheel.put, rounds),
                    measure_median(reference.put, rounds));
        print_costs("a due message", measure_median(wheel.take, rounds),
                    measure_median(reference.take, rounds));
        free(heap.items);
        free(waiters);
}

/* Nanoseconds a message, and of the longest of those steps that a batch may take. */
struct instant {
        double defer, gather, take, longest_gather, longest_take;
};

static void keep_longest(double *longest, double *start)
{
        double now = measure_cpu_ns();

        if (now - *start > *longest)
                *longest = now - *start;
        *start = now;
}

static int32_t priority_of(int64_t age)
{
        return (int32_t)(age * 7 % 11 % PRIORITIES);
}

static void defer_all(struct tg_waiting *waiting, const int64_t *ages)
{
        static const uint8_t datum[DATUM_SIZE];

        for (size_t i = 0; i < MILLION; i++) {
                struct tg_waiter *waiter = tg_waiter_new(waiting, tg_span_of(datum, DATUM_SIZE));

                waiter->age = ages[i];
                waiter->priority = priority_of(ages[i]);
                waiter->due_ms = NOW_MS;
                tg_waiting_defer(waiting, waiter);
        }
        tg_waiting_commit(waiting);
}

/* Takes and frees as many as a batch decides; false: there were none. */
static bool take_batch(struct tg_waiting *waiting)
{
        struct tg_waiter *waiter;
        int count = 0;

        while (count < BATCH && (waiter = tg_waiting_take(waiting, NULL, NOW_MS))) {
                seen = waiter->age;
                tg_waiter_free(waiting, waiter);
                count++;
        }
        tg_waiting_commit(waiting);
        return count > 0;
}

static struct instant run_instant(const int64_t *ages)
{
        struct tg_waiting *waiting = tg_waiting_new(
                0, (struct tg_waiting_limits){MILLION, (size_t)MILLION * DATUM_SIZE});
        struct instant instant = {.longest_gather = 0};
        double start = measure_cpu_ns(), gathered, deferred, step;

        defer_all(waiting, ages);
        step = deferred = measure_cpu_ns();
        while (!tg_waiting_gather(waiting, NOW_MS, STEP))
                keep_longest(&instant.longest_gather, &step);
        step = gathered = measure_cpu_ns();
        while (take_batch(waiting))
                keep_longest(&instant.longest_take, &step);
        instant.defer = (deferred - start) / (double)MILLION;
        instant.gather = (gathered - deferred) / (double)MILLION;
        instant.take = (measure_cpu_ns() - gathered) / (double)MILLION;
        tg_waiting_free(waiting);
        return instant;
}

/* The same by a heap of all, made and freed likewise. */
static double run_instant_heap(struct heap *heap, const int64_t *ages)
{
        double start;

        for (size_t i = 0; i < MILLION; i++) {
                heap->items[i].waiter = tg_allocate(sizeof(struct tg_waiter) + DATUM_SIZE);
                heap->items[i].waiter->age = ages[i];
        }
        start = measure_cpu_ns();
        for (size_t i = 0; i < MILLION; i++)
                heap_put(heap,
                         (struct item){-priority_of(ages[i]), ages[i], heap->items[i].waiter});
        while (heap->count > 0) {
                struct tg_waiter *waiter = heap_take(heap);

                seen = waiter->age;
                free(waiter);
        }
        return (measure_cpu_ns() - start) / (double)MILLION;
}

static void measure_instant(const char *how, const int64_t *ages)
{
        enum { ROUNDS = 5 };
        struct heap heap = {.items = tg_allocate(MILLION * sizeof heap.items[0])};
        double defer[ROUNDS], gather[ROUNDS], take[ROUNDS], both[ROUNDS], reference[ROUNDS];
        double longest_gather[ROUNDS], longest_take[ROUNDS];

        for (int i = 0; i < ROUNDS; i++) {
                struct instant instant = run_instant(ages);

                defer[i] = instant.defer;
                gather[i] = instant.gather;
                take[i] = instant.take;
                both[i] = instant.gather + instant.take;
                longest_gather[i] = instant.longest_gather;
                longest_take[i] = instant.longest_take;
                reference[i] = run_instant_heap(&heap, ages);
        }
        printf("1,000,000 of one instant, %d priorities, deferred %s\n", PRIORITIES, how);
        printf("  %-34s %7.1f ns\n", "made, deferred and committed", measure_median(defer, ROUNDS));
        printf("  %-34s %7.1f ns; %d at a time: %.2f ms at most\n", "lined up",
               measure_median(gather, ROUNDS), STEP, measure_median(longest_gather, ROUNDS) * 1e-6);
        printf("  %-34s %7.1f ns; %d at a time: %.2f ms at most\n", "taken, freed and committed",
               measure_median(take, ROUNDS), BATCH, measure_median(longest_take, ROUNDS) * 1e-6);
        print_costs("lined up, taken, freed", measure_median(both, ROUNDS),
                    measure_median(reference, ROUNDS));
        free(heap.items);
}

static void measure_instants(void)
{
        int64_t *ages = tg_allocate(MILLION * sizeof ages[0]);
        uint64_t random = seed;

        for (int64_t i = 0; i < MILLION; i++)
                ages[i] = i;
        measure_instant("in order of age", ages);
        for (size_t i = MILLION - 1; i > 0; i--) {
                size_t other = measure_random(&random) % (i + 1);
                int64_t age = ages[i];

                ages[i] = ages[other];
                ages[other] = age;
        }
        measure_instant("in random order of age", ages);
        free(ages);
}

static void measure_gcra(void)
{
        enum { CHARGES = 10000000, ROUNDS = 5 };
        struct tg_gcra gcra = tg_gcra_of((struct tg_rate){500, TG_SECOND_MS}, 1000, 16);
        double costs[ROUNDS];

        for (int i = 0; i < ROUNDS; i++) {
                int64_t t_ms = NOW_MS + (int64_t)i * TG_DAY_MS * 365;
                double start = measure_cpu_ns();

                for (int charge = 0; charge < CHARGES; charge++) {
                        int64_t conforms_ms = tg_gcra_conforms_ms(&gcra);

                        t_ms = conforms_ms > t_ms ? conforms_ms : t_ms;
                        tg_gcra_charge(&gcra, t_ms);
                }
                costs[i] = (measure_cpu_ns() - start) / (double)CHARGES;
        }
        seen = gcra.tat.ms;
        printf("a throttle asked and charged: %.1f ns\n", measure_median(costs, ROUNDS));
}

int main(int count, char **arguments)
{
        static const size_t defaults[] = {1000, 100000, MILLION, 10 * MILLION};

        setvbuf(stdout, NULL, _IOLBF, 0);
        measure_print_machine();
        printf("data     due at random within 72 h, messages of %d bytes; seed %ju\n\n", DATUM_SIZE,
               (uintmax_t)seed);
        for (int i = 1; i < count; i++)
                measure(strtoull(arguments[i], NULL, 10));
        for (size_t i = 0; count < 2 && i < sizeof defaults / sizeof defaults[0]; i++)
                measure(defaults[i]);
        measure_instants();
        measure_gcra();
        return 0;
}
