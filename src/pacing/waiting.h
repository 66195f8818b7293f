/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The messages of one partition that wait: for their time, or for their turn at a throttle.
 *
 * A waiting message is the bytes of its request, kept whole, so that it is decided anew from the
 * start when it falls due. The number of messages and their bytes are bounded. A deferred message
 * is due at its own time; a throttle's queue when its head conforms. What has fallen due is lined
 * up first, a part at a time if the caller wants, and taken once all of it is: the queues first, in
 * policy order, then the deferred by priority, then age.
 *
 * Cost: deferring is constant; lining up is linear in what falls due together, and taking constant,
 * as long as messages fit the runs of a line (pacing/queue.h), else logarithmic in those that do
 * not. One owner, one thread.
 *
 * What was done since the last tg_waiting_commit() can be undone as a whole; until then what was
 * freed is kept (and no longer counted).
 */
#pragma once

#include "pacing/gcra.h"
#include "records/decision.h"

/* One message that waits. Owned by the struct tg_waiting it was made in. */
struct tg_waiter {
        int64_t due_ms; /* when it is decided anew; in a queue: when its turn would be if alone */
        int64_t decided_ms; /* the caller's, as are the next four: when it was decided last */
        int64_t age;    /* how many requests of the partition were read before: smaller is older */
        int64_t offset; /* where the request was read: not before one that was made earlier */
        const void *reading;     /* how its bytes are decoded; the source's, which outlives it */
        int32_t priority;        /* larger is higher */
        int32_t place;           /* where it is; from here on private to pacing/ */
        struct tg_waiter *next;  /* behind it in its slot or run, or gone */
        struct tg_waiter *older; /* made before it */
        struct tg_waiter *newer; /* made after it */
        size_t size;             /* of the datum */
        uint8_t datum[];         /* the request's bytes */
};

struct tg_waiting;

/* Bounds of one partition. */
struct tg_waiting_limits {
        size_t messages;
        size_t bytes;
};

struct tg_waiting *tg_waiting_new(size_t throttles, struct tg_waiting_limits limits);
void tg_waiting_free(struct tg_waiting *waiting); /* NULL is fine; frees what still waits */

/* Copies DATUM; NULL if a bound is reached. The waiter is then put somewhere, or freed. */
struct tg_waiter *tg_waiter_new(struct tg_waiting *waiting, struct tg_span datum);
void tg_waiter_free(struct tg_waiting *waiting, struct tg_waiter *waiter);

/* The same for one that had its place already: bounds that have become smaller don't count. */
struct tg_waiter *tg_waiter_again(struct tg_waiting *waiting, struct tg_span datum);

/* Takes WAITER: it waits until waiter->due_ms. */
void tg_waiting_defer(struct tg_waiting *waiting, struct tg_waiter *waiter);

/* Takes WAITER: it waits for its turn at this throttle. */
void tg_waiting_queue(struct tg_waiting *waiting, size_t throttle, struct tg_waiter *waiter);

/* The next moment at which something is due, not before TG_NO_TIME; TG_NEVER: nothing waits. */
int64_t tg_waiting_due(const struct tg_waiting *waiting, const struct tg_gcra *throttles);

/*
 * Lines up the deferred that are due at or before T_MS, looking at up to MOST messages. Returns
 * whether all that was due is in line: by T_MS or, if an earlier call began and did not finish, by
 * the T_MS of that.
 */
bool tg_waiting_gather(struct tg_waiting *waiting, int64_t t_ms, size_t most);

/*
 * Takes out the next message: the head of a queue whose throttle conforms at T_MS, else the first
 * of the deferred in line, if all are that should be. The caller puts it back or frees it. NULL:
 * there is none.
 */
struct tg_waiter *tg_waiting_take(struct tg_waiting *waiting, const struct tg_gcra *throttles,
                                  int64_t t_ms);

/* Whether a message waits for its turn at this throttle. */
bool tg_waiting_queued(const struct tg_waiting *waiting, size_t throttle);

size_t tg_waiting_count(const struct tg_waiting *waiting);

/* The smallest offset that waits, or -1: linear in what was freed since the commit. */
int64_t tg_waiting_oldest_offset(const struct tg_waiting *waiting);

/* What was done stays done. No message is taken out and not yet put back. */
void tg_waiting_commit(struct tg_waiting *waiting);

/* All waits again as at the last commit: linear in what waits. */
void tg_waiting_undo(struct tg_waiting *waiting);

/*
 * The throttles are others from now on, just after a commit: what was in line for throttle i is now
 * in line for number places[i] of them, or, where that is negative, due at T_MS. Returns WAITING,
 * which may have moved. Linear in what waits.
 */
struct tg_waiting *tg_waiting_rearrange(struct tg_waiting *waiting, size_t throttles,
                                        const int32_t *places, int64_t t_ms);
