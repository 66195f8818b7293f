/* SPDX-License-Identifier: Apache-2.0 */
#include "cell.h"

#include "customer/guests.h"

static void record(const struct cell *cell, unsigned counter, int64_t time_ms, uint32_t tag)
{
        cr_assert(tg_touches_record(&cell->view, counter, time_ms, tag));
}

Test(touches, the_same_touch_twice_counts_once)
{
        CELL(cell);

        record(&cell, MANY, START_MS, 7);
        record(&cell, MANY, START_MS, 7);
        cr_assert_eq(cell_count(&cell, MANY, 0), 1);
}

Test(touches, another_tag_or_millisecond_or_counter_is_another_touch)
{
        CELL(cell);

        record(&cell, MANY, START_MS, 7);
        record(&cell, MANY, START_MS, 8);
        record(&cell, MANY, START_MS + 1, 7);
        record(&cell, FEW, START_MS, 7);
        cr_assert_eq(cell_count(&cell, MANY, 0), 3);
        cr_assert_eq(cell_count(&cell, FEW, 0), 1);
}

Test(touches, the_latest_is_found_whatever_came_last)
{
        CELL(cell);

        cr_assert_eq(tg_touches_latest(&cell.view, MANY), TG_NO_TIME);
        record(&cell, MANY, START_MS - 5, 1);
        record(&cell, MANY, START_MS + 9, 2);
        record(&cell, MANY, START_MS, 3);
        record(&cell, FEW, START_MS + 20, 3);
        cr_assert_eq(tg_touches_latest(&cell.view, MANY), START_MS + 9);
}

Test(touches, of_more_than_n_the_n_latest_stay)
{
        CELL(cell);

        for (int i = 0; i < 10; i++)
                record(&cell, FEW, START_MS - (i * 7 % 10), 1);
        cr_assert_eq(cell_count(&cell, FEW, 0), FEW_KEPT);
        cr_assert_eq(cell_count(&cell, FEW, START_MS - FEW_KEPT), FEW_KEPT);
}

Test(touches, an_older_touch_never_takes_the_place_of_a_newer)
{
        CELL(cell);

        for (int i = 0; i < FEW_KEPT; i++)
                record(&cell, FEW, START_MS + i, 1);
        record(&cell, FEW, START_MS - 1, 1);
        record(&cell, FEW, START_MS, 2);
        cr_assert_eq(cell_count(&cell, FEW, START_MS - 1), FEW_KEPT);
}

Test(touches, a_touch_leaves_at_the_millisecond_at_which_its_window_ends)
{
        CELL(cell);

        record(&cell, FEW, START_MS, 1);
        cell_clock(&cell, START_MS + FEW_WINDOW_MS - 1);
        cr_assert_eq(cell_count(&cell, FEW, 0), 1);
        cell_clock(&cell, START_MS + FEW_WINDOW_MS);
        cr_assert_eq(cell_count(&cell, FEW, 0), 0);
}

Test(touches, one_that_comes_after_its_window_is_not_stored)
{
        CELL(cell);

        record(&cell, FEW, START_MS - FEW_WINDOW_MS, 1);
        cr_assert_eq(atomic_load(&cell.view.cell->slots[0]), TG_SLOT_EMPTY);
        record(&cell, FEW, START_MS - FEW_WINDOW_MS + 1, 1);
        cr_assert_eq(cell_count(&cell, FEW, 0), 1);
}

Test(touches, one_up_to_the_horizon_counts)
{
        CELL(cell);

        record(&cell, FEW, START_MS + SKEW_MS, 1);
        cr_assert_eq(tg_touches_latest(&cell.view, FEW), START_MS + SKEW_MS);
}

Test(touches, a_busy_cell_chains_lines_and_loses_nothing)
{
        CELL(cell);
        int lines = 0;

        for (int i = 0; i < MANY_KEPT; i++)
                record(&cell, MANY, START_MS - i, (uint32_t)i);
        cr_assert_eq(cell_count(&cell, MANY, 0), MANY_KEPT);
        for (struct tg_line *line = cell.view.cell; line; line = tg_line_next(cell.table, line))
                lines++;
        cr_assert_eq(lines, (MANY_KEPT + TG_LINE_SLOTS - 1) / TG_LINE_SLOTS);
        cr_assert_not(tg_cell_incomplete(cell.view.cell));
}

Test(touches, one_that_two_writers_put_into_two_slots_counts_once)
{
        CELL(cell);
        unsigned guest;

        cr_assert_eq(tg_guest_join(cell.table, &guest), 0);
        record(&cell, MANY, START_MS, 7);
        cr_assert(tg_table_extend(cell.table, cell.view.cell));
        atomic_store(&tg_line_next(cell.table, cell.view.cell)->slots[2],
                     tg_slot_pack(MANY, START_MS, 7));
        atomic_store(&cell.view.cell->slots[4], tg_slot_pack(MANY, START_MS, 7));
        cr_assert_eq(cell_count(&cell, MANY, 0), 1);
}

Test(touches, slots_whose_window_has_passed_are_used_again)
{
        CELL(cell);

        for (int day = 0; day < 50; day++) {
                cell_clock(&cell, START_MS + day * MANY_WINDOW_MS);
                for (uint32_t i = 0; i < TG_LINE_SLOTS; i++)
                        record(&cell, MANY, cell.view.now_ms, i);
        }
        cr_assert_eq(cell_count(&cell, MANY, 0), TG_LINE_SLOTS);
        cr_assert_null(tg_line_next(cell.table, cell.view.cell));
}

