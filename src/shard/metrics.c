/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/metrics.h"

static const struct tg_metric touchpoints = {
        .name = "touchgate_touchpoints_total",
        .type = TG_METRIC_COUNTER,
        .unit = "touchpoints",
        .help = "Touchpoints applied to the state",
        .about = "After a start, or when partitions come, the touchpoints that the topic still "
                 "holds are read again, and counted again.",
};

static const struct tg_metric requests = {
        .name = "touchgate_requests_total",
        .type = TG_METRIC_COUNTER,
        .unit = "requests",
        .help = "Requests taken up, from the topic or by POST /decide, repeats included",
        .about = "Each is answered at once; one that is deferred is answered once more at its end.",
};

static const struct tg_metric decisions = {
        .name = "touchgate_decisions_total",
        .type = TG_METRIC_COUNTER,
        .unit = "decisions",
        .labels = "outcome",
        .help = "Decisions by outcome: permit and deny are final, defer is counted when a request "
                "is first deferred",
        .about = "Repeats are in none of these. Counted once they are committed, so an aborted "
                 "transaction leaves no trace here.",
};

static const struct tg_metric repeats = {
        .name = "touchgate_repeats_total",
        .type = TG_METRIC_COUNTER,
        .unit = "requests",
        .help = "Requests that had come before and were answered alike",
        .about = "Senders that retry make these. They never lead to a second message.",
};

static const struct tg_metric differing = {
        .name = "touchgate_repeats_differing_total",
        .type = TG_METRIC_COUNTER,
        .unit = "requests",
        .help = "Repeats that said something else than the first of their id",
        .about = "A sender gives one id to different requests: what it asks for the second time is "
                 "not decided. Worth an alert when it grows.",
};

static const struct tg_metric permitted = {
        .name = "touchgate_permitted_total",
        .type = TG_METRIC_COUNTER,
        .unit = "messages",
        .labels = "channel",
        .help = "Messages permitted, by channel",
        .about = "The permits of touchgate_decisions_total, by the channel that they are for.",
};

static const struct tg_metric reasons = {
        .name = "touchgate_reasons_total",
        .type = TG_METRIC_COUNTER,
        .unit = "decisions",
        .labels = "rule, effect",
        .help = "Decisions that a rule, a throttle or the gate itself was a reason of",
        .about = "`rule` is its name in the policy, or the gate's own reason. `effect` is deny "
                 "(final denials that named it), defer (first deferrals), would_deny and "
                 "would_defer (what a rule in shadow mode would have done). A decision with "
                 "several reasons counts for each. Rules of a policy that was replaced keep their "
                 "numbers.",
};

static const struct tg_metric rejected = {
        .name = "touchgate_rejected_total",
        .type = TG_METRIC_COUNTER,
        .unit = "records",
        .labels = "reason",
        .help = "Dead letters, by reason",
        .about = "Records that could not be used and were written to the topic `rejected` as they "
                 "came. docs/semantics.md explains the reasons. Any growth is worth a look.",
};

static const struct tg_metric lost = {
        .name = "touchgate_lost_total",
        .type = TG_METRIC_COUNTER,
        .unit = "records",
        .labels = "stream",
        .help = "Records that brokers deleted before they were read, by stream",
        .about = "`stream` is touchpoints or requests. Found when a partition comes: its first "
                 "record lies behind what was committed. The log names topic, partition and "
                 "offsets. Offsets are counted, so markers of transactions count as well. Any "
                 "growth is worth an alert: the topic keeps its records for less time than the "
                 "gate was down.",
};

static const struct tg_metric transactions = {
        .name = "touchgate_transactions_total",
        .type = TG_METRIC_COUNTER,
        .unit = "transactions",
        .labels = "outcome",
        .help = "Commits that were done, and commits that were refused and undone",
        .about = "`outcome` is committed or aborted. What was aborted is read and decided again; a "
                 "rate of aborts beyond a few in a rebalance means trouble with the brokers.",
};

static const struct tg_metric in_doubt = {
        .name = "touchgate_transactions_in_doubt_total",
        .type = TG_METRIC_COUNTER,
        .unit = "transactions",
        .help = "Transactions of which it was not answered whether they were committed",
        .about = "The group was asked, and they were taken as committed or aborted by its answer; "
                 "they are counted there, too. Brokers that are away or slow make these.",
};

