/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of `touchgate rejected`, and its help.
 */
#pragma once

#include "transfer/letters.h"

enum { TG_REJECTED_OFFSETS_MAX = 1000, TG_REJECTED_TIMES_MAX = 3 };

struct tg_rejected_options {
        const char *configuration; /* texts are borrowed from argv */
        struct tg_letters_choice choice;
        int64_t offsets[TG_REJECTED_OFFSETS_MAX]; /* of the choice */
        bool resubmit;                            /* otherwise they are listed */
        bool all;                                 /* nothing narrows the choice */
        bool dry_run;
        bool force; /* whatever has been done before, wherever they came from */
        bool show;  /* key and value too */
        bool json;
};

/*
 * Fills OPTIONS, which must not move. Returns 0, or EX_USAGE with what is wrong printed. Ends the
 * process for --help, as argp does.
 */
int tg_rejected_options_parse(int argc, char **argv, struct tg_rejected_options *ret_options);
