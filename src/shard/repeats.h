/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The memory of one partition for requests that it has answered, so that a request that comes
 * again is answered alike and never sent twice.
 *
 * A request is known by a keyed 64-bit hash of customer and id. It is remembered while it waits,
 * and for a time after its final answer; those are kept in the order they were given (the clock
 * never goes back), so the oldest go first, a few whenever something is added. Growth is as even: a
 * bucket is split for each request more (linear hashing), and memory is taken 24 KiB at a time.
 *
 * Memory: 28 bytes a request (a node of 24, a bucket of 4), and what the last pieces have free:
 * TG_REPEATS_BYTES(n) for the largest n so far; until the commit 24 bytes more for each wait that
 * began or ended (shard/waits.h). Cost: two cache misses. One owner, one thread.
 *
 * What was done since the last tg_repeats_commit() can be undone as a whole.
 */
#pragma once

#include "base/hash.h"
#include "pacing/waiting.h"
#include "rules/policy.h"

enum { TG_REPEATS_PIECE = 1024 }; /* nodes, or buckets, that are allocated at a time */

/* At most what N remembered requests take: three kinds of pieces, and lists of pieces. */
#define TG_REPEATS_BYTES(n) (28 * (size_t)(n) + (size_t)(n) / 16 + (128 << 10))

/* What is remembered of a request. */
struct tg_remembered {
        enum tg_outcome outcome;        /* TG_DEFER: it waits */
        const struct tg_waiter *waiter; /* of what waits: it knows when it is due; else NULL */
        int64_t time_ms;                /* of what is final: when it was decided */
        uint32_t tag;                   /* of a permit */
        uint32_t content;               /* a hash of what the request said */
};

struct tg_repeats;

/* Remembers FOR_MS (at most TG_DEDUPE_FOR_MAX_MS) after a final answer, at most LIMIT requests. */
struct tg_repeats *tg_repeats_new(int64_t for_ms, size_t limit);
void tg_repeats_free(struct tg_repeats *repeats); /* NULL is fine */

/* The same limits anew, for all that is remembered: FOR_MS is not longer than it was. */
void tg_repeats_limit(struct tg_repeats *repeats, int64_t for_ms, size_t limit);

/* What the request ID of CUSTOMER (tg_identity_of) is known by. */
uint64_t tg_repeats_key(struct tg_identity customer, struct tg_span id);

/*
 * KEY will be asked for soon: starts to fetch where it would be, what is in the place of the one
 * told of before, and behind that of the one before it, so that their cache misses overlap.
 */
void tg_repeats_prefetch(struct tg_repeats *repeats, uint64_t key);

/* The latest that is remembered of KEY at NOW_MS, or false. */
bool tg_repeats_find(struct tg_repeats *repeats, uint64_t key, int64_t now_ms,
                     struct tg_remembered *ret_remembered);

/* Whether there is no room for one more at NOW_MS. */
bool tg_repeats_full(struct tg_repeats *repeats, int64_t now_ms);

/* The request of KEY waits from now on, as WAITER; it was not remembered and there is room. */
void tg_repeats_wait(struct tg_repeats *repeats, uint64_t key, uint32_t content,
                     const struct tg_waiter *waiter);

/* What waited has its final answer, which takes its waiter's place. ANSWER's content is ignored. */
void tg_repeats_end_wait(struct tg_repeats *repeats, uint64_t key,
                         const struct tg_remembered *answer);

/* A final answer at once; KEY was not remembered and there is room. Times never go back. */
void tg_repeats_add(struct tg_repeats *repeats, uint64_t key, const struct tg_remembered *answer);

/* What was done stays done; what was swept is freed. */
void tg_repeats_commit(struct tg_repeats *repeats);

/* All is again as it was at the last commit; the waiters of then must be there. */
void tg_repeats_undo(struct tg_repeats *repeats);

size_t tg_repeats_count(const struct tg_repeats *repeats); /* those not yet swept included */
size_t tg_repeats_bytes(const struct tg_repeats *repeats); /* allocated */