static const struct tg_metric pending = {
        .name = "touchgate_pending_messages",
        .type = TG_METRIC_GAUGE,
        .unit = "messages",
        .help = "Deferred messages that wait for their time or their turn",
        .about = "Bounded by memory.waiting; beyond that requests are denied (deferral full), "
                 "which touchgate_reasons_total shows.",
};

static const struct tg_metric remembered = {
        .name = "touchgate_remembered_requests",
        .type = TG_METRIC_GAUGE,
        .unit = "requests",
        .help = "Requests remembered, so that they are answered alike when they come again",
        .about = "Bounded by the policy's limits; beyond that requests are denied (dedupe full).",
};

static const struct tg_metric cells = {
        .name = "touchgate_table_cells",
        .type = TG_METRIC_GAUGE,
        .unit = "cells",
        .help = "Cells of the customer tables that are taken",
        .about = "About one for each customer with something to remember, and one for each pair of "
                 "a customer and a campaign, subject or topic that a rule counts by.",
};

static const struct tg_metric table_bytes = {
        .name = "touchgate_table_bytes",
        .type = TG_METRIC_GAUGE,
        .unit = "bytes",
        .help = "Memory of the customer tables that is in use",
        .about = "Compare with touchgate_table_limit_bytes: a full table makes the gate refuse "
                 "(state incomplete), so raise memory.customers before it comes near.",
};

static const struct tg_metric table_limit = {
        .name = "touchgate_table_limit_bytes",
        .type = TG_METRIC_GAUGE,
        .unit = "bytes",
        .help = "Memory that the customer tables of the partitions owned may take",
        .about = "memory.customers for each partition that is owned now.",
};

static const struct tg_metric partitions = {
        .name = "touchgate_partitions",
        .type = TG_METRIC_GAUGE,
        .unit = "partitions",
        .help = "Partitions owned",
        .about = "The sum over all processes of the group is the number of partitions of the "
                 "request topic, but for moments of a rebalance.",
};

static const struct tg_metric behind = {
        .name = "touchgate_partitions_behind",
        .type = TG_METRIC_GAUGE,
        .unit = "partitions",
        .help = "Partitions owned of which touchpoints that were there a while ago are not read",
        .about = "Above zero after a start or a rebalance, while the state is rebuilt. Later: the "
                 "brokers of the topic `touchpoints` don't answer, or touchpoints come faster than "
                 "they are read. Requests and what falls due wait, for facts_wait_max at a time; "
                 "POST /decide and GET /readyz answer 503.",
};

static const struct tg_metric batches = {
        .name = "touchgate_batch_seconds",
        .type = TG_METRIC_HISTOGRAM,
        .unit = "seconds",
        .help = "How long a batch took, from its records in hand to the end of its commit",
        .about = "Batches without a record are not in it. What is in here is what a request waits "
                 "for at least, and what POST /decide is served between.",
};

static const struct tg_metric commits = {
        .name = "touchgate_commit_seconds",
        .type = TG_METRIC_HISTOGRAM,
        .unit = "seconds",
        .help = "How long it took to make what was decided durable",
        .about = "Part of touchgate_batch_seconds, and most of it when the brokers are slow. What "
                 "is put off to a later commit (`commit`) is not in it.",
};

static const struct tg_metric ages = {
        .name = "touchgate_request_age_seconds",
        .type = TG_METRIC_HISTOGRAM,
        .unit = "seconds",
        .help = "How old requests were when they were taken up, by the time written on them",
        .about = "What a sender waits for a first answer, but for the commit. Only with `clock: "
                 "wall`. Rises with the lag.",
};

static const struct tg_metric facts_waits = {
        .name = "touchgate_facts_wait_seconds",
        .type = TG_METRIC_HISTOGRAM,
        .unit = "seconds",
        .help = "How long requests waited until the touchpoints that were there before them had "
                "been read",
        .about = "One measurement for each batch of requests of a partition. Only with `clock: "
                 "wall`. A few milliseconds are the question to the brokers where the touchpoints "
                 "end; what is more is touchpoints that are read late. After facts_wait_max "
                 "requests are deferred, with the reason `facts behind` in "
                 "touchgate_reasons_total.",
};

