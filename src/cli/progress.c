/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/progress.h"

#include <stdio.h>

double tg_seconds_since(const struct timespec *start)
{
        struct timespec now;

        clock_gettime(CLOCK_MONOTONIC, &now);
        return (double)(now.tv_sec - start->tv_sec) + (double)(now.tv_nsec - start->tv_nsec) / 1e9;
}

/* In the two largest units, for people: "45 s", "12 min", "3 h 20 min", "2 d 5 h". */
static int put_left(char *text, size_t size, double left_s)
{
        enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
        unsigned long left = left_s < 1e9 ? (unsigned long)left_s : 1000000000UL;

        if (left < 2 * MINUTE)
                return snprintf(text, size, "  %lu s left", left);
        if (left < 2 * HOUR)
                return snprintf(text, size, "  %lu min left", left / MINUTE);
        if (left < 2 * DAY)
                return snprintf(text, size, "  %lu h %lu min left", left / HOUR,
                                left % HOUR / MINUTE);
        return snprintf(text, size, "  %lu d %lu h left", left / DAY, left % DAY / HOUR);
}

static int put_rate(char *text, size_t size, double per_s)
{
        if (per_s < 10)
                return snprintf(text, size, "  %.1f events/s", per_s);
        if (per_s < 10000)
                return snprintf(text, size, "  %.0f events/s", per_s);
        if (per_s < 1e6)
                return snprintf(text, size, "  %.0f k events/s", per_s / 1e3);
        return snprintf(text, size, "  %.2f M events/s", per_s / 1e6);
}

char *tg_progress_text(double share, uint64_t events, double elapsed_s,
                       char text[static TG_PROGRESS_SIZE])
{
        size_t used = (size_t)snprintf(text, TG_PROGRESS_SIZE, "%3.0f %%", 100 * share);

        if (elapsed_s > 0 && events > 0)
                used += (size_t)put_rate(text + used, TG_PROGRESS_SIZE - used,
                                         (double)events / elapsed_s);
        if (share > 0 && share < 1)
                put_left(text + used, TG_PROGRESS_SIZE - used, elapsed_s * (1 - share) / share);
        return text;
}

void tg_progress_show(const char *text)
{
        fprintf(stderr, "\r%s\033[K", text ? text : "");
}
