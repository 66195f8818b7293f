/* SPDX-License-Identifier: Apache-2.0 */
/* A policy that is changed while records come in. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CAP(name, rest) "rules:\n- {rule: " name ", " rest "}\n"

/* What has been listed is decided in batches of its own, as what happens at AFTER_MS shows. */
static void change(struct world *world, int64_t after_ms, const char *lines)
{
        fact(world, (struct tg_touchpoint){.type = TG_TYPE_OPEN, .time_ms = after_ms});
        tg_twin_pause(&world->twin);
        then(world, world->next_count + 1, lines);
        world->options.batch = 10000;
}

Test(swap, the_policy_that_decides_is_named_and_knows_what_was_counted_before)
{
        WORLD(world, CAP("a", "cap: {count: click, at_most: 2, per: 10s}"));
        const struct tg_decision *first, *last;

        click(&world, 0);
        ad(&world, "one", 1, 0, 0);
        change(&world, 2, CAP("b", "cap: {count: click, at_most: 1, per: 5s}"));
        ad(&world, "two", 2, 0, 0);
        cr_assert_str_eq(run(&world), "1 one permit\n2 two defer until 5000: b\n");
        first = &world.twin.decisions.items[0]->decision;
        last = &world.twin.decisions.items[1]->decision;
        cr_assert_str_eq(first->policy->hash, world.options.partition.policy->name.hash);
        cr_assert_str_eq(last->policy->hash, world.next[0]->name.hash);
        cr_assert(tg_swap_done(&world.swap));
}

Test(swap, a_rule_without_its_history_counts_as_full_for_one_window)
{
        WORLD(world, "");

        ad(&world, "one", 1, 0, 0);
        change(&world, 2, CAP("a", "cold: deny, cap: {count: click, at_most: 5, per: 10s}"));
        ad(&world, "two", 2000, 0, 0);
        ad(&world, "short", 2001, 0, 9000);
        ad(&world, "late", 10001, 0, 0);
        cr_assert_str_eq(run(&world), "1 one permit\n2000 two defer until 10001: a\n"
                                      "2001 short deny: a, expires first\n"
                                      "10001 two permit\n10001 late permit\n");
}

Test(swap, cold_means_nothing_to_a_policy_that_was_there_from_the_start)
{
        WORLD(world, CAP("a", "cold: deny, cap: {count: click, at_most: 5, per: 10s}"));

        ad(&world, "one", 1, 0, 0);
        cr_assert_str_eq(run(&world), "1 one permit\n");
}

Test(swap, what_was_kept_ahead_is_known)
{
        WORLD(world, "keep:\n- {cap: {count: click, at_most: 5, per: 10s}}\n");

        click(&world, 0);
        ad(&world, "one", 1, 0, 0);
        change(&world, 2, CAP("a", "cap: {count: click, at_most: 1, per: 10s}"));
        ad(&world, "two", 2, 0, 0);
        cr_assert_str_eq(run(&world), "1 one permit\n2 two defer until 10000: a\n");
}

Test(swap, a_permit_counts_under_the_next_policy)
{
        WORLD(world, CAP("a", "gap: {at_least: 10s}"));

        ad(&world, "one", 0, 0, 0);
        change(&world, 2,
               "rules:\n- {rule: x, cold: deny, cap: {count: view, at_most: 9, per: 1ms}}\n"
               "- {rule: b, gap: {at_least: 4s}}\n");
        ad(&world, "two", 2, 0, 0);
        cr_assert_str_eq(run(&world), "0 one permit\n2 two defer until 4000: b\n");
}

Test(swap, a_throttle_of_the_same_name_and_rate_goes_on_and_another_begins)
{
        WORLD(world, "throttles:\n- {name: old, for: {channel: ads}, rate: 1/h}\n"
                     "- {name: same, for: {channel: email}, rate: 1/m}\n");

        ad(&world, "one", 0, 0, 0);
        request(&world,
                (struct tg_request){.id = tg_span_text("mail"), .channel = TG_CHANNEL_EMAIL});
        ad(&world, "two", 1, 0, 0);
        request(&world, (struct tg_request){.id = tg_span_text("mails"),
                                            .time_ms = 1,
                                            .channel = TG_CHANNEL_EMAIL});
        change(&world, 2,
               "throttles:\n- {name: same, for: {channel: email}, rate: 1/m}\n"
               "- {name: new, for: {channel: ads}, rate: 1/m}\n");
        ad(&world, "three", 2, 0, 0);
        click(&world, 60000);
        cr_assert_str_eq(run(&world),
                         "0 one permit\n0 mail permit\n1 two defer until 3600000: old\n"
                         "1 mails defer until 60000: same\n1 two permit\n"
                         "2 three defer until 60001: new\n60000 mails permit\n");
}

