/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes runs of bytes to files as a whole: a call that was cut short or interrupted goes on.
 *
 * Thread-safe; the place is given with every call, so that the file's own position is no matter.
 */
#pragma once

#include "base/span.h"

/* Writes BYTES from OFFSET on. Returns 0, or -1 (errno); how much was written then is not known. */
int tg_file_write(int file, struct tg_span bytes, size_t offset);
