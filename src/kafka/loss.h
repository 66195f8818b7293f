/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What brokers deleted from the inputs before it was read: a partition that comes goes on behind
 * what was committed, and the first record still there may lie further behind. It can't be brought
 * back, but nobody shall have to guess that it is gone.
 *
 * Offsets are counted, so markers of transactions count as records. What is deleted while a
 * partition is being read is told by librdkafka alone (its log: "offset reset"). A count is of this
 * process; a partition that comes again before anything of it was committed is counted again.
 */
#pragma once

#include "kafka/client.h"
#include "shard/port.h"

struct tg_losses {
        uint64_t records[TG_STREAMS];
};

/*
 * Asks SCOUT for the first offsets of the inputs of the partition that had come as far as PROGRESS,
 * and counts and tells, as a warning, what is missing. Blocks for at most TG_LOSS_TIMEOUT_MS for
 * each of the two; that no broker answers is told, too.
 */
enum { TG_LOSS_TIMEOUT_MS = 5000 };
void tg_losses_look(struct tg_losses *losses, const struct tg_client *scout,
                    const struct tg_kafka_settings *settings, const struct tg_progress *progress);
