/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which rules may select a request, by its channel and kind, and what they look at: what spares a
 * decision the look at every rule of the policy, and at cells that matter to none of them.
 *
 * A set of rules for each pair, 3 KiB in all. Immutable once compiled.
 */
#pragma once

#include <assert.h>

#include "rules/selector.h"

struct tg_counters;
struct tg_rule;

enum { TG_RULES_MAX = 256, TG_RULE_SET_WORDS = TG_RULES_MAX / 64 };

struct tg_rule_index {
        uint64_t rules[TG_CHANNELS][TG_KINDS][TG_RULE_SET_WORDS]; /* bit = its place */
        uint8_t needs[TG_CHANNELS][TG_KINDS]; /* bit = enum tg_scope, and TG_NEED_CONSENTS */
};

/* Adds the rule at NUMBER in the policy wherever its FOR allows it. */
void tg_rule_index_add(struct tg_rule_index *index, size_t number, const struct tg_selector *for_);

/* All are added: notes what RULES look at, and where COUNTERS count permits. */
void tg_rule_index_finish(struct tg_rule_index *index, const struct tg_rule *rules,
                          const struct tg_counters *counters);

/* Those that a request with TRAITS may meet; class and patterns are still to be compared. */
static inline const uint64_t *tg_rule_index_find(const struct tg_rule_index *index,
                                                 const struct tg_traits *traits)
{
        assert(traits->channel < TG_CHANNELS && traits->kind < TG_KINDS);
        return index->rules[traits->channel][traits->kind];
}

/* What such a request may look at, or leave something in. The customer's own cell is part of it. */
static inline unsigned tg_rule_index_needs(const struct tg_rule_index *index,
                                           const struct tg_traits *traits)
{
        assert(traits->channel < TG_CHANNELS && traits->kind < TG_KINDS);
        return index->needs[traits->channel][traits->kind];
}
