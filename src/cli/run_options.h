/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The command line of `touchgate run`, and its help.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "telemetry/log.h"

struct tg_run_options {
        const char *configuration; /* borrowed, as all texts, from the command line */
        const char *embedded;      /* a recording to be played; NULL: a real Kafka */
        const char *output;        /* where what was decided is written; NULL: nowhere */
        const char *http;          /* where to listen; NULL: as the configuration says */
        bool exit_at_end;
        unsigned shards;    /* 0: as the configuration says */
        int32_t partitions; /* of topics that are made; 0: not said */
        bool create_topics; /* those that are missing */
        int replication;    /* copies of topics that are created; -1: as the brokers say */
        int64_t pace_per_s; /* records a second of the recording; 0: all at once; -1: by itself */
        enum tg_log_format log_format;
        enum tg_log_level log_level;
};

/* Returns 0, or a sysexits code after having said why. Called once a process (argp). */
int tg_run_options_parse(int argc, char **argv, struct tg_run_options *ret_options);
