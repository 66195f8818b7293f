/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The shards of a run: a thread each, with a consumer, a producer and the shard's loop.
 *
 * What fails in one stops all.
 */
#pragma once

#include "cli/run_summary.h"
#include "kafka/lifetime.h"
#include "kafka/notice.h"
#include "kafka/readings.h"
#include "kafka/subjects.h"
#include "shard/shard.h"

struct tg_run_shards_options {
        const struct tg_kafka_settings *settings; /* borrowed, as all here, until they are joined */
        const struct tg_readings *readings;
        struct tg_subjects *subjects;
        const struct tg_notices *notices;
        const struct tg_shard_options *shard;
        struct tg_lifetime *lifetime;
        struct tg_board *const *boards;  /* one a shard: what it shows others */
        struct tg_inbox *const *inboxes; /* one a shard: what others ask */
        unsigned count;
        int64_t idle_ms;
        int64_t commit_ms;
        int64_t transaction_ms; /* 0: at least once */
        bool customers;         /* there is a topic for what lasts of them */
};

struct tg_run_shards;

/* Returns 0, or -1 if a thread could not be had: those that could are to be joined all the same. */
int tg_run_shards_start(const struct tg_run_shards_options *options,
                        struct tg_run_shards **ret_shards, struct tg_error *error);

/* Waits for all and frees SHARDS (NULL: none). Adds what they did to TALLY. Returns 0, or -1. */
int tg_run_shards_join(struct tg_run_shards *shards, struct tg_run_tally *tally,
                       struct tg_error *error);
