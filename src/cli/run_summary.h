/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a run has done, at its end: for a person on a terminal, else as one JSON object.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

#include "kafka/sink.h"
#include "kafka/source.h"
#include "shard/summary.h"

struct tg_run_tally {
        struct tg_summary shards; /* all added up */
        struct tg_kafka_source_counts read;
        struct tg_kafka_sink_counts written;
        int64_t elapsed_ms;
};

void tg_run_summary_print(FILE *file, bool json, const struct tg_run_tally *tally);
