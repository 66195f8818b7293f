/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <criterion/criterion.h>

static void expect_text(double share, uint64_t events, double elapsed_s, const char *expected)
{
        char text[TG_PROGRESS_SIZE];

        cr_expect_str_eq(tg_progress_text(share, events, elapsed_s, text), expected, "%s", text);
}

Test(progress, the_time_left_is_told_in_the_units_that_matter)
{
        expect_text(0.5, 0, 119, " 50 %  119 s left");
        expect_text(0.5, 0, 120, " 50 %  2 min left");
        expect_text(0.5, 0, 7199, " 50 %  119 min left");
        expect_text(0.5, 0, 2.5 * 3600, " 50 %  2 h 30 min left");
        expect_text(0.01, 0, 3600, "  1 %  4 d 3 h left");
}

Test(progress, the_rate_is_told_short)
{
        expect_text(0.75, 9, 3, " 75 %  3.0 events/s  1 s left");
        expect_text(0.75, 9000, 3, " 75 %  3000 events/s  1 s left");
        expect_text(0.75, 2370000, 3, " 75 %  790 k events/s  1 s left");
        expect_text(0.75, 9600000, 3, " 75 %  3.20 M events/s  1 s left");
}

Test(progress, what_cannot_be_reckoned_is_left_out)
{
        expect_text(0, 0, 0, "  0 %");
        expect_text(0, 0, 3, "  0 %");
        expect_text(1, 10, 2, "100 %  5.0 events/s");
}
