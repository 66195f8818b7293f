/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "customer/slot.h"

#define CYCLE_MS (INT64_C(1) << TG_SLOT_TIME_BITS)
#define NOW_MS INT64_C(1500000000000)

Test(slot, gives_back_what_was_packed)
{
        tg_slot_word word = tg_slot_pack(63, NOW_MS, 0x3ffff);

        cr_assert_eq(tg_slot_counter(word), 63);
        cr_assert_eq(tg_slot_time(word, NOW_MS), NOW_MS);
        cr_assert_eq(word & TG_SLOT_TAG_MASK, 0x3ffff);
}

Test(slot, bits_of_a_tag_above_its_18_do_not_leak_into_the_time)
{
        cr_assert_eq(tg_slot_pack(1, NOW_MS, 0xffffffff), tg_slot_pack(1, NOW_MS, 0x3ffff));
}

Test(slot, a_permit_gives_back_its_tag_and_state)
{
        tg_slot_word word = tg_slot_permit(5, NOW_MS, 0x1ffff, TG_PERMIT_SETTLED);

        cr_assert_eq(tg_slot_counter(word), 5);
        cr_assert_eq(tg_slot_time(word, NOW_MS), NOW_MS);
        cr_assert_eq(tg_slot_permit_tag(word), 0xffff);
        cr_assert_eq(tg_slot_permit_state(word), TG_PERMIT_SETTLED);
}

Test(slot, a_time_is_the_latest_one_up_to_the_horizon)
{
        cr_assert_eq(tg_slot_time(tg_slot_pack(1, NOW_MS, 1), NOW_MS), NOW_MS);
        cr_assert_eq(tg_slot_time(tg_slot_pack(1, NOW_MS + 1, 1), NOW_MS), NOW_MS + 1 - CYCLE_MS);
        cr_assert_eq(tg_slot_time(tg_slot_pack(1, NOW_MS - CYCLE_MS + 1, 1), NOW_MS),
                     NOW_MS - CYCLE_MS + 1);
        cr_assert_eq(tg_slot_time(tg_slot_pack(1, NOW_MS - CYCLE_MS, 1), NOW_MS), NOW_MS);
}

Test(slot, times_on_both_sides_of_a_wrap_keep_their_order)
{
        const int64_t wraps_ms[] = {0, CYCLE_MS, 2 * CYCLE_MS};

        for (size_t i = 0; i < sizeof wraps_ms / sizeof wraps_ms[0]; i++) {
                int64_t horizon_ms = wraps_ms[i] + TG_HOUR_MS;

                for (int64_t step_ms = -2; step_ms <= 2; step_ms++) {
                        int64_t time_ms = wraps_ms[i] + step_ms;

                        cr_expect_eq(tg_slot_time(tg_slot_pack(1, time_ms, 1), horizon_ms),
                                     time_ms);
                }
        }
}

Test(slot, times_before_1970_are_times_too)
{
        cr_assert_eq(tg_slot_time(tg_slot_pack(1, -5 * TG_DAY_MS, 1), -TG_DAY_MS), -5 * TG_DAY_MS);
}

Test(slot, no_touch_is_the_empty_slot)
{
        cr_assert_neq(tg_slot_pack(0, 0, 0), TG_SLOT_EMPTY);
        cr_assert_neq(tg_slot_pack(0, CYCLE_MS, 0), TG_SLOT_EMPTY);
        cr_assert_neq(tg_slot_permit(0, 0, 0, TG_PERMIT_OPEN), TG_SLOT_EMPTY);
        cr_assert_eq(tg_slot_counter(tg_slot_pack(0, 0, 0)), 0);
        cr_assert_eq(tg_slot_time(tg_slot_pack(0, 0, 0), 5), 0);
}
