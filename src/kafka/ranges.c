/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/ranges.h"

#include <stdio.h>

enum { RANGE_SIZE = 32, CUT_SIZE = 8 }; /* ", 1000000-2000000", and ", ..." */

static int32_t count_set(const bool *flags, int32_t count)
{
        int32_t set = 0;

        for (int32_t i = 0; i < count; i++)
                set += flags[i];
        return set;
}

/* The end of the run of flags like that at FIRST. */
static int32_t end_of_run(const bool *flags, int32_t count, int32_t first)
{
        int32_t end = first;

        while (end < count && flags[end] == flags[first])
                end++;
        return end;
}

/* Writes the run from FIRST up to END (excluded). Returns how long that is. */
static size_t put_run(char *text, const char *separator, int32_t first, int32_t end)
{
        if (end == first + 1)
                return (size_t)snprintf(text, RANGE_SIZE, "%s%d", separator, (int)first);
        return (size_t)snprintf(text, RANGE_SIZE, "%s%d-%d", separator, (int)first, (int)end - 1);
}

char *tg_ranges_text(const bool *flags, int32_t count, char text[static TG_RANGES_TEXT_SIZE])
{
        int32_t set = count_set(flags, count);
        const char *separator = " ";
        size_t used = (size_t)snprintf(text, TG_RANGES_TEXT_SIZE, "%s",
                                       set == 0   ? "no partitions"
                                       : set == 1 ? "partition"
                                                  : "partitions");

        for (int32_t i = 0, end; i < count; i = end) {
                end = end_of_run(flags, count, i);
                if (!flags[i])
                        continue;
                if (used + RANGE_SIZE + CUT_SIZE > TG_RANGES_TEXT_SIZE) {
                        snprintf(text + used, CUT_SIZE, ", ...");
                        break;
                }
                used += put_run(text + used, separator, i, end);
                separator = ", ";
        }
        return text;
}
