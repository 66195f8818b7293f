/* SPDX-License-Identifier: Apache-2.0 */
#include "cell.h"

static const struct tg_hash_key key = {{9}};

static struct tg_table *table_of(size_t size)
{
        struct tg_table *table;
        struct tg_error error;

        cr_assert_eq(tg_table_new(size, &key, &table, &error), 0);
        return table;
}

Test(table, one_that_is_too_small_to_be_of_use_is_refused)
{
        struct tg_table *table = NULL;
        struct tg_error error;

        cr_assert_eq(tg_table_new((64 << 10) - 1, &key, &table, &error), -1);
        cr_assert_null(table);
        cr_assert_eq(error.exit_code, EX_CONFIG);
        cr_assert(strstr(error.message, "65536"), "%s", error.message);
}

Test(table, more_than_the_machine_can_map_is_refused)
{
        struct tg_table *table = NULL;
        struct tg_error error;

        cr_assert_eq(tg_table_new(SIZE_MAX / 2, &key, &table, &error), -1);
        cr_assert_eq(error.exit_code, EX_OSERR);
}

Test(table, whoever_was_not_added_is_not_found)
{
        struct tg_table *table = table_of(64 << 10);

        cr_assert_null(tg_table_find(table, identity(5, 5)));
        cr_assert_eq(tg_table_cells(table), 0);
        tg_table_free(table);
}

Test(table, both_parts_of_an_identity_tell_it_apart)
{
        struct tg_table *table = table_of(64 << 10);
        struct tg_line *one = tg_table_obtain(table, identity(5, 1), 0);
        struct tg_line *other = tg_table_obtain(table, identity(5, 2), 0);

        cr_assert_neq(one, other);
        cr_assert_eq(tg_table_find(table, identity(5, 1)), one);
        cr_assert_eq(tg_table_find(table, identity(5, 2)), other);
        cr_assert_null(tg_table_find(table, identity(5, 3)));
        cr_assert_eq(tg_table_obtain(table, identity(5, 1), 0), one);
        cr_assert_eq(tg_table_cells(table), 2);
        tg_table_free(table);
}

Test(table, an_identity_of_zeros_is_one_like_others)
{
        struct tg_table *table = table_of(64 << 10);
        struct tg_line *line = tg_table_obtain(table, identity(0, 0), 0);

        cr_assert_not_null(line);
        cr_assert_eq(tg_table_find(table, identity(0, 0)), line);
        tg_table_free(table);
}

Test(table, one_that_is_full_keeps_who_is_there_and_says_so)
{
        struct tg_table *table = table_of(64 << 10);
        uint64_t added = 0;

        while (tg_table_obtain(table, spread(added), 0)) {
                tg_table_maintain(table, START_MS);
                added++;
        }
        cr_assert_gt(added, 512, "half of 1024 lines, not %ju", (uintmax_t)added);
        cr_assert(tg_table_overflowed(table));
        cr_assert_eq(tg_table_cells(table), added);
        for (uint64_t i = 0; i < added; i++) {
                cr_assert_not_null(tg_table_find(table, spread(i)));
                cr_assert_eq(tg_table_obtain(table, spread(i), 0), tg_table_find(table, spread(i)));
        }
        tg_table_free(table);
}

Test(table, it_never_takes_more_than_it_was_given_and_a_segment)
{
        struct tg_table *table = table_of(1 << 20);
        size_t segment = (1 << 20) / 8;

        for (uint64_t i = 0; i < 100000; i++) {
                tg_table_obtain(table, spread(i), 0);
                tg_table_maintain(table, START_MS);
        }
        cr_assert_leq(tg_table_memory_bytes(table), (1 << 20) + segment);
        tg_table_free(table);
}

Test(table, until_it_is_full_it_does_not_say_so)
{
        struct tg_table *table = table_of(64 << 10);

        for (uint64_t i = 0; i < 384; i++) {
                cr_assert_not_null(tg_table_obtain(table, spread(i), 0));
                tg_table_maintain(table, START_MS);
        }
        cr_assert_not(tg_table_overflowed(table));
        tg_table_free(table);
}

