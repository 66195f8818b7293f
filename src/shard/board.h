/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The board on which a shard shows other threads how it is doing: that its loop turns, which
 * partitions are its own, and in numbers what it has done.
 *
 * The shard's thread alone writes (lags: the thread that owns its consumer, which is the same), by
 * plain stores, once a batch or a commit (but for the ages of requests, as each is read); any
 * thread reads without a lock. Each number is whole, but several of them need not be of the same
 * moment. What is counted is what was committed, so counters never fall.
 */
#pragma once

#include "shard/partition.h"
#include "telemetry/histogram.h"

/* What is shown as one number each. */
enum tg_tally {
        TG_TALLY_TOUCHPOINTS,
        TG_TALLY_REQUESTS,
        TG_TALLY_PERMITTED,
        TG_TALLY_DENIED,
        TG_TALLY_DEFERRED,
        TG_TALLY_REPEATS,
        TG_TALLY_REPEATS_DIFFERING,
        TG_TALLY_LOST_TOUCHPOINTS, /* deleted before they were read */
        TG_TALLY_LOST_REQUESTS,    /* likewise */
        TG_TALLY_COMMITTED,        /* transactions */
        TG_TALLY_ABORTED,          /* transactions */
        TG_TALLY_IN_DOUBT,         /* of these, those of which it had to be found out */
        TG_TALLY_PARTITIONS,       /* that are its own now */
        TG_TALLY_BEHIND,           /* of these, those whose facts are not known */
        TG_TALLY_PENDING,          /* messages that wait now */
        TG_TALLY_REMEMBERED,       /* requests that are remembered now */
        TG_TALLY_CELLS,            /* of customer tables, taken now */
        TG_TALLY_TABLE_BYTES,      /* of customer tables, taken now */
        TG_TALLIES,
};

/* What a reason has made of decisions; as struct tg_reason_count. */
enum tg_effect {
        TG_EFFECT_DENY,
        TG_EFFECT_DEFER,
        TG_EFFECT_WOULD_DENY,
        TG_EFFECT_WOULD_DEFER,
        TG_EFFECTS,
};

/* The policy that decides, and how often each of its reasons was one. */
struct tg_board_policy {
        struct tg_board_policy *previous; /* owned: whoever reads may still be there */
        char *name;                       /* owned */
        char hash[TG_POLICY_HASH_SIZE + 1];
        size_t count;
        char **reasons; /* owned */
        _Atomic uint64_t (*effects)[TG_EFFECTS];
};

struct tg_board_share {
        _Atomic bool owned;               /* the partition is this shard's */
        _Atomic int64_t lags[TG_STREAMS]; /* records not read yet; -1: not known */
};

struct tg_board {
        uint32_t partitions;           /* of the request topic */
        uint64_t table_limit_bytes;    /* of one partition's table */
        struct tg_board_share *shares; /* owned; by partition */

        _Atomic int64_t beat_us; /* tg_watch_us() of the last batch */
        _Atomic bool assigned;   /* the group has given it its share, maybe none */
        _Atomic uint64_t tallies[TG_TALLIES];
        _Atomic uint64_t permitted[TG_CHANNELS];
        struct {
                _Atomic(const char *) reason; /* NULL: none from here on */
                _Atomic uint64_t count;
        } rejected[TG_FAULTS_MAX];
        _Atomic(struct tg_board_policy *) policy;
        struct tg_histogram batches; /* from the first record to the end of the commit */
        struct tg_histogram commits;
        struct tg_histogram facts_waits; /* of requests, for facts; their source's to fill */
        struct tg_histogram ages;        /* of requests when they are read, by the wall clock */
};

/* OPTIONS as the shard gets them. */
struct tg_board *tg_board_new(const struct tg_partition_options *options);
void tg_board_free(struct tg_board *board); /* NULL is fine */

/* For the owner, who passes NULL if nobody is to see. */

/* The loop turns, and PARTITIONS (by number; NULL: another's) are as they are now. */
void tg_board_beat(struct tg_board *board, struct tg_partition *const *partitions);

/* What was committed. */
void tg_board_show(struct tg_board *board, const struct tg_summary *summary);

/* From now on POLICY decides; SUMMARY follows it already. A few KiB, kept until the end. */
void tg_board_follow(struct tg_board *board, const struct tg_policy *policy,
                     const struct tg_summary *summary);

/* For what the owner's sink counts. */
static inline void tg_board_put(struct tg_board *board, enum tg_tally tally, uint64_t number)
{
        atomic_store_explicit(&board->tallies[tally], number, memory_order_relaxed);
}

/* For any thread. */
static inline uint64_t tg_board_tally(const struct tg_board *board, enum tg_tally tally)
{
        return atomic_load_explicit(&board->tallies[tally], memory_order_relaxed);
}

static inline bool tg_board_owns(const struct tg_board *board, int32_t partition)
{
        return atomic_load_explicit(&board->shares[partition].owned, memory_order_relaxed);
}
