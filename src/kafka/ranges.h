/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which partitions, in so few words that a line of the log can say it: "partitions 0-3, 7".
 *
 * Pure; linear in the partitions. What does not fit is cut, with "..." in its place.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum { TG_RANGES_TEXT_SIZE = 400 }; /* two of them fit a line of the log */

/* Writes those of the COUNT partitions whose flag is set; "no partitions". Returns TEXT. */
char *tg_ranges_text(const bool *flags, int32_t count, char text[static TG_RANGES_TEXT_SIZE]);
