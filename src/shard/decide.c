/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/decide.h"

#include <assert.h>

#include "rules/facts.h"

/* A message while it is decided. */
struct message {
        struct tg_partition *partition;
        const struct tg_request *request;
        struct tg_waiter *waiter; /* NULL: it has not waited yet */
        struct tg_span datum;     /* the request's bytes, to be kept if it waits */
        const struct tg_reading *reading;
        int64_t offset;
        int64_t age;
        struct tg_history history;
        struct tg_reasons reasons;
        int64_t until_ms; /* of a deferral */
        bool throttled;   /* it waits in the queue of `throttle` */
        size_t throttle;
        struct tg_receipt receipt; /* of a permit */
        char id[TG_MESSAGE_ID_SIZE + 1];
};

static enum tg_outcome deny(struct message *message, enum tg_gate_reason reason, int64_t counter,
                            int64_t limit)
{
        tg_reasons_add_gate(&message->reasons, message->partition->options->policy, reason, counter,
                            limit);
        return TG_DENY;
}

/* By the rules alone. */
static enum tg_outcome ask_rules(struct message *message)
{
        const struct tg_policy *policy = message->partition->options->policy;
        struct tg_question question = {message->request, &message->history};
        int64_t t_ms = message->partition->clock_ms;
        int64_t expiry_ms = tg_request_expiry(message->request);
        struct tg_verdict verdict;
        uint32_t kept;

        message->reasons.count = 0;
        if (t_ms < expiry_ms) {
                if (message->request->channel == TG_CHANNEL_UNKNOWN)
                        return deny(message, TG_GATE_UNKNOWN_CHANNEL, TG_NO_COUNT, TG_NO_COUNT);
                if (tg_history_incomplete(&message->history))
                        return deny(message, TG_GATE_STATE_INCOMPLETE, TG_NO_COUNT, TG_NO_COUNT);
        }
        verdict = tg_evaluate(policy, &question, t_ms, expiry_ms, &message->reasons);
        message->until_ms = verdict.until_ms;
        if (verdict.outcome != TG_PERMIT)
                return verdict.outcome;
        kept = tg_facts_permits_full(&message->history);
        if (kept)
                return deny(message, TG_GATE_HISTORY_FULL, kept, policy->permits_per_customer);
        return TG_PERMIT;
}

/* By the throttles: all conform, or it waits for the one that conforms last. */
static enum tg_outcome ask_throttles(struct message *message)
{
        const struct tg_policy *policy = message->partition->options->policy;
        int64_t t_ms = message->partition->clock_ms, last_ms = t_ms;

        for (size_t i = 0; i < policy->throttle_count; i++) {
                int64_t conforms_ms;

                if (!tg_selector_matches(&policy->throttles[i].for_, &message->history.traits))
                        continue;
                conforms_ms = tg_gcra_conforms_ms(&message->partition->throttles[i]);
                if (conforms_ms > last_ms) {
                        last_ms = conforms_ms;
                        message->throttle = i;
                }
        }
        if (last_ms == t_ms)
                return TG_PERMIT;
        tg_reasons_add_throttle(&message->reasons, policy, message->throttle, last_ms);
        if (last_ms >= tg_request_expiry(message->request))
                return deny(message, TG_GATE_EXPIRES_FIRST, TG_NO_COUNT, TG_NO_COUNT);
        message->throttled = true;
        message->until_ms = last_ms;
        return TG_DEFER;
}

/* Leaves the permit behind: in the customer's cells and on the throttles. */
static enum tg_outcome permit(struct message *message)
{
        struct tg_partition *partition = message->partition;
        const struct tg_policy *policy = partition->options->policy;
        uint32_t tag;

        tg_message_id(message->request->customer, message->request->id, message->id);
        tag = (uint32_t)tg_hash64(tg_span_of(message->id, TG_MESSAGE_ID_SIZE));
        if (!tg_facts_permit(&message->history, tag, &tag))
                return deny(message, TG_GATE_STATE_INCOMPLETE, TG_NO_COUNT, TG_NO_COUNT);
        message->receipt = (struct tg_receipt){partition->clock_ms, (int32_t)tag, true};
        for (size_t i = 0; i < policy->throttle_count; i++) {
                if (tg_selector_matches(&policy->throttles[i].for_, &message->history.traits))
                        tg_gcra_charge(&partition->throttles[i], partition->clock_ms);
        }
        return TG_PERMIT;
}

