/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Gap: at least D between two messages.
 *
 * The latest permit at x says no until x + D. A permit that was refunded was no message.
 */
#include "rules/family.h"

static void compile(struct tg_compiler *compiler, struct tg_reader *section, struct tg_rule *rule)
{
        int64_t at_least_ms = TG_DAY_MS;

        tg_read_duration(section, "at_least", TG_REQUIRED, 1, TG_WINDOW_MAX_MS, &at_least_ms);
        tg_compile_each(section, rule);
        tg_selector_read(&rule->where, section, "where", TG_SELECT_TOUCHES);
        rule->gap.at_least_ms = at_least_ms;
        tg_compile_counter(compiler, rule,
                           &(struct tg_counting){
                                   .types = 1 << TG_TYPE_PERMIT,
                                   .scope = rule->each,
                                   .for_ = &rule->for_,
                                   .where = &rule->where,
                                   .window_ms = at_least_ms,
                                   .keep = compiler->permits_per_customer,
                           },
                           &rule->gap.counter);
}

static struct tg_answer earliest(const struct tg_rule *rule, const struct tg_question *question,
                                 int64_t t_ms)
{
        const struct tg_gap *gap = &rule->gap;
        int64_t answer_ms = t_ms, time_ms;
        struct tg_slots_walk walk;
        const struct tg_cell_view *view;
        tg_slot_word word;

        if (!tg_history_has(question->history, rule->each))
                return tg_answer_at(t_ms);
        view = tg_history_view(question->history, rule->each);
        walk = tg_slots_walk(view, gap->counter.number);
        while (tg_slots_next(&walk, &word, &time_ms)) {
                if (tg_slot_permit_state(word) == TG_PERMIT_OPEN &&
                    time_ms + gap->at_least_ms > answer_ms)
                        answer_ms = time_ms + gap->at_least_ms;
        }
        return tg_answer_at(answer_ms);
}

const struct tg_family tg_family_gap = {"gap", compile, earliest};
