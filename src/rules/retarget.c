/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Retargeting window: the last qualifying interest is at most W old, and nothing was bought at or
 * after it.
 *
 * With the state as it is, an interest only grows older: the answer is now or never.
 */
#include "rules/family.h"

static void compile_until(struct tg_compiler *compiler, struct tg_reader *section,
                          struct tg_rule *rule)
{
        unsigned until = TG_TYPE_UNKNOWN;
        const struct tg_node *type = tg_compile_type(section, "until", TG_OPTIONAL, &until);

        if (!type)
                return;
        if (until == TG_TYPE_PERMIT)
                tg_diagnose(compiler->diagnostics, type, TG_ERROR, NULL,
                            "an interest ends with a touchpoint, not with a permit");
        rule->retarget.has_until = true;
        tg_compile_counter(compiler, rule,
                           &(struct tg_counting){
                                   .types = UINT64_C(1) << until,
                                   .scope = rule->each,
                                   .where = &rule->where,
                                   .window_ms = rule->retarget.within_ms,
                                   .keep = 1,
                           },
                           &rule->retarget.until);
}

static void compile(struct tg_compiler *compiler, struct tg_reader *section, struct tg_rule *rule)
{
        int64_t within_ms = TG_DAY_MS;
        uint64_t after = 0;
        const struct tg_node *types = tg_compile_types(section, "after", TG_REQUIRED, &after);

        tg_read_duration(section, "within", TG_REQUIRED, 1, TG_WINDOW_MAX_MS - 1, &within_ms);
        tg_compile_each(section, rule);
        tg_selector_read(&rule->where, section, "where", TG_SELECT_TOUCHES);
        if (types && after >> TG_TYPE_PERMIT & 1)
                tg_diagnose(compiler->diagnostics, types, TG_ERROR, NULL,
                            "an interest is a touchpoint, not a permit");
        /* Still at most W old at x = t − W: one millisecond longer than what counts in a window. */
        rule->retarget.within_ms = within_ms + 1;
        if (!after)
                return;
        tg_compile_counter(compiler, rule,
                           &(struct tg_counting){
                                   .types = after,
                                   .scope = rule->each,
                                   .where = &rule->where,
                                   .window_ms = rule->retarget.within_ms,
                                   .keep = 1,
                           },
                           &rule->retarget.interest);
        compile_until(compiler, section, rule);
}

static struct tg_answer earliest(const struct tg_rule *rule, const struct tg_question *question,
                                 int64_t t_ms)
{
        const struct tg_retarget *retarget = &rule->retarget;
        const struct tg_cell_view *view = tg_history_view(question->history, rule->each);
        int64_t interest_ms = tg_touches_latest(view, retarget->interest.number);

        if (interest_ms == TG_NO_TIME || interest_ms <= t_ms - retarget->within_ms)
                return tg_answer_at(TG_NEVER);
        if (retarget->has_until && tg_touches_latest(view, retarget->until.number) >= interest_ms)
                return tg_answer_at(TG_NEVER);
        return tg_answer_at(t_ms);
}

const struct tg_family tg_family_retarget = {"retarget", compile, earliest};
