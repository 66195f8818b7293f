/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A folder of a test's own for the files that a command reads and writes; gone when it is done.
 */
#pragma once

#include <criterion/criterion.h>

#include "base/span.h"

struct folder {
        char path[64];
};

void folder_make(struct folder *folder);
void folder_remove(struct folder *folder);

/* "<folder>/NAME", valid until the fourth next call. */
const char *folder_file(const struct folder *folder, const char *name);

/* Writes TEXT to NAME, or gzips it there; returns its path as folder_file() does. */
const char *folder_put(const struct folder *folder, const char *name, const char *text);
const char *folder_put_gzip(const struct folder *folder, const char *name, const char *text);

/* The bytes of NAME, for free(); NULL if it isn't there. NUL-terminated. */
char *folder_read(const struct folder *folder, const char *name, size_t *ret_size);

#define FOLDER(name)                                                \
        __attribute__((cleanup(folder_remove))) struct folder name; \
        folder_make(&name)
