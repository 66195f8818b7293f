/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/footprint.h"

static int64_t later(int64_t a_ms, int64_t b_ms)
{
        return a_ms > b_ms ? a_ms : b_ms;
}

void tg_footprint_of(const struct tg_policy *policy, struct tg_footprint *ret_footprint)
{
        const struct tg_counters *counters = &policy->counters;
        struct tg_footprint footprint = {
                .consents = counters->consents,
                .touchpoints_ms = counters->window_max_ms,
                .requests_ms = TG_EXPIRES_AFTER_MS,
                .decisions_ms = later(TG_EXPIRES_AFTER_MS, policy->dedupe_for_ms),
        };

        for (size_t i = 0; i < counters->count; i++) {
                const struct tg_counter *counter = &counters->items[i];
                struct tg_cell_footprint *cell = &footprint.cells[counter->id.scope];
                const struct tg_keeping *keeping =
                        &counters->layouts[counter->id.scope].counters[counter->id.number];

                cell->counters++;
                cell->slots_most += keeping->keep;
                if (keeping->permits)
                        footprint.decisions_ms = later(footprint.decisions_ms, keeping->window_ms);
        }
        for (unsigned scope = 0; scope < TG_SCOPES; scope++) {
                struct tg_cell_footprint *cell = &footprint.cells[scope];

                cell->bytes_most = (cell->slots_most + TG_PIECE_TOUCHES - 1) / TG_PIECE_TOUCHES *
                                   TG_PIECE_BYTES;
        }
        *ret_footprint = footprint;
}

static const struct tg_rule *owner(const struct tg_rule *rules, size_t count,
                                   const struct tg_counter *counter)
{
        for (size_t i = 0; i < count; i++) {
                if (counter->counting.where == &rules[i].where)
                        return &rules[i];
        }
        return NULL;
}

const struct tg_rule *tg_footprint_rule(const struct tg_policy *policy,
                                        const struct tg_counter *counter)
{
        const struct tg_rule *rule = owner(policy->rules, policy->rule_count, counter);

        return rule ? rule : owner(policy->reserves, policy->reserve_count, counter);
}
