/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secrets in files of their own, as orchestrators mount them: read once, never told to anybody.
 *
 * The file's text is the secret; one line end behind it is dropped. At most TG_SECRET_SIZE_MAX
 * bytes.
 */
#pragma once

#include "base/error.h"
#include "config/diagnostics.h"

enum { TG_SECRET_SIZE_MAX = 64 << 10 };

/* Returns 0 and a text for tg_secret_free(), or -1: what is wrong with the file, not what is in it.
 */
int tg_secret_read(const char *path, char **ret_secret, struct tg_error *error);

/* Wipes SECRET (NULL: none) and frees it. */
void tg_secret_free(char *secret);

/* Warns at NODE if everybody on this machine may read PATH. */
void tg_secret_warn(const char *path, const struct tg_node *node,
                    struct tg_diagnostics *diagnostics);
