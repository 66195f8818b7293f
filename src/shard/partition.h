/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A partition: the unit of everything. Its clock, its customers, what waits, its share of every
 * throttle, the requests it has answered; and the deciding.
 *
 * Nothing that a decision depends on is shared with another partition. One owner, one thread (but
 * any thread may record facts in its table, as a guest).
 */
#pragma once

#include "pacing/waiting.h"
#include "rules/evaluate.h"
#include "shard/merge.h"
#include "shard/port.h"
#include "shard/repeats.h"
#include "shard/summary.h"

/* How partitions are set up; the same for all of a process. */
struct tg_partition_options {
        const struct tg_policy *policy;
        uint32_t partitions; /* of the request topic, which throttles are divided by */
        size_t table_bytes;  /* of one partition's customer table */
        struct tg_waiting_limits waiting;
        struct tg_hash_key hash_key; /* of customer ids */
        int64_t skew_ms;             /* how far in the future an event may be */
        int64_t facts_wait_ms; /* by the wall clock: so long a request waits for facts, at least 1,
                                * and then as long again, deferred */
        bool tells_again;      /* what was told and not committed is decided, and told, once more */
};

/* Where deciding goes back to when it is undone (shard/undo.h). */
struct tg_undo {
        struct tg_buffer permits;  /* those given since */
        struct tg_gcra *throttles; /* owned; as they were */
        int64_t next[TG_LANES];    /* as they were */
};

/*
 * A record on its way, its customer's cells being fetched. Records are prepared a group at a time,
 * so that the cache misses of a group overlap, then taken one by one.
 */
struct tg_prepared {
        struct tg_record *record;
        struct tg_history history;
        uint64_t key; /* of a request: what it is remembered by */
        struct tg_buffer
                *direct; /* of a request in no log: where its message goes (shard/desk.h) */
};

struct tg_cold;
struct tg_purposes;
struct tg_restore;

struct tg_partition {
        int32_t id;
        const struct tg_partition_options *options;
        const struct tg_port *port;
        struct tg_summary *summary; /* of the shard */
        struct tg_buffer *buffer;   /* of the shard: where outputs are encoded */
        struct tg_merge merge;      /* records read and not yet taken up */
        struct tg_table *table;
        struct tg_waiting *waiting;
        struct tg_repeats *repeats;
        struct tg_gcra *throttles; /* owned; one for each of the policy */
        struct tg_cold *cold;      /* owned; NULL: the policy has not been changed (shard/swap.h) */
        int64_t clock_ms;          /* TG_NO_TIME: nothing seen yet */
        int64_t age;               /* requests taken up so far */
        int64_t next[TG_LANES];    /* the next offset of each lane; -1: nothing read yet */
        int64_t facts_known;       /* those before it are known, also while they are read again */
        struct tg_restore *restore; /* owned; NULL: what was before has been taken up */
        uint64_t kept; /* bit = enum tg_type: all that lasts of these facts (shard/lasting.h) */
        struct tg_purposes *purposes; /* owned: those of consents (shard/lasting.h) */
        bool keeps_again;             /* what lasts of the facts that had been taken up, too */
        int64_t known;     /* by the wall clock: requests before this have the facts they need */
        int64_t begun_ms;  /* likewise: when it began to decide; TG_NO_TIME: it has not */
        int64_t behind_ms; /* with `behind`: since when */
        bool behind;       /* facts that should be known are not */
        bool blind;       /* what is decided now would need them: it waits on, whatever rules say */
        bool reads_again; /* what else there is in this batch comes again */
        struct tg_undo undo;
};

/* RESUME: how far it had come before, which is to be taken up (shard/restore.h); NULL: nothing. */
int tg_partition_new(int32_t id, const struct tg_partition_options *options,
                     const struct tg_port *port, struct tg_summary *summary,
                     struct tg_buffer *buffer, const struct tg_progress *resume,
                     struct tg_partition **ret_partition, struct tg_error *error);
void tg_partition_free(struct tg_partition *partition); /* NULL is fine; releases what it holds */

/* A partition's share of the throttles of POLICY, unused; to be freed. */
struct tg_gcra *tg_partition_throttles(const struct tg_partition_options *options,
                                       const struct tg_policy *policy);

/* Has the table cared for as the policy says. */
void tg_partition_take_care(struct tg_partition *partition);

/* As TG_RECORD_KNOWN and TG_RECORD_BEHIND tell it, the latter at NOW_MS. */
void tg_partition_note_known(struct tg_partition *partition, int64_t offset);
void tg_partition_note_behind(struct tg_partition *partition, int64_t now_ms);

/*
 * Decides what is due at or before T_MS, each at its own moment, and moves the clock to T_MS.
 * *DUE_MS is a moment before which nothing is due, TG_NO_TIME at first, and is found anew when the
 * clock comes to it: a caller keeps it as long as it only takes facts.
 */
int tg_partition_advance(struct tg_partition *partition, int64_t t_ms, int64_t *due_ms,
                         struct tg_error *error);

/*
 * By the wall clock: moves the clock to T_MS at once and decides what is due by then, at T_MS, up
 * to MOST messages (at least one). However many are due at once, the time this takes is bounded by
 * MOST. Returns 0, 1 if there is more that is due, or -1.
 */
int tg_partition_catch_up(struct tg_partition *partition, int64_t t_ms, size_t most,
                          struct tg_error *error);

/* Reckons what prepared->record will touch. */
void tg_partition_prepare(struct tg_partition *partition, struct tg_prepared *prepared);

/* Takes up a record at the present clock: applies a touchpoint, decides a request, rejects the
 * rest. */
int tg_partition_take(struct tg_partition *partition, struct tg_prepared *prepared,
                      struct tg_error *error);

/*
 * Applies a touchpoint at the present clock, unless it is known and comes again: it would settle
 * permits that came behind it. False: it isn't whole.
 */
bool tg_partition_apply(struct tg_partition *partition, struct tg_prepared *prepared);

/* What was decided has been committed. */
void tg_partition_commit(struct tg_partition *partition);

/*
 * What was decided since the last commit was not committed: undoes it, and drops what was read and
 * not yet taken up. Returns how far it is read again: everything else is known.
 */
struct tg_progress tg_partition_undo(struct tg_partition *partition);

/* How far it has come: what must be read again after a restart, what waits included. */
struct tg_progress tg_partition_progress(const struct tg_partition *partition);
