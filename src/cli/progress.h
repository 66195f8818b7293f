/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line on a terminal that says how far something is, how fast, and how long it will take.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>
#include <time.h>

enum { TG_PROGRESS_SIZE = 160 };

/* Seconds since a moment of CLOCK_MONOTONIC. */
double tg_seconds_since(const struct timespec *start);

/*
 * " 21 %  790 k events/s  5 s left", where SHARE of the whole, from 0 to 1, is done after so many
 * events in ELAPSED_S. What can't be reckoned yet is left out. Returns TEXT.
 */
char *tg_progress_text(double share, uint64_t events, double elapsed_s,
                       char text[static TG_PROGRESS_SIZE]);

/* Puts TEXT on standard error in place of what it said before; NULL: nothing. */
void tg_progress_show(const char *text);
