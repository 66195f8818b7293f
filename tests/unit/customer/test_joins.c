/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same facts in any order, repeated and split over tables in any way, leave the same answers;
 * and millions of random operations on a table that grows are those on a plain map.
 */
#include "cell.h"

#include "customer/stamps.h"

enum { FACTS = 60, ROUNDS = 3000 };

/* A fact about the one cell: a touch, a permit or its settlement, an erasure. */
struct fact {
        unsigned counter;
        bool settles, erases;
        int64_t time_ms;
        uint32_t tag;
};

static struct fact random_fact(unsigned *seed)
{
        struct fact fact = {
                .counter = (unsigned)random_below(seed, COUNTERS),
                .settles = random_below(seed, 2),
                .time_ms = START_MS - random_below(seed, 20) + random_below(seed, 5),
                .tag = (uint32_t)random_below(seed, 3),
        };

        /* At the ends of windows too, to the millisecond. */
        if (random_below(seed, 4) == 0)
                fact.time_ms = START_MS - FEW_WINDOW_MS - 1 + random_below(seed, 3);
        return fact;
}

static void erase(struct cell *cell, int64_t time_ms)
{
        cr_assert(tg_stamp_raise(cell->table, cell->view.cell, TG_STAMP_ERASED, time_ms));
        cell->view.erased_ms = tg_stamp_get(cell->table, cell->view.cell, TG_STAMP_ERASED);
}

static void tell(struct cell *cell, const struct fact *fact)
{
        bool permits = cell->layout.counters[fact->counter].permits;

        if (fact->erases)
                erase(cell, fact->time_ms);
        else if (!permits)
                cr_assert(tg_touches_record(&cell->view, fact->counter, fact->time_ms, fact->tag));
        else if (fact->settles)
                cr_assert(tg_permits_settle(&cell->view, fact->counter, fact->time_ms, fact->tag));
        else
                cr_assert(tg_permits_add(&cell->view, UINT64_C(1) << fact->counter, fact->time_ms,
                                         fact->tag));
}

/* Joins all that FROM knows into TO. */
static void join(struct cell *to, const struct cell *from)
{
        int64_t erased_ms = tg_stamp_get(from->table, from->view.cell, TG_STAMP_ERASED);

        if (erased_ms != TG_NO_TIME)
                erase(to, erased_ms);
        for (struct tg_line *line = from->view.cell; line; line = tg_line_next(from->table, line)) {
                for (int i = 0; i < TG_LINE_SLOTS; i++)
                        if (line->slots[i] != TG_SLOT_EMPTY)
                                cr_assert(tg_slot_join(&to->view, line->slots[i]));
        }
}

static int by_word(const void *a, const void *b)
{
        tg_slot_word x = *(const tg_slot_word *)a, y = *(const tg_slot_word *)b;

        return (x > y) - (x < y);
}

enum { WORDS = 256 };

/* All that the cell answers, in one order. */
static size_t words_of(const struct cell *cell, tg_slot_word words[WORDS])
{
        size_t count = 0;

        for (unsigned counter = 0; counter < COUNTERS; counter++) {
                struct tg_slots_walk walk = tg_slots_walk(&cell->view, counter);
                int64_t time_ms;

                while (count < WORDS && tg_slots_next(&walk, &words[count], &time_ms))
                        count++;
        }
        qsort(words, count, sizeof words[0], by_word);
        return count;
}

static void expect_same(const struct cell *a, const struct cell *b, const char *law, unsigned seed)
{
        tg_slot_word of_a[WORDS], of_b[WORDS];
        size_t count = words_of(a, of_a);

        cr_assert_eq(words_of(b, of_b), count, "%s: seed %u", law, seed);
        cr_assert_eq(memcmp(of_a, of_b, count * sizeof of_a[0]), 0, "%s: seed %u", law, seed);
}

Test(joins, any_order_repetition_and_split_of_the_same_facts_gives_the_same_answers)
{
        unsigned first = fresh_seed();

        for (unsigned round = 0; round < ROUNDS / 10; round++) {
                unsigned seed = first + round;
                struct fact facts[FACTS];
                CELL(whole);
                CELL(shuffled);
                CELL(part);
                CELL(rest);

                for (int i = 0; i < FACTS; i++)
                        facts[i] = random_fact(&seed);
                for (int i = 0; i < FACTS; i++)
                        tell(&whole, &facts[i]);
                for (int i = 0; i < 3 * FACTS; i++)
                        tell(&shuffled, &facts[random_below(&seed, FACTS)]);
                for (int i = FACTS - 1; i >= 0; i--) {
                        tell(&shuffled, &facts[i]);
                        tell(random_below(&seed, 2) ? &part : &rest, &facts[i]);
                }
                join(&part, &rest);
                expect_same(&whole, &shuffled, "order and repetition", first + round);
                expect_same(&whole, &part, "split", first + round);
        }
}

