/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Times and durations: UTC milliseconds since 1970 in an int64_t, and their text.
 *
 * Pure: nothing here reads a clock. Thread-safe.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define TG_SECOND_MS INT64_C(1000)
#define TG_MINUTE_MS (60 * TG_SECOND_MS)
#define TG_HOUR_MS (60 * TG_MINUTE_MS)
#define TG_DAY_MS (24 * TG_HOUR_MS)
#define TG_MS_NS INT64_C(1000000) /* nanoseconds in a millisecond */

/* The answer of a rule that will not permit as things stand; later than every time. */
#define TG_NEVER INT64_MAX
/* A time that is not there (an Avro null); earlier than every time. */
#define TG_NO_TIME INT64_MIN
/* What a calendar with four digits can say; beyond, sums with windows would leave 64 bits. */
#define TG_TIME_FIRST_MS INT64_C(-62167219200000) /* 0000-01-01T00:00:00.000Z */
#define TG_TIME_LAST_MS INT64_C(253402300799999)  /* 9999-12-31T23:59:59.999Z */

static inline bool tg_time_in_calendar(int64_t time_ms)
{
        return time_ms >= TG_TIME_FIRST_MS && time_ms <= TG_TIME_LAST_MS;
}

enum { TG_TIME_TEXT_SIZE = 40 };

/* Writes "2017-03-01T12:00:00.000Z"; returns TEXT. "never" and "none" for the two marks above. */
char *tg_time_text(int64_t time_ms, char text[static TG_TIME_TEXT_SIZE]);

/* Writes a duration as a policy would, in its largest whole unit: "30d", "90m", "1500ms". */
char *tg_duration_text(int64_t duration_ms, char text[static TG_TIME_TEXT_SIZE]);

/*
 * Reads "2017-03-01", "2017-03-01T12:00:00Z" or "2017-03-01T12:00:00.123Z" (UTC; a space may stand
 * for the T). Returns 0, or -1 if TEXT is no such time.
 */
int tg_time_parse(const char *text, size_t size, int64_t *ret_time_ms);

/* Reads a duration with its unit: "500ms", "30s", "15m", "3h", "7d", "2w". Returns 0 or -1. */
int tg_duration_parse(const char *text, size_t size, int64_t *ret_duration_ms);
