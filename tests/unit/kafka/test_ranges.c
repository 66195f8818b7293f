/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "kafka/ranges.h"

enum { MANY = 10000 };

/* FLAGS: a letter a partition, "x" those that are set. */
static void expect(const char *letters, const char *expected)
{
        char text[TG_RANGES_TEXT_SIZE];
        bool flags[32] = {false};
        size_t count = strlen(letters);

        for (size_t i = 0; i < count; i++)
                flags[i] = letters[i] == 'x';
        cr_expect_str_eq(tg_ranges_text(flags, (int32_t)count, text), expected, "of %s", letters);
}

Test(ranges, neighbours_are_told_as_from_to)
{
        expect("", "no partitions");
        expect("...", "no partitions");
        expect(".x.", "partition 1");
        expect("xx", "partitions 0-1");
        expect("xxxx...x", "partitions 0-3, 7");
        expect("x.x.xx", "partitions 0, 2, 4-5");
        expect("..........xx", "partitions 10-11");
}

Test(ranges, what_does_not_fit_is_cut_and_says_so)
{
        static bool flags[MANY];
        char text[TG_RANGES_TEXT_SIZE];

        for (int i = 0; i < MANY; i += 2)
                flags[i] = true;
        tg_ranges_text(flags, MANY, text);
        cr_expect_eq(strncmp(text, "partitions 0, 2, 4, ", 20), 0);
        cr_expect_lt(strlen(text), sizeof text);
        cr_expect_str_eq(text + strlen(text) - 5, ", ...");
}
