/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Guests record the same and different touches of few customers and settle permits, which the owner
 * gives meanwhile; all add passers-by, so that the table grows, whom the sweep takes out again.
 * Another guest counts. Nothing may be lost, nor count twice, nor come back.
 *
 * A program of its own, so that it can run under ThreadSanitizer, where Criterion can't.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "customer/guests.h"
#include "customer/registers.h"
#include "customer/stamps.h"
#include "customer/touches.h"

#define NOW_MS INT64_C(1500000000000)

enum { FEW, MANY, PERMITS, BRIEF, COUNTERS };
enum { THREADS = 4, CUSTOMERS = 5, TOUCHES = 40, ROUNDS = 20, FEW_KEPT = 3 };
enum { PASSERS = 16 }; /* for each thing told */
/*
 * Segments of 4096 lines, which guests fill within milliseconds: on a busy machine that is less
 * than the owner may be away.
 */
enum { MEMORY_BYTES = 2 << 20 };
enum { ALL_TOUCHES = TOUCHES * (THREADS + 1) }; /* the common ones, and each thread's own */

#define BRIEF_MS 1000

static const struct tg_cell_layout layout = {
        .counters = {[FEW] = {TG_DAY_MS, FEW_KEPT, false},
                     [MANY] = {TG_DAY_MS, ALL_TOUCHES, false},
                     [PERMITS] = {TG_DAY_MS, TOUCHES, true},
                     [BRIEF] = {BRIEF_MS, 1, false}},
        .count = COUNTERS,
};

struct round {
        struct tg_table *table;
        pthread_barrier_t start;
        _Atomic int writers; /* guests still at work */
        unsigned seed;
};

struct writer {
        struct round *round;
        uint32_t number; /* 0: the owner */
        unsigned guest;
        unsigned seed;
        int64_t now_ms; /* the owner's: of its upkeep */
};

static void check(bool holds, const struct round *round, const char *what)
{
        if (holds)
                return;
        fprintf(stderr, "seed %u: %s\n", round->seed, what);
        exit(1);
}

/* Spread as keyed hashes are, so that the segments of the few customers are split too. */
static struct tg_identity spread(uint64_t number)
{
        uint64_t z = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);

        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z ^= z >> 27;
        return (struct tg_identity){z, (uint32_t)number};
}

static struct tg_cell_view view_of(struct round *round, struct tg_identity identity)
{
        return (struct tg_cell_view){
                .table = round->table,
                .layout = &layout,
                .cell = tg_table_obtain(round->table, identity, 0),
                .now_ms = NOW_MS,
                .horizon_ms = NOW_MS + TG_HOUR_MS,
                .erased_ms = TG_NO_TIME,
        };
}

/* Two customers share the low part of their identities, and so their segment. */
static struct tg_identity customer_of(uint64_t customer)
{
        return (struct tg_identity){spread(customer / 2).low, 1 + (uint32_t)customer};
}

/* What a thread knows about the I-th moment of a customer's life. */
static bool tell(const struct writer *writer, uint64_t customer, uint32_t i)
{
        struct round *round = writer->round;
        struct tg_cell_view view = view_of(round, customer_of(customer));
        struct tg_register value = {NOW_MS - i, NOW_MS + i, i % 2};

        if (i % 4 == 0) /* the owner may build the segment anew meanwhile */
                sched_yield();
        return view.cell && tg_touches_record(&view, MANY, NOW_MS - i, 0) &&
               tg_touches_record(&view, FEW, NOW_MS - i, 0) &&
               tg_touches_record(&view, MANY, NOW_MS - i, 1 + writer->number) &&
               tg_stamp_raise(round->table, view.cell, TG_STAMP_ERASED, -(int64_t)i) &&
               tg_register_set(round->table, spread(1000 + customer), TG_REGISTER_EXPLICIT,
                               &value) &&
               (writer->number == 0 ? tg_permits_add(&view, 1 << PERMITS, NOW_MS - i, i)
                                    : i % 2 || tg_permits_settle(&view, PERMITS, NOW_MS - i, i));
}

static struct tg_identity passer_of(const struct writer *writer, uint64_t number)
{
        return spread((number + 1000) << 3 | writer->number);
}

static bool add_passer(const struct writer *writer, uint64_t number)
{
        struct tg_cell_view view = view_of(writer->round, passer_of(writer, number));

        /* Some expire while the round lasts. */
        return view.cell &&
               tg_touches_record(&view, BRIEF, NOW_MS - BRIEF_MS + 1 + (int64_t)(number % 200), 0);
}

static void step(struct writer *writer)
{
        struct round *round = writer->round;

        if (writer->number > 0)
                return;
        tg_table_maintain(round->table, writer->now_ms);
        if (rand_r(&writer->seed) % 64 == 0)
                writer->now_ms++;
}

/* A guest comes in once there is room for what it records about both. */
static void enter(const struct writer *writer, struct tg_identity a, struct tg_identity b)
{
        struct tg_table *table = writer->round->table;

        if (writer->number == 0)
                return;
        for (;;) {
                tg_guest_enter(table, writer->guest);
                if (tg_guest_may_record(table, a) && tg_guest_may_record(table, b))
                        return;
                tg_guest_leave(table, writer->guest);
                sched_yield();
        }
}

static void leave(const struct writer *writer)
{
        if (writer->number > 0)
                tg_guest_leave(writer->round->table, writer->guest);
}

static void add_passers(struct writer *writer, uint32_t i)
{
        for (uint32_t j = 0; j < PASSERS; j++) {
                struct tg_identity passer = passer_of(writer, i * PASSERS + j);

                enter(writer, passer, passer);
                check(add_passer(writer, i * PASSERS + j), writer->round,
                      "there is room for passers-by");
                leave(writer);
                step(writer);
        }
}

