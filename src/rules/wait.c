/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Delay: not before `at_least` and not after `at_most` since the touchpoint that the message is
 * about (a survey 3 h after the call, and not after 3 days).
 */
#include "rules/family.h"

static void compile(struct tg_compiler *compiler, struct tg_reader *section, struct tg_rule *rule)
{
        struct tg_wait *wait = &rule->wait;
        const struct tg_node *after, *at_most;

        *wait = (struct tg_wait){.at_most_ms = TG_WINDOW_MAX_MS - 1, .after = TG_TYPE_UNKNOWN};
        after = tg_compile_type(section, "after", TG_REQUIRED, &wait->after);
        tg_read_duration(section, "at_least", TG_OPTIONAL, 0, TG_WINDOW_MAX_MS - 1,
                         &wait->at_least_ms);
        at_most = tg_read_duration(section, "at_most", TG_OPTIONAL, 0, TG_WINDOW_MAX_MS - 1,
                                   &wait->at_most_ms);
        tg_compile_each(section, rule);
        tg_selector_read(&rule->where, section, "where", TG_SELECT_TOUCHES);
        if (after && wait->after == TG_TYPE_PERMIT)
                tg_diagnose(compiler->diagnostics, after, TG_ERROR, NULL,
                            "a message waits after a touchpoint, not after a permit");
        if (at_most && wait->at_most_ms < wait->at_least_ms)
                tg_diagnose(compiler->diagnostics, at_most, TG_ERROR,
                            "let at_most be at least as long as at_least",
                            "this rule can never permit: it closes before it opens");
        tg_compile_counter(compiler, rule,
                           &(struct tg_counting){
                                   .types = UINT64_C(1) << wait->after,
                                   .scope = rule->each,
                                   .where = &rule->where,
                                   .window_ms = wait->at_most_ms + 1,
                                   .keep = 1,
                           },
                           &wait->counter);
}

/* When that happened which the message is about; TG_NO_TIME if it isn't known. */
static int64_t happened_at(const struct tg_rule *rule, const struct tg_question *question)
{
        const struct tg_about *about = &question->request->about;
        const struct tg_cell_view *view;

        if (about->present && about->type == rule->wait.after)
                return about->time_ms;
        view = tg_history_view(question->history, rule->each);
        return tg_touches_latest(view, rule->wait.counter.number);
}

static struct tg_answer earliest(const struct tg_rule *rule, const struct tg_question *question,
                                 int64_t t_ms)
{
        int64_t x_ms = happened_at(rule, question);
        int64_t opens_ms, closes_ms;

        if (x_ms == TG_NO_TIME || __builtin_add_overflow(x_ms, rule->wait.at_least_ms, &opens_ms) ||
            __builtin_add_overflow(x_ms, rule->wait.at_most_ms, &closes_ms))
                return tg_answer_at(TG_NEVER);
        if (t_ms > closes_ms)
                return tg_answer_at(TG_NEVER);
        return tg_answer_at(t_ms < opens_ms ? opens_ms : t_ms);
}

const struct tg_family tg_family_wait = {"wait", compile, earliest};
