/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of `touchgate replay`, and its help.
 */
#pragma once

#include "replay/replay.h"

struct tg_replay_arguments {
        const char *policy;        /* texts are borrowed from argv */
        const char *configuration; /* with to_kafka */
        bool to_kafka;             /* into topics, instead of through a policy */
        const char **recordings;   /* owned: free() */
        size_t recording_count;
        bool json;                       /* the summary to standard output as JSON */
        struct tg_replay_options replay; /* without the policy */
};

/*
 * Returns 0, or EX_USAGE with what is wrong printed. Ends the process for --help, as argp does.
 */
int tg_replay_options_parse(int argc, char **argv, struct tg_replay_arguments *ret_arguments);