Test(joins, the_join_of_cells_is_commutative_associative_and_idempotent)
{
        unsigned first = fresh_seed();

        for (unsigned round = 0; round < ROUNDS / 10; round++) {
                unsigned seed = first + round;
                struct cell cells[7]; /* a b c; a+b, b+a, (a+b)+c, a+(b+c) */

                for (int i = 0; i < 7; i++)
                        cell_init(&cells[i], 64 << 10);
                for (int i = 0; i < FACTS; i++) {
                        struct fact fact = random_fact(&seed);

                        tell(&cells[random_below(&seed, 3)], &fact);
                }
                join(&cells[3], &cells[0]), join(&cells[3], &cells[1]);
                join(&cells[4], &cells[1]), join(&cells[4], &cells[0]);
                expect_same(&cells[3], &cells[4], "commutative", first + round);
                join(&cells[5], &cells[3]), join(&cells[5], &cells[2]);
                join(&cells[1], &cells[2]);
                join(&cells[6], &cells[0]), join(&cells[6], &cells[1]);
                expect_same(&cells[5], &cells[6], "associative", first + round);
                join(&cells[6], &cells[5]), join(&cells[6], &cells[6]);
                expect_same(&cells[5], &cells[6], "idempotent", first + round);
                for (int i = 0; i < 7; i++)
                        cell_deinit(&cells[i]);
        }
}

Test(joins, whatever_is_at_or_before_an_erasure_is_as_if_it_had_never_been_in_any_order)
{
        unsigned first = fresh_seed();

        for (unsigned round = 0; round < ROUNDS / 10; round++) {
                unsigned seed = first + round;
                int64_t erased_ms = TG_NO_TIME;
                struct fact facts[FACTS];
                CELL(in_order);
                CELL(shuffled);
                CELL(part);
                CELL(rest);
                CELL(later); /* is told of what is later than the erasure alone */

                for (int i = 0; i < FACTS; i++) {
                        facts[i] = random_fact(&seed);
                        facts[i].erases = i > 0 && random_below(&seed, FACTS / 2) == 0;
                        if (facts[i].erases && facts[i].time_ms > erased_ms)
                                erased_ms = facts[i].time_ms;
                }
                for (int i = 0; i < FACTS; i++) {
                        tell(&in_order, &facts[i]);
                        tell(&shuffled, &facts[random_below(&seed, FACTS)]);
                        if (!facts[i].erases && facts[i].time_ms > erased_ms)
                                tell(&later, &facts[i]);
                }
                for (int i = FACTS - 1; i >= 0; i--) {
                        tell(&shuffled, &facts[i]);
                        tell(random_below(&seed, 2) ? &part : &rest, &facts[i]);
                }
                join(&part, &rest);
                cr_assert_eq(in_order.view.erased_ms, erased_ms, "seed %u", first + round);
                expect_same(&later, &in_order, "erased", first + round);
                expect_same(&later, &shuffled, "erased in any order", first + round);
                expect_same(&later, &part, "erased in one part", first + round);
        }
}

Test(joins, a_touch_counts_until_the_millisecond_its_window_ends)
{
        CELL(cell);

        for (int64_t age_ms = -2; age_ms <= 2; age_ms++)
                tg_touches_record(&cell.view, MANY, START_MS - MANY_WINDOW_MS + age_ms, 0);
        cr_assert_eq(cell_count(&cell, MANY, TG_NO_TIME), 2);
        cell_clock(&cell, START_MS + 1);
        cr_assert_eq(cell_count(&cell, MANY, TG_NO_TIME), 1);
        cell_clock(&cell, START_MS + 2);
        cr_assert_eq(cell_count(&cell, MANY, TG_NO_TIME), 0);
}

/* A permit as a plain list remembers it. */
struct given {
        int64_t time_ms;
        uint32_t tag;
        bool refunded;
};

enum { CAP = 3, GIVEN = 400 };

static uint32_t plain_kept(const struct given *given, int count, int64_t now_ms)
{
        uint32_t kept = 0;

        for (int i = 0; i < count; i++)
                kept += !given[i].refunded && given[i].time_ms > now_ms - PERMITS_WINDOW_MS;
        return kept;
}

