/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Patterns in which `*` stands for any run of bytes, the empty one too; nothing else is special.
 *
 * Only the last star is ever tried again, so time is at most size of text × size of pattern,
 * however many stars there are. Pure and thread-safe.
 */
#pragma once

#include "base/span.h"

enum { TG_GLOB_SIZE_MAX = 256 }; /* what tg_value_pattern() lets through */

/* The whole of TEXT is what PATTERN says. Neither is absent. */
bool tg_glob_match(struct tg_span pattern, struct tg_span text);
