/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "base/time.h"

static const char *time_text(int64_t time_ms)
{
        static char text[TG_TIME_TEXT_SIZE];

        return tg_time_text(time_ms, text);
}

static const char *duration_text(int64_t duration_ms)
{
        static char text[TG_TIME_TEXT_SIZE];

        return tg_duration_text(duration_ms, text);
}

Test(time, is_printed_in_utc_with_milliseconds)
{
        cr_assert_str_eq(time_text(0), "1970-01-01T00:00:00.000Z");
        cr_assert_str_eq(time_text(INT64_C(1488369600123)), "2017-03-01T12:00:00.123Z");
        cr_assert_str_eq(time_text(-1), "1969-12-31T23:59:59.999Z");
        cr_assert_str_eq(time_text(TG_NEVER), "never");
        cr_assert_str_eq(time_text(TG_NO_TIME), "none");
}

Test(time, of_any_number_there_is_a_text)
{
        cr_assert_str_eq(time_text(INT64_MAX - 1), "292278994-08-17T07:12:55.806Z");
        cr_assert_str_eq(time_text(INT64_MIN + 1), "-292275055-05-16T16:47:04.193Z");
}

static const struct {
        const char *text;
        int64_t time_ms;
} times[] = {
        {"1970-01-01", 0},
        {"2017-03-01", INT64_C(1488326400000)},
        {"2017-03-01T12:00:00Z", INT64_C(1488369600000)},
        {"2017-03-01 12:00:00Z", INT64_C(1488369600000)},
        {"2017-03-01T12:00:00.123Z", INT64_C(1488369600123)},
        {"2016-02-29", INT64_C(1456704000000)},
        {"2000-02-29", INT64_C(951782400000)},
        {"1969-12-31T23:59:59.999Z", -1},
        {"0000-01-01", INT64_C(-62167219200000)},
        {"9999-12-31T23:59:59.999Z", INT64_C(253402300799999)},
};

Test(time, is_read)
{
        for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
                int64_t time_ms = 5;

                cr_expect_eq(tg_time_parse(times[i].text, strlen(times[i].text), &time_ms), 0);
                cr_expect_eq(time_ms, times[i].time_ms, "%s: %jd", times[i].text,
                             (intmax_t)time_ms);
        }
}

Test(time, what_is_none_is_refused)
{
        static const char *const wrong[] = {
                "",
                "2017",
                "2017-3-1",
                "2017-13-01",
                "2017-00-01",
                "2017-02-29",
                "1900-02-29",
                "2017-04-31",
                "2017-03-01T",
                "2017-03-01T12:00:00",
                "2017-03-01T24:00:00Z",
                "2017-03-01T12:60:00Z",
                "2017-03-01T12:00:60Z",
                "2017-03-01T12:00:00.1Z",
                "2017-03-01T12:00:00Z ",
                "2017-03-01T12:00:00+01:00",
                " 2017-03-01",
                "2017-03-0a",
        };

        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                int64_t time_ms = 5;

                cr_expect_eq(tg_time_parse(wrong[i], strlen(wrong[i]), &time_ms), -1, "%s",
                             wrong[i]);
                cr_expect_eq(time_ms, 5);
        }
}

Test(time, printed_and_read_is_the_same)
{
        unsigned first = (unsigned)time(NULL), seed = first;

        for (int i = 0; i < 100000; i++) {
                /* From the year 0 to 9999. */
                int64_t seconds =
                        ((int64_t)rand_r(&seed) << 20 ^ rand_r(&seed)) % INT64_C(315569520000);
                int64_t time_ms = INT64_C(-62167219200000) + seconds * 1000 + rand_r(&seed) % 1000;
                const char *text = time_text(time_ms);
                int64_t read_ms = 5;

                cr_assert_eq(tg_time_parse(text, strlen(text), &read_ms), 0, "seed %u: %s", first,
                             text);
                cr_assert_eq(read_ms, time_ms, "seed %u: %s", first, text);
        }
}

Test(duration, is_printed_in_its_largest_whole_unit)
{
        cr_assert_str_eq(duration_text(0), "0s");
        cr_assert_str_eq(duration_text(1500), "1500ms");
        cr_assert_str_eq(duration_text(30 * TG_SECOND_MS), "30s");
        cr_assert_str_eq(duration_text(90 * TG_MINUTE_MS), "90m");
        cr_assert_str_eq(duration_text(24 * TG_HOUR_MS), "1d");
        cr_assert_str_eq(duration_text(14 * TG_DAY_MS), "14d");
}

static int64_t duration_of(const char *text)
{
        int64_t duration_ms = -5;

        if (tg_duration_parse(text, strlen(text), &duration_ms) < 0)
                cr_assert_eq(duration_ms, -5);
        return duration_ms;
}

Test(duration, is_read_with_its_unit)
{
        cr_assert_eq(duration_of("500ms"), 500);
        cr_assert_eq(duration_of("30s"), 30 * TG_SECOND_MS);
        cr_assert_eq(duration_of("15m"), 15 * TG_MINUTE_MS);
        cr_assert_eq(duration_of("3h"), 3 * TG_HOUR_MS);
        cr_assert_eq(duration_of("7d"), 7 * TG_DAY_MS);
        cr_assert_eq(duration_of("2w"), 14 * TG_DAY_MS);
        cr_assert_eq(duration_of("0s"), 0);
        cr_assert_eq(duration_of("9223372036854775799ms"), INT64_C(9223372036854775799));
}

Test(duration, what_is_none_is_refused)
{
        static const char *const wrong[] = {
                "",
                "5",
                "h",
                "-5h",
                "5 h",
                "5H",
                "5hours",
                "5mss",
                "1.5h",
                "106751991168d",
                "99999999999999999999ms",
        };

        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
                cr_expect_eq(duration_of(wrong[i]), -5, "%s", wrong[i]);
}
