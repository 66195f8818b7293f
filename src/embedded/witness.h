/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An independent reader of topics from their beginning: shows that outputs really went through the
 * broker, and notices if a record is missing.
 *
 * A consumer and a thread of its own; it shares nothing with those that write.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"
#include "kafka/notice.h"
#include "kafka/settings.h"

/* A record as it was read back. Borrowed for the call. */
struct tg_witnessed {
        const char *topic;
        int32_t partition;
        int64_t offset;
        struct tg_span key;
        struct tg_span value;
        struct tg_span reason; /* of a dead letter: its headers touchgate.reason and .detail */
        struct tg_span detail;
};

struct tg_witness_options {
        const struct tg_kafka_settings *settings; /* borrowed, as all here, until the end */
        const struct tg_notices *notices;
        const char *const *topics;
        size_t topic_count;
        int32_t partitions; /* of each */
        /* Called in the witness's thread, in order within a partition. */
        void (*see)(void *context, const struct tg_witnessed *record);
        void (*idle)(void *context); /* about ten times a second, in the same thread; NULL: none */
        void *context;
};

struct tg_witness;

/* Begins to read. Returns 0 or -1. */
int tg_witness_new(const struct tg_witness_options *options, struct tg_witness **ret_witness,
                   struct tg_error *error);

/*
 * Reads on to what the topics hold now, then ends the thread. Returns 0, or -1 if a record was
 * missing or could not be read.
 */
int tg_witness_finish(struct tg_witness *witness, struct tg_error *error);
void tg_witness_free(struct tg_witness *witness); /* finished before */
