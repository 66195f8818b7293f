/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a producer writes and the offsets of a source, committed as one.
 *
 * A transaction begins with its first output. What certainly isn't committed is aborted; of what is
 * in doubt a new producer asks the group: if the bookmark of the last commit has our name, it was
 * committed. While brokers can't be reached this is tried again and again, then it is an error.
 *
 * All calls block, and come from the shard's thread.
 */
#pragma once

#include "kafka/bookmark.h"
#include "kafka/lifetime.h"
#include "kafka/producer.h"
#include "kafka/source.h"
#include "kafka/transaction.h"

struct tg_exactly_once {
        struct tg_producer *producer;   /* borrowed, as the next two */
        struct tg_kafka_source *source; /* whose offsets are committed */
        struct tg_lifetime *lifetime;
        struct tg_transaction transaction;
        struct tg_commit_name name; /* of the last commit */
        bool begun;                 /* there is a transaction */
        bool broken;                /* it can only be aborted */
        unsigned revivals;          /* of the producer, since the last commit */
        unsigned refused;           /* commits, since the process was asked to leave */
        uint64_t aborts;            /* so far */
        uint64_t doubts;            /* likewise: commits of which it had to be found out */
};

/* Opens PRODUCER, which is inited. Returns 0, or -1; it is to be deinited in both cases. */
int tg_exactly_once_init(struct tg_exactly_once *once, struct tg_producer *producer,
                         struct tg_kafka_source *source, struct tg_lifetime *lifetime,
                         struct tg_error *error);
void tg_exactly_once_deinit(struct tg_exactly_once *once); /* aborts what is begun */

/* Before every output. */
void tg_exactly_once_begin(struct tg_exactly_once *once);

/* Returns 0; 1: it is aborted; or -1. */
int tg_exactly_once_commit(struct tg_exactly_once *once, const struct tg_progress *progress,
                           size_t count, struct tg_error *error);

/* Returns 0 or -1; none that is begun is fine. */
int tg_exactly_once_abort(struct tg_exactly_once *once, struct tg_error *error);
