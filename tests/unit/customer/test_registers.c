/* SPDX-License-Identifier: Apache-2.0 */
#include "cell.h"

#include "customer/registers.h"

static const struct tg_identity who = {77, 88};

static void set(const struct cell *cell, int64_t time_ms, bool granted, int64_t until_ms)
{
        struct tg_register value = {time_ms, until_ms, granted};

        cr_assert(tg_register_set(cell->table, who, TG_REGISTER_EXPLICIT, &value));
}

static void expect(const struct cell *cell, int64_t time_ms, bool granted, int64_t until_ms)
{
        struct tg_register value;

        cr_assert(tg_register_read(tg_table_find(cell->table, who), TG_REGISTER_EXPLICIT,
                                   TG_NO_TIME, &value));
        cr_assert_eq(value.time_ms, time_ms, "%jd", (intmax_t)value.time_ms);
        cr_assert_eq(value.until_ms, until_ms, "%jd", (intmax_t)value.until_ms);
        cr_assert_eq(value.granted, granted);
}

Test(registers, what_was_never_set_is_not_there)
{
        CELL(cell);
        struct tg_register value;

        cr_assert_not(tg_register_read(tg_table_find(cell.table, who), TG_REGISTER_EXPLICIT,
                                       TG_NO_TIME, &value));
        set(&cell, START_MS, true, TG_NEVER);
        cr_assert_not(tg_register_read(tg_table_find(cell.table, who), TG_REGISTER_IMPLIED,
                                       TG_NO_TIME, &value));
}

Test(registers, the_later_event_stands_whatever_came_last)
{
        CELL(cell);

        set(&cell, START_MS, true, START_MS + 5);
        expect(&cell, START_MS, true, START_MS + 5);
        set(&cell, START_MS - 1, false, TG_NEVER);
        expect(&cell, START_MS, true, START_MS + 5);
        set(&cell, START_MS + 1, true, TG_NEVER);
        expect(&cell, START_MS + 1, true, TG_NEVER);
}

Test(registers, of_one_moment_a_withdrawal_stands_before_a_grant)
{
        CELL(cell);

        set(&cell, START_MS, false, TG_NEVER);
        set(&cell, START_MS, true, START_MS + 1);
        expect(&cell, START_MS, false, TG_NEVER);
}

Test(registers, of_one_moment_the_earlier_end_stands_and_none_is_the_latest)
{
        CELL(cell);

        set(&cell, START_MS, true, TG_NEVER);
        set(&cell, START_MS, true, START_MS + 9);
        expect(&cell, START_MS, true, START_MS + 9);
        set(&cell, START_MS, true, START_MS + 8);
        set(&cell, START_MS, true, START_MS + 9);
        expect(&cell, START_MS, true, START_MS + 8);
}

Test(registers, times_before_1970_and_absurd_ones_keep_their_order)
{
        CELL(cell);

        set(&cell, INT64_MIN, true, INT64_MIN);
        expect(&cell, -(INT64_C(1) << 61), true, -(INT64_C(1) << 61));
        set(&cell, -1, true, INT64_MAX - 1);
        expect(&cell, -1, true, INT64_C(1) << 61);
        set(&cell, 0, false, 0);
        expect(&cell, 0, false, 0);
}

Test(registers, what_was_set_up_to_an_erasure_is_not_there)
{
        CELL(cell);
        struct tg_register value;

        set(&cell, START_MS, true, TG_NEVER);
        cr_assert(tg_register_read(tg_table_find(cell.table, who), TG_REGISTER_EXPLICIT,
                                   START_MS - 1, &value));
        cr_assert_not(tg_register_read(tg_table_find(cell.table, who), TG_REGISTER_EXPLICIT,
                                       START_MS, &value));
        set(&cell, START_MS + 1, false, TG_NEVER);
        cr_assert(tg_register_read(tg_table_find(cell.table, who), TG_REGISTER_EXPLICIT, START_MS,
                                   &value));
}

Test(registers, one_whose_values_were_erased_is_swept_and_no_other)
{
        CELL(cell);
        struct tg_register value = {START_MS, TG_NEVER, true};

        cell_care(&cell);
        for (uint64_t i = 0; i < 4; i++)
                cr_assert(tg_register_set(cell.table, spread(i), TG_REGISTER_EXPLICIT, &value));
        cr_assert(tg_register_set(cell.table, spread(1), TG_REGISTER_IMPLIED, &value));
        cr_assert_not(tg_register_read(tg_table_find(cell.table, spread(0)), TG_REGISTER_EXPLICIT,
                                       START_MS, &value));
        cr_assert_not(tg_register_read(tg_table_find(cell.table, spread(1)), TG_REGISTER_EXPLICIT,
                                       START_MS, &value));
        cr_assert(tg_register_read(tg_table_find(cell.table, spread(2)), TG_REGISTER_EXPLICIT,
                                   START_MS - 1, &value));
        for (int64_t hour = 0; hour < 24 * 7; hour++)
                tg_table_maintain(cell.table, START_MS + hour * TG_HOUR_MS);
        for (uint64_t i = 0; i < 4; i++)
                cr_assert_eq(tg_table_find(cell.table, spread(i)) != NULL, i > 0, "%ju",
                             (uintmax_t)i);
}

