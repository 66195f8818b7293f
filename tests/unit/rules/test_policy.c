/* SPDX-License-Identifier: Apache-2.0 */
#include "person.h"

#include <stdio.h>
#include <stdlib.h>

/* Everything told about a policy: "line:column message | advice", a line each. Static. */
static const char *told_about(const char *yaml, uint32_t partitions)
{
        static char told[4096];
        struct tg_diagnostics diagnostics = {0};
        struct tg_policy *policy = NULL;
        size_t used = 0;
        int result =
                tg_policy_parse("p.yaml", tg_span_text(yaml), partitions, &diagnostics, &policy);

        told[0] = '\0';
        for (size_t i = 0; i < diagnostics.count; i++) {
                const struct tg_diagnostic *one = &diagnostics.items[i];

                used += (size_t)snprintf(told + used, sizeof told - used, "%s%u:%u %s%s%s",
                                         i ? "\n" : "", one->line, one->column, one->message,
                                         one->advice ? " | " : "", one->advice ? one->advice : "");
        }
        cr_assert_eq(result, diagnostics.errors ? -1 : 0);
        tg_diagnostics_deinit(&diagnostics);
        tg_policy_free(policy);
        return told;
}

/* The same of a policy with these rules alone. */
static const char *told_of_rules(const char *rules)
{
        char yaml[1024];

        snprintf(yaml, sizeof yaml, "policy: p\nrules:\n%s\n", rules);
        return told_about(yaml, 0);
}

Test(policy, a_burst_below_the_partitions_is_warned_of_and_no_hindrance)
{
        cr_assert_str_eq(told_about("policy: p\nthrottles:\n- {rate: 1/s, burst: 15}\n", 16),
                         "3:10 throttle-1 has a burst of 15 for 16 partitions: each may send one "
                         "at once, so together they may send more | a burst that is a multiple of "
                         "the partitions is divided evenly");
        cr_assert_str_eq(told_about("policy: p\nthrottles:\n- {rate: 1/s, burst: 16}\n", 16), "");
}

Test(policy, all_mistakes_are_told_at_once)
{
        cr_assert_str_eq(told_of_rules("- {rule: a, cap: {count: click, at_most: x, per: 1}}\n"
                                       "- {rule: a, wait: {after: permit}}"),
                         "3:42 expected a whole number from 0 to 1000 for \"at_most\", found text "
                         "\"x\"\n"
                         "3:50 expected a duration with its unit for \"per\", found the number 1 | "
                         "add a unit, as in 1h (units: ms, s, m, h, d, w)\n"
                         "4:10 there is a rule \"a\" already, in line 3 | decisions give this "
                         "name as the reason: let each have its own\n"
                         "4:27 a message waits after a touchpoint, not after a permit");
}

Test(policy, what_a_policy_says_is_in_its_table)
{
        struct tg_policy *policy =
                policy_of("rules:\n- {rule: a, cap: {count: permit, at_most: 3, per: 7d}}\n"
                          "throttles:\n- {name: t, rate: 500/s, burst: 8}\n"
                          "limits: {permits_per_customer: 9}\n");

        cr_assert_str_eq(policy->name.name, "test");
        cr_assert_eq(policy->rule_count, 1);
        cr_assert_str_eq(policy->rules[0].name, "a");
        cr_assert_eq(policy->rules[0].cap.at_most, 3);
        cr_assert_eq(policy->rules[0].cap.window_ms, 7 * TG_DAY_MS);
        cr_assert_eq(policy->throttle_count, 1);
        cr_assert_str_eq(policy->throttles[0].name, "t");
        cr_assert_eq(policy->throttles[0].rate.count, 500);
        cr_assert_eq(policy->throttles[0].burst, 8);
        cr_assert_eq(policy->permits_per_customer, 9);
        tg_policy_free(policy);
}

