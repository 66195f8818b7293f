/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/rhythm.h"

#include <criterion/criterion.h>

#include "base/time.h"

#define START_MS (INT64_C(1767225600000) + 5 * TG_HOUR_MS + 17)

enum { DAYS = 3, EVENTS = 50000 };

Test(rhythm, no_event_is_earlier_than_the_one_before_or_outside_of_the_days)
{
        static const uint64_t amounts[] = {1, 7, 1000, EVENTS};

        for (size_t i = 0; i < sizeof amounts / sizeof amounts[0]; i++) {
                struct tg_rhythm rhythm = tg_rhythm_of(START_MS, DAYS, amounts[i]);
                struct tg_random random = tg_random_of(i, 0);
                int64_t before_ms = START_MS;

                for (uint64_t event = 0; event < amounts[i]; event++) {
                        int64_t time_ms = tg_rhythm_next(&rhythm, &random);

                        cr_assert_geq(time_ms, before_ms);
                        before_ms = time_ms;
                }
                cr_assert_lt(before_ms, START_MS + DAYS * TG_DAY_MS);
        }
}

Test(rhythm, evenings_are_busier_than_nights)
{
        struct tg_rhythm rhythm = tg_rhythm_of(START_MS, DAYS, EVENTS);
        struct tg_random random = tg_random_of(1, 0);
        unsigned hours[24] = {0};

        for (int event = 0; event < EVENTS; event++)
                hours[tg_rhythm_next(&rhythm, &random) % TG_DAY_MS / TG_HOUR_MS]++;
        for (int hour = 0; hour < 24; hour++)
                cr_assert_gt(hours[hour], 0, "hour %d", hour);
        cr_assert_gt(hours[19] + hours[20], 10 * (hours[2] + hours[3]));
}

Test(rhythm, ten_billion_events_in_one_day_fit)
{
        struct tg_rhythm rhythm = tg_rhythm_of(0, 1, UINT64_C(10000000000));
        struct tg_random random = tg_random_of(1, 0);

        rhythm.position = rhythm.in_hour - 1;
        cr_assert_eq(tg_rhythm_next(&rhythm, &random), TG_HOUR_MS - 1);
        cr_assert_eq(tg_rhythm_next(&rhythm, &random), TG_HOUR_MS);
}

Test(rhythm, a_start_before_1970_is_a_start_too)
{
        struct tg_rhythm rhythm = tg_rhythm_of(-TG_HOUR_MS, 1, 100);
        struct tg_random random = tg_random_of(1, 0);

        cr_assert_eq(rhythm.hour, 23);
        cr_assert_geq(tg_rhythm_next(&rhythm, &random), -TG_HOUR_MS);
}
