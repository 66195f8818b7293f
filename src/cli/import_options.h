/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of `touchgate import`, and its help.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "avro/container.h"

/* Texts are borrowed from argv. */
struct tg_import_options {
        const char *mapping; /* the YAML file */
        const char *output;  /* the directory */
        const char *table;   /* a file, or "-" for standard input */
        int64_t from_ms;     /* records from here on; TG_NO_TIME: from the first */
        int64_t to_ms;       /* and before this; TG_NEVER: to the last */
        enum tg_codec codec; /* of the files written */
        bool strict;         /* stop at the first bad line */
        bool json;           /* the summary to standard output too */
};

/* Returns 0, or EX_USAGE with what is wrong printed. Ends the process for --help, as argp does. */
int tg_import_options_parse(int argc, char **argv, struct tg_import_options *ret_options);