static void tell_all(struct writer *writer, const uint32_t *order)
{
        for (uint32_t i = 0; i < CUSTOMERS * TOUCHES; i++) {
                uint64_t customer = order[i] % CUSTOMERS;

                add_passers(writer, i);
                step(writer);
                enter(writer, customer_of(customer), spread(1000 + customer));
                check(tell(writer, customer, order[i] / CUSTOMERS), writer->round,
                      "there is room for all");
                leave(writer);
        }
}

static void *write_all(void *argument)
{
        struct writer *writer = argument;
        struct round *round = writer->round;
        uint32_t order[CUSTOMERS * TOUCHES];

        for (uint32_t i = 0; i < CUSTOMERS * TOUCHES; i++) {
                uint32_t j = (uint32_t)rand_r(&writer->seed) % (i + 1);

                order[i] = order[j];
                order[j] = i;
        }
        if (writer->number > 0)
                check(tg_guest_join(round->table, &writer->guest) == 0, round, "a guest's place");
        pthread_barrier_wait(&round->start);
        tell_all(writer, order);
        if (writer->number > 0) {
                tg_guest_part(round->table, writer->guest);
                atomic_fetch_sub(&round->writers, 1);
                return NULL;
        }
        while (atomic_load(&round->writers) > 0)
                step(writer);
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
        unsigned guest;

        check(tg_guest_join(round->table, &guest) == 0, round, "a guest's place");
        pthread_barrier_wait(&round->start);
        while (atomic_load(&round->writers) > 0) {
                for (uint64_t customer = 0; customer < CUSTOMERS; customer++) {
                        struct tg_register value = {NOW_MS, NOW_MS, false};
                        struct tg_cell_view view;

                        tg_guest_enter(round->table, guest);
                        view = view_of(round, customer_of(customer));
                        check(count(&view, MANY) <= ALL_TOUCHES, round, "nothing counts twice");
                        tg_register_read(tg_table_find(round->table, spread(1000 + customer)),
                                         TG_REGISTER_EXPLICIT, TG_NO_TIME, &value);
                        check(value.until_ms - NOW_MS == NOW_MS - value.time_ms, round,
                              "a register is never torn");
                        tg_guest_leave(round->table, guest);
                }
        }
        tg_guest_part(round->table, guest);
        return NULL;
}

static void check_cell(struct round *round, uint64_t customer)
{
        struct tg_cell_view view = view_of(round, customer_of(customer));
        struct tg_slots_walk few = tg_slots_walk(&view, FEW);
        struct tg_register value;
        tg_slot_word word;
        int64_t time_ms;

        check(count(&view, MANY) == ALL_TOUCHES, round, "every touch is there");
        check(count(&view, FEW) == FEW_KEPT, round, "so many are kept");
        while (tg_slots_next(&few, &word, &time_ms))
                check(time_ms > NOW_MS - FEW_KEPT, round, "the latest are kept");
        check(count(&view, PERMITS) == TOUCHES, round, "every permit is there once");
        check(tg_permits_kept(&view, PERMITS) == TOUCHES / 2, round, "half of them are settled");
        check(!tg_cell_incomplete(view.cell), round, "the cell is complete");
        check(tg_stamp_get(round->table, view.cell, TG_STAMP_ERASED) == 0, round,
              "the latest stamp stands");
        check(tg_register_read(tg_table_find(round->table, spread(1000 + customer)),
                               TG_REGISTER_EXPLICIT, TG_NO_TIME, &value) &&
                      value.time_ms == NOW_MS,
              round, "the latest value stands");
}

/* Lets a day pass but for the customers' last hour: the sweep takes out who passed by. */
static void sweep_all(struct round *round)
{
        for (int64_t minute = 0; minute < 23 * 60; minute++)
                tg_table_maintain(round->table, NOW_MS + minute * TG_MINUTE_MS);
        check(tg_table_cells(round->table) == 2 * CUSTOMERS, round,
              "a customer has one cell and a register, and passers-by are gone");
}

static void play(unsigned seed)
{
        static const struct tg_hash_key key;
        static const struct tg_table_care care = {&layout, 1, TG_DAY_MS, TG_HOUR_MS};
        struct round round = {.seed = seed, .writers = THREADS - 1};
        struct writer writers[THREADS];
        pthread_t threads[THREADS + 1];
        struct tg_error error;
        size_t begun;

        check(tg_table_new(MEMORY_BYTES, &key, &round.table, &error) == 0, &round, "a table");
        tg_table_care(round.table, &care);
        tg_table_maintain(round.table, NOW_MS);
        begun = tg_table_memory_bytes(round.table);
        pthread_barrier_init(&round.start, NULL, THREADS + 1);
        for (uint32_t i = 0; i < THREADS; i++) {
                writers[i] = (struct writer){&round, i, 0, seed * THREADS + i, NOW_MS};
                pthread_create(&threads[i], NULL, write_all, &writers[i]);
        }
        pthread_create(&threads[THREADS], NULL, count_all, &round);
        for (int i = 0; i <= THREADS; i++)
                pthread_join(threads[i], NULL);
        sweep_all(&round);
        check(tg_table_memory_bytes(round.table) > begun, &round, "the table has grown");
        check(!tg_table_overflowed(round.table), &round, "nothing was lost");
        for (uint64_t customer = 0; customer < CUSTOMERS; customer++)
                check_cell(&round, customer);
        pthread_barrier_destroy(&round.start);
        tg_table_free(round.table);
}

int main(void)
{
        for (unsigned seed = 1; seed <= ROUNDS; seed++)
                play(seed);
        return 0;
}
