/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/index.h"

#include "rules/family.h"

void tg_rule_index_add(struct tg_rule_index *index, size_t number, const struct tg_selector *for_)
{
        assert(number < TG_RULES_MAX);
        for (uint8_t channel = 0; channel < TG_CHANNELS; channel++) {
                for (uint8_t kind = 0; kind < TG_KINDS; kind++) {
                        if (tg_selector_may_match(for_, channel, kind))
                                index->rules[channel][kind][number / 64] |= UINT64_C(1)
                                                                            << number % 64;
                }
        }
}

static unsigned needs_of_rules(const uint64_t *set, const struct tg_rule *rules)
{
        unsigned needs = 0;

        for (size_t word = 0; word < TG_RULE_SET_WORDS; word++) {
                for (uint64_t left = set[word]; left; left &= left - 1) {
                        const struct tg_rule *rule =
                                &rules[word * 64 + (size_t)__builtin_ctzll(left)];

                        needs |= 1U << rule->each | rule->family->needs;
                }
        }
        return needs;
}

void tg_rule_index_finish(struct tg_rule_index *index, const struct tg_rule *rules,
                          const struct tg_counters *counters)
{
        for (uint8_t channel = 0; channel < TG_CHANNELS; channel++) {
                for (uint8_t kind = 0; kind < TG_KINDS; kind++)
                        index->needs[channel][kind] =
                                (uint8_t)(needs_of_rules(index->rules[channel][kind], rules) |
                                          counters->scopes_by_type[TG_TYPE_PERMIT] |
                                          1U << TG_SCOPE_CUSTOMER);
        }
}
