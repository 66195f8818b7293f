/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One step of a transaction after another, and what each answer of librdkafka means.
 *
 * Retriable: the same call again, until a deadline. To be aborted: it certainly will not be
 * committed. Anything else, and a deadline that passes, leaves in doubt whether it was: then the
 * producer is not used any more (brokers may let a delayed answer act on its next transaction), and
 * who makes a new one asks the group which commit it knows.
 *
 * All calls block, and come from one thread.
 */
#pragma once

#include "kafka/client.h"

enum tg_step {
        TG_STEP_DONE,
        TG_STEP_ABORT, /* abort it: nothing of it is committed */
        TG_STEP_DOUBT, /* the producer is to be made anew */
};

struct tg_transaction {
        struct tg_client *client; /* borrowed: the producer's */
        int64_t deadline_ms;      /* from the first call of a step: how long it is tried again */
        int64_t answer_ms;        /* a commit that takes longer is in doubt, whatever is answered */
        unsigned timeouts;        /* of the client when the transaction began */
        rd_kafka_resp_err_t cause; /* of the last answer that was no success */
        char reason[256];          /* the same in words */
};

/* Registers the producer's id, which ends what its predecessor left open. DONE or DOUBT. */
enum tg_step tg_transaction_open(struct tg_transaction *transaction);

enum tg_step tg_transaction_begin(struct tg_transaction *transaction);

/* OFFSETS are those of the group of CONSUMER. */
enum tg_step tg_transaction_add_offsets(struct tg_transaction *transaction, rd_kafka_t *consumer,
                                        const rd_kafka_topic_partition_list_t *offsets);

/* DONE only if every answer since the beginning came in time. */
enum tg_step tg_transaction_commit(struct tg_transaction *transaction);
enum tg_step tg_transaction_abort(struct tg_transaction *transaction); /* never ABORT */
