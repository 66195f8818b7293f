/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The facts that a member's requests wait for: a round of questions and answers (kafka/reach.h) for
 * each of its partitions.
 *
 * Without a lookout nothing is awaited, asked or told. Costs a few loads for each partition of the
 * topic and batch. One owner, one thread.
 */
#pragma once

#include "kafka/assignment.h"
#include "kafka/lookout.h"
#include "kafka/reach.h"
#include "shard/board.h"

struct tg_rounds {
        struct tg_lookout *lookout; /* borrowed; NULL: nothing is awaited */
        struct tg_board *board;     /* borrowed; NULL: nobody is to see */
        struct tg_reach *reaches;   /* owned; by partition */
        bool hurries;               /* requests wait for an answer that will be there in a moment */
};

void tg_rounds_init(struct tg_rounds *rounds, struct tg_lookout *lookout, struct tg_board *board,
                    int32_t partitions);
void tg_rounds_deinit(struct tg_rounds *rounds);

/* PARTITION has come, as the shard knows. */
void tg_rounds_begin(struct tg_rounds *rounds, int32_t partition, int64_t now_ms);

/* What the shard was told goes back to these positions. */
void tg_rounds_rewind(struct tg_rounds *rounds, const struct tg_progress *progress, size_t count);

/* Asks what there is to ask, about what has been read so far. */
void tg_rounds_ask(struct tg_rounds *rounds, const struct tg_assignment *assignment,
                   int64_t now_ms);

/* Fills a KNOWN or BEHIND for what the shard has been given; false: there is none. */
bool tg_rounds_next(struct tg_rounds *rounds, const struct tg_assignment *assignment,
                    int64_t now_ms, struct tg_record *ret_record);

/* No request that was read waits for facts. */
bool tg_rounds_none(const struct tg_rounds *rounds, const struct tg_assignment *assignment);
