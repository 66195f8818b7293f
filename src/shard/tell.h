/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How an answer leaves the partition: the permitted message for its channel, the decision, and the
 * numbers of the summary.
 */
#pragma once

#include "shard/partition.h"

/*
 * Tells DECISION about the request that was read at OFFSET. Of one in no log (DIRECT is not NULL),
 * the message goes there, and the decision, even a deferral, is final. The caller fills what the
 * answer is (from `request` to `receipt`, message id included); where and by whom it was given is
 * added here.
 */
int tg_tell(struct tg_partition *partition, struct tg_decision *decision, int64_t offset,
            struct tg_buffer *direct, struct tg_error *error);
