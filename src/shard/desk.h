/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The desk of a shard: takes what is asked out of the inbox, has it decided or explained, and keeps
 * the answers until what was decided is committed.
 *
 * What is asked here is in no log: it is decided like a request that was just read, but moves no
 * position and holds nothing back; a deferral is told as final and kept nowhere; the permitted
 * message goes to whoever asked; an abort takes all of it back, and nothing comes again. One owner,
 * the shard's thread.
 */
#pragma once

#include "shard/inbox.h"
#include "shard/partition.h"

struct tg_desk {
        struct tg_inbox *inbox;  /* borrowed; NULL: nobody asks */
        struct tg_inquiry *held; /* answers that are not committed, chained */
        int64_t taken;           /* decisions asked for so far: their positions */
        bool by_wall_clock;
};

/*
 * Answers what was asked since the last call. PARTITIONS by number, up to COUNT; NULL: not ours.
 * Returns 0 or -1. Within a transaction.
 */
int tg_desk_serve(struct tg_desk *desk, struct tg_partition *const *partitions, uint32_t count,
                  struct tg_error *error);

/* What was decided is committed, or undone: those who asked are told. */
void tg_desk_settle(struct tg_desk *desk, enum tg_inquiry_answer answer);

/* The shard ends: nobody is left waiting. */
void tg_desk_close(struct tg_desk *desk);
