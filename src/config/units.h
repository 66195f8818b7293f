/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Numbers with units: sizes and rates, and what people probably meant by a unit that isn't known
 * ("3 hours", "256MB", "10/min"). Pure and thread-safe. Private to config/.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/span.h"
#include "base/time.h"

enum { TG_UNITS_ADVICE_SIZE = 120 };

/* "256MiB". False if TEXT is no size. */
bool tg_units_size_parse(struct tg_span text, int64_t *ret_bytes);

/* In its largest whole unit. */
char *tg_units_size_text(int64_t bytes, char text[static TG_TIME_TEXT_SIZE]);

/* "500/s". False if TEXT is no rate; the count may be 0. */
bool tg_units_rate_parse(struct tg_span text, int64_t *ret_count, int64_t *ret_per_ms);

/* What to write instead of TEXT, which is no duration (size, rate). Returns ADVICE. */
char *tg_units_duration_advice(struct tg_span text, char advice[static TG_UNITS_ADVICE_SIZE]);
char *tg_units_size_advice(struct tg_span text, char advice[static TG_UNITS_ADVICE_SIZE]);
char *tg_units_rate_advice(struct tg_span text, char advice[static TG_UNITS_ADVICE_SIZE]);