Test(touches, without_a_further_line_the_cell_is_incomplete_and_keeps_what_it_has)
{
        tg_cleanup(cell_deinit) struct cell cell;
        struct tg_cell_view other;
        uint32_t stored = 0;

        cell_init(&cell, 64 << 10);
        other = cell.view;
        other.cell = tg_table_obtain(cell.table, identity(2, 2), 0);
        cell.layout.counters[MANY].keep = 1 << 20;
        while (tg_touches_record(&cell.view, MANY, START_MS, stored))
                stored++;
        cr_assert_gt(stored, TG_LINE_SLOTS);
        cr_assert(tg_cell_incomplete(cell.view.cell));
        cr_assert_eq(cell_count(&cell, MANY, 0), stored);
        cr_assert_not(tg_cell_incomplete(other.cell));
        cr_assert_not(tg_table_overflowed(cell.table));

        /* What is there is still there, and another customer's slots are as free as before. */
        cr_assert(tg_touches_record(&cell.view, MANY, START_MS, 0));
        cr_assert(tg_touches_record(&other, MANY, START_MS, 0));
}

/* The plain reference: every touch ever recorded, in a list. */
struct reference {
        struct touch {
                unsigned counter;
                int64_t time_ms;
                uint32_t tag;
        } touches[400];
        int count;
};

static void make_touches(struct reference *reference, unsigned *seed)
{
        /* Few different times, so that touches meet at one; some outside of the smaller window. */
        int64_t span_ms = random_below(seed, 2) ? 60 : 2 * FEW_WINDOW_MS / 1000;
        int64_t step_ms = span_ms == 60 ? 1 : 1000;

        reference->count = 1 + random_below(seed, 200);
        for (int i = 0; i < reference->count; i++)
                reference->touches[i] = (struct touch){
                        .counter = random_below(seed, 2) ? FEW : MANY,
                        .time_ms = START_MS - step_ms * random_below(seed, (int)span_ms),
                        .tag = (uint32_t)random_below(seed, 3),
                };
}

static bool touch_seen(const struct reference *reference, int i)
{
        const struct touch *touch = &reference->touches[i];

        for (int j = 0; j < i; j++) {
                const struct touch *other = &reference->touches[j];

                if (other->counter == touch->counter && other->time_ms == touch->time_ms &&
                    other->tag == touch->tag)
                        return true;
        }
        return false;
}

static int later_first(const void *a, const void *b)
{
        const int64_t *x = a, *y = b;

        return (*x < *y) - (*x > *y);
}

/* The times of the different touches of COUNTER that count at NOW_MS, the latest first. */
static int times_of_reference(const struct reference *reference, const struct tg_keeping *keeping,
                              unsigned counter, int64_t now_ms, int64_t *times_ms)
{
        int count = 0;

        for (int i = 0; i < reference->count; i++) {
                const struct touch *touch = &reference->touches[i];

                if (touch->counter == counter && touch->time_ms > now_ms - keeping->window_ms &&
                    !touch_seen(reference, i))
                        times_ms[count++] = touch->time_ms;
        }
        qsort(times_ms, (size_t)count, sizeof times_ms[0], later_first);
        return count < (int)keeping->keep ? count : (int)keeping->keep;
}

static int times_of_cell(const struct cell *cell, unsigned counter, int64_t *times_ms)
{
        struct tg_slots_walk walk = tg_slots_walk(&cell->view, counter);
        tg_slot_word word;
        int count = 0;

        while (tg_slots_next(&walk, &word, &times_ms[count]))
                count++;
        qsort(times_ms, (size_t)count, sizeof times_ms[0], later_first);
        return count;
}

/* Records all of them in an order of chance, some several times; the clock moves on meanwhile. */
static void record_shuffled(const struct cell *cell, const struct reference *reference,
                            unsigned *seed)
{
        int order[400];

        for (int i = 0; i < reference->count; i++) {
                int j = random_below(seed, i + 1);

                order[i] = order[j];
                order[j] = i;
        }
        for (int i = 0; i < reference->count; i++) {
                const struct touch *touch = &reference->touches[order[i]];
                const struct touch *again = &reference->touches[order[random_below(seed, i + 1)]];

                record(cell, touch->counter, touch->time_ms, touch->tag);
                if (random_below(seed, 3) == 0)
                        record(cell, again->counter, again->time_ms, again->tag);
        }
}

static void expect_as_reference(const struct cell *cell, const struct reference *reference,
                                unsigned seed)
{
        for (unsigned counter = FEW; counter <= MANY; counter++) {
                int64_t expected_ms[400], found_ms[400];
                int expected = times_of_reference(reference, &cell->layout.counters[counter],
                                                  counter, cell->view.now_ms, expected_ms);
                int found = times_of_cell(cell, counter, found_ms);

                cr_assert_eq(found, expected, "seed %u: counter %u holds %d, not %d", seed, counter,
                             found, expected);
                for (int i = 0; i < found; i++)
                        cr_assert_eq(found_ms[i], expected_ms[i], "seed %u: the %d-th latest", seed,
                                     i);
        }
}

Test(touches, any_order_and_repetition_of_the_same_touches_give_the_same_answers)
{
        unsigned seed = fresh_seed();

        for (int round = 0; round < 300; round++) {
                unsigned first = seed;
                struct reference reference;
                CELL(cell);

                make_touches(&reference, &seed);
                record_shuffled(&cell, &reference, &seed);
                expect_as_reference(&cell, &reference, first);
                for (int i = 0; i < 5; i++) {
                        cell_clock(&cell, cell.view.now_ms + random_below(&seed, 1 << 25));
                        expect_as_reference(&cell, &reference, first);
                        if (random_below(&seed, 2))
                                record_shuffled(&cell, &reference, &seed);
                        expect_as_reference(&cell, &reference, first);
                }
        }
}
