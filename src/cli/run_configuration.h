/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file of `touchgate run`, read and checked as a whole.
 *
 *     policy: policy.yaml              # paths are relative to this file
 *     kafka:                           # properties of librdkafka, as they are
 *       bootstrap.servers: 127.0.0.1:9092
 *       group.id: touchgate
 *     topics: {requests: requests}     # and the others, see kafka/settings.h
 *     schema_registry: {url: http://127.0.0.1:8081}    # registry/settings.h
 *     schemas: {ids: {touchpoint: 1}, folder: writers}  # in its place
 *     clock: wall                      # or event: the time written in the records
 *     idle: 500ms                      # how long a topic must be at its end to be believed so
 *     delivery: exactly_once           # or at_least_once: without transactions
 *     commit: 100ms                    # between commits, at least
 *     facts_wait_max: 30s              # for the facts that were there before a request
 *     stop_wait_max: 30s               # to commit and leave, once asked to stop
 *     transaction_timeout: 10s         # a transaction that takes longer is aborted
 *     shards: 1                        # threads
 *     batch: 4096                      # records taken at a time
 *     memory: {fetch: 256MiB, produce: 64MiB,           # of all shards together
 *              customers: 64MiB, waiting: 16MiB}        # of each partition
 *     future_skew_max: 10m
 *     http: {listen: 127.0.0.1:8787}   # or off, see http/settings.h
 *
 * Only `policy` and `kafka` must be there. Values may name variables of the environment
 * (config/variables.h). Filled once at start, then read by any thread.
 */
#pragma once

#include "config/variables.h"
#include "http/settings.h"
#include "kafka/settings.h"
#include "shard/shard.h"

struct tg_run_configuration {
        char *policy; /* owned: the path, from the current folder */
        struct tg_kafka_settings kafka;
        struct tg_http_settings http;
        enum tg_clock_mode clock;
        int64_t idle_ms;
        int64_t commit_ms;
        int64_t facts_wait_ms;
        int64_t stop_wait_ms;
        int64_t transaction_ms; /* 0: at least once */
        int64_t future_skew_ms;
        int64_t shards;
        int64_t batch;
        int64_t customers_bytes; /* of a partition */
        int64_t waiting_bytes;   /* of a partition */
};

/*
 * Reads PATH, the environment and the files with secrets, telling mistakes to DIAGNOSTICS. Returns
 * 0, or -1 if there were errors. RET_CONFIGURATION is to be deinitialised in both cases.
 */
int tg_run_configuration_load(const char *path, struct tg_diagnostics *diagnostics,
                              struct tg_run_configuration *ret_configuration);

/*
 * The same for a file that is only looked at: neither the environment nor any other file is. Adds
 * to VARIABLES those that it names. What such a variable would say is absent, `policy` (NULL) too.
 */
int tg_run_configuration_check(const char *path, struct tg_diagnostics *diagnostics,
                               struct tg_variables *variables,
                               struct tg_run_configuration *ret_configuration);

void tg_run_configuration_deinit(struct tg_run_configuration *configuration);
