/* SPDX-License-Identifier: Apache-2.0 */
#include "import/cast.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "avro/encode.h"
#include "base/time.h"
#include "base/utf8.h"
#include "config/nearest.h"

enum { NUMBER_SIZE = 32, TIME_SIZE = 80 };

__attribute__((format(printf, 3, 4))) static bool no(struct tg_cast_problem *problem,
                                                     const char *advice, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(problem->message, sizeof problem->message, format, arguments);
        va_end(arguments);
        snprintf(problem->advice, sizeof problem->advice, "%s", advice);
        return false;
}

/* strtoll() and strptime() want a NUL, which a cell doesn't have; false if TEXT is too long. */
static bool terminate(struct tg_span text, char *copy, size_t size)
{
        if (text.size >= size || memchr(text.data, '\0', text.size))
                return false;
        memcpy(copy, text.data, text.size);
        copy[text.size] = '\0';
        return true;
}

static bool whole_number(struct tg_span text, int64_t *ret_number)
{
        char copy[NUMBER_SIZE];
        char *end;
        long long number;

        if (!terminate(text, copy, sizeof copy) || !strchr("-0123456789", copy[0]) || !copy[0])
                return false;
        errno = 0;
        number = strtoll(copy, &end, 10);
        if (*end != '\0' || errno != 0)
                return false;
        *ret_number = number;
        return true;
}

/* "1479081600" or "1479081600.250": what is finer than a millisecond is cut off. */
static bool seconds(struct tg_span text, int64_t *ret_time_ms)
{
        const uint8_t *point = memchr(text.data, '.', text.size);
        struct tg_span whole = text;
        int64_t number, fraction = 0;

        if (point) {
                const uint8_t *end = text.data + text.size;
                int64_t unit = 100;

                whole.size = (size_t)(point - text.data);
                for (const uint8_t *digit = point + 1; digit < end; digit++, unit /= 10) {
                        if (*digit < '0' || *digit > '9')
                                return false;
                        fraction += (*digit - '0') * unit;
                }
        }
        if (!whole_number(whole, &number) || (point && number < 0) ||
            __builtin_mul_overflow(number, TG_SECOND_MS, ret_time_ms))
                return false;
        *ret_time_ms += fraction;
        return true;
}

static bool by_pattern(const char *pattern, struct tg_span text, int64_t *ret_time_ms)
{
        struct tm tm = {.tm_mday = 1, .tm_year = 70};
        char copy[TIME_SIZE];
        const char *end;
        int64_t offset_s;
        int day;

        if (!terminate(text, copy, sizeof copy))
                return false;
        end = strptime(copy, pattern, &tm);
        if (!end || *end != '\0')
                return false;
        offset_s = tm.tm_gmtoff;
        day = tm.tm_mday;
        *ret_time_ms = ((int64_t)timegm(&tm) - offset_s) * TG_SECOND_MS;
        return tm.tm_mday == day; /* otherwise it was something like the 30th of February */
}

bool tg_time_format_parse(struct tg_span text, struct tg_time_format *ret_format,
                          struct tg_cast_problem *problem)
{
        static const char *const names[] = {"iso", "epoch_s", "epoch_ms"};
        const char *pattern = (const char *)text.data;

        for (unsigned i = 0; i < sizeof names / sizeof names[0]; i++) {
                if (tg_span_equal(text, tg_span_text(names[i]))) {
                        *ret_format = (struct tg_time_format){.kind = i};
                        return true;
                }
        }
        if (!strchr(pattern, '%'))
                return no(problem, "write iso, epoch_s, epoch_ms or a pattern as \"%d.%m.%Y\"",
                          "is no format of a time");
        if (strstr(pattern, "%s"))
                return no(problem, "write epoch_s", "cannot be used in a pattern: %%s");
        if (strstr(pattern, "%Z"))
                return no(problem, "%z reads an offset as +0100; without it times are UTC",
                          "cannot be used in a pattern: %%Z");
        *ret_format = (struct tg_time_format){.kind = TG_TIME_PATTERN, .pattern = pattern};
        return true;
}

static bool read_time(const struct tg_time_format *format, struct tg_span text, int64_t *ret_time,
                      struct tg_cast_problem *problem)
{
        switch (format->kind) {
        case TG_TIME_ISO:
                return tg_time_parse((const char *)text.data, text.size, ret_time) == 0 ||
                       no(problem, "other ways to write a time: see \"format\"",
                          "is no time as 2017-03-01 or 2017-03-01T12:00:00Z");
        case TG_TIME_SECONDS:
                return seconds(text, ret_time) ||
                       no(problem, "", "is no number of seconds since 1970");
        case TG_TIME_MILLISECONDS:
                return whole_number(text, ret_time) ||
                       no(problem, "", "is no number of milliseconds since 1970");
        default:
                return by_pattern(format->pattern, text, ret_time) ||
                       no(problem, "", "is no time as \"%s\"", format->pattern);
        }
}

