/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which partitions are ours, how far each stream of them has been read, and which have come to
 * their end.
 *
 * Pure bookkeeping: no librdkafka, no clock. One entry a partition of the topic, a few counters
 * each; one owner, one thread. What the shard must be told (assigned, revoked, end) is asked for by
 * the functions that fill a record.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "shard/port.h"

struct tg_stream_state {
        int64_t next;         /* behind the last record that was taken; -1: none was yet */
        int64_t passed;       /* its end was seen here: what lies before is not for readers */
        int64_t end;          /* of what was written before it came: it ends here; 0: nothing was */
        int64_t fence;        /* -1, or: what is there or behind it came from before it went back */
        int64_t end_since_ms; /* with at_end: when its end was seen */
        uint32_t held;        /* records that the shard has and has not released */
        uint64_t held_bytes;  /* of their messages */
        bool at_end;          /* nothing more, as far as is known */
        bool end_told;        /* the shard knows it */
        bool paused;          /* too much is held: not fetched meanwhile */
};

struct tg_partition_state {
        struct tg_stream_state streams[TG_LANES];
        struct tg_progress resume;    /* how far it had come when it came */
        int64_t facts_from;           /* where its facts are read from; -1: their beginning */
        struct tg_progress committed; /* how far it has come, as was committed last */
        bool owned;
        bool leaving; /* owned, but to be given back once the shard knows */
        bool lost;    /* it is somebody else's already: nothing of it may be committed */
        bool news;    /* the shard has not been told of the last change */
        bool waits;   /* what came of it is not told before its schema is known; nor is an end */
};

struct tg_assignment {
        struct tg_partition_state *partitions; /* owned */
        int32_t count;
        int32_t owned;   /* how many are ours */
        int32_t leaving; /* how many of these are to be given back */
        int32_t news;    /* how many the shard has to be told of */
        int32_t lost;    /* how many of these are lost */
        uint64_t held;   /* records that the shard has, of all partitions */
};

void tg_assignment_init(struct tg_assignment *assignment, int32_t partitions);
void tg_assignment_deinit(struct tg_assignment *assignment);

static inline bool tg_assignment_owns(const struct tg_assignment *assignment, int32_t partition)
{
        return partition >= 0 && partition < assignment->count &&
               assignment->partitions[partition].owned;
}

/*
 * A partition comes (gain: it had come as far as RESUME says, and what was written about it ends at
 * ENDS, by lane; 0: nothing was), is about to go (leave: the shard is told while it can still
 * commit, unless it is LOST) and goes (lose). Only what changes anything has an effect; there must
 * be no news when one comes.
 */
void tg_assignment_gain(struct tg_assignment *assignment, const struct tg_progress *resume,
                        const int64_t ends[static TG_LANES]);
void tg_assignment_leave(struct tg_assignment *assignment, int32_t partition, bool lost);
void tg_assignment_lose(struct tg_assignment *assignment, int32_t partition);

/* Fills an ASSIGNED, REVOKED or LOST that the shard has not been told; false: there is none. */
bool tg_assignment_next_news(struct tg_assignment *assignment, struct tg_record *ret_record);

/* Whether the record at OFFSET is the shard's; it is then not taken again, unless it goes back. */
bool tg_assignment_take(struct tg_assignment *assignment, int32_t partition, enum tg_stream stream,
                        int64_t offset);

/*
 * A stream goes back to NEXT (-1: to its beginning), its end included; whether it has to be sought
 * there: otherwise nothing behind NEXT has been taken.
 */
bool tg_assignment_rewind(struct tg_assignment *assignment, int32_t partition,
                          enum tg_stream stream, int64_t next);

/* A record of an owned partition goes to the shard, or comes back from it: a message of BYTES. */
void tg_assignment_hold(struct tg_assignment *assignment, int32_t partition, enum tg_stream stream,
                        size_t bytes);
void tg_assignment_release(struct tg_assignment *assignment, int32_t partition,
                           enum tg_stream stream, size_t bytes);

/* The end of a stream was seen, at OFFSET. */
void tg_assignment_see_end(struct tg_assignment *assignment, int32_t partition,
                           enum tg_stream stream, int64_t offset, int64_t now_ms);

/*
 * Facts of an owned partition have been taken, and can be read by the shard, up to here: behind the
 * last record, or the end that was seen behind it (markers of transactions are no records).
 */
int64_t tg_assignment_facts_next(const struct tg_assignment *assignment, int32_t partition);

/*
 * Fills the END of a stream that has been at its end for IDLE_MS, or of what was told before;
 * false: there is none.
 */
bool tg_assignment_next_end(struct tg_assignment *assignment, int64_t now_ms, int64_t idle_ms,
                            struct tg_record *ret_record);

/* Every stream of every owned partition has been at its end for IDLE_MS, and the shard knows. */
bool tg_assignment_at_end(const struct tg_assignment *assignment, int64_t now_ms, int64_t idle_ms);