Test(registers, an_erasure_at_any_moment_leaves_the_same)
{
        unsigned first = fresh_seed(), seed = first;

        for (int round = 0; round < 2000; round++) {
                struct tg_register value, late = {.time_ms = TG_NO_TIME};
                int64_t erased_ms = START_MS + random_below(&seed, 10);
                bool known;
                CELL(cell);

                for (int i = 0; i < 6; i++) {
                        value = (struct tg_register){START_MS + random_below(&seed, 12), TG_NEVER,
                                                     random_below(&seed, 2)};
                        set(&cell, value.time_ms, value.granted, value.until_ms);
                        if (value.time_ms > late.time_ms ||
                            (value.time_ms == late.time_ms && !value.granted))
                                late = value;
                        if (random_below(&seed, 3) == 0) /* no later than what will be known */
                                tg_register_read(tg_table_find(cell.table, who),
                                                 TG_REGISTER_EXPLICIT,
                                                 erased_ms - random_below(&seed, 3), &value);
                }
                known = tg_register_read(tg_table_find(cell.table, who), TG_REGISTER_EXPLICIT,
                                         erased_ms, &value);
                cr_assert_eq(known, late.time_ms > erased_ms, "seed %u, round %d", first, round);
                cr_assert(!known ||
                                  (value.time_ms == late.time_ms && value.granted == late.granted),
                          "seed %u, round %d", first, round);
        }
}

Test(registers, any_order_and_repetition_leaves_the_same)
{
        unsigned first = fresh_seed(), seed = first;

        for (int round = 0; round < 2000; round++) {
                struct tg_register values[6], a, b;
                CELL(one);
                CELL(other);

                for (int i = 0; i < 6; i++) {
                        values[i] = (struct tg_register){START_MS + random_below(&seed, 3),
                                                         random_below(&seed, 3)
                                                                 ? START_MS + random_below(&seed, 3)
                                                                 : TG_NEVER,
                                                         random_below(&seed, 2)};
                        tg_register_set(one.table, who, TG_REGISTER_EXPLICIT, &values[i]);
                }
                for (int i = 0; i < 34; i++)
                        tg_register_set(other.table, who, TG_REGISTER_EXPLICIT,
                                        &values[random_below(&seed, 6)]);
                for (int i = 5; i >= 0; i--)
                        tg_register_set(other.table, who, TG_REGISTER_EXPLICIT, &values[i]);
                cr_assert(tg_register_read(tg_table_find(one.table, who), TG_REGISTER_EXPLICIT,
                                           TG_NO_TIME, &a));
                cr_assert(tg_register_read(tg_table_find(other.table, who), TG_REGISTER_EXPLICIT,
                                           TG_NO_TIME, &b));
                cr_assert(a.time_ms == b.time_ms && a.until_ms == b.until_ms &&
                                  a.granted == b.granted,
                          "seed %u, round %d", first, round);
        }
}

Test(registers, a_lost_one_makes_the_table_overflow_for_good)
{
        tg_cleanup(cell_deinit) struct cell cell;
        struct tg_register value = {START_MS, TG_NEVER, true};
        uint64_t i = 0;

        cell_init(&cell, 64 << 10);
        while (tg_register_set(cell.table, spread(i), TG_REGISTER_EXPLICIT, &value)) {
                tg_table_maintain(cell.table, START_MS);
                i++;
        }
        for (int day = 0; day < 100; day++)
                tg_table_maintain(cell.table, START_MS + day * TG_DAY_MS);
        cr_assert(tg_table_overflowed(cell.table));
        while (i-- > 0)
                cr_assert(tg_register_read(tg_table_find(cell.table, spread(i)),
                                           TG_REGISTER_EXPLICIT, TG_NO_TIME, &value));
}

static bool stands(const struct cell *cell, int64_t time_ms, bool granted)
{
        const struct tg_register value = {time_ms, TG_NEVER, granted};

        return tg_register_stands(cell->table, who, TG_REGISTER_EXPLICIT, &value);
}

Test(registers, what_is_held_stands_and_what_was_outdone_does_not)
{
        CELL(cell);

        set(&cell, START_MS, true, TG_NEVER);
        cr_expect(stands(&cell, START_MS, true));
        set(&cell, START_MS, false, TG_NEVER);
        cr_expect_not(stands(&cell, START_MS, true));
        cr_expect(stands(&cell, START_MS, false));
        set(&cell, START_MS - 1, true, TG_NEVER);
        cr_expect_not(stands(&cell, START_MS - 1, true));
}

Test(registers, of_what_has_no_room_a_withdrawal_is_said_to_stand)
{
        CELL(cell);

        cr_expect(stands(&cell, START_MS, false));
        cr_expect_not(stands(&cell, START_MS, true));
}

static bool gone(const struct cell *cell, enum tg_register_side side)
{
        return tg_register_gone(cell->table, who, side, START_MS);
}

Test(registers, what_an_erasure_covers_is_gone_read_or_not_and_what_is_later_is_not)
{
        CELL(cell);
        struct tg_register value;

        cr_expect_not(gone(&cell, TG_REGISTER_EXPLICIT), "it was never there");
        set(&cell, START_MS, true, TG_NEVER);
        cr_expect(gone(&cell, TG_REGISTER_EXPLICIT));
        cr_expect(gone(&cell, TG_REGISTER_IMPLIED));
        tg_register_read(tg_table_find(cell.table, who), TG_REGISTER_EXPLICIT, START_MS, &value);
        cr_expect(gone(&cell, TG_REGISTER_EXPLICIT));
        set(&cell, START_MS + 1, true, TG_NEVER);
        cr_expect_not(gone(&cell, TG_REGISTER_EXPLICIT));
}
