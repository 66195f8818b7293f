/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Takes up what has been read of a partition: by event time the streams merged; by the wall clock
 * all facts, then what has fallen due, then the requests. A partition that has just arrived first
 * comes back to where it was.
 *
 * By the wall clock a request waits here, in its lane, until the facts are known that it needs
 * (TG_RECORD_KNOWN), and what has fallen due while the partition is behind. After `facts_wait_ms`
 * they are deferred for as long again.
 *
 * Records go a group at a time: all are prepared, their cells begun to be fetched, then, while
 * those of the next group are on their way, each is taken. One owner, one thread.
 */
#pragma once

#include "shard/partition.h"

struct tg_drain {
        const struct tg_source *source; /* borrowed: records go back to it */
        enum tg_clock_mode clock;
        struct tg_drain_group *groups; /* owned, two: what is taken up, and what comes then */
};

void tg_drain_init(struct tg_drain *drain, const struct tg_source *source,
                   enum tg_clock_mode clock);
void tg_drain_deinit(struct tg_drain *drain);

/*
 * Takes up what can be. NOW_MS is the wall clock, if that is what counts; then at most DUE_MOST are
 * decided of what has fallen due. Returns 0, 1 (more is due), or -1.
 */
int tg_drain_partition(struct tg_drain *drain, struct tg_partition *partition, int64_t now_ms,
                       size_t due_most, struct tg_error *error);
