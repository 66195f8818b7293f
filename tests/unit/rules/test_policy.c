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

#define KNOWN_WORDS "customer, channel, campaign, subject, topic"

static const struct mistake {
        const char *rules;
        const char *told;
} mistakes[] = {
        {"- {cap: {count: click, at_most: 1, per: 1d}}",
         "3:3 rule needs \"rule\" | add it, as in \"rule: text\""},
        {"- {rule: a, wait: {after: click}}\n- {rule: a, wait: {after: open}}",
         "4:10 there is a rule \"a\" already, in line 3 | decisions give a rule's name as the "
         "reason: let each have its own"},
        {"- {rule: a}", "3:3 a rule needs a section of one family | say what it does: cap, "
                        "retarget or wait"},
        {"- {rule: a, cpa: {count: click, at_most: 1, per: 1d}}",
         "3:13 unknown key \"cpa\" in rule | did you mean \"cap\"?"},
        {"- {rule: a, throttle: {}}",
         "3:13 unknown key \"throttle\" in rule | known keys: rule, for, cap, retarget, wait"},
        {"- {rule: a, wait: {after: click}, cap: {count: click, at_most: 1, per: 1d}}",
         "3:13 a rule is of one family; this one is a cap already | make it a rule of its own"},
        {"- {rule: a, cap: 5}", "3:18 expected a mapping for cap, found the number 5 | write it as "
                                "\"key: value\" lines or {key: value}"},
        {"- {rule: a, cap: {count: clik, at_most: 1, per: 1d}}",
         "3:26 expected a known word for \"count\", found text \"clik\" | did you mean \"click\"?"},
        {"- {rule: a, cap: {count: unknown, at_most: 1, per: 1d}}",
         "3:26 touchpoints of an unknown type can't be counted"},
        {"- {rule: a, cap: {count: click, at_most: 1001, per: 1d}}",
         "3:42 expected a whole number from 0 to 1000 for \"at_most\", found the number 1001"},
        {"- {rule: a, cap: {count: click, at_most: 1, per: 0ms}}",
         "3:50 expected a duration from 1ms to 549755813888ms for \"per\", found text \"0ms\""},
        {"- {rule: a, cap: {count: click, at_most: 1}}",
         "3:18 cap needs \"per\" | add it, as in \"per: 24h\""},
        {"- {rule: a, for: {kind: offer}, cap: {count: click, at_most: 1, per: 1d}}",
         "3:46 a cap for a kind or a class can't count click: touchpoints have neither | count "
         "permit instead, or leave kind and class out of `for`"},
        {"- {rule: a, for: {class: [credit]}, cap: {count: open, at_most: 1, per: 1d}}",
         "3:50 a cap for a kind or a class can't count open: touchpoints have neither | count "
         "permit instead, or leave kind and class out of `for`"},
        {"- {rule: a, cap: {count: permit, at_most: 1, per: 1d, where: {kind: offer}}}",
         "3:63 unknown key \"kind\" in where | known keys: channel, campaign, subject, topic"},
        {"- {rule: a, cap: {count: permit, at_most: 1, per: 1d, each: person}}",
         "3:61 expected a known word for \"each\", found text \"person\" | one of: " KNOWN_WORDS},
        {"- {rule: a, retarget: {after: [view, permit], within: 1d}}",
         "3:31 an interest is a touchpoint of a known type"},
        {"- {rule: a, retarget: {after: unknown, within: 1d}}",
         "3:31 an interest is a touchpoint of a known type"},
        {"- {rule: a, retarget: {after: view}}",
         "3:23 retarget needs \"within\" | add it, as in \"within: 24h\""},
        {"- {rule: a, retarget: {after: view, within: 1d, until: permit}}",
         "3:56 an interest ends with a touchpoint of a known type"},
        {"- {rule: a, wait: {after: permit, at_least: 1h}}",
         "3:27 a message waits after a touchpoint of a known type"},
        {"- {rule: a, wait: {after: unknown, at_least: 1h}}",
         "3:27 a message waits after a touchpoint of a known type"},
        {"- {rule: a, wait: {after: click, at_least: 2h, at_most: 1h}}",
         "3:57 this rule can never permit: it closes before it opens | let at_most be at least as "
         "long as at_least"},
        {"- {rule: a, for: {campain: x}, wait: {after: click}}",
         "3:19 unknown key \"campain\" in for | did you mean \"campaign\"?"},
        {"- a", "3:3 expected a mapping for rule, found text \"a\" | write it as \"key: value\" "
                "lines or {key: value}"},
};

Test(policy, every_mistake_in_a_rule_is_told_once_where_it_is_with_what_to_do)
{
        for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++)
                cr_expect_str_eq(told_of_rules(mistakes[i].rules), mistakes[i].told, "%s\ngave\n%s",
                                 mistakes[i].rules, told_of_rules(mistakes[i].rules));
}

Test(policy, a_policy_without_a_name_is_refused)
{
        cr_assert_str_eq(told_about("rules: []\n", 0),
                         "1:1 policy needs \"policy\" | add it, as in \"policy: text\"");
}

Test(policy, a_section_that_nobody_knows_is_refused)
{
        cr_assert_str_eq(told_about("policy: p\ncolour: red\n", 0),
                         "2:1 unknown key \"colour\" in policy | known keys: policy, defaults, "
                         "limits, rules, throttles");
}

Test(policy, mistakes_in_defaults_and_limits_are_told)
{
        cr_assert_str_eq(told_about("policy: p\ndefaults: {confirm_within: {fax: 1h}}\n", 0),
                         "2:29 unknown key \"fax\" in confirm_within | known keys: ads, email, "
                         "push, sms, call, messenger, web, app, post, store");
        cr_assert_str_eq(told_about("policy: p\nlimits: {permits_per_customer: 0}\n", 0),
                         "2:32 expected a whole number from 1 to 4096 for "
                         "\"permits_per_customer\", found the number 0");
}

Test(policy, mistakes_in_throttles_are_told)
{
        cr_assert_str_eq(told_about("policy: p\nthrottles:\n- {name: x}\n", 0),
                         "3:3 throttle needs \"rate\" | add it, as in \"rate: 500/s\"");
        cr_assert_str_eq(told_about("policy: p\nthrottles:\n- {rate: 1/s, burst: 0}\n", 0),
                         "3:22 expected a whole number from 1 to 2147483647 for \"burst\", found "
                         "the number 0");
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
                         "4:10 there is a rule \"a\" already, in line 3 | decisions give a rule's "
                         "name as the reason: let each have its own\n"
                         "4:27 a message waits after a touchpoint of a known type");
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

Test(policy, permits_of_different_windows_share_no_counter)
{
        struct tg_policy *policy =
                policy_of("rules:\n- {rule: a, cap: {count: permit, at_most: 3, per: 1d}}\n"
                          "- {rule: b, cap: {count: permit, at_most: 9, per: 1d}}\n"
                          "- {rule: c, cap: {count: permit, at_most: 3, per: 7d}}\n");

        cr_assert_eq(policy->counters.count, 2);
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

Test(policy, a_file_that_is_not_there_is_told)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_policy *policy = NULL;

        cr_assert_eq(tg_policy_load("/nowhere/p.yaml", 0, &diagnostics, &policy), -1);
        cr_assert_eq(diagnostics.errors, 1);
        cr_assert_null(policy);
        tg_diagnostics_deinit(&diagnostics);
}
