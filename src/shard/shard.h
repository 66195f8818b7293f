/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shard: one thread that owns some partitions and takes them from input to output, batch by
 * batch.
 *
 * Reads, applies facts, decides what is due and what is new, produces, commits; no queue between
 * these. All its state is its own.
 */
#pragma once

#include "shard/board.h"
#include "shard/inbox.h"
#include "shard/partition.h"
#include "shard/swap.h"

/* Messages that have fallen due that a batch decides: a few milliseconds. */
enum { TG_DUE_DEFAULT = 4096 };

struct tg_shard_options {
        struct tg_partition_options partition;
        enum tg_clock_mode clock;
        struct tg_swap *swap;   /* changes of the policy; NULL: there are none */
        struct tg_board *board; /* where it shows how it is doing; NULL: nowhere */
        struct tg_inbox *inbox; /* what other threads ask; NULL: nothing */
        size_t batch;           /* records asked for at a time, at least 1 */
        size_t due_max; /* by the wall clock: messages that have fallen due that a batch decides at
                         * most, divided evenly among partitions (but at least one in each); 0:
                         * TG_DUE_DEFAULT */
        int64_t end_ms; /* without a wall clock: records later than this (plus the skew) are
                         * rejected; TG_NEVER: none is */
};

/*
 * Runs until the source says that nothing more will come. Returns 0 or -1. RET_SUMMARY (to be
 * deinitialised in both cases) tells what was done.
 */
int tg_shard_run(const struct tg_shard_options *options, const struct tg_port *port,
                 struct tg_summary *ret_summary, struct tg_error *error);
