/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/decide.h"

#include <assert.h>

#include "rules/facts.h"
#include "shard/swap.h"
#include "shard/tell.h"
#include "shard/undo.h"

/* A message while it is decided. */
struct message {
        struct tg_partition *partition;
        const struct tg_request *request; /* what is decided: as requested, or the variant */
        enum tg_variant variant;
        struct tg_waiter *waiter; /* NULL: it has not waited yet */
        struct tg_span datum;     /* the request's bytes, to be kept if it waits */
        const struct tg_reading *reading;
        uint32_t content;         /* a hash of them */
        struct tg_buffer *direct; /* NULL: it is in the log, and may wait */
        int64_t offset;
        int64_t age;
        struct tg_history *history; /* of the customer, with the traits of `request` */
        struct tg_history own;      /* what that is, but for a request that was just read */
        struct tg_reasons reasons;
        bool general;     /* the rules refuse it, but not its general variant */
        int64_t until_ms; /* of a deferral */
        bool throttled;   /* it waits in the queue of `throttle` */
        size_t throttle;
        uint32_t tag; /* of a permit */
        char id[TG_MESSAGE_ID_SIZE + 1];
        struct tg_request general_request;
        struct tg_reason told[2 * TG_REASONS_MAX]; /* the reasons of both variants */
        size_t told_count;
};

static enum tg_outcome deny(struct message *message, enum tg_gate_reason reason, int64_t counter,
                            int64_t limit)
{
        tg_reasons_add_gate(&message->reasons, message->partition->options->policy, reason, counter,
                            limit);
        return TG_DENY;
}

/*
 * What was asked for before the customer's data was erased was asked for because of that data. And
 * a permit at or before an erasure (of the future, by the allowed skew) would count for nothing.
 */
static bool is_erased(struct message *message)
{
        int64_t erased_ms = tg_history_erased(message->history);

        return message->request->time_ms <= erased_ms || message->partition->clock_ms <= erased_ms;
}

/* Facts that it needs are not known: whatever the rules would say, it waits for them. */
static enum tg_outcome await_facts(struct message *message)
{
        const struct tg_partition *partition = message->partition;
        int64_t until_ms = partition->clock_ms + partition->options->facts_wait_ms;

        tg_reasons_add_behind(&message->reasons, partition->options->policy, until_ms);
        if (until_ms >= tg_request_expiry(message->request))
                return deny(message, TG_GATE_EXPIRES_FIRST, TG_NO_COUNT, TG_NO_COUNT);
        message->until_ms = until_ms;
        return TG_DEFER;
}

/* By the rules alone. */
static enum tg_outcome ask_rules(struct message *message)
{
        const struct tg_policy *policy = message->partition->options->policy;
        const struct tg_cold *cold = message->partition->cold;
        struct tg_question question = {message->request, message->history,
                                       cold ? cold->until_ms : NULL};
        int64_t t_ms = message->partition->clock_ms;
        int64_t expiry_ms = tg_request_expiry(message->request);
        struct tg_verdict verdict;
        uint32_t kept;

        message->reasons.count = 0;
        message->general = false;
        if (t_ms < expiry_ms) {
                if (message->request->channel == TG_CHANNEL_UNKNOWN)
                        return deny(message, TG_GATE_UNKNOWN_CHANNEL, TG_NO_COUNT, TG_NO_COUNT);
                if (is_erased(message))
                        return deny(message, TG_GATE_ERASED, TG_NO_COUNT, TG_NO_COUNT);
                if (tg_history_incomplete(
                            message->history,
                            tg_rule_index_needs(&policy->index, &message->history->traits)))
                        return deny(message, TG_GATE_STATE_INCOMPLETE, TG_NO_COUNT, TG_NO_COUNT);
                if (message->partition->blind)
                        return await_facts(message);
        }
        verdict = tg_evaluate(policy, &question, t_ms, expiry_ms, &message->reasons);
        message->until_ms = verdict.until_ms;
        message->general = verdict.general && message->request->general.present;
        if (verdict.outcome != TG_PERMIT)
                return verdict.outcome;
        kept = tg_facts_permits_full(message->history);
        if (kept)
                return deny(message, TG_GATE_HISTORY_FULL, kept, policy->permits_per_customer);
        return TG_PERMIT;
}

