/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The producer of a shard, and the topics it writes to; it may be closed and opened anew.
 *
 * What waits for delivery is bounded by the configuration. Must not move. All calls come from the
 * shard's thread, and so do delivery reports: with transactions, one that failed is left to the
 * commit, unless it would fail again.
 */
#pragma once

#include "kafka/client.h"
#include "kafka/subjects.h"
#include "records/words.h"

enum { TG_PRODUCER_ID_SIZE = 2 * TG_GROUP_SIZE_MAX + 16 }; /* with the shard's number */

struct tg_producer_options {
        const struct tg_kafka_settings *settings; /* borrowed, as all here, until the end */
        const struct tg_notices *notices;
        struct tg_subjects *subjects;
        unsigned shard;         /* which of them this is, from 0 */
        unsigned shards;        /* that share the memory bound */
        int64_t transaction_ms; /* the time-out of a transaction; 0: there are none */
};

struct tg_producer {
        struct tg_client client;
        struct tg_producer_options options;
        uint64_t number;              /* drawn by chance: no other producer has it */
        char id[TG_PRODUCER_ID_SIZE]; /* transactional.id */
        rd_kafka_topic_t *decisions;
        rd_kafka_topic_t *rejected;
        rd_kafka_topic_t *customers;
        rd_kafka_topic_t *permitted[TG_CHANNELS]; /* made at the first permit of a channel */
        uint32_t permitted_ids[TG_CHANNELS];      /* likewise */
};

void tg_producer_init(struct tg_producer *producer, const struct tg_producer_options *options);

/* Returns 0 or -1. */
int tg_producer_open(struct tg_producer *producer, struct tg_error *error);

/* What was not delivered is thrown away. One that isn't open is fine. */
void tg_producer_close(struct tg_producer *producer);

/* Makes topic and schema id of a channel, if need be. Returns 0 or -1. */
int tg_producer_open_channel(struct tg_producer *producer, uint8_t channel, struct tg_error *error);

/* 0, or -1: something cannot heal. */
int tg_producer_failed(const struct tg_producer *producer, struct tg_error *error);

/* Nothing is gained by an abort: the same message would fail again. */
bool tg_producer_fails_for_good(rd_kafka_resp_err_t code);
