/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The least that any engine must do with a recording: decode each record once, hash its customer
 * with the key, find the cells that the policy would look at, and one compare-and-swap a touch.
 *
 * No clocks, merging, rules or outputs. Cells are found in one flat table of cache lines, a batch
 * of them fetched before the first is touched, so that it is a fair ceiling for an engine that
 * prefetches. Which cells each record needs is worked out beforehand, untimed. One thread.
 */
#pragma once

#include "base/error.h"
#include "rules/policy.h"

struct skeleton;

/* The recording in DIRECTORY: its files touchpoints*.avro and requests*.avro. 0 or -1. */
int skeleton_new(const char *directory, const struct tg_policy *policy,
                 struct skeleton **ret_skeleton, struct tg_error *error);
void skeleton_free(struct skeleton *skeleton);

/* What one pass does. */
struct skeleton_tally {
        uint64_t records;
        uint64_t probes;
        uint64_t touches;
        size_t table_bytes;
        size_t cells;
};

/* One pass over an empty table; this is what is timed. */
struct skeleton_tally skeleton_run(struct skeleton *skeleton);

/* The first part of it: decodes each record and nothing else. Returns how many there were. */
uint64_t skeleton_decode(const struct skeleton *skeleton);

/* Empties the table; not timed. */
void skeleton_reset(struct skeleton *skeleton);
