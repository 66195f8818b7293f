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

/* Of RECORD's request as it is; what is to be told of it goes to TOLD. Returns how much that is. */
static size_t explain_as_it_is(struct tg_partition *partition, struct tg_record *record,
                               struct tg_dry *ret_dry, struct tg_reason *told)
{
        struct tg_prepared prepared = {.record = record};
        struct tg_reasons reasons;

        tg_decide_prepare(partition, &prepared);
        tg_decide_dry(partition, &prepared, ret_dry);
        list_reasons(partition, &prepared, &ret_dry->reasons, &reasons);
        memcpy(told, reasons.items, reasons.count * sizeof told[0]);
        return reasons.count;
}

size_t tg_explain(struct tg_partition *partition, struct tg_record *record,
                  struct tg_buffer *decision)
{
        struct tg_reason told[2 * TG_REASONS_MAX];
        struct tg_dry dry;
        size_t requested = explain_as_it_is(partition, record, &dry, told);
        struct tg_decision answer = {
                .request = &record->event.request,
                .time_ms = partition->clock_ms,
                .variant = TG_VARIANT_AS_REQUESTED,
                .source = {"", partition->id, 0},
                .policy = &partition->options->policy->name,
                .reasons = told,
                .reason_count = requested,
        };
        struct tg_record general = *record;

        if (dry.general) {
                tg_request_general(&record->event.request, &general.event.request);
                answer.request = &general.event.request;
                answer.variant = TG_VARIANT_GENERAL;
                answer.reason_count +=
                        explain_as_it_is(partition, &general, &dry, told + requested);
        }
        answer.outcome = dry.outcome;
        answer.until_ms = dry.until_ms;
        tg_decision_encode(decision, &answer);
        return requested;
}
