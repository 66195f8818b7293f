/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/evaluate.h"

#include <assert.h>

/* A rule that selects the request, and what it said when it first spoke. */
struct voice {
        const struct tg_rule *rule;
        struct tg_answer answer;
        bool spoke;
};

/* All of them, in policy order. */
struct voices {
        struct voice items[TG_RULES_MAX];
        size_t count;
};

/* What they say together of one moment. */
struct chorus {
        int64_t at_ms; /* the latest answer */
        bool general;  /* all that said never have `instead: general` */
};

static void select_rules(const struct tg_policy *policy, const struct tg_traits *traits,
                         struct voices *ret_voices)
{
        const uint64_t *candidates = tg_rule_index_find(&policy->index, traits);

        ret_voices->count = 0;
        for (size_t word = 0; word * 64 < policy->rule_count; word++) {
                for (uint64_t left = candidates[word]; left; left &= left - 1) {
                        size_t number = word * 64 + (size_t)__builtin_ctzll(left);
                        const struct tg_rule *rule = &policy->rules[number];
                        struct voice *voice = &ret_voices->items[ret_voices->count];

                        if (!tg_selector_matches(&rule->for_, traits))
                                continue;
                        voice->rule = rule;
                        voice->spoke = false;
                        ret_voices->count++;
                }
        }
}

/* A rule that waits for its history counts as full until it has it. */
static struct tg_answer answer_of(const struct tg_policy *policy, const struct tg_rule *rule,
                                  const struct tg_question *question, int64_t t_ms)
{
        if (question->cold_until_ms && question->cold_until_ms[rule - policy->rules] > t_ms)
                return tg_answer_at(question->cold_until_ms[rule - policy->rules]);
        return rule->family->earliest(rule, question, t_ms);
}

static struct chorus ask(const struct tg_policy *policy, const struct tg_question *question,
                         int64_t t_ms, struct voices *voices)
{
        struct chorus chorus = {t_ms, true};

        for (size_t i = 0; i < voices->count; i++) {
                struct voice *voice = &voices->items[i];
                struct tg_answer answer;

                if (voice->rule->shadow)
                        continue;
                answer = answer_of(policy, voice->rule, question, t_ms);
                assert(answer.at_ms >= t_ms);
                if (answer.at_ms > t_ms && !voice->spoke) {
                        voice->spoke = true;
                        voice->answer = answer;
                }
                if (answer.at_ms > chorus.at_ms)
                        chorus.at_ms = answer.at_ms;
                if (answer.at_ms == TG_NEVER && !voice->rule->general)
                        chorus.general = false;
        }
        return chorus;
}

/* What the rules without effect say of the moment that was decided. */
static void ask_shadows(const struct tg_policy *policy, const struct tg_question *question,
                        int64_t t_ms, struct voices *voices)
{
        for (size_t i = 0; i < voices->count; i++) {
                struct voice *voice = &voices->items[i];

                if (!voice->rule->shadow)
                        continue;
                voice->answer = answer_of(policy, voice->rule, question, t_ms);
                voice->spoke = voice->answer.at_ms > t_ms;
        }
}

static void add(struct tg_reasons *reasons, struct tg_reason reason)
{
        assert(reasons->count < TG_REASONS_MAX);
        reasons->items[reasons->count++] = reason;
}

static void list_reasons(const struct tg_policy *policy, const struct voices *voices,
                         struct tg_reasons *reasons)
{
        for (size_t i = 0; i < voices->count; i++) {
                const struct voice *voice = &voices->items[i];

                if (!voice->spoke)
                        continue;
                add(reasons, (struct tg_reason){
                                     .source = (size_t)(voice->rule - policy->rules),
                                     .rule = voice->rule->name,
                                     .family = voice->rule->family->name,
                                     .counter = voice->answer.counter,
                                     .limit = voice->answer.limit,
                                     .until_ms = voice->answer.at_ms,
                                     .shadow = voice->rule->shadow,
                             });
        }
}