/* Keeps a message that is to wait; false if there is no room for it. */
static bool keep(struct message *message)
{
        struct tg_waiting *waiting = message->partition->waiting;

        if (message->waiter)
                return true;
        message->waiter = tg_waiter_new(waiting, message->datum);
        if (!message->waiter)
                return false;
        message->waiter->age = message->age;
        message->waiter->offset = message->offset;
        message->waiter->priority = message->request->priority;
        message->waiter->reading = message->reading;
        return true;
}

/* Puts a kept message where it waits. */
static void wait_for(struct message *message)
{
        struct tg_waiting *waiting = message->partition->waiting;

        message->waiter->due_ms = message->until_ms;
        if (message->throttled)
                tg_waiting_queue(waiting, message->throttle, message->waiter);
        else
                tg_waiting_defer(waiting, message->waiter);
}

static int tell(struct message *message, enum tg_outcome outcome, struct tg_error *error)
{
        struct tg_partition *partition = message->partition;
        const struct tg_source *source = &partition->port->source;
        const struct tg_sink *sink = &partition->port->sink;
        int64_t facts_next = partition->next[TG_STREAM_TOUCHPOINTS];
        struct tg_position facts = {
                source->stream_name(source->context, TG_STREAM_TOUCHPOINTS),
                partition->id,
                facts_next < 0 ? 0 : facts_next,
        };
        struct tg_decision decision = {
                .request = message->request,
                .time_ms = partition->clock_ms,
                .outcome = outcome,
                .final = outcome != TG_DEFER,
                .until_ms = outcome == TG_DEFER ? message->until_ms : TG_NO_TIME,
                .reasons = message->reasons.items,
                .reason_count = message->reasons.count,
                .source = {source->stream_name(source->context, TG_STREAM_REQUESTS), partition->id,
                           message->offset},
                .facts = &facts,
                .fact_count = 1,
                .policy = &partition->options->policy->name,
        };

        if (outcome == TG_PERMIT) {
                decision.message_id = tg_span_of(message->id, TG_MESSAGE_ID_SIZE);
                decision.receipt = message->receipt;
                tg_buffer_reset(partition->buffer);
                tg_permitted_encode(partition->buffer, &decision);
                if (sink->permitted(sink->context, partition->id, &decision,
                                    tg_buffer_span(partition->buffer), error) < 0)
                        return -1;
        }
        tg_summary_count(partition->summary, &decision);
        tg_buffer_reset(partition->buffer);
        tg_decision_encode(partition->buffer, &decision);
        return sink->decision(sink->context, partition->id, &decision,
                              tg_buffer_span(partition->buffer), error);
}

/* Once when a message first waits, once at the end. */
static int decide(struct message *message, struct tg_error *error)
{
        struct tg_partition *partition = message->partition;
        struct tg_traits traits = tg_traits_of_request(message->request);
        bool waited = message->waiter != NULL;
        enum tg_outcome outcome;
        int result = 0;

        tg_history_init(&message->history, &partition->options->policy->counters, partition->table,
                        message->request->customer, &traits, partition->clock_ms,
                        partition->options->skew_ms);
        outcome = ask_rules(message);
        if (outcome == TG_PERMIT)
                outcome = ask_throttles(message);
        if (outcome == TG_PERMIT)
                outcome = permit(message);
        if (outcome == TG_DEFER && !keep(message))
                outcome = deny(message, TG_GATE_DEFERRAL_FULL, TG_NO_COUNT, TG_NO_COUNT);
        if (outcome != TG_DEFER || !waited)
                result = tell(message, outcome, error);
        if (outcome == TG_DEFER)
                wait_for(message);
        else if (waited)
                tg_waiter_free(partition->waiting, message->waiter);
        return result;
}

int tg_decide_first(struct tg_partition *partition, const struct tg_request *request,
                    const struct tg_record *record, struct tg_error *error)
{
        struct message message;

        message.partition = partition;
        message.request = request;
        message.waiter = NULL;
        message.datum = record->datum;
        message.reading = record->reading;
        message.offset = record->offset;
        message.age = partition->age++;
        message.throttled = false;
        return decide(&message, error);
}

int tg_decide_again(struct tg_partition *partition, struct tg_waiter *waiter,
                    struct tg_error *error)
{
        const struct tg_reading *reading = waiter->reading;
        struct tg_request request;
        struct message message;
        size_t consumed;
        int fault = tg_plan_decode(reading->full, tg_span_of(waiter->datum, waiter->size), &request,
                                   &consumed);

        assert(fault == 0);
        (void)fault;
        message.partition = partition;
        message.request = &request;
        message.waiter = waiter;
        message.reading = reading;
        message.offset = waiter->offset;
        message.age = waiter->age;
        message.throttled = false;
        return decide(&message, error);
}
