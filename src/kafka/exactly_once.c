/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/exactly_once.h"

#include "kafka/failpoint.h"
#include "kafka/member.h"

enum {
        REFUSED_MAX = 4,  /* commits, once the process was asked to leave */
        REVIVALS_MAX = 5, /* in a row, without a commit in between */
};

static bool is_fenced(rd_kafka_resp_err_t code)
{
        return code == RD_KAFKA_RESP_ERR__FENCED || code == RD_KAFKA_RESP_ERR_PRODUCER_FENCED ||
               code == RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH;
}

/* What is told when nothing helped. Returns -1. */
static int give_up(const struct tg_transaction *transaction, struct tg_error *error)
{
        rd_kafka_resp_err_t code =
                is_fenced(transaction->cause) ? RD_KAFKA_RESP_ERR__FENCED : transaction->cause;

        return tg_client_error(code, "transactions", transaction->reason, error);
}

/* A new producer in place of the one there was, whose transaction is ended by this. */
static int revive(struct tg_exactly_once *once, struct tg_error *error)
{
        struct tg_transaction *transaction = &once->transaction;
        struct tg_producer *producer = once->producer;

        for (; once->revivals <= REVIVALS_MAX; once->revivals++) {
                if (producer->client.handle)
                        tg_notice(producer->client.notices, TG_NOTICE_WARNING,
                                  "a new producer is made, as the answer to a transaction is in "
                                  "doubt: %s (%s)",
                                  transaction->reason, rd_kafka_err2name(transaction->cause));
                tg_producer_close(producer);
                once->begun = once->broken = false;
                if (tg_producer_open(producer, error) < 0)
                        return -1;
                if (tg_transaction_open(transaction) == TG_STEP_DONE)
                        return 0;
                if (tg_producer_failed(producer, error) < 0)
                        return -1;
        }
        return give_up(transaction, error);
}

int tg_exactly_once_init(struct tg_exactly_once *once, struct tg_producer *producer,
                         struct tg_kafka_source *source, struct tg_lifetime *lifetime,
                         struct tg_error *error)
{
        int64_t transaction_ms = producer->options.transaction_ms;

        *once = (struct tg_exactly_once){
                .producer = producer,
                .source = source,
                .lifetime = lifetime,
                .transaction = {.client = &producer->client,
                                .deadline_ms = 2 * transaction_ms,
                                .answer_ms = transaction_ms / 2},
                .name = {.producer = producer->number},
        };
        return revive(once, error);
}

void tg_exactly_once_deinit(struct tg_exactly_once *once)
{
        if (!once->begun)
                return;
        once->transaction.deadline_ms = once->transaction.answer_ms;
        tg_transaction_abort(&once->transaction);
}

void tg_exactly_once_begin(struct tg_exactly_once *once)
{
        if (once->begun)
                return;
        once->begun = true;
        once->broken = tg_transaction_begin(&once->transaction) != TG_STEP_DONE;
}

int tg_exactly_once_abort(struct tg_exactly_once *once, struct tg_error *error)
{
        if (!once->begun)
                return 0;
        if (tg_producer_failed(once->producer, error) < 0)
                return -1;
        once->aborts++;
        if (tg_transaction_abort(&once->transaction) != TG_STEP_DONE && revive(once, error) < 0)
                return -1;
        once->begun = once->broken = false;
        return 0;
}

/* Finds out whether the commit that was tried last has come about. Returns 0, 1 or -1. */
static int settle(struct tg_exactly_once *once, const struct tg_progress *progress, size_t count,
                  struct tg_error *error)
{
        int known;

        once->doubts++;
        once->revivals++;
        if (revive(once, error) < 0)
                return -1;
        known = tg_member_knows_commit(tg_kafka_source_member(once->source), progress, count,
                                       &once->name, error);
        if (known < 0)
                return -1;
        tg_notice(once->producer->client.notices, TG_NOTICE_WARNING,
                  known ? "the transaction in doubt was committed"
                        : "the transaction in doubt was not committed");
        once->aborts += !known;
        return known ? 0 : 1;
}

static enum tg_step try_commit(struct tg_exactly_once *once, const struct tg_progress *progress,
                               size_t count)
{
        struct tg_member *member = tg_kafka_source_member(once->source);
        rd_kafka_topic_partition_list_t *offsets;
        enum tg_step step;

        tg_failpoint(TG_FAIL_AFTER_PRODUCE);
        once->name.serial++;
        offsets = tg_member_offsets(member, progress, count, &once->name);
        step = tg_transaction_add_offsets(&once->transaction, member->client.handle, offsets);
        rd_kafka_topic_partition_list_destroy(offsets);
        return step == TG_STEP_DONE ? tg_transaction_commit(&once->transaction) : step;
}

/* Once the process is to leave, there is no deciding again and again. */
static int is_refused(struct tg_exactly_once *once, struct tg_error *error)
{
        const struct tg_transaction *transaction = &once->transaction;

        tg_notice(once->producer->client.notices, TG_NOTICE_WARNING,
                  "a transaction was aborted, and what it decided is decided again: %s (%s)",
                  transaction->reason, rd_kafka_err2name(transaction->cause));
        if (!atomic_load_explicit(&once->lifetime->stop, memory_order_relaxed) ||
            ++once->refused < REFUSED_MAX)
                return 1;
        return tg_fail(error, EX_UNAVAILABLE,
                       "the last transaction was not committed (%s); what it answers is decided "
                       "again after the next start",
                       transaction->reason);
}

int tg_exactly_once_commit(struct tg_exactly_once *once, const struct tg_progress *progress,
                           size_t count, struct tg_error *error)
{
        enum tg_step step;
        int answer = 0;

        tg_exactly_once_begin(once);
        step = once->broken ? TG_STEP_ABORT : try_commit(once, progress, count);
        if (step == TG_STEP_ABORT)
                answer = tg_exactly_once_abort(once, error) < 0 ? -1 : 1;
        else if (step == TG_STEP_DOUBT)
                answer = settle(once, progress, count, error);
        if (answer == 1)
                return is_refused(once, error);
        if (answer < 0)
                return -1;
        once->begun = once->broken = false;
        once->revivals = 0;
        tg_member_note_committed(tg_kafka_source_member(once->source), progress, count);
        return 0;
}
