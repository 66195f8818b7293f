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
static bool find(const struct tg_question *question, struct tg_register *ret_value)
{
        static const enum tg_register_side sides[] = {TG_REGISTER_EXPLICIT, TG_REGISTER_IMPLIED};
        const uint8_t channels[] = {question->request->channel, TG_CHANNEL_ABSENT};

        for (size_t i = 0; i < sizeof sides / sizeof sides[0]; i++) {
                for (size_t j = 0; j < sizeof channels; j++) {
                        if (tg_history_consent(question->history, question->request->purpose,
                                               channels[j], sides[i], ret_value))
                                return true;
                }
        }
        return false;
}

static struct tg_answer earliest(const struct tg_rule *rule, const struct tg_question *question,
                                 int64_t t_ms)
{
        struct tg_register value;

        (void)rule;
        if (!tg_span_present(question->request->purpose) || !find(question, &value))
                return tg_answer_at(TG_NEVER);
        return tg_answer_at(value.granted && t_ms < value.until_ms ? t_ms : TG_NEVER);
}

const struct tg_family tg_family_consent = {"consent", compile, earliest};
