/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How partitions change hands when the group is rebalanced, eagerly or cooperatively.
 *
 * What librdkafka announces, in the middle of reading, is only noted; it is carried out when the
 * shard knows what goes, and librdkafka waits for that. What comes, comes with its facts and with
 * what was written about it, from where the group had come; what comes too late, when the member
 * leaves or the process stops, is not taken.
 *
 * Called from the thread that polls the consumer.
 */
#pragma once

#include "kafka/member.h"

/* librdkafka's callback, with the member's client: called while reading or closing. */
void tg_rebalance_note(rd_kafka_t *handle, rd_kafka_resp_err_t code,
                       rd_kafka_topic_partition_list_t *partitions, void *opaque);

/* Carries out what was noted, if anything was. A failure is noted with the client. */
void tg_rebalance_carry_out(struct tg_member *member);
