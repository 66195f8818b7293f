/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The counters of a policy: what each one counts, in which kind of cell, for how long.
 *
 * Families ask for a counter while the policy is compiled; two that count the same share one, which
 * keeps as much as the larger needs. Each scope has a kind of cell of its own, with at most
 * TG_COUNTERS_MAX counters. Immutable afterwards.
 *
 * The slots of a customer's cells name their counter by number. A policy that follows a running one
 * therefore gives a counter that both have the number it has; one that is new gets a number that no
 * slot has yet, or, when there is none left, one that was retired before. Numbers of counters that
 * it lacks are retired: their slots are as good as empty from then on.
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

/* How far back, and how many. */
struct tg_extent {
        int64_t window_ms;
        uint32_t keep;
};

struct tg_counter {
        struct tg_counting counting;
        struct tg_counter_id id;
        unsigned users;         /* how often it was asked for */
        struct tg_extent whole; /* so much of it is there when the policy is taken up */
};

/* How much of what a rule counts is there when the policy is taken up. */
enum tg_kept {
        TG_KEPT_WHOLE,
        TG_KEPT_PROMISED, /* the running policy keeps it, but hasn't always done so */
        TG_KEPT_LESS,
        TG_KEPT_NOTHING,
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
        /* The same, in which permits are counted that a touchpoint of the type may settle. */
        uint8_t settled_by_type[TG_COUNTED_TYPES];
        /*
         * By channel and kind of a request: the counters (bit = number, by scope) that may count
         * its permit. And those that look at more: class or patterns.
         */
        uint64_t permits[TG_CHANNELS][TG_KINDS][TG_SCOPES];
        uint64_t particular[TG_SCOPES];
        int64_t window_max_ms; /* of all */
        bool consents;         /* some rule asks for them: they are kept */
        bool consents_whole;   /* and always were */
        uint64_t lasting; /* types (bit = enum tg_type) of facts that matter and have no window */

        /* Numbers, by scope (bit = number). */
        uint64_t taken[TG_SCOPES];
        uint64_t heard[TG_SCOPES];   /* not of rules alone that speak without effect */
        uint64_t retired[TG_SCOPES]; /* no counter's any more, but in slots perhaps */
        uint64_t reused[TG_SCOPES];  /* were retired, and are taken again: no slot may have them */
        uint64_t begun[TG_SCOPES];   /* keep more than they did under the running policy */
        int64_t heard_ms[TG_SCOPES][TG_COUNTERS_MAX]; /* the longest window of rules with effect */
        const struct tg_counters *running; /* borrowed; NULL but while a successor is compiled */
};

/*
 * Returns 0 and the counter, or -1 if cells of that scope have no number for one more. A counter's
 * numbers, selectors included, are those of COUNTING's rule.
 */
int tg_counters_obtain(struct tg_counters *counters, const struct tg_counting *counting,
                       struct tg_counter_id *ret_id);

/* A rule with effect, or an item of `keep`, looks at this counter as far back as WINDOW_MS. */
void tg_counters_hear(struct tg_counters *counters, struct tg_counter_id id, int64_t window_ms);

/*
 * How much of what COUNTING needs the running policy keeps; RET_HAS is told how much that is (none:
 * zeros). Without one everything is there: the state is built from the whole log.
 */
enum tg_kept tg_counters_kept(const struct tg_counters *counters,
                              const struct tg_counting *counting, struct tg_extent *ret_has);

/* How many numbers of a scope only the running policy's counters hold. */
unsigned tg_counters_held(const struct tg_counters *counters, enum tg_scope scope);

/*
 * No counter is asked for any more: retires the numbers that only the running policy has, and
 * notes which permits each counts.
 */
void tg_counters_finish(struct tg_counters *counters);

/* The counters of SCOPE (bit = number) that a permit for a request with TRAITS belongs to. */
uint64_t tg_counters_permits(const struct tg_counters *counters, const struct tg_traits *traits,
                             enum tg_scope scope);

/* Whether something with these traits (of a type that it counts) belongs to the counter. */
static inline bool tg_counter_accepts(const struct tg_counter *counter,
                                      const struct tg_traits *traits)
{
        const struct tg_counting *counting = &counter->counting;

        if (counting->channels &&
            (traits->channel >= TG_CHANNELS || !(counting->channels >> traits->channel & 1)))
                return false;
        return (!counting->for_ || tg_selector_matches(counting->for_, traits)) &&
               (!counting->where || tg_selector_matches(counting->where, traits));
}
