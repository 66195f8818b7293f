/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Cooldown: after n outcomes within D of each other, nothing until D after the last of them; any
 * touch of another kind (a click, say) starts the count anew.
 *
 * With x₁ ≥ … ≥ xₙ the latest, it says no while x₁ − xₙ ≤ D and t < x₁ + D: then xₙ > t − 2·D, so
 * 2·D is all the history that it needs, of the outcomes and of what starts anew.
 */
#include "rules/family.h"
#include "rules/largest.h"

enum { TIMES_MAX = TG_LARGEST_MAX };
#define FOR_MAX_MS (TG_WINDOW_MAX_MS / 2)

/*
 * Which of TYPES share a counter: a counter does not tell its types apart, so that one event told
 * as two types would be one touch. That matters where more than the latest is asked for; and
 * permits are slots of another sort.
 */
static uint64_t together(uint64_t types, int64_t times)
{
        uint64_t touches = types & ~(UINT64_C(1) << TG_TYPE_PERMIT);

        if (!touches)
                return types;
        return times == 1 ? touches : touches & -touches;
}

static void compile_after(struct tg_compiler *compiler, struct tg_rule *rule, uint64_t types)
{
        struct tg_cooldown *cooldown = &rule->cooldown;

        while (types) {
                uint64_t group = together(types, cooldown->times);
                bool permits = group == UINT64_C(1) << TG_TYPE_PERMIT;

                tg_compile_counter(
                        compiler, rule,
                        &(struct tg_counting){
                                .types = group,
                                .scope = rule->each,
                                .where = &rule->where,
                                .window_ms = 2 * cooldown->for_ms,
                                .keep = permits ? compiler->permits_per_customer : cooldown->times,
                        },
                        &cooldown->after[cooldown->after_count++]);
                types &= ~group;
        }
}

static void compile_reset(struct tg_compiler *compiler, struct tg_rule *rule, uint64_t types)
{
        rule->cooldown.has_reset = true;
        tg_compile_counter(compiler, rule,
                           &(struct tg_counting){
                                   .types = types,
                                   .scope = rule->each,
                                   .where = &rule->where,
                                   .window_ms = 2 * rule->cooldown.for_ms,
                                   .keep = 1,
                           },
                           &rule->cooldown.reset);
}

static void check_reset(struct tg_compiler *compiler, const struct tg_node *node, uint64_t after,
                        uint64_t reset)
{
        uint64_t both = after & reset;

        if (reset >> TG_TYPE_PERMIT & 1)
                tg_diagnose(compiler->diagnostics, node, TG_ERROR, NULL,
                            "a cooldown is reset by touchpoints, not by permits");
        else if (both)
                tg_diagnose(compiler->diagnostics, node, TG_ERROR,
                            "leave it out of `after` or of `reset_by`",
                            "what resets a cooldown can't start it: %s is in both lists",
                            tg_word(&tg_type_words, (unsigned)__builtin_ctzll(both)));
}

static void compile(struct tg_compiler *compiler, struct tg_reader *section, struct tg_rule *rule)
{
        const struct tg_node *reset_node;
        uint64_t after = 0, reset = 0;
        int64_t times = 1, for_ms = TG_DAY_MS;

        tg_compile_types(section, "after", TG_REQUIRED, &after);
        tg_read_integer(section, "times", TG_OPTIONAL, 1, TIMES_MAX, &times);
        tg_read_duration(section, "for", TG_REQUIRED, 1, FOR_MAX_MS, &for_ms);
        reset_node = tg_compile_types(section, "reset_by", TG_OPTIONAL, &reset);
        tg_compile_each(section, rule);
        tg_selector_read(&rule->where, section, "where", TG_SELECT_TOUCHES);
        check_reset(compiler, reset_node, after, reset);
        rule->cooldown.times = (uint32_t)times;
        rule->cooldown.for_ms = for_ms;
        compile_after(compiler, rule, after);
        if (reset)
                compile_reset(compiler, rule, reset);
}

/* Adds what a counter holds later than AFTER_MS; of permits, those that were not refunded. */
static void add_later(struct tg_largest *latest, const struct tg_cell_view *view, unsigned counter,
                      int64_t after_ms)
{
        bool permits = view->layout->counters[counter].permits;
        struct tg_slots_walk walk = tg_slots_walk(view, counter);
        tg_slot_word word;
        int64_t time_ms;

        while (tg_slots_next(&walk, &word, &time_ms)) {
                if (permits && tg_slot_permit_state(word) != TG_PERMIT_OPEN)
                        continue;
                if (time_ms > after_ms)
                        tg_largest_add(latest, time_ms);
        }
}

static struct tg_answer earliest(const struct tg_rule *rule, const struct tg_question *question,
                                 int64_t t_ms)
{
        const struct tg_cooldown *cooldown = &rule->cooldown;
        int64_t reset_ms = TG_NO_TIME, ends_ms;
        const struct tg_cell_view *view;
        struct tg_largest latest;

        if (!tg_history_has(question->history, rule->each))
                return tg_answer_at(t_ms);
        view = tg_history_view(question->history, rule->each);
        if (cooldown->has_reset)
                reset_ms = tg_touches_latest(view, cooldown->reset.number);
        tg_largest_init(&latest, cooldown->times);
        for (unsigned i = 0; i < cooldown->after_count; i++)
                add_later(&latest, view, cooldown->after[i].number, reset_ms);
        if (latest.count < cooldown->times ||
            latest.at_ms[0] - latest.at_ms[latest.count - 1] > cooldown->for_ms)
                return tg_answer_at(t_ms);
        ends_ms = latest.at_ms[0] + cooldown->for_ms;
        return (struct tg_answer){
                .at_ms = t_ms < ends_ms ? ends_ms : t_ms,
                .counter = cooldown->times,
                .limit = cooldown->times,
        };
}

const struct tg_family tg_family_cooldown = {"cooldown", compile, earliest};