static const struct tg_metric *const items[] = {
        &touchpoints, &requests,    &decisions,    &repeats,  &differing,  &permitted,
        &reasons,     &rejected,    &lost,         &pending,  &remembered, &cells,
        &table_bytes, &table_limit, &transactions, &in_doubt, &batches,    &commits,
        &ages,        &facts_waits, &partitions,   &behind,
};

const struct tg_metrics tg_shard_metrics = {"Decisions and shards", items,
                                            sizeof items / sizeof items[0]};

/* Metrics that are tallies, added up; those of one metric stand together. */
static const struct line {
        const struct tg_metric *metric;
        enum tg_tally tally;
        const char *label; /* the value of its one label; NULL: it has none */
} lines[] = {
        {&touchpoints, TG_TALLY_TOUCHPOINTS, NULL},
        {&requests, TG_TALLY_REQUESTS, NULL},
        {&decisions, TG_TALLY_PERMITTED, "permit"},
        {&decisions, TG_TALLY_DENIED, "deny"},
        {&decisions, TG_TALLY_DEFERRED, "defer"},
        {&repeats, TG_TALLY_REPEATS, NULL},
        {&differing, TG_TALLY_REPEATS_DIFFERING, NULL},
        {&lost, TG_TALLY_LOST_TOUCHPOINTS, "touchpoints"},
        {&lost, TG_TALLY_LOST_REQUESTS, "requests"},
        {&transactions, TG_TALLY_COMMITTED, "committed"},
        {&transactions, TG_TALLY_ABORTED, "aborted"},
        {&in_doubt, TG_TALLY_IN_DOUBT, NULL},
        {&pending, TG_TALLY_PENDING, NULL},
        {&remembered, TG_TALLY_REMEMBERED, NULL},
        {&cells, TG_TALLY_CELLS, NULL},
        {&table_bytes, TG_TALLY_TABLE_BYTES, NULL},
        {&partitions, TG_TALLY_PARTITIONS, NULL},
        {&behind, TG_TALLY_BEHIND, NULL},
};

/* The boards of all shards. */
struct boards {
        struct tg_board *const *items;
        size_t count;
};

static double sum_of(struct boards boards, enum tg_tally tally)
{
        double sum = 0;

        for (size_t i = 0; i < boards.count; i++)
                sum += (double)tg_board_tally(boards.items[i], tally);
        return sum;
}

static void write_lines(struct tg_buffer *page, struct boards boards)
{
        const struct tg_metric *begun = NULL;

        for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
                const struct line *line = &lines[i];
                const struct tg_label labels[] = {
                        {line->label ? line->metric->labels : NULL, line->label}, {NULL, NULL}};

                if (line->metric != begun)
                        tg_metric_begin(page, line->metric);
                begun = line->metric;
                tg_metric_sample(page, line->metric, labels, sum_of(boards, line->tally));
        }
        tg_metric_single(page, &table_limit,
                         sum_of(boards, TG_TALLY_PARTITIONS) *
                                 (double)boards.items[0]->table_limit_bytes);
}

static void write_permitted(struct tg_buffer *page, struct boards boards)
{
        tg_metric_begin(page, &permitted);
        for (unsigned channel = TG_CHANNEL_UNKNOWN + 1; channel < TG_CHANNELS; channel++) {
                const struct tg_label labels[] = {{"channel", tg_word(&tg_channel_words, channel)},
                                                  {NULL, NULL}};
                double sum = 0;

                for (size_t i = 0; i < boards.count; i++)
                        sum += (double)atomic_load_explicit(&boards.items[i]->permitted[channel],
                                                            memory_order_relaxed);
                tg_metric_sample(page, &permitted, labels, sum);
        }
}

/* How often BOARD counts REASON for a dead letter; -1: it has no place there. */
static double rejected_by(const struct tg_board *board, const char *reason)
{
        for (int i = 0; i < TG_FAULTS_MAX; i++) {
                const char *other =
                        atomic_load_explicit(&board->rejected[i].reason, memory_order_relaxed);

                if (other && strcmp(other, reason) == 0)
                        return (double)atomic_load_explicit(&board->rejected[i].count,
                                                            memory_order_relaxed);
        }
        return -1;
}

