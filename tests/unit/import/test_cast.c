/* SPDX-License-Identifier: Apache-2.0 */
#include "import/cast.h"

#include <criterion/criterion.h>

#include "base/time.h"

static struct tg_time_format format_of(const char *text)
{
        struct tg_time_format format = {0};
        struct tg_cast_problem problem;

        cr_assert(tg_time_format_parse(tg_span_text(text), &format, &problem));
        return format;
}

/* The time that TEXT says in FORMAT, or why it says none. */
static const char *time_as(const char *format_text, const char *text)
{
        static char answer[TG_CAST_TEXT_SIZE];
        struct tg_time_format format = format_of(format_text);
        struct tg_cast_problem problem;
        int64_t time_ms;

        if (tg_cast_time(&format, tg_span_text(text), &time_ms, &problem))
                return tg_time_text(time_ms, answer);
        return strcpy(answer, problem.message);
}

Test(cast, every_format_reads_the_same_moment)
{
        const char *moment = "2017-03-01T12:00:00.000Z";

        cr_expect_str_eq(time_as("iso", "2017-03-01T12:00:00Z"), moment);
        cr_expect_str_eq(time_as("epoch_s", "1488369600"), moment);
        cr_expect_str_eq(time_as("epoch_ms", "1488369600000"), moment);
        cr_expect_str_eq(time_as("%d.%m.%Y %H:%M", "01.03.2017 12:00"), moment);
        cr_expect_str_eq(time_as("%Y%m%dT%H%M%S%z", "20170301T140000+0200"), moment);
}

Test(cast, seconds_may_have_a_fraction)
{
        cr_expect_str_eq(time_as("epoch_s", "1488369600.25"), "2017-03-01T12:00:00.250Z");
        cr_expect_str_eq(time_as("epoch_s", "1488369600.2509"), "2017-03-01T12:00:00.250Z");
        cr_expect_str_eq(time_as("epoch_s", "-1"), "1969-12-31T23:59:59.000Z");
}

Test(cast, what_is_no_time_is_none)
{
        cr_expect_str_eq(time_as("epoch_ms", "12x"), "is no number of milliseconds since 1970");
        cr_expect_str_eq(time_as("epoch_ms", " 12"), "is no number of milliseconds since 1970");
        cr_expect_str_eq(time_as("epoch_ms", "99999999999999999999"),
                         "is no number of milliseconds since 1970");
        cr_expect_str_eq(time_as("epoch_s", "1.2.3"), "is no number of seconds since 1970");
        cr_expect_str_eq(time_as("epoch_s", "9223372036854775807"),
                         "is no number of seconds since 1970");
        cr_expect_str_eq(time_as("%d.%m.%Y", "30.02.2017"), "is no time as \"%d.%m.%Y\"");
        cr_expect_str_eq(time_as("%d.%m.%Y", "01.03.2017 12:00"), "is no time as \"%d.%m.%Y\"");
}

Test(cast, milliseconds_read_as_seconds_are_noticed)
{
        cr_expect_str_eq(time_as("epoch_s", "1488369600000"), "is not within the years 0 to 9999");
}

Test(cast, a_format_that_cannot_be_exact_is_refused)
{
        struct tg_time_format format;
        struct tg_cast_problem problem;

        cr_expect_not(tg_time_format_parse(tg_span_text("%H:%M %Z"), &format, &problem));
        cr_expect_str_eq(problem.message, "cannot be used in a pattern: %Z");
        cr_expect_not(tg_time_format_parse(tg_span_text("unix"), &format, &problem));
        cr_expect_str_eq(problem.message, "is no format of a time");
}

static const char *truth_as(const char *text)
{
        static const struct tg_field field = {.name = "bot", .type = TG_FIELD_BOOL};
        struct tg_buffer buffer = {0};
        struct tg_cast_problem problem;
        bool cast = tg_cast_put(&field, NULL, tg_span_text(text), &buffer, &problem);
        const char *answer = !cast ? "neither" : buffer.data[0] ? "true" : "false";

        tg_buffer_deinit(&buffer);
        return answer;
}

Test(cast, a_truth_is_said_in_three_ways)
{
        cr_expect_str_eq(truth_as("TRUE"), "true");
        cr_expect_str_eq(truth_as("yes"), "true");
        cr_expect_str_eq(truth_as("1"), "true");
        cr_expect_str_eq(truth_as("False"), "false");
        cr_expect_str_eq(truth_as("no"), "false");
        cr_expect_str_eq(truth_as("0"), "false");
        cr_expect_str_eq(truth_as("2"), "neither");
}

Test(cast, what_does_not_fit_leaves_the_buffer_as_it_was)
{
        static const struct tg_field number = {
                .name = "priority", .type = TG_FIELD_INT, .optional = true};
        static const struct tg_field text = {.name = "id", .type = TG_FIELD_TEXT, .optional = true};
        struct tg_buffer buffer = {0};
        struct tg_cast_problem problem;

        cr_expect_not(tg_cast_put(&number, NULL, tg_span_text("2147483648"), &buffer, &problem));
        cr_expect_str_eq(problem.message, "is no whole number from -2147483648 to 2147483647");
        cr_expect_not(tg_cast_put(&text, NULL, tg_span_text("caf\xe9"), &buffer, &problem));
        cr_expect_str_eq(problem.message, "is no UTF-8");
        cr_expect_eq(buffer.size, 0);
        tg_buffer_deinit(&buffer);
}
