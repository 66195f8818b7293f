/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files read and written as a whole: a call that was cut short or interrupted goes on.
 *
 * Thread-safe.
 */
#pragma once

#include "base/buffer.h"
#include "base/span.h"

/*
 * Writes BYTES from OFFSET on; the file's own position is no matter. Returns 0, or -1 (errno); how
 * much was written then is not known.
 */
int tg_file_write(int file, struct tg_span bytes, size_t offset);

/*
 * Appends what PATH holds to BUFFER, but no more than MOST + 1 bytes: who gets that many knows that
 * it is too large. Returns 0, or -1 (errno).
 */
int tg_file_read(const char *path, size_t most, struct tg_buffer *buffer);
