/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/explain.h"

#include "shard/decide.h"
#include "shard/swap.h"

/* Rules first, as they answer now; then what came of throttles and the gate. */
static void list_reasons(struct tg_partition *partition, struct tg_prepared *prepared,
                         const struct tg_reasons *spoken, struct tg_reasons *ret_reasons)
{
        const struct tg_policy *policy = partition->options->policy;
        const struct tg_question question = {
                &prepared->record->event.request,
                &prepared->history,
                partition->cold ? partition->cold->until_ms : NULL,
        };

        tg_evaluate_each(policy, &question, partition->clock_ms, ret_reasons);
        for (size_t i = 0; i < spoken->count; i++) {
                if (spoken->items[i].source >= policy->rule_count)
                        ret_reasons->items[ret_reasons->count++] = spoken->items[i];
        }
}

void tg_explain(struct tg_partition *partition, struct tg_record *record,
                struct tg_buffer *decision)
{
        struct tg_prepared prepared = {.record = record};
        struct tg_reasons spoken, reasons;
        struct tg_decision answer = {
                .request = &record->event.request,
                .time_ms = partition->clock_ms,
                .variant = TG_VARIANT_AS_REQUESTED,
                .source = {"", partition->id, 0},
                .policy = &partition->options->policy->name,
        };

        tg_decide_prepare(partition, &prepared);
        answer.outcome = tg_decide_dry(partition, &prepared, &spoken, &answer.until_ms);
        list_reasons(partition, &prepared, &spoken, &reasons);
        answer.reasons = reasons.items;
        answer.reason_count = reasons.count;
        tg_decision_encode(decision, &answer);
}
