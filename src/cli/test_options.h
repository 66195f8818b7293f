/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of `touchgate test`, and its help, which is the manual of scenario files.
 */
#pragma once

#include <stdbool.h>

/* Texts are borrowed from argv. */
struct tg_test_options {
        const char *policy; /* instead of the scenarios' own; NULL: their own */
        char **files;       /* scenarios */
        int file_count;
        bool json;
};

/* Returns 0, or EX_USAGE with what is wrong printed. Ends the process for --help, as argp does. */
int tg_test_options_parse(int argc, char **argv, struct tg_test_options *ret_options);
