/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What asking the rules costs when nothing has to be fetched: the ten rules of ten-rules.yaml, by
 * family and all together, beside plain C functions that check the same ten over an array of what
 * the customer did, in one run.
 *
 *     bench-rules
 *
 * A few customers with a fixed number of touches and permits each, whose cells stay in the cache
 * and are found beforehand. Both sides answer the same questions and must agree on every answer,
 * though the rules tell when a message may leave, and the functions only whether it may leave now.
 * CPU time of the thread, the median of the rounds: the ratio is the result.
 */
#include <stdio.h>
#include <stdlib.h>

#include "measure.h"
#include "rules/evaluate.h"
#include "rules/facts.h"

#define NOW_MS INT64_C(1500000000000)

enum {
        CUSTOMERS = 16,
        EVENTS = 24,   /* of each */
        REQUESTS = 16, /* for each */
        QUESTIONS = CUSTOMERS * REQUESTS,
        WORDS = 3, /* campaigns and subjects there are */
        RULES = 10,
        ROUNDS = 15,
        PASSES = 200,
};

static const uint64_t seed = 42;

/* A touch, or a permit, as the plain functions see it. */
struct event {
        int64_t time_ms;
        uint8_t type; /* enum tg_type */
        uint8_t channel;
        uint8_t kind; /* of a permit */
        uint8_t campaign;
        uint8_t subject;
};

struct customer {
        char name[16];
        struct event events[EVENTS];
        bool agreed; /* to the one purpose, for all channels */
};

struct question {
        const struct customer *customer;
        struct event words; /* of the request: channel, kind, campaign, subject */
        struct tg_request request;
        struct tg_history history;
};

struct bench {
        struct tg_policy *policy;
        struct tg_table *table;
        struct customer customers[CUSTOMERS];
        struct question questions[QUESTIONS];
};

static const char *const names[WORDS] = {"spring", "summer", "autumn"};

/* ---- The rules, the plain way ---- */

#define BIT(word) (1U << (word))
#define MAILS                                                                 \
        (BIT(TG_CHANNEL_EMAIL) | BIT(TG_CHANNEL_PUSH) | BIT(TG_CHANNEL_SMS) | \
         BIT(TG_CHANNEL_MESSENGER))
#define KINDS                                                                  \
        (BIT(TG_KIND_RETARGET) | BIT(TG_KIND_PROMOTION) | BIT(TG_KIND_OFFER) | \
         BIT(TG_KIND_NEWSLETTER) | BIT(TG_KIND_SURVEY) | BIT(TG_KIND_GENERAL))
#define PERSONAL (BIT(TG_KIND_RETARGET) | BIT(TG_KIND_OFFER))
#define NEWS (BIT(TG_KIND_PROMOTION) | BIT(TG_KIND_OFFER) | BIT(TG_KIND_NEWSLETTER))

/* Which events count: of these types, channels and kinds (0: any), younger than a window. */
struct wanted {
        uint32_t types;
        uint32_t channels;
        uint32_t kinds;
        int64_t window_ms;
        int campaign; /* -1: any */
        int subject;
};

static bool counts(const struct wanted *wanted, const struct event *event)
{
        return wanted->types >> event->type & 1 && event->time_ms > NOW_MS - wanted->window_ms &&
               (!wanted->channels || wanted->channels >> event->channel & 1) &&
               (!wanted->kinds || wanted->kinds >> event->kind & 1) &&
               (wanted->campaign < 0 || wanted->campaign == event->campaign) &&
               (wanted->subject < 0 || wanted->subject == event->subject);
}

static int count(const struct customer *customer, struct wanted wanted)
{
        int total = 0;

        for (int i = 0; i < EVENTS; i++)
                total += counts(&wanted, &customer->events[i]);
        return total;
}

static int64_t latest(const struct customer *customer, struct wanted wanted)
{
        int64_t latest_ms = TG_NO_TIME;

        for (int i = 0; i < EVENTS; i++) {
                if (customer->events[i].time_ms > latest_ms &&
                    counts(&wanted, &customer->events[i]))
                        latest_ms = customer->events[i].time_ms;
        }
        return latest_ms;
}