/*
 * The throttle behind whose queue a new message joins, though all conform: what waits there is due,
 * but was too much for this batch. Or -1.
 */
static ptrdiff_t throttle_behind(const struct message *message)
{
        const struct tg_policy *policy = message->partition->options->policy;

        for (size_t i = 0; !message->waiter && i < policy->throttle_count; i++) {
                if (tg_waiting_queued(message->partition->waiting, i) &&
                    tg_selector_matches(&policy->throttles[i].for_, &message->history->traits))
                        return (ptrdiff_t)i;
        }
        return -1;
}

/* By the throttles: all conform, or it waits for the one that conforms last. */
static enum tg_outcome ask_throttles(struct message *message)
{
        const struct tg_policy *policy = message->partition->options->policy;
        const struct tg_gcra *throttles = message->partition->throttles, *last = NULL;
        int64_t last_ms = TG_NO_TIME, clock_ms = message->partition->clock_ms;

        for (size_t i = 0; i < policy->throttle_count; i++) {
                if (!tg_selector_matches(&policy->throttles[i].for_, &message->history->traits))
                        continue;
                if (!last || tg_gcra_is_later(&throttles[i], last)) {
                        last = &throttles[i];
                        message->throttle = i;
                }
        }
        if (last)
                last_ms = tg_gcra_conforms_ms(last);
        if (last_ms <= clock_ms) {
                ptrdiff_t behind = throttle_behind(message);

                if (behind < 0)
                        return TG_PERMIT;
                message->throttle = (size_t)behind;
                last_ms = clock_ms;
        }
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

        tg_message_id(message->request->customer, message->request->id, message->id);
        message->tag = (uint32_t)tg_hash64(tg_span_of(message->id, TG_MESSAGE_ID_SIZE));
        if (!tg_facts_permit(message->history, message->tag, &message->tag))
                return deny(message, TG_GATE_STATE_INCOMPLETE, TG_NO_COUNT, TG_NO_COUNT);
        tg_undo_note_permit(&partition->undo, message->request, partition->clock_ms, message->tag);
        for (size_t i = 0; i < policy->throttle_count; i++) {
                if (tg_selector_matches(&policy->throttles[i].for_, &message->history->traits))
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

        message->waiter->decided_ms = message->partition->clock_ms;
        message->waiter->due_ms = message->until_ms;
        if (message->throttled)
                tg_waiting_queue(waiting, message->throttle, message->waiter);
        else
                tg_waiting_defer(waiting, message->waiter);
}

/* By the rules, the throttles and what there is room for, as MESSAGE->request says. */
static enum tg_outcome decide_variant(struct message *message)
{
        enum tg_outcome outcome = ask_rules(message);

