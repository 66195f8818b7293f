/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Frequency cap: at most n counted touches in any window of length W.
 *
 * Every counted touch at x stops counting at x + W, every open reservation at its lapse: call these
 * moments ends. Fewer than n count at t iff fewer than n ends are later than t, so the earliest
 * moment is the n-th largest end. The n latest touches are all that is needed.
 */
#include "rules/family.h"
#include "rules/largest.h"

static const uint64_t reserved_types =
        1 << TG_TYPE_IMPRESSION | 1 << TG_TYPE_DELIVERED | 1 << TG_TYPE_SURVEY_INVITED;

/* A counter of reservations for each different lapse among the channels of the rule. */
static void compile_reservations(struct tg_compiler *compiler, struct tg_rule *rule, unsigned type)
{
        uint64_t channels = rule->for_.channels ? rule->for_.channels : (1 << TG_CHANNELS) - 1;
        struct tg_cap *cap = &rule->cap;

        channels &= ~(UINT64_C(1) << TG_CHANNEL_UNKNOWN); /* nothing is permitted there */
        while (channels) {
                unsigned first = (unsigned)__builtin_ctzll(channels);
                int64_t lapse_ms = compiler->confirm_within_ms[first];
                struct tg_reservations *reservations = &cap->reservations[cap->reservation_count++];
                uint64_t alike = 0;

                for (unsigned channel = first; channel < TG_CHANNELS; channel++) {
                        if (compiler->confirm_within_ms[channel] == lapse_ms)
                                alike |= channels & UINT64_C(1) << channel;
                }
                channels &= ~alike;
                reservations->lapse_ms = lapse_ms;
                tg_compile_counter(compiler, rule,
                                   &(struct tg_counting){
                                           .types = 1 << TG_TYPE_PERMIT,
                                           .confirmed_by = (uint8_t)type,
                                           .channels = alike,
                                           .scope = rule->each,
                                           .for_ = &rule->for_,
                                           .where = &rule->where,
                                           .window_ms = lapse_ms,
                                           .keep = compiler->permits_per_customer,
                                   },
                                   &reservations->counter);
        }
}

static void compile(struct tg_compiler *compiler, struct tg_reader *section, struct tg_rule *rule)
{
        unsigned type = TG_TYPE_IMPRESSION;
        int64_t at_most = 1, window_ms = TG_DAY_MS;
        const struct tg_node *count = tg_compile_type(section, "count", TG_REQUIRED, &type);

        tg_read_integer(section, "at_most", TG_REQUIRED, 0, TG_LARGEST_MAX, &at_most);
        tg_read_duration(section, "per", TG_REQUIRED, 1, TG_WINDOW_MAX_MS, &window_ms);
        tg_compile_each(section, rule);
        tg_selector_read(&rule->where, section, "where", TG_SELECT_TOUCHES);
        if (count && type != TG_TYPE_PERMIT && (rule->for_.kinds || rule->for_.classes))
                tg_diagnose(compiler->diagnostics, count, TG_ERROR,
                            "count permit instead, or leave kind and class out of `for`",
                            "a cap for a kind or a class can't count %s: touchpoints have neither",
                            tg_word(&tg_type_words, type));
        rule->cap.window_ms = window_ms;
        rule->cap.at_most = (uint32_t)at_most;
        tg_compile_counter(compiler, rule,
                           &(struct tg_counting){
                                   .types = UINT64_C(1) << type,
                                   .scope = rule->each,
                                   .for_ = &rule->for_,
                                   .where = &rule->where,
                                   .window_ms = window_ms,
                                   .keep = type == TG_TYPE_PERMIT
                                                   ? compiler->permits_per_customer
                                                   : (uint32_t)(at_most ? at_most : 1),
                           },
                           &rule->cap.counter);
        if (reserved_types >> type & 1)
                compile_reservations(compiler, rule, type);
}

/* Adds the ends later than T_MS of what a counter holds; of permits, the open ones. */
static void add_counter(struct tg_largest *ends, const struct tg_cell_view *view, unsigned counter,
                        int64_t window_ms, int64_t t_ms)
{
        bool permits = view->layout->counters[counter].permits;
        struct tg_slots_walk walk = tg_slots_walk(view, counter);
        tg_slot_word word;
        int64_t time_ms;

        while (tg_slots_next(&walk, &word, &time_ms)) {
                if (permits && tg_slot_permit_state(word) != TG_PERMIT_OPEN)
                        continue;
                if (time_ms + window_ms > t_ms)
                        tg_largest_add(ends, time_ms + window_ms);
        }
}

static struct tg_answer earliest(const struct tg_rule *rule, const struct tg_question *question,
                                 int64_t t_ms)
{
        const struct tg_cap *cap = &rule->cap;
        const struct tg_cell_view *view;
        struct tg_largest ends;

        if (!tg_history_has(question->history, rule->each))
                return tg_answer_at(t_ms);
        if (cap->at_most == 0)
                return (struct tg_answer){TG_NEVER, 0, 0};
        view = tg_history_view(question->history, rule->each);
        tg_largest_init(&ends, cap->at_most);
        add_counter(&ends, view, cap->counter.number, cap->window_ms, t_ms);
        for (unsigned i = 0; i < cap->reservation_count; i++)
                add_counter(&ends, view, cap->reservations[i].counter.number,
                            cap->reservations[i].lapse_ms, t_ms);
        return (struct tg_answer){
                .at_ms = ends.count < cap->at_most ? t_ms : ends.at_ms[cap->at_most - 1],
                .counter = ends.count,
                .limit = cap->at_most,
        };
}

const struct tg_family tg_family_cap = {"cap", compile, earliest};
