/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counters of a policy: what each one counts, in which kind of cell, for how long.
 *
 * Families ask for a counter while the policy is compiled; two that count the same share one, which
 * keeps as much as the larger needs. Each scope has a kind of cell of its own, with at most
 * TG_COUNTERS_MAX counters. Immutable afterwards.
 */
#pragma once

#include "customer/touches.h"
#include "rules/selector.h"

/* What a counter counts. */
struct tg_counting {
        uint64_t types;       /* bit = enum tg_type; our permits: 1 << TG_TYPE_PERMIT */
        uint8_t confirmed_by; /* reservations: the type that confirms one; else TG_TYPE_UNKNOWN */
        uint64_t channels;    /* reservations: of these channels; 0: any */
        enum tg_scope scope;
        const struct tg_selector *for_;  /* borrowed from the rule; NULL: everything */
        const struct tg_selector *where; /* likewise */
        int64_t window_ms;
        uint32_t keep;
};

/* Names a counter of a policy. */
struct tg_counter_id {
        uint8_t scope;  /* enum tg_scope */
        uint8_t number; /* in cells of that scope */
};

struct tg_counter {
        struct tg_counting counting;
        struct tg_counter_id id;
};

enum { TG_POLICY_COUNTERS_MAX = TG_SCOPES * TG_COUNTERS_MAX };

struct tg_counters {
        struct tg_counter items[TG_POLICY_COUNTERS_MAX];
        size_t count;
        struct tg_cell_layout layouts[TG_SCOPES];
        /* For each type, the numbers of the counters that count it. */
        struct tg_counter_list {
                uint16_t items[TG_POLICY_COUNTERS_MAX];
                size_t count;
        } by_type[TG_COUNTED_TYPES];
        /* For each type, the scopes (bit = enum tg_scope) in which it is counted. */
        uint8_t scopes_by_type[TG_COUNTED_TYPES];
        int64_t window_max_ms; /* of all */
        bool consents;         /* some rule asks for them: they are kept */
};

/* Returns 0 and the counter, or -1 if cells of that scope have no room for one more. */
int tg_counters_obtain(struct tg_counters *counters, const struct tg_counting *counting,
                       struct tg_counter_id *ret_id);

/* Whether something with these traits (of a type that it counts) belongs to the counter. */
bool tg_counter_accepts(const struct tg_counter *counter, const struct tg_traits *traits);
