/* SPDX-License-Identifier: Apache-2.0 */
/* A policy that is changed while records come in. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define CAP(name, rest) "rules:\n- {rule: " name ", " rest "}\n"

/* What has been listed is decided in a batch of its own, as what happens at AFTER_MS shows. */
static void change(struct world *world, int64_t after_ms, const char *lines)
{
        fact(world, (struct tg_touchpoint){.type = TG_TYPE_OPEN, .time_ms = after_ms});
        tg_twin_pause(&world->twin);
        then(world, 1, lines);
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
        cr_assert_str_eq(last->policy->hash, world.next->name.hash);
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
