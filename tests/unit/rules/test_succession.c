/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy that follows a running one: which numbers its counters get, and what is told where the
 * history that is kept is not enough for it.
 */
#include "person.h"

#include <stdio.h>
#include <stdlib.h>

/* Compiles LINES to follow RUNNING; what is told is told as "line:column message", a line each. */
static struct tg_policy *follow(const struct tg_policy *running, const char *lines, char *told,
                                size_t size)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_policy *policy = NULL;
        size_t used = 0;
        char *yaml;

        cr_assert(asprintf(&yaml, "policy: next\n%s", lines) > 0);
        tg_policy_parse_next("p.yaml", tg_span_text(yaml), 0, running, &diagnostics, &policy);
        told[0] = '\0';
        for (size_t i = 0; i < diagnostics.count; i++) {
                const struct tg_diagnostic *one = &diagnostics.items[i];

                used += (size_t)snprintf(
                        told + used, size - used, "%s%u:%u %s%s", i ? "\n" : "", one->line,
                        one->column, one->severity == TG_WARNING ? "warning: " : "", one->message);
        }
        cr_assert_eq(policy == NULL, diagnostics.errors > 0);
        tg_diagnostics_deinit(&diagnostics);
        free(yaml);
        return policy;
}

/* One that must be taken. */
static struct tg_policy *successor(const struct tg_policy *running, const char *lines)
{
        char told[2048];
        struct tg_policy *policy = follow(running, lines, told, sizeof told);

        cr_assert_not_null(policy, "%s", told);
        return policy;
}

/* What is told of going from one policy to another. Static. */
static const char *told_of(const char *before, const char *after)
{
        static char told[2048];
        struct tg_policy *running = policy_of(before);

        tg_policy_free(follow(running, after, told, sizeof told));
        tg_policy_free(running);
        return told;
}

static unsigned number_of(const struct tg_policy *policy, size_t rule)
{
        return policy->rules[rule].cap.counter.number;
}

Test(succession, counters_that_both_have_keep_their_numbers_and_others_get_free_ones)
{
        struct tg_policy *running =
                policy_of("rules:\n- {rule: a, cap: {count: click, at_most: 3, per: 1d}}\n"
                          "- {rule: b, cap: {count: open, at_most: 3, per: 1d}}\n"
                          "- {rule: c, cap: {count: search, at_most: 3, per: 7d}}\n");
        struct tg_policy *next =
                successor(running, "rules:\n- {rule: d, cold: deny, "
                                   "cap: {count: view, at_most: 3, per: 1d}}\n"
                                   "- {rule: c, cap: {count: search, at_most: 2, per: 2d}}\n"
                                   "- {rule: a, cap: {count: click, at_most: 3, per: 1d}}\n");
        const struct tg_cell_layout *layout = &next->counters.layouts[TG_SCOPE_CUSTOMER];

        cr_assert_eq(number_of(next, 2), number_of(running, 0));
        cr_assert_eq(number_of(next, 1), number_of(running, 2));
        cr_assert_eq(number_of(next, 0), 3);
        cr_assert_eq(next->counters.retired[TG_SCOPE_CUSTOMER], UINT64_C(1)
                                                                        << number_of(running, 1));
        cr_assert_eq(layout->count, 4);
        cr_assert_eq(layout->counters[number_of(running, 2)].window_ms, 2 * TG_DAY_MS);
        cr_assert_eq(next->generation, 1);
        tg_policy_free(next);
        tg_policy_free(running);
}

Test(succession, a_retired_number_is_taken_again_only_when_no_other_is_left)
{
        struct tg_policy *first = policy_of("rules:\n- {rule: a, cap: {count: click, at_most: 3, "
                                            "per: 1d}}\n");
        struct tg_policy *second = successor(first, "rules: []\n");
        tg_cleanup(tg_free_pointer) char *rules = tg_allocate(64 * 128);
        size_t used = (size_t)snprintf(rules, 128, "rules:\n");
        struct tg_policy *third;

        for (int i = 0; i < 64; i++)
                used += (size_t)snprintf(rules + used, 128,
                                         "- {rule: r%d, cold: deny, for: {campaign: c%d}, "
                                         "cap: {count: view, at_most: 1, per: 1d}}\n",
                                         i, i);
        third = successor(second, rules);
        cr_assert_eq(second->counters.retired[TG_SCOPE_CUSTOMER], 1);
        cr_assert_eq(number_of(third, 0), 1);
        cr_assert_eq(number_of(third, 62), 63);
        cr_assert_eq(number_of(third, 63), 0);
        cr_assert_eq(third->counters.reused[TG_SCOPE_CUSTOMER], 1);
        cr_assert_eq(third->counters.retired[TG_SCOPE_CUSTOMER], 0);
        tg_policy_free(third);
        tg_policy_free(second);
        tg_policy_free(first);
}

