/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Values of command-line options, read alike by every command.
 *
 * Each function ends the process with EX_USAGE when TEXT is no such value, and says what was wrong
 * with OPTION and how it is written: argp's way. Used by one thread, while a command line is read.
 */
#pragma once

#include <argp.h>
#include <stdint.h>

#include "avro/container.h"

enum { TG_OPTION_SHARDS_MAX = 256 }; /* threads, whatever asks for them */

/* A whole number from MIN to MAX; k, M or G behind it mean thousands, millions, milliards. */
uint64_t tg_option_number(struct argp_state *state, const char *option, const char *text,
                          uint64_t min, uint64_t max);

/* "2026-03-01" or "2026-03-01T12:00:00Z", UTC. */
int64_t tg_option_time(struct argp_state *state, const char *option, const char *text);

/* "30m", from MIN_MS to MAX_MS. */
int64_t tg_option_duration(struct argp_state *state, const char *option, const char *text,
                           int64_t min_ms, int64_t max_ms);

/* null, deflate or snappy. */
enum tg_codec tg_option_codec(struct argp_state *state, const char *option, const char *text);

/* "max" (0 is returned) or a decimal number above 0: so many times the recorded speed. */
double tg_option_speed(struct argp_state *state, const char *option, const char *text);

/* Which of COUNT words was probably meant by WRITTEN; NULL: none is near. */
const char *tg_option_meant(const char *written, const char *const *words, size_t count);

/*
 * Reads a command line into *OPTIONS, where ARGP's parser finds it as state->input. Returns 0, or
 * EX_USAGE with what is wrong printed. Ends the process for --help, as argp does.
 */
int tg_options_parse(const struct argp *argp, int argc, char **argv, void *options);