/* One reason, when it comes to the first board that has it: each has an order of its own. */
static void write_rejected_for(struct tg_buffer *page, struct boards boards, size_t board,
                               const char *reason)
{
        const struct tg_label labels[] = {{"reason", reason}, {NULL, NULL}};
        double sum = 0;

        for (size_t i = 0; i < boards.count; i++) {
                double count = rejected_by(boards.items[i], reason);

                if (i < board && count >= 0)
                        return;
                sum += count > 0 ? count : 0;
        }
        tg_metric_sample(page, &rejected, labels, sum);
}

static void write_rejected(struct tg_buffer *page, struct boards boards)
{
        tg_metric_begin(page, &rejected);
        for (size_t i = 0; i < boards.count; i++) {
                for (int j = 0; j < TG_FAULTS_MAX; j++) {
                        const char *reason = atomic_load_explicit(
                                &boards.items[i]->rejected[j].reason, memory_order_relaxed);

                        if (reason)
                                write_rejected_for(page, boards, i, reason);
                }
        }
}

static const struct tg_board_policy *policy_of(const struct tg_board *board)
{
        /* Acquire, pairs with the release in tg_board_follow(): what it points at is whole. */
        return atomic_load_explicit(&board->policy, memory_order_acquire);
}

static double effects_of(struct boards boards, const char *reason, int effect)
{
        double sum = 0;

        for (size_t i = 0; i < boards.count; i++) {
                const struct tg_board_policy *policy = policy_of(boards.items[i]);

                for (size_t j = 0; j < policy->count; j++) {
                        if (strcmp(policy->reasons[j], reason) == 0)
                                sum += (double)atomic_load_explicit(&policy->effects[j][effect],
                                                                    memory_order_relaxed);
                }
        }
        return sum;
}

/* A rule may be called what the gate calls a reason of its own: they are added up under one name.
 */
static bool named_before(const struct tg_board_policy *policy, size_t i)
{
        for (size_t j = 0; j < i; j++) {
                if (strcmp(policy->reasons[j], policy->reasons[i]) == 0)
                        return true;
        }
        return false;
}

/*
 * By the names of the first shard: the others have the same, but for a moment when the policy
 * changes. A rule that never spoke is told of its two effects, so that an alert knows it.
 */
static void write_reasons(struct tg_buffer *page, struct boards boards)
{
        static const char *const effects[TG_EFFECTS] = {"deny", "defer", "would_deny",
                                                        "would_defer"};
        const struct tg_board_policy *policy = policy_of(boards.items[0]);

        tg_metric_begin(page, &reasons);
        for (size_t i = 0; i < policy->count; i++) {
                for (int effect = 0; effect < TG_EFFECTS && !named_before(policy, i); effect++) {
                        const struct tg_label labels[] = {{"rule", policy->reasons[i]},
                                                          {"effect", effects[effect]},
                                                          {NULL, NULL}};
                        double sum = effects_of(boards, policy->reasons[i], effect);

                        if (sum > 0 || effect <= TG_EFFECT_DEFER)
                                tg_metric_sample(page, &reasons, labels, sum);
                }
        }
}

static void write_histograms(struct tg_buffer *page, struct boards boards)
{
        struct tg_histogram sums[4] = {0};

        for (size_t i = 0; i < boards.count; i++) {
                tg_histogram_sum(&sums[0], &boards.items[i]->batches);
                tg_histogram_sum(&sums[1], &boards.items[i]->commits);
                tg_histogram_sum(&sums[2], &boards.items[i]->ages);
                tg_histogram_sum(&sums[3], &boards.items[i]->facts_waits);
        }
        tg_metric_histogram(page, &batches, &sums[0], &tg_bounds_work);
        tg_metric_histogram(page, &commits, &sums[1], &tg_bounds_work);
        tg_metric_histogram(page, &ages, &sums[2], &tg_bounds_age);
        tg_metric_histogram(page, &facts_waits, &sums[3], &tg_bounds_work);
}

void tg_shard_write(struct tg_buffer *page, struct tg_board *const *boards, size_t count)
{
        const struct boards all = {boards, count};

        write_lines(page, all);
        write_permitted(page, all);
        write_reasons(page, all);
        write_rejected(page, all);
        write_histograms(page, all);
}