bool tg_cast_time(const struct tg_time_format *format, struct tg_span text, int64_t *ret_time_ms,
                  struct tg_cast_problem *problem)
{
        int64_t time_ms;

        if (!read_time(format, text, &time_ms, problem))
                return false;
        if (!tg_time_in_calendar(time_ms))
                return no(problem, format->kind == TG_TIME_SECONDS ? "is it epoch_ms?" : "",
                          "is not within the years 0 to 9999");
        *ret_time_ms = time_ms;
        return true;
}

static bool is_utf8(struct tg_span text)
{
        for (size_t i = 0, size; i < text.size; i += size) {
                size = tg_utf8_size(text.data + i, text.size - i);
                if (size == 0)
                        return false;
        }
        return true;
}

static bool put_word(const struct tg_field *field, struct tg_span text, struct tg_buffer *buffer,
                     struct tg_cast_problem *problem)
{
        char advice[TG_CAST_TEXT_SIZE] = "one of: ";
        ptrdiff_t near;
        unsigned count;

        for (count = 0; field->words[count]; count++) {
                if (tg_span_equal(text, tg_span_text(field->words[count]))) {
                        tg_put_enum(buffer, count);
                        return true;
                }
        }
        near = tg_nearest(text, field->words, count);
        if (near >= 0)
                snprintf(advice, sizeof advice, "did you mean \"%s\"?", field->words[near]);
        for (unsigned i = 0; near < 0 && i < count; i++) {
                strncat(advice, i ? ", " : "", sizeof advice - strlen(advice) - 1);
                strncat(advice, field->words[i], sizeof advice - strlen(advice) - 1);
        }
        return no(problem, advice, "is no %s", field->name);
}

static bool put_truth(struct tg_span text, struct tg_buffer *buffer,
                      struct tg_cast_problem *problem)
{
        static const char *const words[] = {"false", "true", "no", "yes", "0", "1"};

        for (unsigned i = 0; i < sizeof words / sizeof words[0]; i++) {
                if (text.size == strlen(words[i]) &&
                    strncasecmp((const char *)text.data, words[i], text.size) == 0) {
                        tg_put_bool(buffer, i % 2 == 1);
                        return true;
                }
        }
        return no(problem, "", "is neither true nor false");
}

static bool put_number(struct tg_span text, int64_t min, int64_t max, struct tg_buffer *buffer,
                       struct tg_cast_problem *problem)
{
        int64_t number;

        if (!whole_number(text, &number) || number < min || number > max)
                return no(problem, "", "is no whole number from %lld to %lld", (long long)min,
                          (long long)max);
        tg_put_long(buffer, number);
        return true;
}

static bool put_time(const struct tg_time_format *format, struct tg_span text,
                     struct tg_buffer *buffer, struct tg_cast_problem *problem)
{
        int64_t time_ms;

        if (!tg_cast_time(format, text, &time_ms, problem))
                return false;
        tg_put_long(buffer, time_ms);
        return true;
}

static bool put_value(const struct tg_field *field, const struct tg_time_format *format,
                      struct tg_span text, struct tg_buffer *buffer,
                      struct tg_cast_problem *problem)
{
        switch (field->type) {
        case TG_FIELD_TEXT:
                if (!is_utf8(text))
                        return no(problem, "convert the table first, as with iconv", "is no UTF-8");
                __attribute__((fallthrough));
        case TG_FIELD_BYTES:
                tg_put_span(buffer, text);
                return true;
        case TG_FIELD_INT:
                return put_number(text, INT32_MIN, INT32_MAX, buffer, problem);
        case TG_FIELD_LONG:
                return put_number(text, INT64_MIN, INT64_MAX, buffer, problem);
        case TG_FIELD_TIME:
                return put_time(format, text, buffer, problem);
        case TG_FIELD_BOOL:
                return put_truth(text, buffer, problem);
        default:
                assert(field->type == TG_FIELD_WORD);
                return put_word(field, text, buffer, problem);
        }
}

bool tg_cast_put(const struct tg_field *field, const struct tg_time_format *format,
                 struct tg_span text, struct tg_buffer *buffer, struct tg_cast_problem *problem)
{
        size_t before = buffer->size;

        if (field->optional)
                tg_put_present(buffer);
        if (put_value(field, format, text, buffer, problem))
                return true;
        buffer->size = before;
        return false;
}
