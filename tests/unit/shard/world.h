/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shard over its in-memory twin: what the tests of the loop share.
 *
 * Records are listed with times from START_MS on; after the run everything that was decided is one
 * text, a line each: "1000 r1 permit", "5 r2 defer until 1000: cap" (times from START_MS, then the
 * reasons); "again" marks a repeat, "in general" the general variant.
 */
#pragma once

#include <criterion/criterion.h>

#include "base/memory.h"
#include "shard/shard.h"
#include "shard/twin.h"

#define START_MS INT64_C(1500000000000)

enum { WORLD_CHANGES_MAX = 2 };

struct world {
        struct tg_twin twin;             /* first: its port's calls are told of it */
        struct tg_shard_options options; /* may be changed until the run */
        struct tg_summary summary;
        char *told; /* owned; after the run */

        /* Policies that are offered one after the other, after so many commits; see then(). */
        struct tg_policy *next[WORLD_CHANGES_MAX]; /* owned */
        size_t next_after[WORLD_CHANGES_MAX];
        size_t next_count;
        struct tg_swap swap;
        int (*commit)(void *context, const struct tg_progress *progress, size_t count, bool now,
                      struct tg_error *error); /* the twin's own */
};

/* A policy of these lines, one partition, event time, batches of 7 records. */
void world_init(struct world *world, const char *lines);
void world_deinit(struct world *world);

#define WORLD(name, lines)                          \
        tg_cleanup(world_deinit) struct world name; \
        world_init(&name, lines)

/* A click of the one customer of most tests. */
void click(struct world *world, int64_t after_ms);

/* A fact or a request, its times from START_MS on; without a customer it is the same one. */
void fact(struct world *world, struct tg_touchpoint touchpoint);
void request(struct world *world, struct tg_request request);

/* An ad for that customer; expires_ms 0: by default. */
void ad(struct world *world, const char *id, int64_t after_ms, int32_t priority,
        int64_t expires_after_ms);

/* After COMMITS batches a policy of these lines is taken up; it must be able to follow the last. */
void then(struct world *world, size_t commits, const char *lines);

/* Plays the list; what was decided. */
const char *run(struct world *world);
