/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/transaction.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"
#include "kafka/failpoint.h"

enum { PAUSE_MS = 100 };

static void note(struct tg_transaction *transaction, const rd_kafka_error_t *error)
{
        transaction->cause = rd_kafka_error_code(error);
        snprintf(transaction->reason, sizeof transaction->reason, "%s",
                 rd_kafka_error_string(error));
}

/* What a step is called with. */
struct step {
        rd_kafka_error_t *(*call)(rd_kafka_t *handle, const struct step *step, int timeout_ms);
        const rd_kafka_topic_partition_list_t *offsets;
        rd_kafka_t *consumer;
};

static enum tg_step perform(struct tg_transaction *transaction, const struct step *step)
{
        rd_kafka_t *handle = transaction->client->handle;
        int64_t end_ms = tg_clock_monotonic_ms() + transaction->deadline_ms;

        for (;;) {
                int64_t left_ms = end_ms - tg_clock_monotonic_ms();
                rd_kafka_error_t *error =
                        step->call(handle, step, left_ms > PAUSE_MS ? (int)left_ms : PAUSE_MS);
                bool aborts, retriable;

                if (!error)
                        return TG_STEP_DONE;
                note(transaction, error);
                aborts = rd_kafka_error_txn_requires_abort(error);
                retriable = rd_kafka_error_is_retriable(error);
                rd_kafka_error_destroy(error);
                if (aborts)
                        return TG_STEP_ABORT;
                if (!retriable || tg_clock_monotonic_ms() >= end_ms)
                        return TG_STEP_DOUBT;
                rd_kafka_poll(handle, PAUSE_MS);
        }
}

/* An answer that came too late, or twice, may yet act on what comes next. */
static enum tg_step in_time(const struct tg_transaction *transaction, enum tg_step step)
{
        if (atomic_load_explicit(&transaction->client->timeouts, memory_order_relaxed) !=
            transaction->timeouts)
                return TG_STEP_DOUBT;
        return step;
}

static rd_kafka_error_t *call_open(rd_kafka_t *handle, const struct step *step, int timeout_ms)
{
        (void)step;
        return rd_kafka_init_transactions(handle, timeout_ms);
}

enum tg_step tg_transaction_open(struct tg_transaction *transaction)
{
        enum tg_step answer = perform(transaction, &(struct step){.call = call_open});

        return answer == TG_STEP_DONE ? TG_STEP_DONE : TG_STEP_DOUBT;
}

static rd_kafka_error_t *call_begin(rd_kafka_t *handle, const struct step *step, int timeout_ms)
{
        (void)step;
        (void)timeout_ms;
        return rd_kafka_begin_transaction(handle);
}

enum tg_step tg_transaction_begin(struct tg_transaction *transaction)
{
        enum tg_step answer;

        transaction->timeouts =
                atomic_load_explicit(&transaction->client->timeouts, memory_order_relaxed);
        tg_failpoint(TG_FAIL_BEFORE_BEGIN);
        answer = perform(transaction, &(struct step){.call = call_begin});
        tg_failpoint(TG_FAIL_AFTER_BEGIN);
        return answer;
}

/* The group's metadata are those of now: a generation that is over is refused. */
static rd_kafka_error_t *call_offsets(rd_kafka_t *handle, const struct step *step, int timeout_ms)
{
        rd_kafka_consumer_group_metadata_t *group =
                rd_kafka_consumer_group_metadata(step->consumer);
        rd_kafka_error_t *error =
                rd_kafka_send_offsets_to_transaction(handle, step->offsets, group, timeout_ms);

        rd_kafka_consumer_group_metadata_destroy(group);
        return error;
}

enum tg_step tg_transaction_add_offsets(struct tg_transaction *transaction, rd_kafka_t *consumer,
                                        const rd_kafka_topic_partition_list_t *offsets)
{
        const struct step step = {call_offsets, offsets, consumer};
        enum tg_step answer;

        if (offsets->cnt == 0)
                return TG_STEP_DONE;
        tg_failpoint(TG_FAIL_BEFORE_OFFSETS);
        answer = perform(transaction, &step);
        tg_failpoint(TG_FAIL_AFTER_OFFSETS);
        return answer;
}

static rd_kafka_error_t *call_commit(rd_kafka_t *handle, const struct step *step, int timeout_ms)
{
        (void)step;
        return rd_kafka_commit_transaction(handle, timeout_ms);
}

enum tg_step tg_transaction_commit(struct tg_transaction *transaction)
{
        int64_t start_ms = tg_clock_monotonic_ms();
        enum tg_step answer = perform(transaction, &(struct step){.call = call_commit});

        tg_failpoint(TG_FAIL_AFTER_COMMIT);
        if (answer == TG_STEP_DONE && tg_clock_monotonic_ms() - start_ms > transaction->answer_ms)
                return TG_STEP_DOUBT;
        return in_time(transaction, answer);
}

static rd_kafka_error_t *call_abort(rd_kafka_t *handle, const struct step *step, int timeout_ms)
{
        (void)step;
        return rd_kafka_abort_transaction(handle, timeout_ms);
}

enum tg_step tg_transaction_abort(struct tg_transaction *transaction)
{
        enum tg_step answer = perform(transaction, &(struct step){.call = call_abort});

        tg_failpoint(TG_FAIL_AFTER_ABORT);
        answer = in_time(transaction, answer);
        return answer == TG_STEP_DONE ? TG_STEP_DONE : TG_STEP_DOUBT;
}
