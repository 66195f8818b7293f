/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the partitions of touchpoints end, asked of their brokers beside the shards.
 *
 * An end is that of a reader of what is committed (the last stable offset), found after the
 * question was put: whatever Kafka had acknowledged before, and lets anybody read, lies before it.
 * Each question is a ticket; an answer is as good for all earlier tickets of its partition.
 *
 * One thread and one connection a broker, of all shards of a process: a fetch that waits for
 * records would hold up an answer on the consumers' own. What is asked together goes out as one
 * request a broker, no more often than every few milliseconds. A broker that does not answer is
 * left alone for a second, so that it does not hold up the others' answers; while none comes,
 * partitions are behind (kafka/reach.h).
 *
 * Asking takes a lock that is held for a few stores; reading an answer takes none.
 */
#pragma once

#include "base/error.h"
#include "kafka/notice.h"
#include "kafka/settings.h"

struct tg_lookout;

/* SETTINGS and NOTICES are borrowed until the end; the topic has PARTITIONS. Returns 0 or -1. */
int tg_lookout_new(const struct tg_kafka_settings *settings, const struct tg_notices *notices,
                   int32_t partitions, struct tg_lookout **ret_lookout, struct tg_error *error);
void tg_lookout_free(struct tg_lookout *lookout); /* NULL is fine; nobody asks any more */

/* Any thread. Returns the ticket. */
uint32_t tg_lookout_ask(struct tg_lookout *lookout, int32_t partition);

/* Any thread: whether TICKET has been answered. */
bool tg_lookout_answer(const struct tg_lookout *lookout, int32_t partition, uint32_t ticket,
                       int64_t *ret_end);
