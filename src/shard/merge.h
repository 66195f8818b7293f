/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The streams of one partition, put in the order in which they are taken up.
 *
 * By event time, each stream in its own order: the head with the smallest time first; on a tie the
 * facts, then the requests. A stream that is empty holds the others up, as its next record may be
 * earlier, until it is said to have ended. Records that can't be read have no time and go at once.
 *
 * Holds no records, only where they are: the source keeps them until they are released, and bounds
 * how many those are. One owner, one thread.
 */
#pragma once

#include "shard/port.h"

struct tg_lane {
        struct tg_record **records; /* owned ring */
        size_t capacity;            /* a power of two, or 0 */
        size_t first;
        size_t count;
        bool ended; /* nothing more, as far as is known now */
};

struct tg_merge {
        struct tg_lane lanes[TG_LANES]; /* the last two are taken from by themselves */
};

void tg_merge_deinit(struct tg_merge *merge); /* what it holds is not released */

/* Takes a record of kind DATA or FAULTY. */
void tg_merge_push(struct tg_merge *merge, struct tg_record *record);

/* No more in this stream, as far as is known now. */
void tg_merge_end(struct tg_merge *merge, enum tg_stream stream);

/* The next record in merged order, or NULL: none, or it can't be known yet which. */
struct tg_record *tg_merge_next(struct tg_merge *merge);

/* The next record of one stream, whatever the others hold; or NULL. */
struct tg_record *tg_merge_take(struct tg_merge *merge, enum tg_stream stream);

/* The same, which stays where it is. */
const struct tg_record *tg_merge_head(const struct tg_merge *merge, enum tg_stream stream);