Test(joins, refunds_of_old_unknown_and_repeated_permits_never_let_a_cap_be_exceeded)
{
        unsigned first = fresh_seed(), seed = first;

        for (int round = 0; round < 50; round++) {
                struct given given[GIVEN];
                int64_t now_ms = START_MS;
                int count = 0, refused = 0;
                CELL(cell);

                cell_care(&cell);
                while (count < GIVEN) {
                        const struct given *old = &given[count ? random_below(&seed, count) : 0];
                        int what = random_below(&seed, 10);

                        now_ms += random_below(&seed, (int)(PERMITS_WINDOW_MS / CAP));
                        cell_clock(&cell, now_ms);
                        tg_table_maintain(cell.table, now_ms);
                        cell.view.cell = tg_table_obtain(cell.table, identity(1, 1), 0);
                        if (what < 2 && count > 0) { /* it bounces, perhaps again, perhaps late */
                                tg_permits_settle(&cell.view, PERMITS, old->time_ms, old->tag);
                                given[old - given].refunded = true;
                        } else if (what == 2) { /* nobody's */
                                tg_permits_settle(&cell.view, PERMITS, now_ms - what, 40000);
                        } else if (tg_permits_kept(&cell.view, PERMITS) < CAP) {
                                given[count] = (struct given){now_ms, (uint32_t)count, false};
                                cr_assert(tg_permits_add(&cell.view, 1 << PERMITS, now_ms,
                                                         (uint32_t)count++));
                        } else {
                                refused++;
                        }
                        cr_assert_eq(tg_permits_kept(&cell.view, PERMITS),
                                     plain_kept(given, count, now_ms), "seed %u, round %d", first,
                                     round);
                        cr_assert_leq(plain_kept(given, count, now_ms), CAP, "seed %u", first);
                }
                cr_assert_gt(refused, 0, "the cap was full at times");
        }
}

/* The plain map: for each customer the latest FEW_KEPT times, as a sorted array. */
enum { CUSTOMERS = 200000, OPERATIONS = 10000000 };

struct plain {
        uint8_t count;
        int64_t times_ms[FEW_KEPT]; /* falling */
};

static void plain_record(struct plain *plain, int64_t now_ms, int64_t time_ms)
{
        int at = 0;

        if (time_ms <= now_ms - FEW_WINDOW_MS)
                return;
        while (at < plain->count && plain->times_ms[at] > time_ms)
                at++;
        if (at < plain->count && plain->times_ms[at] == time_ms)
                return;
        if (plain->count < FEW_KEPT)
                plain->count++;
        for (int i = plain->count - 1; i > at; i--)
                plain->times_ms[i] = plain->times_ms[i - 1];
        if (at < FEW_KEPT)
                plain->times_ms[at] = time_ms;
}

static unsigned plain_count(const struct plain *plain, int64_t now_ms)
{
        unsigned count = 0;

        while (count < plain->count && plain->times_ms[count] > now_ms - FEW_WINDOW_MS)
                count++;
        return count;
}

Test(joins, ten_million_random_operations_are_those_on_a_plain_map)
{
        struct plain *plain = tg_allocate_zeroed(CUSTOMERS, sizeof *plain);
        unsigned first = fresh_seed(), seed = first;
        int64_t now_ms = START_MS;
        struct cell cell;

        cell_init(&cell, 128 << 20);
        tg_table_care(cell.table,
                      &(struct tg_table_care){&cell.layout, 1, MANY_WINDOW_MS, SKEW_MS});
        for (int i = 0; i < OPERATIONS; i++) {
                uint64_t who = (uint64_t)random_below(&seed, CUSTOMERS);
                int64_t time_ms = now_ms + random_below(&seed, (int)SKEW_MS) -
                                  random_below(&seed, (int)TG_DAY_MS);

                now_ms += random_below(&seed, 200); /* about twelve days in all */
                tg_table_maintain(cell.table, now_ms);
                cell_clock(&cell, now_ms);
                if (i % 4) {
                        cell.view.cell = tg_table_obtain(cell.table, spread(who), 0);
                        cr_assert(cell.view.cell && tg_touches_record(&cell.view, FEW, time_ms, 0),
                                  "seed %u: operation %d", first, i);
                        plain_record(&plain[who], now_ms, time_ms);
                } else {
                        cell.view.cell = tg_table_find(cell.table, spread(who));
                        cr_assert_eq(cell.view.cell ? cell_count(&cell, FEW, TG_NO_TIME) : 0,
                                     plain_count(&plain[who], now_ms), "seed %u: operation %d",
                                     first, i);
                }
        }
        cell_deinit(&cell);
        free(plain);
}