struct tg_verdict tg_evaluate(const struct tg_policy *policy, const struct tg_question *question,
                              int64_t t_ms, int64_t expiry_ms, struct tg_reasons *ret_reasons)
{
        const struct tg_verdict denied = {.outcome = TG_DENY, .until_ms = TG_NO_TIME};
        int64_t asked_ms = t_ms;
        struct voices voices;
        struct chorus chorus;

        ret_reasons->count = 0;
        if (t_ms >= expiry_ms) {
                tg_reasons_add_gate(ret_reasons, policy, TG_GATE_EXPIRED, TG_NO_COUNT, TG_NO_COUNT);
                return denied;
        }
        select_rules(policy, &question->history->traits, &voices);
        while ((chorus = ask(policy, question, asked_ms, &voices)).at_ms > asked_ms &&
               chorus.at_ms < expiry_ms)
                asked_ms = chorus.at_ms;
        if (policy->shadows)
                ask_shadows(policy, question, t_ms, &voices);
        if (chorus.at_ms > t_ms || policy->shadows)
                list_reasons(policy, &voices, ret_reasons);
        if (chorus.at_ms == t_ms)
                return (struct tg_verdict){.outcome = TG_PERMIT, .until_ms = TG_NO_TIME};
        if (chorus.at_ms < expiry_ms)
                return (struct tg_verdict){.outcome = TG_DEFER, .until_ms = chorus.at_ms};
        if (chorus.at_ms == TG_NEVER)
                return (struct tg_verdict){TG_DENY, TG_NO_TIME, chorus.general};
        tg_reasons_add_gate(ret_reasons, policy, TG_GATE_EXPIRES_FIRST, TG_NO_COUNT, TG_NO_COUNT);
        return denied;
}

void tg_evaluate_each(const struct tg_policy *policy, const struct tg_question *question,
                      int64_t t_ms, struct tg_reasons *ret_reasons)
{
        struct voices voices;

        ret_reasons->count = 0;
        select_rules(policy, &question->history->traits, &voices);
        for (size_t i = 0; i < voices.count; i++) {
                voices.items[i].answer = answer_of(policy, voices.items[i].rule, question, t_ms);
                voices.items[i].spoke = true;
        }
        list_reasons(policy, &voices, ret_reasons);
}

const char *tg_gate_reason_text(enum tg_gate_reason reason)
{
        static const char *const texts[TG_GATE_REASONS] = {
                [TG_GATE_EXPIRED] = "expired",
                [TG_GATE_EXPIRES_FIRST] = "expires first",
                [TG_GATE_UNKNOWN_CHANNEL] = "unknown channel",
                [TG_GATE_ERASED] = "erased",
                [TG_GATE_STATE_INCOMPLETE] = "state incomplete",
                [TG_GATE_FACTS_BEHIND] = "facts behind",
                [TG_GATE_HISTORY_FULL] = "history full",
                [TG_GATE_DEFERRAL_FULL] = "deferral full",
                [TG_GATE_DEDUPE_FULL] = "dedupe full",
        };

        return texts[reason];
}

void tg_reasons_add_gate(struct tg_reasons *reasons, const struct tg_policy *policy,
                         enum tg_gate_reason reason, int64_t counter, int64_t limit)
{
        add(reasons, (struct tg_reason){
                             .source = policy->rule_count + policy->throttle_count + reason,
                             .rule = tg_gate_reason_text(reason),
                             .family = "gate",
                             .counter = counter,
                             .limit = limit,
                             .until_ms = TG_NEVER,
                     });
}

void tg_reasons_add_behind(struct tg_reasons *reasons, const struct tg_policy *policy,
                           int64_t until_ms)
{
        tg_reasons_add_gate(reasons, policy, TG_GATE_FACTS_BEHIND, TG_NO_COUNT, TG_NO_COUNT);
        reasons->items[reasons->count - 1].until_ms = until_ms;
}

void tg_reasons_add_throttle(struct tg_reasons *reasons, const struct tg_policy *policy,
                             size_t throttle, int64_t until_ms)
{
        add(reasons, (struct tg_reason){
                             .source = policy->rule_count + throttle,
                             .rule = policy->throttles[throttle].name,
                             .family = "throttle",
                             .counter = TG_NO_COUNT,
                             .limit = TG_NO_COUNT,
                             .until_ms = until_ms,
                     });
}

size_t tg_reason_sources(const struct tg_policy *policy)
{
        return policy->rule_count + policy->throttle_count + TG_GATE_REASONS;
}

const char *tg_reason_source_name(const struct tg_policy *policy, size_t source)
{
        if (source < policy->rule_count)
                return policy->rules[source].name;
        source -= policy->rule_count;
        if (source < policy->throttle_count)
                return policy->throttles[source].name;
        return tg_gate_reason_text((enum tg_gate_reason)(source - policy->throttle_count));
}