static void hash_of(const char *lines, char ret_hash[static TG_POLICY_HASH_SIZE + 1])
{
        struct tg_policy *policy = policy_of(lines);

        strcpy(ret_hash, policy->name.hash);
        tg_policy_free(policy);
}

Test(policy, the_hash_is_of_what_is_said_and_not_of_how)
{
        char hash[TG_POLICY_HASH_SIZE + 1], other[TG_POLICY_HASH_SIZE + 1];

        hash_of("rules:\n- {rule: a, wait: {after: click, at_least: 1h}}\n", hash);
        cr_assert_eq(strlen(hash), TG_POLICY_HASH_SIZE);
        hash_of("# told by a marketer\nrules:\n  - rule:   'a' # a name\n    wait:\n"
                "      at_least: 1h\n      after: click\n\n",
                other);
        cr_assert_str_eq(hash, other);
        hash_of("rules:\n- {rule: a, wait: {after: click, at_least: 2h}}\n", other);
        cr_assert_str_neq(hash, other);
}

Test(policy, rules_that_count_alike_share_a_counter_that_keeps_enough_for_both)
{
        struct tg_policy *policy =
                policy_of("rules:\n"
                          "- {rule: a, cap: {count: click, at_most: 3, per: 1d}}\n"
                          "- {rule: b, cap: {count: click, at_most: 2, per: 7d}}\n"
                          "- {rule: c, cap: {count: click, at_most: 2, per: 7d, each: topic}}\n"
                          "- {rule: d, for: {channel: ads}, "
                          "cap: {count: click, at_most: 2, per: 7d}}\n");
        const struct tg_cell_layout *layout = &policy->counters.layouts[TG_SCOPE_CUSTOMER];

        cr_assert_eq(policy->counters.count, 3);
        cr_assert_eq(layout->count, 2);
        cr_assert_eq(layout->counters[0].keep, 3);
        cr_assert_eq(layout->counters[0].window_ms, 7 * TG_DAY_MS);
        cr_assert_eq(policy->rules[0].cap.counter.number, policy->rules[1].cap.counter.number);
        cr_assert_neq(policy->rules[0].cap.counter.number, policy->rules[3].cap.counter.number);
        cr_assert_eq(policy->counters.window_max_ms, 7 * TG_DAY_MS);
        tg_policy_free(policy);
}

Test(policy, permits_of_different_windows_share_a_counter_of_the_widest)
{
        struct tg_policy *policy =
                policy_of("rules:\n- {rule: a, cap: {count: permit, at_most: 3, per: 1d}}\n"
                          "- {rule: b, cap: {count: permit, at_most: 9, per: 1d}}\n"
                          "- {rule: c, cap: {count: permit, at_most: 3, per: 7d}}\n");

        cr_assert_eq(policy->counters.count, 1);
        cr_assert_eq(policy->counters.layouts[TG_SCOPE_CUSTOMER].counters[0].window_ms,
                     7 * TG_DAY_MS);
        tg_policy_free(policy);
}

Test(policy, what_is_kept_ahead_has_counters_and_is_no_rule)
{
        struct tg_policy *policy =
                policy_of("rules:\n- {rule: a, cap: {count: click, at_most: 3, per: 1d}}\n"
                          "keep:\n- {cap: {count: click, at_most: 20, per: 60d}}\n"
                          "- {for: {channel: ads}, gap: {at_least: 90d, each: campaign}}\n"
                          "- {consent: {}}\n");
        const struct tg_cell_layout *layout = &policy->counters.layouts[TG_SCOPE_CUSTOMER];

        cr_assert_eq(policy->rule_count, 1);
        cr_assert_eq(policy->counters.count, 2);
        cr_assert_eq(layout->counters[0].keep, 20);
        cr_assert_eq(layout->counters[0].window_ms, 60 * TG_DAY_MS);
        cr_assert_eq(policy->counters.window_max_ms, 90 * TG_DAY_MS);
        cr_assert(policy->counters.consents);
        tg_policy_free(policy);
}

