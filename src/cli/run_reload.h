/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Another policy for a run that goes on: read again when somebody asks, and taken up by every shard
 * between two batches (shard/swap.h).
 *
 * What can't follow the running policy is told and left alone. One change at a time: whoever asks
 * while shards still take one up is served after it, and all who asked by then at once. Used by one
 * thread, but for `swap`, which the shards look at.
 */
#pragma once

#include "shard/swap.h"
#include "telemetry/log.h"

struct tg_run_reload {
        struct tg_swap swap;                  /* for the options of the shards */
        const char *path;                     /* borrowed, as all here that isn't owned */
        uint32_t partitions;                  /* of the request topic */
        struct tg_log *log;                   /* where changes and refusals are told */
        const struct tg_policy *running;      /* what all shards run, or was offered last */
        struct tg_policy *current;            /* owned: the same; NULL: it is the first */
        struct tg_policy *previous;           /* owned: shards may still run it */
        bool asked;                           /* for a change that has not begun */
        bool offered;                         /* to the shards, not all have taken it up */
        char before[TG_POLICY_HASH_SIZE + 1]; /* the hash of the policy before that one */
};

/* FIRST was read from PATH, and is what SHARDS shards begin with. */
void tg_run_reload_init(struct tg_run_reload *reload, const struct tg_policy *first,
                        const char *path, uint32_t partitions, uint32_t shards, struct tg_log *log);

/* Once the shards have ended. */
void tg_run_reload_deinit(struct tg_run_reload *reload);

/* Somebody wants the policy to be read again. */
void tg_run_reload_ask(struct tg_run_reload *reload);

/* Goes on with what was asked for, as far as it can without waiting; to be called now and then. */
void tg_run_reload_turn(struct tg_run_reload *reload);