Test(succession, numbers_that_the_running_policy_alone_holds_are_named_when_they_are_missing)
{
        tg_cleanup(tg_free_pointer) char *rules = tg_allocate(64 * 128);
        size_t used = (size_t)snprintf(rules, 128, "rules:\n");

        for (int i = 0; i < 64; i++)
                used += (size_t)snprintf(rules + used, 128,
                                         "- {rule: r%d, for: {campaign: c%d}, "
                                         "cap: {count: click, at_most: 1, per: 1d}}\n",
                                         i, i);
        cr_assert_str_eq(told_of(rules, "rules:\n- {rule: a, cold: deny, cap: {count: view, "
                                        "at_most: 1, per: 1d}}\n"),
                         "3:3 rule a needs a counter for each customer, and 64 of these are taken, "
                         "64 by the running policy alone");
}

#define RUNNING                                                           \
        "rules:\n- {rule: a, cap: {count: click, at_most: 3, per: 7d}}\n" \
        "- {rule: b, gap: {at_least: 7d}}\n"

static const struct change {
        const char *what;
        const char *rule; /* "rules:\n- {rule: n, " and "}" around it */
        const char *told;
} changes[] = {
        {"less of all", "cap: {count: click, at_most: 2, per: 6d}", ""},
        {"the same", "cap: {count: click, at_most: 3, per: 7d}", ""},
        {"the same history for another family", "cooldown: {after: click, times: 3, for: 84h}", ""},
        {"a permit counter of a shorter window", "gap: {at_least: 1d}", ""},
        {"permits counted by another family", "cap: {count: permit, at_most: 50, per: 7d}", ""},
        {"a longer window", "cap: {count: click, at_most: 3, per: 8d}",
         "3:18 rule n needs click of the last 8d: those of the last 7d are kept"},
        {"a larger cap", "cap: {count: click, at_most: 4, per: 7d}",
         "3:18 rule n needs the latest 4 of click: the latest 3 are kept"},
        {"another type", "cap: {count: view, at_most: 1, per: 1d}",
         "3:18 rule n needs view of the last 1d, counted by its `for` and `where`: nothing of that "
         "is kept"},
        {"another scope", "cap: {count: click, at_most: 1, per: 1d, each: topic}",
         "3:18 rule n needs click for each topic of the last 1d, counted by its `for` and `where`: "
         "nothing of that is kept"},
        {"another selection", "for: {channel: ads}, gap: {at_least: 1d}",
         "3:39 rule n needs permit of the last 1d, counted by its `for` and `where`: nothing of "
         "that is kept"},
        {"a longer gap", "gap: {at_least: 8d}",
         "3:18 rule n needs permit of the last 8d: those of the last 7d are kept"},
        {"several types", "retarget: {after: [search, view, cart], within: 1d, each: subject}",
         "3:23 rule n needs search, view and cart for each subject of the last 1d, counted "
         "by its `for` and `where`: nothing of that is kept"},
        {"consents", "consent: {}", "3:22 rule n needs all consents: none are kept"},
        {"cold", "cold: deny, cap: {count: click, at_most: 3, per: 8d}", ""},
};

Test(succession, what_needs_more_history_than_is_kept_is_refused_with_what_is_kept)
{
        for (size_t i = 0; i < sizeof changes / sizeof changes[0]; i++) {
                char lines[512];

                snprintf(lines, sizeof lines, "rules:\n- {rule: n, %s}\n", changes[i].rule);
                cr_expect_str_eq(told_of(RUNNING, lines), changes[i].told, "%s: %s",
                                 changes[i].what, told_of(RUNNING, lines));
        }
}

