/* SPDX-License-Identifier: Apache-2.0 */
#include "config/units.h"

#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { GUESS_SIZE = 32 }; /* a longer text is no number with a unit */

struct unit {
        const char *name;
        int64_t size;
};

static const struct unit sizes[] = {
        {"TiB", INT64_C(1) << 40}, {"GiB", 1 << 30}, {"MiB", 1 << 20},
        {"KiB", 1 << 10},          {"B", 1},         {0},
};

static const struct unit periods[] = {
        {"s", TG_SECOND_MS}, {"m", TG_MINUTE_MS}, {"h", TG_HOUR_MS}, {"d", TG_DAY_MS}, {0},
};

/* In lower case. */
static const struct unit spoken_sizes[] = {
        {"b", 1},
        {"byte", 1},
        {"bytes", 1},
        {"k", 1 << 10},
        {"kb", 1 << 10},
        {"kib", 1 << 10},
        {"m", 1 << 20},
        {"mb", 1 << 20},
        {"mib", 1 << 20},
        {"g", 1 << 30},
        {"gb", 1 << 30},
        {"gib", 1 << 30},
        {"t", INT64_C(1) << 40},
        {"tb", INT64_C(1) << 40},
        {"tib", INT64_C(1) << 40},
        {0},
};

static const struct unit spoken_periods[] = {
        {"ms", 1},
        {"msec", 1},
        {"millisecond", 1},
        {"milliseconds", 1},
        {"s", TG_SECOND_MS},
        {"sec", TG_SECOND_MS},
        {"secs", TG_SECOND_MS},
        {"second", TG_SECOND_MS},
        {"seconds", TG_SECOND_MS},
        {"m", TG_MINUTE_MS},
        {"min", TG_MINUTE_MS},
        {"mins", TG_MINUTE_MS},
        {"minute", TG_MINUTE_MS},
        {"minutes", TG_MINUTE_MS},
        {"h", TG_HOUR_MS},
        {"hr", TG_HOUR_MS},
        {"hrs", TG_HOUR_MS},
        {"hour", TG_HOUR_MS},
        {"hours", TG_HOUR_MS},
        {"d", TG_DAY_MS},
        {"day", TG_DAY_MS},
        {"days", TG_DAY_MS},
        {"w", 7 * TG_DAY_MS},
        {"week", 7 * TG_DAY_MS},
        {"weeks", 7 * TG_DAY_MS},
        {0},
};

static int64_t unit_size(const struct unit *units, const char *name, size_t size)
{
        for (; units->name; units++) {
                if (strlen(units->name) == size && memcmp(units->name, name, size) == 0)
                        return units->size;
        }
        return 0;
}

/* Leading digits; how many, 0 if there are none or too many. */
static size_t whole_number(struct tg_span text, int64_t *ret_number)
{
        int64_t number = 0;
        size_t i = 0;

        for (; i < text.size && isdigit(text.data[i]); i++) {
                if (number > (INT64_MAX - 9) / 10)
                        return 0;
                number = number * 10 + (text.data[i] - '0');
        }
        *ret_number = number;
        return i;
}

bool tg_units_size_parse(struct tg_span text, int64_t *ret_bytes)
{
        int64_t number, unit;
        size_t digits = whole_number(text, &number);

        if (digits == 0)
                return false;
        unit = unit_size(sizes, (const char *)text.data + digits, text.size - digits);
        if (unit == 0 || number > INT64_MAX / unit)
                return false;
        *ret_bytes = number * unit;
        return true;
}

char *tg_units_size_text(int64_t bytes, char text[static TG_TIME_TEXT_SIZE])
{
        const struct unit *unit = sizes;

        while (unit->size > 1 && (bytes == 0 || bytes % unit->size != 0))
                unit++;
        snprintf(text, TG_TIME_TEXT_SIZE, "%" PRId64 "%s", bytes / unit->size, unit->name);
        return text;
}

bool tg_units_rate_parse(struct tg_span text, int64_t *ret_count, int64_t *ret_per_ms)
{
        int64_t count, per_ms;
        size_t digits = whole_number(text, &count);

        if (digits == 0 || digits == text.size || text.data[digits] != '/')
                return false;
        per_ms = unit_size(periods, (const char *)text.data + digits + 1, text.size - digits - 1);
        if (per_ms == 0)
                return false;
        *ret_count = count;
        *ret_per_ms = per_ms;
        return true;
}

