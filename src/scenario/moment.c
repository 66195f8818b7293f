/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <stdio.h>

#include "scenario/read.h"

enum { TEXT_MAX = 80 };

static const char ADVICE[] = "write 2026-03-01 12:00 (UTC; seconds and milliseconds as "
                             "12:00:00.000), 17:00 on the same day, or +30d 1ms after the first "
                             "event of the case";

/* Completes "12:00" or "12:00:00" to "12:00:00.000Z"; anything else comes back as it is. */
static void complete(const char *clock, char *ret_text, size_t size)
{
        size_t length = strlen(clock);
        const char *z = length && clock[length - 1] == 'Z' ? "" : "Z";

        snprintf(ret_text, size, "%s%s%s", clock, length == 5 ? ":00" : "", z);
}

/* A date, with or without a time of the day. */
static bool parse_full(const char *text, int64_t *ret_ms)
{
        char full[TEXT_MAX + 24], clock[TEXT_MAX + 8];

        if (strlen(text) <= 11)
                return tg_time_parse(text, strlen(text), ret_ms) == 0;
        complete(text + 11, clock, sizeof clock);
        snprintf(full, sizeof full, "%.11s%s", text, clock);
        return tg_time_parse(full, strlen(full), ret_ms) == 0;
}

static bool parse_clock(const char *text, int64_t day_ms, int64_t *ret_ms)
{
        char clock[TEXT_MAX + 8], full[TEXT_MAX + 24];
        int64_t in_day_ms;

        complete(text, clock, sizeof clock);
        snprintf(full, sizeof full, "1970-01-01T%s", clock);
        if (tg_time_parse(full, strlen(full), &in_day_ms) < 0)
                return false;
        *ret_ms = day_ms - (day_ms % TG_DAY_MS + TG_DAY_MS) % TG_DAY_MS + in_day_ms;
        return true;
}

/* "+30d", "+30d 1ms", "+30d -1ms": the sum of its durations. */
static bool parse_sum(const char *text, int64_t *ret_ms)
{
        int64_t sum_ms = 0;

        while (*text) {
                bool minus = *text == '-';
                size_t size;
                int64_t ms;

                text += *text == '+' || *text == '-';
                size = strcspn(text, " ");
                if (tg_duration_parse(text, size, &ms) < 0 ||
                    __builtin_add_overflow(sum_ms, minus ? -ms : ms, &sum_ms))
                        return false;
                text += size;
                text += strspn(text, " ");
        }
        *ret_ms = sum_ms;
        return true;
}

static bool mistake(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                    const char *text)
{
        tg_diagnose(diagnostics, node, TG_ERROR, ADVICE, "\"%s\" is no moment", text);
        return false;
}

static bool unanchored(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                       const char *text)
{
        tg_diagnose(diagnostics, node, TG_ERROR,
                    "begin the story with a date, as in \"at: 2026-03-01 12:00\"",
                    "\"%s\" counts from the first event of the case, and this is the first", text);
        return false;
}

bool tg_moment_parse(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                     struct tg_span span, const struct tg_moments *moments, int64_t *ret_ms)
{
        char text[TEXT_MAX + 1];
        int64_t after_ms;

        if (span.size > TEXT_MAX) {
                tg_diagnose(diagnostics, node, TG_ERROR, ADVICE, "this is no moment");
                return false;
        }
        snprintf(text, sizeof text, "%.*s", TG_SPAN_FORMAT(span));
        if (text[0] == '+') {
                if (!parse_sum(text, &after_ms))
                        return mistake(diagnostics, node, text);
                if (moments->first_ms == TG_NO_TIME)
                        return unanchored(diagnostics, node, text);
                if (__builtin_add_overflow(moments->first_ms, after_ms, &after_ms) ||
                    after_ms < 0 || after_ms > TG_TIME_LAST_MS)
                        return mistake(diagnostics, node, text);
                *ret_ms = after_ms;
                return true;
        }
        if (isdigit((unsigned char)text[0]) && text[1] && text[2] == ':') {
                if (moments->day_ms == TG_NO_TIME)
                        return unanchored(diagnostics, node, text);
                return parse_clock(text, moments->day_ms, ret_ms) ||
                       mistake(diagnostics, node, text);
        }
        return parse_full(text, ret_ms) || mistake(diagnostics, node, text);
}

bool tg_moment_read(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                    const struct tg_moments *moments, int64_t *ret_ms)
{
        struct tg_span text;

        return tg_value_text(diagnostics, node, &text) &&
               tg_moment_parse(diagnostics, node, text, moments, ret_ms);
}

char *tg_moment_text(int64_t time_ms, char text[static TG_TIME_TEXT_SIZE])
{
        char *t, *z;

        tg_time_text(time_ms, text);
        t = strchr(text, 'T');
        z = strchr(text, 'Z');
        if (t)
                *t = ' ';
        if (z)
                *z = '\0';
        return text;
}
