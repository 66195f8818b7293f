/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of `touchgate generate`, and its help.
 */
#pragma once

#include "generate/generate.h"

struct tg_generate_arguments {
        struct tg_generate_options generate; /* texts are borrowed from argv */
        bool json;                           /* the summary to standard output too */
};

/* Returns 0, or EX_USAGE with what is wrong printed. Ends the process for --help, as argp does. */
int tg_generate_options_parse(int argc, char **argv, struct tg_generate_arguments *ret_arguments);