Test(succession, requests_are_not_remembered_longer_than_they_were)
{
        cr_assert_str_eq(told_of("limits: {dedupe_for: 2d}\n", "limits: {dedupe_for: 49h}\n"),
                         "2:22 requests would have to be known for 49h: they are remembered for "
                         "2d");
        cr_assert_str_eq(told_of("limits: {dedupe_for: 2d}\n", "rules: []\n"),
                         "1:1 requests would have to be known for 3d: they are remembered for 2d");
        cr_assert_str_eq(told_of("limits: {dedupe_for: 2d}\n", "limits: {dedupe_for: 1h}\n"), "");
}

Test(succession, more_permits_may_be_kept_and_none_was_lost)
{
        cr_assert_str_eq(told_of(RUNNING, "limits: {permits_per_customer: 999}\nrules:\n"
                                          "- {rule: b, gap: {at_least: 7d}}\n"),
                         "");
}

Test(succession, what_was_kept_ahead_is_there)
{
        static const char ahead[] = "keep:\n- {cap: {count: view, at_most: 20, per: 60d}}\n"
                                    "- {consent: {}}\n- {gap: {at_least: 90d}}\n";

        cr_assert_str_eq(told_of(ahead, "rules:\n- {rule: n, cap: {count: view, at_most: 9, "
                                        "per: 30d}}\n- {rule: c, consent: {}}\n"
                                        "- {rule: g, gap: {at_least: 90d}}\n"),
                         "");
        cr_assert_str_eq(told_of(ahead, "rules:\n- {rule: n, cap: {count: view, at_most: 21, "
                                        "per: 30d}}\n"),
                         "3:18 rule n needs the latest 21 of view: the latest 20 are kept");
}

Test(succession, a_rule_that_waits_for_its_history_knows_its_counters)
{
        struct tg_policy *running = policy_of(RUNNING);
        struct tg_policy *next =
                successor(running, "rules:\n- {rule: a, cap: {count: click, at_most: 3, per: 7d}}\n"
                                   "- {rule: n, cold: deny, cap: {count: click, at_most: 9, "
                                   "per: 30d}}\n");

        cr_assert_eq(next->awaits.count, 1);
        cr_assert_eq(next->awaits.items[0].rule, &next->rules[1]);
        cr_assert_eq(next->awaits.items[0].window_ms, 30 * TG_DAY_MS);
        cr_assert(next->awaits.items[0].begins);
        cr_assert_eq(next->counters.begun[TG_SCOPE_CUSTOMER], 1);
        tg_policy_free(next);
        tg_policy_free(running);
}

Test(succession, what_is_kept_since_a_change_is_awaited_by_those_who_need_what_was_before)
{
        static const char nine[] =
                "rules:\n- {rule: n, cold: deny, cap: {count: click, at_most: 9, per: 30d}}\n";
        static const char eight[] =
                "rules:\n- {rule: n, cap: {count: click, at_most: 8, per: 30d}}\n"
                "- {rule: a, cap: {count: click, at_most: 3, per: 7d}}\n";
        struct tg_policy *first = policy_of(RUNNING), *second = successor(first, nine), *third;
        char told[512];

        third = follow(second, eight, told, sizeof told);
        cr_assert_str_eq(told,
                         "3:18 warning: rule n counts as full until what it looks at has been "
                         "kept for one window: the running policy hasn't always kept it");
        cr_assert_eq(third->awaits.count, 1);
        cr_assert_not(third->awaits.items[0].begins);
        cr_assert_eq(third->counters.begun[TG_SCOPE_CUSTOMER], 0);
        tg_policy_free(third);
        tg_policy_free(second);
        tg_policy_free(first);
}

Test(succession, consents_that_were_not_always_kept_are_not_all)
{
        struct tg_policy *first = policy_of(RUNNING);
        struct tg_policy *second = successor(first, "keep:\n- {consent: {}}\n");
        char told[512];

        tg_policy_free(follow(second, "rules:\n- {rule: c, consent: {}}\n", told, sizeof told));
        cr_assert_str_eq(told,
                         "3:22 rule c needs all consents: they are kept only since an earlier "
                         "change of policy");
        tg_policy_free(second);
        tg_policy_free(first);
}
