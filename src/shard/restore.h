/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Coming back: a partition's state rebuilt from its facts and from what was written about it,
 * before anything is decided.
 *
 * Taken up in this order: what lasts of the facts (shard/lasting.h); the decisions that were told
 * (permits into the customers' cells and on the throttles, every final answer into the memory for
 * requests that come again), before each the facts that it knew, as its positions tell, and after
 * the last one the other facts that had been read; and of the requests that had been taken up those
 * that still wait, at their moment or in their throttle's queue. The others are passed over: they
 * have their answer. Nothing of this is told or counted as decided, and none of it is undone.
 *
 * Of a message that was deferred more than once only the first moment was told; if that is past, it
 * is decided anew as soon as the partition decides. (A deferral that was told twice, by processes
 * of which the first could not commit it, is as the last of them said.)
 *
 * Memory: 32 bytes for each message that was deferred and has no end yet, at most four times as
 * many while they come and go. One owner, one thread.
 */
#pragma once

#include "shard/partition.h"

/* The new PARTITION had come as far as RESUME says, which is copied. */
void tg_restore_begin(struct tg_partition *partition, const struct tg_progress *resume);
void tg_restore_free(struct tg_restore *restore); /* NULL is fine */

/* The next record to be taken up, or NULL: it is not read yet, or there is none. */
struct tg_record *tg_restore_next(struct tg_partition *partition);

/* Takes it up. Returns 0 or -1. */
int tg_restore_take(struct tg_partition *partition, struct tg_prepared *prepared,
                    struct tg_error *error);

/* Whether all has been taken up: the partition decides from here on. */
bool tg_restore_end(struct tg_partition *partition);

/* Makes of how far PARTITION has been read how far it has come. */
void tg_restore_progress(const struct tg_partition *partition, struct tg_progress *progress);