/* "1.5 Hours" as 1.5 and "hours"; both empty where there is nothing of it. */
static bool split(struct tg_span text, double *ret_number, char unit[static GUESS_SIZE])
{
        char copy[GUESS_SIZE];
        char *end;
        size_t size = 0;

        if (text.size == 0 || text.size >= sizeof copy || !isdigit(text.data[0]))
                return false;
        for (size_t i = 0; i < text.size; i++)
                copy[i] = (char)tolower(text.data[i]);
        copy[text.size] = '\0';
        *ret_number = strtod(copy, &end);
        for (; *end; end++) {
                if (*end != ' ')
                        unit[size++] = *end;
        }
        unit[size] = '\0';
        return true;
}

/* NUMBER of UNIT as a whole number of the smallest unit; false if it is none. */
static bool whole(double number, int64_t unit, int64_t *ret_whole)
{
        double exact = number * (double)unit;

        if (unit == 0 || !(exact < 1e15) || exact != floor(exact))
                return false;
        *ret_whole = (int64_t)exact;
        return true;
}

char *tg_units_duration_advice(struct tg_span text, char advice[static TG_UNITS_ADVICE_SIZE])
{
        char unit[GUESS_SIZE], meant[TG_TIME_TEXT_SIZE];
        double number;
        int64_t duration_ms;

        strcpy(advice, "write it as in 30d (units: ms, s, m, h, d, w)");
        if (!split(text, &number, unit))
                return advice;
        if (whole(number, unit_size(spoken_periods, unit, strlen(unit)), &duration_ms))
                snprintf(advice, TG_UNITS_ADVICE_SIZE, "did you mean \"%s\"?",
                         tg_duration_text(duration_ms, meant));
        else if (unit[0] == '\0')
                snprintf(advice, TG_UNITS_ADVICE_SIZE,
                         "add a unit, as in %.0fh (units: ms, s, m, h, d, w)",
                         number >= 1 && number < 1e6 ? floor(number) : 3);
        return advice;
}

char *tg_units_size_advice(struct tg_span text, char advice[static TG_UNITS_ADVICE_SIZE])
{
        char unit[GUESS_SIZE], meant[TG_TIME_TEXT_SIZE];
        double number;
        int64_t bytes;

        strcpy(advice, "write it as in 256MiB (units: B, KiB, MiB, GiB, TiB)");
        if (!split(text, &number, unit))
                return advice;
        if (whole(number, unit_size(spoken_sizes, unit, strlen(unit)), &bytes))
                snprintf(advice, TG_UNITS_ADVICE_SIZE, "did you mean \"%s\"?",
                         tg_units_size_text(bytes, meant));
        else if (unit[0] == '\0')
                snprintf(advice, TG_UNITS_ADVICE_SIZE,
                         "add a unit, as in %.0fMiB (units: B, KiB, MiB, GiB, TiB)",
                         number >= 1 && number < 1e6 ? floor(number) : 256);
        return advice;
}

static const char *period_name(int64_t per_ms)
{
        for (const struct unit *unit = periods; unit->name; unit++) {
                if (unit->size == per_ms)
                        return unit->name;
        }
        return NULL;
}

char *tg_units_rate_advice(struct tg_span text, char advice[static TG_UNITS_ADVICE_SIZE])
{
        char unit[GUESS_SIZE];
        const char *spoken, *period;
        double number;

        strcpy(advice, "write it as in 500/s (units: s, m, h, d)");
        if (!split(text, &number, unit) || number != floor(number) || number >= 1e9)
                return advice;
        spoken = unit[0] == '/' ? unit + 1 : strncmp(unit, "per", 3) == 0 ? unit + 3 : unit;
        period = period_name(unit_size(spoken_periods, spoken, strlen(spoken)));
        if (period)
                snprintf(advice, TG_UNITS_ADVICE_SIZE, "did you mean \"%.0f/%s\"?", number, period);
        else if (unit[0] == '\0')
                snprintf(advice, TG_UNITS_ADVICE_SIZE,
                         "add a unit, as in %.0f/s (units: s, m, h, d)", number);
        return advice;
}
