/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What an import has done, for a person and for a program.
 */
#pragma once

#include <stdio.h>

#include "recording/writer.h"

enum { TG_IMPORT_BAD_LINES_TOLD = 10 }; /* of all that are counted */

struct tg_import_tally {
        uint64_t rows;      /* read, the header and empty lines not counted */
        uint64_t skipped;   /* rows that no entry of the mapping matches */
        uint64_t outside;   /* records before --from or not before --to */
        uint64_t bad_lines; /* rows that made nothing because something is wrong with them */
        struct tg_writer_tally files[2]; /* touchpoints, requests */
        const char *paths[2];
};

void tg_import_summary_print(const struct tg_import_tally *tally, const char *table, FILE *file);
void tg_import_summary_print_json(const struct tg_import_tally *tally, FILE *file);
