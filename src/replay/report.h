/* SPDX-License-Identifier: Apache-2.0 */
/*
 * summary.json: what a replay decided, by whom it was decided, and what it cost.
 *
 * Counts are a function of the input; rate, CPU time and memory are this run's. They are replay
 * figures: no broker, no transactions.
 */
#pragma once

#include "replay/replay.h"

/* What a run cost. */
struct tg_replay_cost {
        double elapsed_s;
        double cpu_s; /* user and system, all threads */
        int64_t memory_peak_kib;
};

struct json_t;

/* A new reference. */
struct json_t *tg_replay_report(const struct tg_replay_options *options,
                                const struct tg_summary *summary,
                                const struct tg_replay_cost *cost);

/* Writes it into the output directory. */
int tg_replay_report_write(const struct tg_replay_options *options, struct json_t *report,
                           struct tg_error *error);