Test(swap, what_is_deferred_keeps_its_moment_and_is_then_decided_by_the_next_policy)
{
        WORLD(world, CAP("a", "cap: {count: click, at_most: 1, per: 10s}"));

        click(&world, 0);
        ad(&world, "one", 1, 0, 0);
        change(&world, 2, CAP("none", "cap: {count: permit, at_most: 0, per: 1s}, cold: deny"));
        click(&world, 20000);
        cr_assert_str_eq(run(&world), "1 one defer until 10000: a\n10000 one deny: none\n");
}

Test(swap, a_request_that_comes_again_is_known_to_the_next_policy)
{
        WORLD(world, "");

        ad(&world, "one", 1, 0, 0);
        change(&world, 2, "limits: {dedupe_for: 5s}\n");
        ad(&world, "one", 2, 0, 0);
        ad(&world, "one", 5001, 0, 0);
        cr_assert_str_eq(run(&world), "1 one permit\n1 one permit again\n5001 one permit\n");
}

Test(swap, what_rules_denied_stays_counted_by_their_names)
{
        WORLD(world, "rules:\n- {rule: gone, cap: {count: permit, at_most: 0, per: 1s}}\n"
                     "- {rule: stays, cap: {count: permit, at_most: 0, per: 1s}}\n");
        uint64_t gone = 0, stays = 0;

        ad(&world, "one", 1, 0, 0);
        change(&world, 2, "rules:\n- {rule: stays, cap: {count: permit, at_most: 0, per: 1s}}\n");
        ad(&world, "two", 2, 0, 0);
        run(&world);
        for (size_t i = 0; i < world.summary.reason_count; i++) {
                if (strcmp(world.summary.names[i], "gone") == 0)
                        gone += world.summary.reasons[i].denied;
                if (strcmp(world.summary.names[i], "stays") == 0)
                        stays += world.summary.reasons[i].denied;
        }
        cr_assert_eq(gone, 1);
        cr_assert_eq(stays, 2);
}

Test(swap, a_commit_that_is_refused_after_the_change_is_undone_under_it)
{
        WORLD(world, CAP("a", "cap: {count: permit, at_most: 2, per: 10s}"));

        ad(&world, "one", 0, 0, 0);
        change(&world, 2,
               "rules:\n- {rule: b, cap: {count: permit, at_most: 2, per: 5s}}\n"
               "throttles:\n- {rate: 1/s, burst: 2}\n- {rate: 2/s, burst: 4}\n");
        ad(&world, "two", 1, 0, 0);
        ad(&world, "three", 2, 0, 0);
        tg_twin_abort(&world.twin);
        cr_assert_str_eq(run(&world), "0 one permit\n2 two permit\n2 three defer until 5000: b\n");
}

Test(swap, a_rule_waits_since_its_history_began_however_often_the_policy_changes)
{
        WORLD(world, "");

        ad(&world, "one", 1, 0, 0);
        change(&world, 2, CAP("a", "cold: deny, cap: {count: click, at_most: 5, per: 10s}"));
        ad(&world, "two", 3, 0, 0);
        change(&world, 4000, CAP("b", "cap: {count: click, at_most: 4, per: 8s}"));
        ad(&world, "three", 4001, 0, 0);
        click(&world, 20000);
        cr_assert_str_eq(run(&world), "1 one permit\n3 two defer until 10001: a\n"
                                      "4001 three defer until 8001: b\n"
                                      "8001 three permit\n10001 two permit\n");
}

Test(swap, one_offer_at_a_time_is_taken_up_by_all)
{
        struct tg_policy first = {0}, second = {0};
        struct tg_swap swap;

        tg_swap_init(&swap, 2);
        cr_assert_null(tg_swap_next(&swap, &first) == &first ? &first : NULL);
        cr_assert(tg_swap_offer(&swap, &second));
        cr_assert_eq(tg_swap_next(&swap, &first), &second);
        tg_swap_take(&swap);
        cr_assert_not(tg_swap_done(&swap));
        cr_assert_not(tg_swap_offer(&swap, &first));
        tg_swap_take(&swap);
        cr_assert(tg_swap_done(&swap));
        cr_assert_null(tg_swap_next(&swap, &second));
}

