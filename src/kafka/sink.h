/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shard's sink on Kafka: one producer, transactional or idempotent alone.
 *
 * Decisions, and what lasts of customers, go to the same-numbered partition of their topics,
 * permitted messages to the topic of
 * their channel by customer, dead letters to `rejected` as they came, with headers that say where
 * they were read and why they were rejected.
 *
 * Exactly once: what was produced and the offsets are committed together, some times a second. A
 * commit of which the answer is in doubt is settled by a new producer, which asks the group for the
 * name of the last commit it knows. At least once: a commit waits until every delivery is
 * confirmed, then commits the offsets: after a crash in between, requests are decided and written
 * once more. A commit that follows another too soon is left to the next one, unless a partition
 * goes or the run ends.
 *
 * What waits for delivery is bounded; when the bound is reached, producing waits, which slows the
 * reading. Records carry the present time as their timestamp, not the event's (by which a broker
 * would forget the producer). All calls come from the shard's thread.
 */
#pragma once

#include "base/error.h"
#include "kafka/notice.h"
#include "kafka/settings.h"
#include "kafka/source.h"
#include "kafka/subjects.h"
#include "shard/port.h"

struct tg_kafka_sink_options {
        const struct tg_kafka_settings *settings; /* borrowed, as all here, until the end */
        const struct tg_notices *notices;
        struct tg_subjects *subjects;   /* the schema ids of what is written */
        struct tg_kafka_source *source; /* whose offsets are committed */
        struct tg_board *board;         /* where transactions are counted; NULL: nowhere */
        struct tg_lifetime *lifetime;   /* once it stops, deliveries are waited for less long */
        unsigned shard;                 /* which of them this is, from 0 */
        unsigned shards;                /* that share the memory bound */
        int64_t commit_ms;              /* commits in between are put off to the next one */
        bool customers;                 /* there is a topic for what lasts of them */
        int64_t transaction_ms; /* a transaction that takes longer is aborted; 0: at least once */
};

struct tg_kafka_sink;

struct tg_kafka_sink_counts {
        uint64_t decisions;
        uint64_t permitted;
        uint64_t rejected;
        uint64_t commits;
        uint64_t aborts; /* transactions that were undone */
        uint64_t doubts; /* those of which it was not known, and had to be found out */
};

/* Returns 0 or -1. */
int tg_kafka_sink_new(const struct tg_kafka_sink_options *options, struct tg_kafka_sink **ret_sink,
                      struct tg_error *error);

/* What was not committed is thrown away. */
void tg_kafka_sink_free(struct tg_kafka_sink *sink);

struct tg_sink tg_kafka_sink_port(struct tg_kafka_sink *sink);
struct tg_kafka_sink_counts tg_kafka_sink_counts(const struct tg_kafka_sink *sink);
