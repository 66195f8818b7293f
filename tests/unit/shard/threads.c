/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two shards decide while one thread changes their policy again and again (and frees those that
 * nobody uses any more), one asks them for decisions and explanations, and one reads their boards.
 * Each question has one answer, each change is taken up by both, and the boards never show a policy
 * that is not whole.
 *
 * A program of its own, so that it can run under ThreadSanitizer, where Criterion can't.
 */
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "shard/metrics.h"
#include "shard/shard.h"
#include "shard/twin.h"

#define NOW_MS INT64_C(1500000000000)

enum { SHARDS = 2, PARTITIONS = 2, RECORDS = 600, CHANGES = 40, QUESTIONS = 400, CAPACITY = 8 };

/* Counters and throttles come and go; one rule stays. */
static const char *const policies[] = {
        "policy: one\n"
        "rules:\n"
        "- {rule: cap, cap: {count: permit, at_most: 3, per: 1h}}\n"
        "- {rule: seen, cold: deny, cap: {count: click, at_most: 9, per: 1d}}\n"
        "throttles:\n- {name: pace, rate: 5/s}\n",
        "policy: other\n"
        "rules:\n"
        "- {rule: cap, cap: {count: permit, at_most: 3, per: 1h}}\n"
        "- {rule: breathe, cold: deny, gap: {at_least: 1m}}\n",
};

struct lived {
        struct tg_twin twin; /* first: its port's calls are told of it */
        struct tg_port inner;
        struct tg_shard_options options;
        struct tg_board *board;
        struct tg_inbox *inbox;
        struct tg_summary summary;
        pthread_t thread;
};

static struct lived shards[SHARDS];
static struct tg_swap swap;
static atomic_bool stop;         /* the shards */
static atomic_bool over;         /* the changes, and with them who asks and who reads */
static _Atomic unsigned answers; /* to questions that were put in */

static void check(bool holds, const char *what)
{
        if (holds)
                return;
        fprintf(stderr, "%s\n", what);
        exit(1);
}

static struct tg_policy *policy_of(unsigned number, const struct tg_policy *running)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_span text = tg_span_text(policies[number % 2]);
        struct tg_policy *policy = NULL;

        if (running)
                tg_policy_parse_next("next", text, PARTITIONS, running, &diagnostics, &policy);
        else
                tg_policy_parse("first", text, PARTITIONS, &diagnostics, &policy);
        if (!policy)
                tg_diagnostics_print(&diagnostics, stderr, false);
        check(policy != NULL, "a policy");
        tg_diagnostics_deinit(&diagnostics);
        return policy;
}

static struct tg_request request_of(unsigned number, char id[static 16], char customer[static 16])
{
        snprintf(id, 16, "r%u", number);
        snprintf(customer, 16, "c%u", number % 20);
        return (struct tg_request){
                .id = tg_span_text(id),
                .customer = tg_span_text(customer),
                .time_ms = NOW_MS,
                .expires_ms = TG_NO_TIME,
                .channel = TG_CHANNEL_EMAIL,
                .kind = TG_KIND_OFFER,
                .payload = tg_span_text("payload"),
        };
}

static void list(struct tg_twin *twin)
{
        char id[16], customer[16];

        tg_twin_clock(twin, NOW_MS);
        for (int32_t i = 0; i < PARTITIONS; i++)
                tg_twin_end(twin, TG_STREAM_TOUCHPOINTS, i);
        for (unsigned i = 0; i < RECORDS; i++) {
                struct tg_request request = request_of(i, id, customer);

                tg_twin_request(twin, &request);
                if (i % 4 == 3)
                        tg_twin_clock(twin, NOW_MS + 10 * i);
        }
}

/* The twin's list, then nothing, until it is to stop. */
static int poll_on(void *context, struct tg_record **records, size_t capacity, size_t *ret_count,
                   struct tg_error *error)
{
        struct lived *shard = context;

        shard->inner.source.poll(context, records, capacity, ret_count, error);
        if (*ret_count == 0)
                sched_yield();
        return atomic_load(&stop) ? 1 : 0;
}

static void *live(void *argument)
{
        struct lived *shard = argument;
        struct tg_port port = shard->inner;
        struct tg_error error;

        port.source.poll = poll_on;
        check(tg_shard_run(&shard->options, &port, &shard->summary, &error) == 0, "a good end");
        return NULL;
}