        if (outcome == TG_PERMIT)
                outcome = ask_throttles(message);
        if (outcome == TG_PERMIT)
                outcome = permit(message);
        if (outcome == TG_DEFER && !message->direct && !keep(message))
                outcome = deny(message, TG_GATE_DEFERRAL_FULL, TG_NO_COUNT, TG_NO_COUNT);
        memcpy(message->told + message->told_count, message->reasons.items,
               message->reasons.count * sizeof message->told[0]);
        message->told_count += message->reasons.count;
        return outcome;
}

static int tell(struct message *message, enum tg_outcome outcome, struct tg_error *error)
{
        struct tg_decision decision = {
                .request = message->request,
                .time_ms = message->partition->clock_ms,
                .outcome = outcome,
                .variant = message->variant,
                .until_ms = outcome == TG_DEFER ? message->until_ms : TG_NO_TIME,
                .reasons = message->told,
                .reason_count = message->told_count,
                .content = message->content,
        };

        if (outcome == TG_PERMIT) {
                decision.message_id = tg_span_of(message->id, TG_MESSAGE_ID_SIZE);
                decision.receipt = (struct tg_receipt){message->partition->clock_ms,
                                                       (int32_t)message->tag, true};
        }
        return tg_tell(message->partition, &decision, message->offset, message->direct, error);
}

/* For when the request comes again. WAITED: it is known already, as one that waits. */
static void remember(const struct message *message, enum tg_outcome outcome, uint64_t key,
                     bool waited)
{
        struct tg_repeats *repeats = message->partition->repeats;
        struct tg_remembered answer = {
                .outcome = outcome,
                .time_ms = message->partition->clock_ms,
                .tag = message->tag,
        };

        if (outcome != TG_DEFER && waited) {
                tg_repeats_end_wait(repeats, key, &answer);
        } else if (!waited) {
                answer.content = message->content;
                if (outcome == TG_DEFER)
                        tg_repeats_wait(repeats, key, answer.content, message->waiter);
                else
                        tg_repeats_add(repeats, key, &answer);
        }
}

/* Takes up the general variant in place of the message. */
static void take_variant(struct message *message)
{
        struct tg_traits traits;

        tg_request_general(message->request, &message->general_request);
        message->request = &message->general_request;
        message->variant = TG_VARIANT_GENERAL;
        traits = tg_traits_of_request(message->request);
        tg_history_init_alike(&message->own, message->history, &traits);
        message->history = &message->own;
}

/* Once when a message first waits, once at the end. */
static int decide(struct message *message, uint64_t key, struct tg_error *error)
{
        bool waited = message->waiter != NULL;
        enum tg_outcome outcome;
        int result = 0;

        message->variant = TG_VARIANT_AS_REQUESTED;
        message->throttled = false;
        message->tag = 0;
        message->told_count = 0;
        outcome = decide_variant(message);
        if (outcome == TG_DENY && message->general) {
                take_variant(message);
                outcome = decide_variant(message);
        }
        if (outcome != TG_DEFER || !waited)
                result = tell(message, outcome, error);
        if (outcome == TG_DEFER && message->direct)
                return result; /* nobody holds it: when it is asked for again, it is new */
        remember(message, outcome, key, waited);
        if (outcome == TG_DEFER)
                wait_for(message);
        else if (waited)
                tg_waiter_free(message->partition->waiting, message->waiter);
        return result;
}

/* The answer that the request had before. */
static int tell_repeat(struct tg_partition *partition, const struct tg_prepared *prepared,
                       const struct tg_remembered *remembered, struct tg_error *error)
{
        const struct tg_record *record = prepared->record;
        const struct tg_request *request = &record->event.request;
        const struct tg_waiter *waiter = remembered->waiter;
        struct tg_decision decision = {
                .request = request,
                .time_ms = waiter ? waiter->decided_ms : remembered->time_ms,
                .outcome = remembered->outcome,
                .variant = TG_VARIANT_AS_REQUESTED,
                .repeat = true,
                .until_ms = waiter ? waiter->due_ms : TG_NO_TIME,
                .content = (uint32_t)tg_hash64(record->datum),
        };
        char id[TG_MESSAGE_ID_SIZE + 1];

        if (decision.outcome == TG_PERMIT) {
                tg_message_id(request->customer, request->id, id);
                decision.message_id = tg_span_of(id, TG_MESSAGE_ID_SIZE);
                decision.receipt =
                        (struct tg_receipt){decision.time_ms, (int32_t)remembered->tag, true};
        }
        if (remembered->content != decision.content)
                partition->summary->repeats_differing++;
        return tg_tell(partition, &decision, record->offset, prepared->direct, error);
}

/* Nothing is known of the request, and nothing more can be remembered: it could be sent twice. */
static int refuse_unremembered(struct tg_partition *partition, const struct tg_prepared *prepared,
                               struct tg_error *error)
{
        struct tg_reasons reasons = {.count = 0};
        struct tg_decision decision = {
                .request = &prepared->record->event.request,
                .time_ms = partition->clock_ms,
                .outcome = TG_DENY,
                .variant = TG_VARIANT_AS_REQUESTED,
                .until_ms = TG_NO_TIME,
                .reasons = reasons.items,
                .reason_count = 1,
                .content = (uint32_t)tg_hash64(prepared->record->datum),
        };

