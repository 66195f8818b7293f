/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a shard has done, in numbers: plain counters of its own thread, added up by whoever asks.
 */
#pragma once

#include "rules/policy.h"

/* How often a rule, a throttle or the gate itself was the reason. */
struct tg_reason_count {
        uint64_t denied;      /* final denials that named it */
        uint64_t deferred;    /* first deferrals that named it */
        uint64_t would_deny;  /* decisions that it would have made a denial, in shadow mode */
        uint64_t would_defer; /* likewise a deferral */
};

/* Whether there is anything to tell of it. */
static inline bool tg_reason_counted(const struct tg_reason_count *count)
{
        return count->denied || count->deferred || count->would_deny || count->would_defer;
}

enum { TG_FAULTS_MAX = 16 }; /* reasons of dead letters that are told apart */

struct tg_summary {
        uint64_t touchpoints; /* applied */
        uint64_t requests;    /* read */
        uint64_t rejected;    /* dead letters */
        uint64_t permitted;   /* final */
        uint64_t denied;      /* final */
        uint64_t deferred;    /* first deferrals */
        uint64_t pending;     /* wait now */
        uint64_t repeats;     /* requests that came again; in none of the above but `requests` */
        uint64_t repeats_differing; /* those that said something else than the first */
        uint64_t permitted_by_channel[TG_CHANNELS];
        struct tg_fault_count {
                const char *reason; /* static text; NULL: none from here on */
                uint64_t count;
        } faults[TG_FAULTS_MAX];         /* `rejected` by reason */
        struct tg_reason_count *reasons; /* owned; by tg_reason.source, then those of policies
                                          * before that this one lacks */
        char **names;                    /* owned; of the reasons */
        size_t reason_count;
};

void tg_summary_init(struct tg_summary *summary, const struct tg_policy *policy);
void tg_summary_deinit(struct tg_summary *summary);

/* Counts a decision. */
void tg_summary_count(struct tg_summary *summary, const struct tg_decision *decision);

/* Counts a dead letter; REASON is a static text. */
void tg_summary_reject(struct tg_summary *summary, const char *reason);

/* Makes SUMMARY equal to FROM; both of one policy, and of those before it. */
void tg_summary_copy(struct tg_summary *summary, const struct tg_summary *from);

/* Decisions are those of POLICY from now on. What was counted stays, by its name. */
void tg_summary_follow(struct tg_summary *summary, const struct tg_policy *policy);

/* Adds PART to SUMMARY, reasons by their names. */
void tg_summary_add(struct tg_summary *summary, const struct tg_summary *part);