/*
 * At random: a policy takes the place of one that kept at least as much, or whose rules wait for
 * what it did not keep. What is decided afterwards (once nobody waits) is what would have been
 * decided had it been there from the start, wherever the same was permitted before.
 */
enum { RULES = 6, LINES_SIZE = 4096, FACTS = 25, REQUESTS = 40 };

/* Places are reserved no longer than windows are. */
#define CONFIRM                                                                         \
        "defaults: {confirm_within: {ads: 2s, email: 3s, push: 1s, sms: 1s, call: 1s, " \
        "messenger: 1s, web: 1s, app: 1s, post: 1s, store: 1s}}\n"                      \
        "rules:\n- {rule: z, cap: {count: cart, at_most: 1, per: 1s}}\n"

#define CHANGE_MS 60000 /* when the policy changes; no window is longer */

struct dice {
        unsigned seed;
};

static int roll(struct dice *dice, int sides)
{
        return rand_r(&dice->seed) % sides;
}

/* The rule NAME of a kind, with a number and a window. */
static int rule_text(char *text, size_t size, char name, int kind, int most, int window_s,
                     const char *rest)
{
        static const char *const kinds[] = {
                "cap: {count: click, at_most: %d, per: %ds}",
                "cap: {count: impression, at_most: %d, per: %ds, each: campaign}",
                "cap: {count: permit, at_most: %d, per: %ds}",
                "cooldown: {after: [open, permit], times: %d, for: %ds, reset_by: click}",
                "cap: {count: delivered, at_most: %d, per: %ds, where: {channel: email}}",
                "cap: {count: permit, at_most: %d, per: %ds, each: campaign}",
        };
        char family[160];

        snprintf(family, sizeof family, kinds[kind], most, window_s);
        return snprintf(text, size, "- {rule: %c, %s%s}\n", name, rest, family);
}

/*
 * Both policies. The first keeps more where it has a rule, and has others before them. With COLD
 * the second has rules that the first lacks.
 */
static void random_policies(struct dice *dice, bool cold, char *first, char *second)
{
        size_t ends[2] = {(size_t)sprintf(first, CONFIRM), (size_t)sprintf(second, CONFIRM)};
        int shift = roll(dice, RULES);

        for (int i = roll(dice, 4); i > 0; i--)
                ends[0] += (size_t)sprintf(first + ends[0],
                                           "- {rule: x%d, cap: {count: view, at_most: %d, per: 9s, "
                                           "where: {topic: t%d}}}\n",
                                           i, i, i);
        for (int i = 0; i < RULES; i++) {
                int kind = (i + shift) % RULES, most = 1 + roll(dice, 3),
                    window_s = 1 + roll(dice, 4);
                bool lacks = cold && roll(dice, 2), more = !lacks || roll(dice, 2);

                if (roll(dice, 3) == 0)
                        continue;
                ends[1] += (size_t)rule_text(second + ends[1], LINES_SIZE - ends[1],
                                             (char)('a' + kind), kind, most, window_s,
                                             lacks ? "cold: deny, " : "");
                if (more)
                        ends[0] += (size_t)rule_text(first + ends[0], LINES_SIZE - ends[0],
                                                     (char)('a' + kind), kind,
                                                     lacks ? 1 : most + roll(dice, 3),
                                                     lacks ? 1 : window_s + roll(dice, 9), "");
        }
}

static const char *const campaigns[] = {"x", "y"};

static void random_facts(struct dice *dice, struct world *world, int64_t from_ms, int64_t to_ms)
{
        static const uint8_t types[] = {TG_TYPE_CLICK, TG_TYPE_IMPRESSION, TG_TYPE_OPEN,
                                        TG_TYPE_DELIVERED, TG_TYPE_VIEW};
        int64_t step_ms = (to_ms - from_ms) / FACTS;

        for (int64_t at_ms = from_ms; at_ms < to_ms; at_ms += 1 + roll(dice, (int)(2 * step_ms)))
                fact(world, (struct tg_touchpoint){
                                    .type = types[roll(dice, 5)],
                                    .time_ms = at_ms,
                                    .channel = roll(dice, 2) ? TG_CHANNEL_EMAIL : TG_CHANNEL_ADS,
                                    .campaign = tg_span_text(campaigns[roll(dice, 2)])});
}