        tg_reasons_add_gate(&reasons, partition->options->policy, TG_GATE_DEDUPE_FULL, TG_NO_COUNT,
                            TG_NO_COUNT);
        return tg_tell(partition, &decision, prepared->record->offset, prepared->direct, error);
}

static void begin_history(const struct tg_partition *partition, const struct tg_request *request,
                          struct tg_history *ret_history)
{
        struct tg_traits traits = tg_traits_of_request(request);

        tg_history_init(ret_history, &partition->options->policy->counters, partition->table,
                        request->customer, &traits, partition->clock_ms,
                        partition->options->skew_ms);
}

static uint64_t key_of(const struct tg_request *request, const struct tg_history *history)
{
        return tg_repeats_key(history->identities[TG_SCOPE_CUSTOMER], request->id);
}

void tg_decide_prepare(struct tg_partition *partition, struct tg_prepared *prepared)
{
        const struct tg_request *request = &prepared->record->event.request;
        struct tg_history *history = &prepared->history;

        begin_history(partition, request, history);
        tg_history_need(history,
                        tg_rule_index_needs(&partition->options->policy->index, &history->traits));
        prepared->key = key_of(request, history);
        tg_repeats_prefetch(partition->repeats, prepared->key);
}

/* Fills what a message that has not waited begins with; not what it may hold much of. */
static void begin_message(struct tg_partition *partition, struct tg_prepared *prepared,
                          struct message *ret_message)
{
        const struct tg_record *record = prepared->record;

        tg_history_at(&prepared->history, partition->clock_ms, partition->options->skew_ms);
        ret_message->partition = partition;
        ret_message->request = &record->event.request;
        ret_message->history = &prepared->history;
        ret_message->waiter = NULL;
        ret_message->datum = record->datum;
        ret_message->content = (uint32_t)tg_hash64(record->datum);
        ret_message->reading = record->reading;
        ret_message->direct = prepared->direct;
        ret_message->offset = record->offset;
}

int tg_decide_first(struct tg_partition *partition, struct tg_prepared *prepared,
                    struct tg_error *error)
{
        struct tg_remembered remembered;
        struct message message;

        if (tg_repeats_find(partition->repeats, prepared->key, partition->clock_ms, &remembered))
                return tell_repeat(partition, prepared, &remembered, error);
        if (tg_repeats_full(partition->repeats, partition->clock_ms))
                return refuse_unremembered(partition, prepared, error);
        begin_message(partition, prepared, &message);
        message.age = partition->age++;
        return decide(&message, prepared->key, error);
}

void tg_decide_dry(struct tg_partition *partition, struct tg_prepared *prepared,
                   struct tg_dry *ret_dry)
{
        enum tg_outcome outcome;
        struct message message;

        begin_message(partition, prepared, &message);
        outcome = ask_rules(&message);
        if (outcome == TG_PERMIT)
                outcome = ask_throttles(&message);
        ret_dry->outcome = outcome;
        ret_dry->until_ms = outcome == TG_DEFER ? message.until_ms : TG_NO_TIME;
        ret_dry->general = outcome == TG_DENY && message.general;
        ret_dry->reasons = message.reasons;
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
        begin_history(partition, &request, &message.own);
        message.history = &message.own;
        message.waiter = waiter;
        message.content = (uint32_t)tg_hash64(tg_span_of(waiter->datum, waiter->size));
        message.reading = reading;
        message.direct = NULL;
        message.offset = waiter->offset;
        message.age = waiter->age;
        return decide(&message, key_of(&request, message.history), error);
}
