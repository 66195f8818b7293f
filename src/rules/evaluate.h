/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All rules together: when, at the earliest, may this message leave, and who says otherwise?
 *
 * The least fixed point of the rules' answers: every rule that `for` selects is asked at t; t
 * becomes the largest answer, and all are asked again until it stands still. Pure; a few dozen
 * nanoseconds a rule that is asked, next to nothing for one of other channels or kinds; allocates
 * nothing.
 */
#pragma once

#include "rules/policy.h"

/* Why the gate itself refuses. */
enum tg_gate_reason {
        TG_GATE_EXPIRED,          /* its time was over when it was decided */
        TG_GATE_EXPIRES_FIRST,    /* its time is over before all would say yes */
        TG_GATE_UNKNOWN_CHANNEL,  /* there is no such channel here */
        TG_GATE_ERASED,           /* asked for before the customer's data was erased */
        TG_GATE_STATE_INCOMPLETE, /* something about the customer found no room */
        TG_GATE_FACTS_BEHIND,     /* facts that it has to know could not be read so far */
        TG_GATE_HISTORY_FULL,     /* as many permits are kept as may be */
        TG_GATE_DEFERRAL_FULL,    /* as many messages wait as may */
        TG_GATE_DEDUPE_FULL,      /* as many requests are remembered as may be */
        TG_GATE_REASONS,
};

const char *tg_gate_reason_text(enum tg_gate_reason reason);

/* One reason a rule, a throttle, and those of the gate itself. */
enum { TG_REASONS_MAX = TG_RULES_MAX + TG_THROTTLES_MAX + TG_GATE_REASONS };

struct tg_reasons {
        struct tg_reason items[TG_REASONS_MAX];
        size_t count;
};

struct tg_verdict {
        enum tg_outcome outcome; /* TG_PERMIT: by the rules, at the moment asked */
        int64_t until_ms;        /* with TG_DEFER: exactly then */
        bool general; /* with TG_DENY: whoever said never would have the general variant instead */
};

/*
 * Decides by the rules at T_MS. RET_REASONS (emptied first) is told who spoke: all of them for a
 * denial or deferral, nobody for a permit; and, marked, the rules without effect.
 */
struct tg_verdict tg_evaluate(const struct tg_policy *policy, const struct tg_question *question,
                              int64_t t_ms, int64_t expiry_ms, struct tg_reasons *ret_reasons);

/*
 * What every rule that selects the request says of T_MS alone, in policy order; one that says yes
 * answers T_MS. RET_REASONS is emptied first.
 */
void tg_evaluate_each(const struct tg_policy *policy, const struct tg_question *question,
                      int64_t t_ms, struct tg_reasons *ret_reasons);

/* Adds a reason of the gate's own, which says never. */
void tg_reasons_add_gate(struct tg_reasons *reasons, const struct tg_policy *policy,
                         enum tg_gate_reason reason, int64_t counter, int64_t limit);

/* Adds that facts are behind, and that they are waited for until UNTIL_MS. */
void tg_reasons_add_behind(struct tg_reasons *reasons, const struct tg_policy *policy,
                           int64_t until_ms);

/* Adds a throttle, by its place in the policy, that lets the message through at UNTIL_MS. */
void tg_reasons_add_throttle(struct tg_reasons *reasons, const struct tg_policy *policy,
                             size_t throttle, int64_t until_ms);

/* How many values tg_reason.source has for this policy, and what each is called. */
size_t tg_reason_sources(const struct tg_policy *policy);
const char *tg_reason_source_name(const struct tg_policy *policy, size_t source);
