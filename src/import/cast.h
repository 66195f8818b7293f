/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text turned into the Avro value of a field: what a table's cell and a mapping's constant go
 * through alike, so that both are held to the same rules.
 *
 * Pure and thread-safe; allocates only in the buffer.
 */
#pragma once

#include "import/fields.h"

enum { TG_CAST_TEXT_SIZE = 240 };

/* How a time is written. */
struct tg_time_format {
        enum { TG_TIME_ISO, TG_TIME_SECONDS, TG_TIME_MILLISECONDS, TG_TIME_PATTERN } kind;
        const char *pattern; /* of strptime(), borrowed; UTC unless it has %z */
};

/* Why a text is no value. */
struct tg_cast_problem {
        char message[TG_CAST_TEXT_SIZE]; /* goes on behind the text: "is no whole number" */
        char advice[TG_CAST_TEXT_SIZE];  /* empty: none */
};

/* "iso", "epoch_s", "epoch_ms", or a pattern with a % in it. TEXT is NUL-terminated. */
bool tg_time_format_parse(struct tg_span text, struct tg_time_format *ret_format,
                          struct tg_cast_problem *problem);

bool tg_cast_time(const struct tg_time_format *format, struct tg_span text, int64_t *ret_time_ms,
                  struct tg_cast_problem *problem);

/*
 * Appends TEXT, which isn't empty, as a value of FIELD (a scalar), the branch of its union
 * included. FORMAT is used for times. Returns false with BUFFER as it was and a problem told.
 */
bool tg_cast_put(const struct tg_field *field, const struct tg_time_format *format,
                 struct tg_span text, struct tg_buffer *buffer, struct tg_cast_problem *problem);