static void begin(struct lived *shard, const struct tg_policy *policy)
{
        shard->options = (struct tg_shard_options){
                .partition = {.policy = policy,
                              .partitions = PARTITIONS,
                              .table_bytes = 1 << 20,
                              .waiting = {RECORDS, 1 << 20},
                              .skew_ms = TG_HOUR_MS,
                              .facts_wait_ms = TG_MINUTE_MS},
                .clock = TG_CLOCK_WALL,
                .swap = &swap,
                .batch = 3,
                .end_ms = TG_NEVER,
        };
        tg_twin_init(&shard->twin, PARTITIONS);
        list(&shard->twin);
        shard->inner = tg_twin_port(&shard->twin);
        shard->options.board = shard->board = tg_board_new(&shard->options.partition);
        shard->options.inbox = shard->inbox = tg_inbox_new(CAPACITY);
        pthread_create(&shard->thread, NULL, live, shard);
}

static void end(struct lived *shard)
{
        pthread_join(shard->thread, NULL);
        tg_inbox_free(shard->inbox);
        tg_board_free(shard->board);
        tg_summary_deinit(&shard->summary);
        tg_twin_deinit(&shard->twin);
}

static void take_answer(struct tg_inquiry *inquiry)
{
        check(inquiry->answer == TG_INQUIRY_CLOSED || inquiry->answer == TG_INQUIRY_BEHIND ||
                      inquiry->decision.size > 0,
              "an answer is a decision");
        atomic_fetch_add(&answers, 1);
        tg_inquiry_free(inquiry);
}

static struct tg_inquiry *question_of(const struct lived *shard, unsigned number)
{
        struct tg_inquiry *inquiry =
                tg_inquiry_new(number % 2 ? TG_INQUIRE_DECISION : TG_INQUIRE_EXPLANATION);
        char id[16], customer[16];
        struct tg_request request = request_of(RECORDS + number, id, customer);

        inquiry->partition = (int32_t)tg_partition_of(request.customer, PARTITIONS);
        tg_twin_encode_request(&inquiry->datum, &request);
        inquiry->reading = &shard->twin.readings[TG_STREAM_REQUESTS];
        inquiry->answered = take_answer;
        return inquiry;
}

/* Asks until the changes are over, and never less than QUESTIONS times. */
static void *ask(void *argument)
{
        unsigned asked = 0;

        while (asked < QUESTIONS || !atomic_load(&over)) {
                struct lived *shard = &shards[asked % SHARDS];
                struct tg_inquiry *inquiry = question_of(shard, asked);

                while (tg_inbox_put(shard->inbox, inquiry) > 0)
                        sched_yield();
                asked++;
        }
        *(unsigned *)argument = asked;
        return NULL;
}

static void check_board(const struct tg_board *board)
{
        const struct tg_board_policy *policy =
                atomic_load_explicit(&board->policy, memory_order_acquire);

        check(strcmp(policy->name, "one") == 0 || strcmp(policy->name, "other") == 0,
              "a policy's name is whole");
        check(strlen(policy->hash) == TG_POLICY_HASH_SIZE, "and so is its hash");
}

static void *look(void *argument)
{
        struct tg_board *boards[SHARDS];
        struct tg_buffer page = {0};

        (void)argument;
        for (int i = 0; i < SHARDS; i++)
                boards[i] = shards[i].board;
        while (!atomic_load(&over)) {
                for (int i = 0; i < SHARDS; i++)
                        check_board(boards[i]);
                tg_buffer_reset(&page);
                tg_shard_write(&page, boards, SHARDS);
                sched_yield();
        }
        tg_buffer_deinit(&page);
        return NULL;
}

/* Frees what nobody uses any more, but for the first, which the shards' options name. */
static struct tg_policy *change_all(const struct tg_policy *first)
{
        struct tg_policy *current = NULL, *next;

        for (unsigned i = 1; i <= CHANGES; i++) {
                next = policy_of(i, current ? current : first);
                check(tg_swap_offer(&swap, next), "the last change is over");
                while (!tg_swap_done(&swap))
                        sched_yield();
                tg_policy_free(current);
                current = next;
        }
        return current;
}

int main(void)
{
        struct tg_policy *first = policy_of(0, NULL), *last;
        pthread_t asker, reader;
        unsigned asked;

        tg_swap_init(&swap, SHARDS);
        for (int i = 0; i < SHARDS; i++)
                begin(&shards[i], first);
        pthread_create(&asker, NULL, ask, &asked);
        pthread_create(&reader, NULL, look, NULL);
        last = change_all(first);
        atomic_store(&over, true);
        pthread_join(asker, NULL);
        pthread_join(reader, NULL);
        atomic_store(&stop, true);
        for (int i = 0; i < SHARDS; i++)
                check_board(shards[i].board);
        for (int i = 0; i < SHARDS; i++)
                end(&shards[i]);
        check(atomic_load(&answers) == asked, "every question has one answer");
        tg_policy_free(last);
        tg_policy_free(first);
        return 0;
}
