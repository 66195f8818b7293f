/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads the bytes of a file or of standard input, plain or gzipped (told by its first bytes).
 *
 * RFC 1952: a gzip file is one stream after the other; zeros may pad its end. What else follows a
 * stream is no part of it, and an error: zlib's own gzread() passes it over in silence. One owner,
 * one thread.
 */
#pragma once

#include <sys/types.h>

#include "base/error.h"

struct tg_input;

/* PATH "-" is standard input. Returns 0, or -1 (EX_NOINPUT). */
int tg_input_open(const char *path, struct tg_input **ret_input, struct tg_error *error);

void tg_input_close(struct tg_input *input); /* NULL is allowed */

/* The name that people know it by. */
const char *tg_input_name(const struct tg_input *input);

/*
 * Reads up to SIZE bytes INTO. Returns how many, 0 at the end, or -1 (EX_IOERR; EX_DATAERR for a
 * gzip stream that is cut or broken, or followed by something else).
 */
ssize_t tg_input_read(struct tg_input *input, void *into, size_t size, struct tg_error *error);