/* A plain map: identities in a sorted array, with the touches recorded for each. */
enum { IDENTITIES = 100000 };

static int by_low(const void *a, const void *b)
{
        const struct tg_identity *x = a, *y = b;

        return x->low != y->low ? (x->low > y->low) - (x->low < y->low)
                                : (x->high > y->high) - (x->high < y->high);
}

Test(table, a_hundred_thousand_customers_are_found_and_hold_what_was_recorded)
{
        static struct tg_identity identities[IDENTITIES];
        static uint8_t recorded[IDENTITIES];
        unsigned first = fresh_seed(), seed = first;
        struct cell cell;
        size_t different = 1;

        cell_init(&cell, 64 << 20);
        for (int i = 0; i < IDENTITIES; i++) /* some low parts meet, some identities too */
                identities[i] = identity((uint64_t)random_below(&seed, IDENTITIES) *
                                                         UINT64_C(0x9e3779b97f4a7c15) +
                                                 1,
                                         1 + (uint32_t)random_below(&seed, 3));
        qsort(identities, IDENTITIES, sizeof identities[0], by_low);
        for (int i = 1; i < IDENTITIES; i++)
                different += by_low(&identities[i], &identities[i - 1]) != 0;
        for (int i = 0; i < 2 * IDENTITIES; i++) {
                int who = random_below(&seed, IDENTITIES);

                while (who > 0 && by_low(&identities[who], &identities[who - 1]) == 0)
                        who--;
                tg_table_maintain(cell.table, START_MS);
                cell.view.cell = tg_table_obtain(cell.table, identities[who], 0);
                cr_assert_not_null(cell.view.cell, "seed %u", first);
                cr_assert(tg_touches_record(&cell.view, MANY, START_MS, recorded[who]++));
        }
        for (int i = 0; i < IDENTITIES; i++) {
                if (i > 0 && by_low(&identities[i], &identities[i - 1]) == 0)
                        continue;
                cell.view.cell = tg_table_find(cell.table, identities[i]);
                cr_assert_eq(cell.view.cell ? cell_count(&cell, MANY, 0) : 0, recorded[i],
                             "seed %u: the %d-th", first, i);
        }
        cr_assert_leq(tg_table_cells(cell.table), different + 1, "seed %u", first);
        cell_deinit(&cell);
}

Test(table, what_is_fetched_of_whoever_is_not_there_adds_nobody)
{
        struct tg_table *table = table_of(64 << 10);

        for (uint64_t i = 0; i < 1000; i++) {
                const struct tg_search searches[] = {
                        tg_table_search(table, spread(i)),
                        tg_table_search(table, identity(UINT64_MAX - i, 1)), /* the last lines */
                };

                tg_table_prefetch(table, searches, 2);
                tg_table_prefetch_further(table, searches, 2);
        }
        cr_assert_eq(tg_table_cells(table), 0);
        cr_assert_null(tg_table_find(table, spread(1)));
        tg_table_free(table);
}

Test(table, memory_that_is_faulted_in_ahead_holds_what_it_held_and_is_faulted_in_once)
{
        enum { CUSTOMERS = 40000 };
        struct tg_table *table = table_of(64 << 20);
        size_t begun;

        for (uint64_t i = 0; i < CUSTOMERS; i++) {
                cr_assert(tg_table_obtain(table, spread(i), 0));
                tg_table_maintain(table, START_MS);
        }
        begun = tg_table_memory_bytes(table);
        cr_assert(tg_table_prefault(table));
        cr_assert_not(tg_table_prefault(table), "there is nothing more to do");
        cr_assert_eq(tg_table_memory_bytes(table), begun, "it is not the table's yet");
        for (uint64_t i = 0; i < 2 * CUSTOMERS; i++) {
                cr_assert(tg_table_obtain(table, spread(i), 0));
                tg_table_maintain(table, START_MS);
        }
        cr_assert_eq(tg_table_cells(table), 2 * CUSTOMERS);
        tg_table_free(table);
}
