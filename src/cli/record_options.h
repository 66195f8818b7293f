/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of `touchgate record`, and its help.
 */
#pragma once

#include "transfer/recorder.h"

struct tg_record_options {
        const char *configuration; /* texts are borrowed from argv */
        const char *output;
        struct tg_bound from;
        struct tg_bound until;
        enum tg_codec codec;
        bool decisions;
        bool json;
};

/* Returns 0, or EX_USAGE with what is wrong printed. Ends the process for --help, as argp does. */
int tg_record_options_parse(int argc, char **argv, struct tg_record_options *ret_options);
