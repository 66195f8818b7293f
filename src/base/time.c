/* SPDX-License-Identifier: Apache-2.0 */
#include "base/time.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct unit {
        const char *name;
        int64_t ms;
} units[] = {
        {"w", 7 * TG_DAY_MS}, {"d", TG_DAY_MS},    {"h", TG_HOUR_MS},
        {"m", TG_MINUTE_MS},  {"s", TG_SECOND_MS}, {"ms", 1},
};
enum { UNITS = sizeof units / sizeof units[0], DAYS = 1 };

char *tg_time_text(int64_t time_ms, char text[static TG_TIME_TEXT_SIZE])
{
        int milliseconds = (int)(time_ms % TG_SECOND_MS);
        time_t seconds = (time_t)(time_ms / TG_SECOND_MS);
        struct tm utc;
        size_t used;

        if (time_ms == TG_NEVER)
                return strcpy(text, "never");
        if (time_ms == TG_NO_TIME)
                return strcpy(text, "none");
        if (milliseconds < 0) {
                milliseconds += (int)TG_SECOND_MS;
                seconds--;
        }
        if (!gmtime_r(&seconds, &utc)) {
                snprintf(text, TG_TIME_TEXT_SIZE, "%" PRId64 "ms", time_ms);
                return text;
        }
        /* Not %Y, which writes the year 876 with three digits. */
        used = (size_t)snprintf(text, TG_TIME_TEXT_SIZE, "%04" PRId64, INT64_C(1900) + utc.tm_year);
        used += strftime(text + used, TG_TIME_TEXT_SIZE - used, "-%m-%dT%H:%M:%S", &utc);
        snprintf(text + used, TG_TIME_TEXT_SIZE - used, ".%03dZ", milliseconds);
        return text;
}

char *tg_duration_text(int64_t duration_ms, char text[static TG_TIME_TEXT_SIZE])
{
        /* Weeks are left out: people say 30d, and 14d beside it rather than 2w. */
        for (int i = DAYS; i < UNITS; i++) {
                if (duration_ms % units[i].ms == 0 && duration_ms != 0) {
                        snprintf(text, TG_TIME_TEXT_SIZE, "%" PRId64 "%s",
                                 duration_ms / units[i].ms, units[i].name);
                        return text;
                }
        }
        return strcpy(text, "0s");
}

static bool digits(const char **text, const char *end, int count, int *ret_value)
{
        int value = 0;

        if (end - *text < count)
                return false;
        for (int i = 0; i < count; i++) {
                char c = (*text)[i];
                if (c < '0' || c > '9')
                        return false;
                value = value * 10 + (c - '0');
        }
        *text += count;
        *ret_value = value;
        return true;
}

static bool literal(const char **text, const char *end, const char *allowed)
{
        if (*text == end || !strchr(allowed, **text))
                return false;
        (*text)++;
        return true;
}

/* Days since 1970 of a proleptic Gregorian date (H. Hinnant, "chrono-compatible date algorithms").
 */
static int64_t days_from_civil(int year, int month, int day)
{
        int64_t y = month <= 2 ? year - 1 : year;
        int64_t era = (y < 0 ? y - 399 : y) / 400;
        int64_t year_of_era = y - era * 400;
        int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

        return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 +
               day_of_year - 719468;
}

static bool date_valid(int year, int month, int day)
{
        static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
        bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

        return month >= 1 && month <= 12 && day >= 1 &&
               day <= lengths[month - 1] + (month == 2 && leap ? 1 : 0);
}

int tg_time_parse(const char *text, size_t size, int64_t *ret_time_ms)
{
        const char *end = text + size;
        int year, month, day, hour = 0, minute = 0, second = 0, millisecond = 0;

        if (!digits(&text, end, 4, &year) || !literal(&text, end, "-") ||
            !digits(&text, end, 2, &month) || !literal(&text, end, "-") ||
            !digits(&text, end, 2, &day) || !date_valid(year, month, day))
                return -1;
        if (text < end) {
                if (!literal(&text, end, "T ") || !digits(&text, end, 2, &hour) ||
                    !literal(&text, end, ":") || !digits(&text, end, 2, &minute) ||
                    !literal(&text, end, ":") || !digits(&text, end, 2, &second))
                        return -1;
                if (literal(&text, end, ".") && !digits(&text, end, 3, &millisecond))
                        return -1;
                if (!literal(&text, end, "Z") || text != end || hour > 23 || minute > 59 ||
                    second > 59)
                        return -1;
        }
        *ret_time_ms = days_from_civil(year, month, day) * TG_DAY_MS + hour * TG_HOUR_MS +
                       minute * TG_MINUTE_MS + second * TG_SECOND_MS + millisecond;
        return 0;
}

int tg_duration_parse(const char *text, size_t size, int64_t *ret_duration_ms)
{
        int64_t value = 0;
        size_t i = 0;

        for (; i < size && text[i] >= '0' && text[i] <= '9'; i++) {
                if (value > (INT64_MAX - 9) / 10)
                        return -1;
                value = value * 10 + (text[i] - '0');
        }
        if (i == 0)
                return -1;
        for (int u = 0; u < UNITS; u++) {
                if (strlen(units[u].name) != size - i ||
                    memcmp(text + i, units[u].name, size - i) != 0)
                        continue;
                if (value > INT64_MAX / units[u].ms)
                        return -1;
                *ret_duration_ms = value * units[u].ms;
                return 0;
        }
        return -1;
}
