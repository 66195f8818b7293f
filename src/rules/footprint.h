/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a policy costs: room in a customer's cells, and how long each topic must be kept so that the
 * state can be built from it. Pure.
 */
#pragma once

#include "customer/line.h"
#include "rules/policy.h"

/* A cell is made of pieces of so many bytes, each for so many touches. */
enum { TG_PIECE_BYTES = sizeof(struct tg_line), TG_PIECE_TOUCHES = TG_LINE_SLOTS };

/* One kind of cell. */
struct tg_cell_footprint {
        unsigned counters;   /* of TG_COUNTERS_MAX */
        uint64_t slots_most; /* of one cell: as many as all its counters keep at most */
        uint64_t bytes_most; /* of its pieces */
};

struct tg_footprint {
        struct tg_cell_footprint cells[TG_SCOPES];
        bool consents; /* a piece more for each purpose and channel somebody consented to */
        int64_t touchpoints_ms; /* the longest window, also of what a touchpoint may settle */
        int64_t requests_ms;    /* what waits is read again; longer if requests expire later */
        int64_t decisions_ms;   /* permits, ids, and what waits */
};

void tg_footprint_of(const struct tg_policy *policy, struct tg_footprint *ret_footprint);

/* The rule that asked for COUNTER first; one of `keep` if no rule did. */
const struct tg_rule *tg_footprint_rule(const struct tg_policy *policy,
                                        const struct tg_counter *counter);