static bool ads_weekly(const struct question *question)
{
        const uint32_t ads = BIT(TG_CHANNEL_ADS);

        return count(question->customer,
                     (struct wanted){BIT(TG_TYPE_IMPRESSION), ads, 0, 7 * TG_DAY_MS, -1, -1}) +
                       count(question->customer,
                             (struct wanted){BIT(TG_TYPE_PERMIT), ads, 0, TG_HOUR_MS, -1, -1}) <
               10;
}

static bool campaign_daily(const struct question *question)
{
        const uint32_t ads = BIT(TG_CHANNEL_ADS);
        int campaign = question->words.campaign;

        return count(question->customer,
                     (struct wanted){BIT(TG_TYPE_IMPRESSION), ads, 0, TG_DAY_MS, campaign, -1}) +
                       count(question->customer, (struct wanted){BIT(TG_TYPE_PERMIT), ads, 0,
                                                                 TG_HOUR_MS, campaign, -1}) <
               3;
}

static bool deliveries_weekly(const struct question *question)
{
        return count(question->customer,
                     (struct wanted){BIT(TG_TYPE_DELIVERED), MAILS, 0, 7 * TG_DAY_MS, -1, -1}) +
                       count(question->customer, (struct wanted){BIT(TG_TYPE_PERMIT), MAILS, 0,
                                                                 72 * TG_HOUR_MS, -1, -1}) <
               5;
}

static bool messages_daily(const struct question *question)
{
        return count(question->customer,
                     (struct wanted){BIT(TG_TYPE_PERMIT), 0, KINDS, TG_DAY_MS, -1, -1}) < 6;
}

static bool subject_daily(const struct question *question)
{
        return count(question->customer, (struct wanted){BIT(TG_TYPE_PERMIT), 0, PERSONAL,
                                                         TG_DAY_MS, -1, question->words.subject}) <
               2;
}

static bool retarget_30_days(const struct question *question)
{
        const uint32_t interests = BIT(TG_TYPE_SEARCH) | BIT(TG_TYPE_VIEW) | BIT(TG_TYPE_CART);
        int64_t window_ms = 30 * TG_DAY_MS + 1, interest_ms, bought_ms;

        interest_ms = latest(question->customer, (struct wanted){interests, 0, 0, window_ms, -1,
                                                                 question->words.subject});
        if (interest_ms == TG_NO_TIME)
                return false;
        bought_ms =
                latest(question->customer, (struct wanted){BIT(TG_TYPE_PURCHASE), 0, 0, window_ms,
                                                           -1, question->words.subject});
        return bought_ms < interest_ms;
}

static bool let_them_breathe(const struct question *question)
{
        int64_t called_ms =
                latest(question->customer, (struct wanted){BIT(TG_TYPE_INTERACTION), 0, 0,
                                                           72 * TG_HOUR_MS + 1, -1, -1});

        return called_ms != TG_NO_TIME && called_ms + 3 * TG_HOUR_MS <= NOW_MS;
}

static bool between_mails(const struct question *question)
{
        return count(question->customer,
                     (struct wanted){BIT(TG_TYPE_PERMIT), BIT(TG_CHANNEL_EMAIL), NEWS, TG_DAY_MS,
                                     question->words.campaign, -1}) == 0;
}

static bool surveys_monthly(const struct question *question)
{
        return count(question->customer, (struct wanted){BIT(TG_TYPE_SURVEY_INVITED), 0, 0,
                                                         30 * TG_DAY_MS, -1, -1}) == 0;
}

static bool consented(const struct question *question)
{
        return question->customer->agreed;
}

/* In the order of the policy: which requests, and what is asked. */
static const struct plain_rule {
        const char *name;
        uint32_t channels; /* 0: any */
        uint32_t kinds;
        bool (*permits)(const struct question *question);
} plain_rules[RULES] = {
        {"ads-weekly", BIT(TG_CHANNEL_ADS), 0, ads_weekly},
        {"campaign-daily", BIT(TG_CHANNEL_ADS), 0, campaign_daily},
        {"deliveries-weekly", MAILS, 0, deliveries_weekly},
        {"messages-daily", 0, KINDS, messages_daily},
        {"subject-daily", 0, PERSONAL, subject_daily},
        {"retarget-30-days", 0, BIT(TG_KIND_RETARGET), retarget_30_days},
        {"let-them-breathe", 0, BIT(TG_KIND_SURVEY), let_them_breathe},
        {"between-mails", BIT(TG_CHANNEL_EMAIL), NEWS, between_mails},
        {"surveys-monthly", 0, BIT(TG_KIND_SURVEY), surveys_monthly},
        {"consented", 0, BIT(TG_KIND_NEWSLETTER), consented},
};

