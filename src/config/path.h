/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths in a configuration: relative ones are meant from the folder of the file they stand in.
 *
 * Opens nothing. Thread-safe as the document is.
 */
#pragma once

#include "config/reader.h"

/* TEXT as a path from the current folder, if it is relative to FOLDER. For free(). */
char *tg_path_beside(const char *folder, struct tg_span text);

/*
 * Reads the path under KEY, from FOLDER ("." for the current one) if it is relative, into *PATH,
 * which is for free() (and freed here if it held another). As the getters of config/reader.h.
 */
const struct tg_node *tg_read_path(struct tg_reader *reader, const char *key, enum tg_need need,
                                   const char *folder, char **path);
