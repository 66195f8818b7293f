/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a running process changes its policy: one that was compiled to follow the running one
 * (tg_policy_load_next) is offered once, and each shard takes it up whole between two batches, just
 * after a commit.
 *
 * What is remembered of customers stays; counters that only the old policy has are dropped. A
 * throttle of the same name and rate goes on where it was, and so does its queue; what was in line
 * for one that is gone is decided anew at once. What is deferred keeps its moment, and is then
 * decided by the policy of then.
 *
 * Any thread may offer; a shard's own thread takes up. Taking up is linear in what waits (and, if
 * numbers of counters are used again, in the customer table: rules/counters.h).
 */
#pragma once

#include <stdatomic.h>

#include "rules/policy.h"

struct tg_partition;
struct tg_partition_options;

/* The change under way, shared by the shards of a process. */
struct tg_swap {
        uint32_t shards;                        /* that take part */
        _Atomic(const struct tg_policy *) next; /* the one offered last; NULL: none was yet */
        _Atomic uint32_t taken;                 /* shards that have taken it up */
};

void tg_swap_init(struct tg_swap *swap, uint32_t shards);

/*
 * Offers NEXT, compiled to follow the policy that all shards run. It is borrowed until the shards
 * have ended, or all have taken up a later one. False: an earlier one is not yet taken up by all.
 */
bool tg_swap_offer(struct tg_swap *swap, const struct tg_policy *next);

/*
 * Whether all shards have taken up what was offered: nobody uses the policy before it any more. (A
 * shard that has ended takes up nothing.)
 */
bool tg_swap_done(const struct tg_swap *swap);

/* For a shard that runs RUNNING: the policy to take up now, or NULL. */
const struct tg_policy *tg_swap_next(const struct tg_swap *swap, const struct tg_policy *running);

/* A shard has taken up what was offered. */
void tg_swap_take(struct tg_swap *swap);

/* What a partition's rules wait for, since its policy was changed. */
struct tg_cold {
        int64_t since_ms[TG_SCOPES]
                        [TG_COUNTERS_MAX]; /* a counter keeps what it does; or TG_NO_TIME */
        int64_t until_ms[TG_RULES_MAX];    /* a rule counts as full; TG_NO_TIME: it doesn't */
};

/*
 * Takes up the policy of OPTIONS, which follows the partition's own, just after a commit. OPTIONS
 * take the place of the partition's, from which they differ in nothing else, and are borrowed.
 */
void tg_partition_swap_policy(struct tg_partition *partition,
                              const struct tg_partition_options *options);