static void random_requests(struct dice *dice, struct world *world, int count, int64_t from_ms,
                            int64_t to_ms)
{
        for (int i = 0; i < count; i++) {
                int64_t at_ms = from_ms + (to_ms - from_ms) * i / count + roll(dice, 100);
                char id[32];

                snprintf(id, sizeof id, "%jd-%d", (intmax_t)from_ms, i);
                request(world, (struct tg_request){
                                       .id = tg_span_text(id),
                                       .time_ms = at_ms,
                                       .channel = roll(dice, 2) ? TG_CHANNEL_EMAIL : TG_CHANNEL_ADS,
                                       .campaign = tg_span_text(campaigns[roll(dice, 2)]),
                                       .expires_ms = at_ms + 1 + roll(dice, 3000)});
        }
}

/* The same story for both worlds. Before the change there are few requests. */
static void random_story(struct dice dice, bool cold, struct world *world)
{
        int64_t begins_ms = CHANGE_MS + (cold ? 20000 : 0);

        random_facts(&dice, world, CHANGE_MS - 20000, CHANGE_MS - 1);
        random_requests(&dice, world, roll(&dice, 4), CHANGE_MS - 19000, CHANGE_MS - 5000);
        /* Once it is known what comes next in each stream, all before is taken up. */
        fact(world, (struct tg_touchpoint){.type = TG_TYPE_SEARCH, .time_ms = CHANGE_MS});
        ad(world, "late", CHANGE_MS, 0, CHANGE_MS);
        tg_twin_pause(&world->twin);
        random_facts(&dice, world, CHANGE_MS, begins_ms + 20000);
        random_requests(&dice, world, REQUESTS, begins_ms, begins_ms + 20000);
        world->options.batch = 10000;
}

/* What was told before the change (or after it), in one text: times and outcomes, reasons too. */
static char *told_when(const struct world *world, bool before, bool reasons)
{
        size_t size;
        char *text;
        FILE *file = open_memstream(&text, &size);

        for (size_t i = 0; i < world->twin.decisions.count; i++) {
                const struct tg_decision *decision = &world->twin.decisions.items[i]->decision;

                if ((decision->time_ms < START_MS + CHANGE_MS) != before)
                        continue;
                fprintf(file, "%jd %.*s %d %jd", (intmax_t)(decision->time_ms - START_MS),
                        TG_SPAN_FORMAT(decision->request->id), decision->outcome,
                        (intmax_t)decision->until_ms);
                for (size_t k = 0; reasons && k < decision->reason_count; k++)
                        fprintf(file, " %s %jd", decision->reasons[k].rule,
                                (intmax_t)decision->reasons[k].counter);
                fputc('\n', file);
        }
        fclose(file);
        return text;
}

/* Returns whether the two were comparable: what was decided before the change is the same. */
static bool try_change(unsigned seed, bool cold)
{
        struct dice dice = {seed};
        char first[LINES_SIZE], second[LINES_SIZE];
        bool comparable;

        random_policies(&dice, cold, first, second);
        WORLD(changed, first);
        WORLD(steady, second);
        random_story(dice, cold, &changed);
        random_story(dice, cold, &steady);
        then(&changed, 1, second);
        run(&changed);
        run(&steady);
        tg_cleanup(tg_free_pointer) char *before = told_when(&changed, true, false);
        tg_cleanup(tg_free_pointer) char *before_steady = told_when(&steady, true, false);
        tg_cleanup(tg_free_pointer) char *after = told_when(&changed, false, true);
        tg_cleanup(tg_free_pointer) char *after_steady = told_when(&steady, false, true);

        comparable = strcmp(before, before_steady) == 0;
        if (comparable)
                cr_assert_str_eq(after, after_steady, "seed %u\n%s\nthen\n%s\n%s\nbut\n%s", seed,
                                 first, second, after_steady, after);
        return comparable;
}

static void try_changes(bool cold)
{
        unsigned seed = (unsigned)time(NULL), compared = 0;

        for (unsigned i = 0; i < 400; i++)
                compared += try_change(seed + i, cold);
        cr_assert_geq(compared, 100, "seed %u: %u", seed, compared);
}

Test(swap, at_random_what_is_decided_after_a_change_is_as_if_the_policy_had_always_been_there)
{
        try_changes(false);
}

Test(swap, at_random_so_it_is_when_rules_have_waited_for_their_history)
{
        try_changes(true);
}
