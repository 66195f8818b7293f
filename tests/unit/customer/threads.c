/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Four threads record the same and different touches of few customers, and one permits while the
 * others settle; a fifth counts meanwhile. Nothing may be lost, nor count twice.
 *
 * A program of its own, so that it can run under ThreadSanitizer, where Criterion can't.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "customer/touches.h"

#define NOW_MS INT64_C(1500000000000)

enum { FEW, MANY, PERMITS, COUNTERS };
enum { THREADS = 4, CUSTOMERS = 5, TOUCHES = 40, ROUNDS = 300, FEW_KEPT = 3 };
enum { ALL_TOUCHES = TOUCHES * (THREADS + 1) }; /* the common ones, and each thread's own */

static const struct tg_cell_layout layout = {
        .counters = {[FEW] = {TG_DAY_MS, FEW_KEPT, false},
                     [MANY] = {TG_DAY_MS, ALL_TOUCHES, false},
                     [PERMITS] = {TG_DAY_MS, TOUCHES, true}},
        .count = COUNTERS,
};

struct round {
        struct tg_table *table;
        pthread_barrier_t start;
        _Atomic int writers; /* still at work */
        unsigned seed;
};

struct writer {
        struct round *round;
        uint32_t number;
        unsigned seed;
};

static void check(bool holds, const struct round *round, const char *what)
{
        if (holds)
                return;
        fprintf(stderr, "seed %u: %s\n", round->seed, what);
        exit(1);
}

static struct tg_cell_view view_of(struct round *round, uint64_t customer)
{
        struct tg_identity identity = {1 + customer / 2, 1 + (uint32_t)customer};

        return (struct tg_cell_view){
                .table = round->table,
                .layout = &layout,
                .cell = tg_table_obtain(round->table, identity),
                .now_ms = NOW_MS,
                .horizon_ms = NOW_MS + TG_HOUR_MS,
        };
}

/* What a thread knows about the I-th moment of a customer's life. */
static bool tell(const struct writer *writer, const struct tg_cell_view *view, uint32_t i)
{
        return tg_touches_record(view, MANY, NOW_MS - i, 0) &&
               tg_touches_record(view, FEW, NOW_MS - i, 0) &&
               tg_touches_record(view, MANY, NOW_MS - i, 1 + writer->number) &&
               (writer->number == 0 ? tg_permits_add(view, PERMITS, NOW_MS - i, i)
                                    : i % 2 || tg_permits_settle(view, PERMITS, NOW_MS - i, i));
}

static void *write_all(void *argument)
{
        struct writer *writer = argument;
        uint32_t order[CUSTOMERS * TOUCHES];

        for (uint32_t i = 0; i < CUSTOMERS * TOUCHES; i++) {
                uint32_t j = (uint32_t)rand_r(&writer->seed) % (i + 1);

                order[i] = order[j];
                order[j] = i;
        }
        pthread_barrier_wait(&writer->round->start);
        for (uint32_t i = 0; i < CUSTOMERS * TOUCHES; i++) {
                struct tg_cell_view view = view_of(writer->round, order[i] % CUSTOMERS);

                check(view.cell && tell(writer, &view, order[i] / CUSTOMERS), writer->round,
                      "there is room for all");
        }
        atomic_fetch_sub(&writer->round->writers, 1);
        return NULL;
}

static int count(const struct tg_cell_view *view, unsigned counter)
{
        struct tg_slots_walk walk = tg_slots_walk(view, counter);
        tg_slot_word word;
        int64_t time_ms;
        int found = 0;

        while (tg_slots_next(&walk, &word, &time_ms))
                found++;
        return found;
}

static void *count_all(void *argument)
{
        struct round *round = argument;
        int last[CUSTOMERS] = {0};

        pthread_barrier_wait(&round->start);
        while (atomic_load(&round->writers) > 0) {
                for (uint64_t customer = 0; customer < CUSTOMERS; customer++) {
                        struct tg_cell_view view = view_of(round, customer);
                        int found = count(&view, MANY);

                        check(found >= last[customer], round, "what was counted stays");
                        check(found <= ALL_TOUCHES, round, "nothing counts twice");
                        last[customer] = found;
                }
        }
        return NULL;
}

static void check_cell(struct round *round, uint64_t customer)
{
        struct tg_cell_view view = view_of(round, customer);
        struct tg_slots_walk few = tg_slots_walk(&view, FEW);
        tg_slot_word word;
        int64_t time_ms;

        check(count(&view, MANY) == ALL_TOUCHES, round, "every touch is there");
        check(count(&view, FEW) == FEW_KEPT, round, "so many are kept");
        while (tg_slots_next(&few, &word, &time_ms))
                check(time_ms > NOW_MS - FEW_KEPT, round, "the latest are kept");
        check(count(&view, PERMITS) == TOUCHES, round, "every permit is there once");
        check(tg_permits_kept(&view, PERMITS) == TOUCHES / 2, round, "half of them are settled");
        check(!tg_cell_incomplete(view.cell), round, "the cell is complete");
}

static void play(unsigned seed)
{
        static const struct tg_hash_key key;
        struct round round = {.seed = seed, .writers = THREADS};
        struct writer writers[THREADS];
        pthread_t threads[THREADS + 1];
        struct tg_error error;

        check(tg_table_new(1 << 20, &key, &round.table, &error) == 0, &round, "a table");
        pthread_barrier_init(&round.start, NULL, THREADS + 1);
        for (uint32_t i = 0; i < THREADS; i++) {
                writers[i] = (struct writer){&round, i, seed * THREADS + i};
                pthread_create(&threads[i], NULL, write_all, &writers[i]);
        }
        pthread_create(&threads[THREADS], NULL, count_all, &round);
        for (int i = 0; i <= THREADS; i++)
                pthread_join(threads[i], NULL);
        for (uint64_t customer = 0; customer < CUSTOMERS; customer++)
                check_cell(&round, customer);
        check(tg_table_cells(round.table) == CUSTOMERS, &round, "a customer has one cell");
        pthread_barrier_destroy(&round.start);
        tg_table_free(round.table);
}

int main(void)
{
        for (unsigned seed = 1; seed <= ROUNDS; seed++)
                play(seed);
        return 0;
}