static bool plain_selects(const struct plain_rule *rule, const struct question *question)
{
        return (!rule->channels || rule->channels >> question->words.channel & 1) &&
               (!rule->kinds || rule->kinds >> question->words.kind & 1);
}

static bool plain_evaluate(const struct question *question)
{
        bool permits = true;

        for (int i = 0; i < RULES; i++) {
                if (plain_selects(&plain_rules[i], question) && !plain_rules[i].permits(question))
                        permits = false; /* the rest is asked, too: reasons are told in full */
        }
        return permits;
}

/* ---- Customers and questions ---- */

static int below(uint64_t *random, int limit)
{
        return (int)(measure_random(random) % (uint64_t)limit);
}

static struct event random_words(uint64_t *random)
{
        static const uint8_t channels[] = {TG_CHANNEL_ADS, TG_CHANNEL_ADS, TG_CHANNEL_EMAIL,
                                           TG_CHANNEL_PUSH};

        return (struct event){
                .channel = channels[below(random, 4)],
                .kind = (uint8_t)(TG_KIND_RETARGET + below(random, 6)),
                .campaign = (uint8_t)below(random, WORDS),
                .subject = (uint8_t)below(random, WORDS),
        };
}

static struct event random_event(uint64_t *random, int number)
{
        static const uint8_t types[] = {
                TG_TYPE_IMPRESSION, TG_TYPE_IMPRESSION, TG_TYPE_DELIVERED,   TG_TYPE_SEARCH,
                TG_TYPE_VIEW,       TG_TYPE_PURCHASE,   TG_TYPE_INTERACTION, TG_TYPE_SURVEY_INVITED,
        };
        struct event event = random_words(random);

        /* A quarter are permits. The days are spread so that about half of all rules permit. */
        event.type = number % 4 == 0 ? TG_TYPE_PERMIT : types[below(random, 8)];
        event.time_ms = NOW_MS - 1 - below(random, 40 * 24) * TG_HOUR_MS / (1 + number % 8);
        return event;
}

static struct tg_request request_of(const struct customer *customer, const struct event *words)
{
        return (struct tg_request){
                .id = tg_span_text("request"),
                .customer = tg_span_text(customer->name),
                .time_ms = NOW_MS,
                .expires_ms = TG_NO_TIME,
                .channel = words->channel,
                .kind = words->kind,
                .campaign = tg_span_text(names[words->campaign]),
                .subject = tg_span_text(names[words->subject]),
                .purpose = tg_span_text("news"),
        };
}

static struct tg_history history_of(const struct bench *bench, const struct customer *customer,
                                    const struct tg_traits *traits, int64_t now_ms)
{
        struct tg_history history;

        tg_history_init(&history, &bench->policy->counters, bench->table,
                        tg_span_text(customer->name), traits, now_ms, TG_HOUR_MS);
        return history;
}

static void give_permit(struct bench *bench, const struct customer *customer,
                        const struct event *event)
{
        struct tg_request request = request_of(customer, event);
        struct tg_traits traits = tg_traits_of_request(&request);
        struct tg_history history = history_of(bench, customer, &traits, event->time_ms);
        uint32_t tag;

        if (!tg_facts_permit(&history, 7, &tag))
                abort();
}

static void tell(struct bench *bench, const struct customer *customer,
                 struct tg_touchpoint touchpoint)
{
        struct tg_traits traits = tg_traits_of_touchpoint(&touchpoint);
        struct tg_history history = history_of(bench, customer, &traits, touchpoint.time_ms);

        if (!tg_facts_apply(&history, &touchpoint))
                abort();
}

static void tell_event(struct bench *bench, const struct customer *customer, int number)
{
        const struct event *event = &customer->events[number];

        tell(bench, customer,
             (struct tg_touchpoint){
                     .id = tg_span_of(&number, sizeof number),
                     .time_ms = event->time_ms,
                     .type = event->type,
                     .channel = event->channel,
                     .campaign = tg_span_text(names[event->campaign]),
                     .subject = tg_span_text(names[event->subject]),
             });
}

