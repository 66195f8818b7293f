/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The word that was probably meant, by the fewest letters added, left out, replaced or swapped with
 * their neighbour.
 *
 * Near enough is one such slip for every three letters of what was written, at least one. Words
 * longer than 64 bytes are near nothing. Pure and thread-safe; size × size steps a word.
 */
#pragma once

#include <stddef.h>

#include "base/span.h"

/*
 * Slips between two words, at most LIMIT + 1 (letters are bytes, upper and lower case alike). What
 * tg_nearest() compares by; declared for tests.
 */
unsigned tg_nearest_distance(struct tg_span a, struct tg_span b, unsigned limit);

/* Index of the nearest of COUNT words (the first of equals), or -1 if none is near. */
ptrdiff_t tg_nearest(struct tg_span written, const char *const *words, size_t count);
