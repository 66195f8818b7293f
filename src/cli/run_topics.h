/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The topics of a run before it starts: what they need by the policy, those that are missing
 * created or told, those that keep too little warned of.
 */
#pragma once

#include "kafka/topics.h"
#include "rules/policy.h"

struct tg_run_topics_options {
        const struct tg_kafka_settings *settings; /* borrowed, as all here */
        const struct tg_notices *notices;
        const struct tg_policy *policy;
        bool create;        /* those that are missing, ... */
        int32_t partitions; /* ... with so many; 0: as many as the request topic */
        int replication;    /* ... and so many copies; -1: as the brokers are configured */
        bool embedded;      /* a broker that keeps all it can, and tells nothing of it */
};

/* What a run by POLICY needs of its topics. */
void tg_run_topics_needs(const struct tg_policy *policy, struct tg_topic_needs *ret_needs);

/* Asks the brokers, through a client that is gone before the shards' come. Returns 0 or -1. */
int tg_run_topics_check(const struct tg_run_topics_options *options,
                        struct tg_topics_found *ret_found, struct tg_error *error);