static int by_time(const void *a, const void *b)
{
        const struct event *x = a, *y = b;

        return (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
}

static void make_customer(struct bench *bench, struct customer *customer, int number,
                          uint64_t *random)
{
        snprintf(customer->name, sizeof customer->name, "customer-%d", number);
        customer->agreed = below(random, 2);
        for (int i = 0; i < EVENTS; i++)
                customer->events[i] = random_event(random, i);
        qsort(customer->events, EVENTS, sizeof customer->events[0], by_time);
        for (int i = 0; i < EVENTS; i++) {
                if (customer->events[i].type == TG_TYPE_PERMIT)
                        give_permit(bench, customer, &customer->events[i]);
                else
                        tell_event(bench, customer, i);
        }
        tell(bench, customer,
             (struct tg_touchpoint){.type = TG_TYPE_CONSENT,
                                    .time_ms = NOW_MS,
                                    .channel = TG_CHANNEL_ABSENT,
                                    .consent = {.purpose = tg_span_text("news"),
                                                .until_ms = TG_NO_TIME,
                                                .channel = TG_CHANNEL_ABSENT,
                                                .granted = customer->agreed,
                                                .present = true}});
}

static struct tg_verdict evaluate(const struct bench *bench, struct question *question,
                                  struct tg_reasons *reasons)
{
        struct tg_question asked = {.request = &question->request, .history = &question->history};

        return tg_evaluate(bench->policy, &asked, NOW_MS, tg_request_expiry(&question->request),
                           reasons);
}

static void make_question(struct bench *bench, struct question *question, int number,
                          uint64_t *random)
{
        struct tg_traits traits;

        question->customer = &bench->customers[number % CUSTOMERS];
        question->words = random_words(random);
        question->request = request_of(question->customer, &question->words);
        traits = tg_traits_of_request(&question->request);
        question->history = history_of(bench, question->customer, &traits, NOW_MS);
}

static void bench_init(struct bench *bench)
{
        static const struct tg_hash_key key = {{1, 2, 3}};
        struct tg_diagnostics diagnostics = {0};
        uint64_t random = seed;
        struct tg_error error;

        if (tg_policy_load(BENCH_FOLDER "/ten-rules.yaml", 0, &diagnostics, &bench->policy) < 0 ||
            bench->policy->rule_count != RULES) {
                tg_diagnostics_print(&diagnostics, stderr, false);
                exit(EX_CONFIG);
        }
        tg_diagnostics_deinit(&diagnostics);
        if (tg_table_new(1 << 20, &key, &bench->table, &error) < 0)
                abort();
        for (int i = 0; i < CUSTOMERS; i++)
                make_customer(bench, &bench->customers[i], i, &random);
        for (int i = 0; i < QUESTIONS; i++)
                make_question(bench, &bench->questions[i], i, &random);
}

static void bench_deinit(struct bench *bench)
{
        tg_table_free(bench->table);
        tg_policy_free(bench->policy);
}

/* ---- Measuring ---- */

/* Questions that the rules and the plain functions are both asked, one after the other. */
struct pair {
        const struct tg_rule *rule;
        const struct plain_rule *plain;
        struct question *question;
};

static bool ask_rule(const struct pair *pair)
{
        struct tg_question asked = {.request = &pair->question->request,
                                    .history = &pair->question->history};

        return pair->rule->family->earliest(pair->rule, &asked, NOW_MS).at_ms == NOW_MS;
}

static void disagree(const char *what)
{
        fprintf(stderr, "bench rules: %s and the plain function disagree\n", what);
        exit(EX_SOFTWARE);
}

static void print(const char *what, size_t questions, double rules_ns, double plain_ns)
{
        printf("%-24s %10zu %10.1f %10.1f %8.2f\n", what, questions, rules_ns, plain_ns,
               rules_ns / plain_ns);
}

/* Every rule of FAMILY (NULL: of all) with the questions that it selects. */
static size_t list_pairs(struct bench *bench, const struct tg_family *family, struct pair *pairs)
{
        size_t pair_count = 0;

        for (size_t rule = 0; rule < RULES; rule++) {
                for (int i = 0; i < QUESTIONS; i++) {
                        struct pair pair = {&bench->policy->rules[rule], &plain_rules[rule],
                                            &bench->questions[i]};
                        bool selects = tg_selector_matches(&pair.rule->for_,
                                                           &pair.question->history.traits);

                        if (pair.rule->family != family)
                                continue;
                        if (selects != plain_selects(pair.plain, pair.question) ||
                            (selects && ask_rule(&pair) != pair.plain->permits(pair.question)))
                                disagree(pair.rule->name);
                        if (selects)
                                pairs[pair_count++] = pair;
                }
        }
        return pair_count;
}

static unsigned kept; /* what was answered: so that nothing is optimised away */

static void measure_family(struct bench *bench, const struct tg_family *family)
{
        static struct pair pairs[RULES * QUESTIONS];
        size_t pair_count = list_pairs(bench, family, pairs);
        double rules_ns[ROUNDS], plain_ns[ROUNDS];

        if (pair_count == 0)
                return;
        for (int round = 0; round < ROUNDS; round++) {
                double asked = (double)PASSES * (double)pair_count, start = measure_cpu_ns();

                for (size_t i = 0; i < PASSES * pair_count; i++)
                        kept += ask_rule(&pairs[i % pair_count]);
                rules_ns[round] = (measure_cpu_ns() - start) / asked;
                start = measure_cpu_ns();
                for (size_t i = 0; i < PASSES * pair_count; i++)
                        kept += pairs[i % pair_count].plain->permits(
                                pairs[i % pair_count].question);
                plain_ns[round] = (measure_cpu_ns() - start) / asked;
        }
        print(family->name, pair_count, measure_median(rules_ns, ROUNDS),
              measure_median(plain_ns, ROUNDS));
}

/* All together; ANEW: with the customer's cells looked up for every question. */
static double ask_all(struct bench *bench, bool anew, size_t *permitted)
{
        struct tg_reasons reasons;
        double start = measure_cpu_ns();

        for (int i = 0; i < PASSES * QUESTIONS; i++) {
                struct question *question = &bench->questions[i % QUESTIONS];

                if (anew) {
                        struct tg_traits traits = question->history.traits;

                        question->history = history_of(bench, question->customer, &traits, NOW_MS);
                }
                *permitted += evaluate(bench, question, &reasons).outcome == TG_PERMIT;
        }
        return (measure_cpu_ns() - start) / (PASSES * QUESTIONS);
}

static double ask_all_plainly(struct bench *bench, size_t *permitted)
{
        double start = measure_cpu_ns();

        for (int i = 0; i < PASSES * QUESTIONS; i++)
                *permitted += plain_evaluate(&bench->questions[i % QUESTIONS]);
        return (measure_cpu_ns() - start) / (PASSES * QUESTIONS);
}

static void measure_all(struct bench *bench)
{
        double rules_ns[ROUNDS], anew_ns[ROUNDS], plain_ns[ROUNDS];
        size_t permitted = 0, anew_permitted = 0, plainly_permitted = 0;

        for (int round = 0; round < ROUNDS; round++) {
                rules_ns[round] = ask_all(bench, false, &permitted);
                plain_ns[round] = ask_all_plainly(bench, &plainly_permitted);
                anew_ns[round] = ask_all(bench, true, &anew_permitted);
        }
        if (permitted != plainly_permitted || permitted != anew_permitted)
                disagree("all together");
        print("all, reasons told", QUESTIONS, measure_median(rules_ns, ROUNDS),
              measure_median(plain_ns, ROUNDS));
        print("the same, cells looked up", QUESTIONS, measure_median(anew_ns, ROUNDS),
              measure_median(plain_ns, ROUNDS));
        printf("\n%.0f %% of the questions are answered yes\n",
               100.0 * (double)permitted / (double)(ROUNDS * PASSES * QUESTIONS));
}

int main(void)
{
        static struct bench bench;

        bench_init(&bench);
        measure_print_machine();
        printf("policy   ten-rules %s\n", bench.policy->name.hash);
        printf("data     %d customers, %d events each, %d requests; seed %ju\n\n", CUSTOMERS,
               EVENTS, QUESTIONS, (uintmax_t)seed);
        printf("%-24s %10s %10s %10s %8s\n", "ns an answer", "questions", "rules", "plain",
               "ratio");
        for (size_t i = 0; i < tg_family_count; i++)
                measure_family(&bench, tg_families[i]);
        measure_all(&bench);
        bench_deinit(&bench);
        return kept == 0;
}
