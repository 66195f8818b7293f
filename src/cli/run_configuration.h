/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The configuration file of `touchgate run`, read and checked as a whole.
 *
 *     policy: policy.yaml              # paths are relative to this file
 *     kafka: {bootstrap.servers: 127.0.0.1:9092, group.id: touchgate}   # librdkafka's, as they are
 *     topics: {requests: requests}     # kafka/settings.h, as `schemas`
 *     schema_registry: {url: http://127.0.0.1:8081}                     # registry/settings.h
 *     http: {listen: 127.0.0.1:8787}   # http/settings.h
 *
 * and what is declared in run_configuration.c: docs/configuration.md explains all keys.
 *
 * Only `policy` and `kafka` must be there. Values may name variables of the environment
 * (config/variables.h). Filled once at start, then read by any thread.
 */
#pragma once

#include "config/variables.h"
#include "http/settings.h"
#include "kafka/settings.h"
#include "shard/shard.h"

enum tg_delivery { TG_AT_LEAST_ONCE, TG_EXACTLY_ONCE };

struct tg_run_configuration {
        char *policy; /* owned: the path, from the current folder */
        struct tg_kafka_settings kafka;
        struct tg_http_settings http;
        enum tg_clock_mode clock;
        int64_t idle_ms;
        int64_t commit_ms;
        int64_t facts_wait_ms;
        int64_t stop_wait_ms;
        enum tg_delivery delivery;
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

/* The tables of docs/configuration.md. */
void tg_run_configuration_describe(struct tg_buffer *page);
