/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/evaluate.h"

#include <assert.h>

/* The answers of one decision; a rule is listed where it stands in the policy when it first speaks.
 */
struct spoken {
        struct tg_answer answers[TG_RULES_MAX];
        bool spoke[TG_RULES_MAX];
};

static void add(struct tg_reasons *reasons, struct tg_reason reason)
{
        assert(reasons->count < TG_REASONS_MAX);
        reasons->items[reasons->count++] = reason;
}

static void list_reasons(const struct tg_policy *policy, const struct spoken *spoken,
                         struct tg_reasons *reasons)
{
        for (size_t i = 0; i < policy->rule_count; i++) {
                if (!spoken->spoke[i])
                        continue;
                add(reasons, (struct tg_reason){
                                     .source = i,
                                     .rule = policy->rules[i].name,
                                     .family = policy->rules[i].family->name,
                                     .counter = spoken->answers[i].counter,
                                     .limit = spoken->answers[i].limit,
                                     .until_ms = spoken->answers[i].at_ms,
                             });
        }
}

/* Asks all rules at T_MS; the latest answer. */
static int64_t ask(const struct tg_policy *policy, const struct tg_question *question, int64_t t_ms,
                   struct spoken *spoken)
{
        int64_t latest_ms = t_ms;

        for (size_t i = 0; i < policy->rule_count; i++) {
                const struct tg_rule *rule = &policy->rules[i];
                struct tg_answer answer;

                if (!tg_selector_matches(&rule->for_, &question->history->traits))
                        continue;
                answer = rule->family->earliest(rule, question, t_ms);
                assert(answer.at_ms >= t_ms);
                if (answer.at_ms > t_ms && !spoken->spoke[i]) {
                        spoken->spoke[i] = true;
                        spoken->answers[i] = answer;
                }
                if (answer.at_ms > latest_ms)
                        latest_ms = answer.at_ms;
        }
        return latest_ms;
}

struct tg_verdict tg_evaluate(const struct tg_policy *policy, const struct tg_question *question,
                              int64_t t_ms, int64_t expiry_ms, struct tg_reasons *ret_reasons)
{
        struct tg_verdict verdict = {.outcome = TG_DEFER, .until_ms = TG_NO_TIME};
        int64_t asked_ms = t_ms, answer_ms;
        struct spoken spoken;

        ret_reasons->count = 0;
        if (t_ms >= expiry_ms) {
                tg_reasons_add_gate(ret_reasons, policy, TG_GATE_EXPIRED, TG_NO_COUNT, TG_NO_COUNT);
                return (struct tg_verdict){TG_DENY, TG_NO_TIME};
        }
        memset(spoken.spoke, 0, policy->rule_count * sizeof spoken.spoke[0]);
        while ((answer_ms = ask(policy, question, asked_ms, &spoken)) > asked_ms &&
               answer_ms < expiry_ms)
                asked_ms = answer_ms;
        if (answer_ms == t_ms)
                return (struct tg_verdict){TG_PERMIT, TG_NO_TIME};
        list_reasons(policy, &spoken, ret_reasons);
        if (answer_ms < expiry_ms) {
                verdict.until_ms = answer_ms;
                return verdict;
        }
        if (answer_ms != TG_NEVER)
                tg_reasons_add_gate(ret_reasons, policy, TG_GATE_EXPIRES_FIRST, TG_NO_COUNT,
                                    TG_NO_COUNT);
        verdict.outcome = TG_DENY;
        return verdict;
}

const char *tg_gate_reason_text(enum tg_gate_reason reason)
{
        static const char *const texts[TG_GATE_REASONS] = {
                [TG_GATE_EXPIRED] = "expired",
                [TG_GATE_EXPIRES_FIRST] = "expires first",
                [TG_GATE_UNKNOWN_CHANNEL] = "unknown channel",
                [TG_GATE_STATE_INCOMPLETE] = "state incomplete",
                [TG_GATE_HISTORY_FULL] = "history full",
                [TG_GATE_DEFERRAL_FULL] = "deferral full",
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
