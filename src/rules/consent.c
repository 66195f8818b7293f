/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Consent: the customer agreed to what the message is for, on its channel, and still does.
 *
 * What was said of the channel beats what was said of all; what the customer said beats what
 * follows from a purchase or an inquiry; and no word is a no. With the state as it is, a consent
 * only ends: the answer is now or never.
 */
#include "rules/family.h"

static void compile(struct tg_compiler *compiler, struct tg_reader *section, struct tg_rule *rule)
{
        (void)section;
        (void)rule;
        compiler->counters->consents = true;
}

/* The value that decides; false if nothing was ever said. */
static bool find(struct tg_history *history, struct tg_register *ret_value)
{
        return tg_history_consent(history, TG_CONSENT_OF_CHANNEL, TG_REGISTER_EXPLICIT,
                                  ret_value) ||
               tg_history_consent(history, TG_CONSENT_OF_ALL, TG_REGISTER_EXPLICIT, ret_value) ||
               tg_history_consent(history, TG_CONSENT_OF_CHANNEL, TG_REGISTER_IMPLIED, ret_value) ||
               tg_history_consent(history, TG_CONSENT_OF_ALL, TG_REGISTER_IMPLIED, ret_value);
}

static struct tg_answer earliest(const struct tg_rule *rule, const struct tg_question *question,
                                 int64_t t_ms)
{
        struct tg_register value;

        (void)rule;
        if (!tg_span_present(question->request->purpose) || !find(question->history, &value))
                return tg_answer_at(TG_NEVER);
        return tg_answer_at(value.granted && t_ms < value.until_ms ? t_ms : TG_NEVER);
}

const struct tg_family tg_family_consent = {"consent", compile, earliest, TG_NEED_CONSENTS};
