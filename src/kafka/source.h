/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shard's source on Kafka: one member of the consumer group.
 *
 * Only the request topic is subscribed; in a rebalance the same-numbered partitions of touchpoints
 * are assigned with it. Touchpoints are read from as far back as they matter (kafka/resume.h: state
 * is a cache of the log), what was written about the partition before from its beginning up to
 * where that ends; requests are read from the committed offset. Records come in batches from one
 * queue, a partition's stream in order. What is fetched ahead is bounded by librdkafka's queue,
 * what the shard holds by a pause of the stream that is ahead.
 *
 * A record whose schema the registry is being asked for waits, with all that comes behind it in its
 * partition, for at most `record_wait_max`; other partitions go on.
 *
 * By the wall clock no request is decided without the facts that were there when it was written:
 * each batch of requests waits in the shard until the touchpoints have been read up to where they
 * ended after it was read (kafka/rounds.h).
 *
 * A partition that is revoked is told first and given back at the next poll, so that the shard can
 * commit what it has decided in between. All calls come from the shard's thread.
 */
#pragma once

#include "base/error.h"
#include "kafka/lifetime.h"
#include "kafka/loss.h"
#include "kafka/notice.h"
#include "kafka/readings.h"
#include "kafka/settings.h"
#include "shard/port.h"

struct tg_kafka_source_options {
        const struct tg_kafka_settings *settings; /* borrowed, as all here, until the end */
        const struct tg_readings *readings;
        const struct tg_notices *notices;
        struct tg_lifetime *lifetime;
        struct tg_board *board;     /* where lags are shown; NULL: nowhere */
        struct tg_lookout *lookout; /* says where facts end; NULL: nothing waits for them */
        unsigned shard;             /* which of them this is, from 0 */
        unsigned shards;            /* that share the memory bound */
        size_t batch;               /* records asked of librdkafka at once */
        int32_t partitions;         /* of the request topic; tg_topics_check() */
        int64_t idle_ms;  /* how long a stream is at its end before it is believed to stay so */
        int64_t late_ms;  /* of members */
        bool customers;   /* there is a topic for what lasts of them */
        bool end_at_once; /* END is told without that wait (clock: wall) */
};

struct tg_kafka_source;

/* What was read, for a summary. */
struct tg_kafka_source_counts {
        uint64_t records[TG_LANES];
        uint64_t faulty;
        uint64_t keys;       /* records whose key isn't the customer */
        uint64_t partitions; /* records in a partition that isn't the customer's */
        struct tg_losses lost;
};

/* Joins the group. Returns 0 or -1. */
int tg_kafka_source_new(const struct tg_kafka_source_options *options,
                        struct tg_kafka_source **ret_source, struct tg_error *error);

/* Leaves the group. Of a shard that failed, records may not have been released. */
void tg_kafka_source_free(struct tg_kafka_source *source);

struct tg_source tg_kafka_source_port(struct tg_kafka_source *source);
struct tg_kafka_source_counts tg_kafka_source_counts(const struct tg_kafka_source *source);

/* A partition is lost that the shard does not know of yet: nothing may be committed. */
bool tg_kafka_source_has_lost(const struct tg_kafka_source *source);

/* What a transaction commits for; the member's (kafka/member.h), for the sink alone. */
struct tg_member;
struct tg_member *tg_kafka_source_member(struct tg_kafka_source *source);

/*
 * Commits the progress of partitions that are (still) ours as NAME, and waits for the answer. A
 * group that rebalances just now refuses: that is told, not an error, since what was not committed
 * is decided again. Returns 0 or -1.
 */
struct tg_commit_name;
int tg_kafka_source_commit(struct tg_kafka_source *source, const struct tg_progress *progress,
                           size_t count, const struct tg_commit_name *name, struct tg_error *error);