/* COUNT rules that count for themselves, each: EACH. */
static char *rules_apart(unsigned count, const char *each)
{
        size_t size, used = 0;
        char *rules;

        size = 100 * count + 1;
        rules = tg_allocate(size);
        for (unsigned i = 0; i < count; i++)
                used += (size_t)snprintf(rules + used, size - used,
                                         "- {rule: r%u, for: {campaign: c%u}, "
                                         "cap: {count: click, at_most: 1, per: 1d, each: %s}}\n",
                                         i, i, each);
        return rules;
}

Test(policy, a_kind_of_cell_has_64_counters_and_the_rule_that_needs_one_more_is_told)
{
        tg_cleanup(tg_free_pointer) char *rules = rules_apart(65, "customer");
        tg_cleanup(tg_free_pointer) char *yaml = NULL, *enough = rules_apart(64, "channel");

        cr_assert(asprintf(&yaml, "policy: p\nrules:\n%s%s", enough, "") > 0);
        cr_assert_str_eq(told_about(yaml, 0), "");
        free(yaml);
        cr_assert(asprintf(&yaml, "policy: p\nrules:\n%s", rules) > 0);
        cr_assert_str_eq(told_about(yaml, 0),
                         "67:3 rule r64 needs a counter for each customer, and 64 of these are "
                         "taken | let rules count alike (the same type, for, where and each share "
                         "a counter)");
}

Test(policy, there_are_at_most_256_rules)
{
        size_t used = 0;
        char yaml[16384];

        used += (size_t)snprintf(yaml, sizeof yaml, "policy: p\nrules:\n");
        for (unsigned i = 0; i <= TG_RULES_MAX; i++)
                used += (size_t)snprintf(yaml + used, sizeof yaml - used,
                                         "- {rule: r%u, wait: {after: click}}\n", i);
        cr_assert_str_eq(told_about(yaml, 0), "259:3 more than 256 rules | one rule can select "
                                              "several channels and campaigns");
}

/* The examples of a page of the manual: whole policies, or rules that need the rest around them. */
static int take_examples(const char *page)
{
        char path[512], *text = NULL, *yaml, *end;
        size_t size = 0;
        FILE *file;
        int taken = 0;

        snprintf(path, sizeof path, "%s/docs/policy/%s", TEST_SOURCE_ROOT, page);
        file = fopen(path, "r");
        cr_assert_not_null(file, "%s", path);
        cr_assert_geq(getdelim(&text, &size, '\0', file), 0);
        fclose(file);
        for (yaml = text; (yaml = strstr(yaml, "```yaml\n")); yaml = end + 1) {
                char *whole;

                yaml += strlen("```yaml\n");
                end = strstr(yaml, "```");
                *end = '\0';
                cr_assert(asprintf(&whole, "%s%s", *yaml == '-' ? "policy: p\nrules:\n" : "",
                                   yaml) > 0);
                cr_expect_str_eq(told_about(whole, 0), "", "%s: %s\n%s", page, told_about(whole, 0),
                                 whole);
                free(whole);
                taken++;
        }
        free(text);
        return taken;
}

Test(policy, every_family_has_a_page_in_the_manual_and_its_examples_are_taken)
{
        cr_assert_eq(take_examples("README.md"), 4);
        for (size_t i = 0; i < tg_family_count; i++) {
                char page[64];

                snprintf(page, sizeof page, "%s.md", tg_families[i]->name);
                cr_assert_geq(take_examples(page), 1, "%s", page);
        }
}

Test(policy, a_file_that_is_not_there_is_told)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_policy *policy = NULL;

        cr_assert_eq(tg_policy_load("/nowhere/p.yaml", 0, &diagnostics, &policy), -1);
        cr_assert_eq(diagnostics.errors, 1);
        cr_assert_null(policy);
        tg_diagnostics_deinit(&diagnostics);
}
