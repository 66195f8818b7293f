/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <sysexits.h>

#include "support/process.h"

static const char GOOD[] = "policy: spring\n"
                           "rules:\n"
                           "  - {rule: two, cap: {count: impression, at_most: 2, per: 1d}}\n"
                           "throttles:\n"
                           "  - {rate: 5/s}\n";
static const char BAD[] = "policy: spring\n"
                          "rules:\n"
                          "  - {rule: two, cap: {count: impression, at_mots: 2, per: 1d}}\n"
                          "  - {rule: three, cap: {count: impression, at_most: 2, per: 1 day}}\n";

Test(check, a_policy_without_mistakes_is_said_to_be_fine)
{
        FOLDER(folder);

        folder_put(&folder, "p.yaml", GOOD);
        OUTCOME(outcome, &folder, "check", "p.yaml");
        cr_expect_eq(outcome.code, EX_OK);
        expect_part(outcome.said, "p.yaml: policy spring is fine: 1 rules, 1 throttles, hash ");
        cr_expect_str_empty(outcome.told);
}

Test(check, every_mistake_is_told_at_once_with_its_place_and_what_was_meant)
{
        FOLDER(folder);

        folder_put(&folder, "p.yaml", BAD);
        OUTCOME(outcome, &folder, "check", "p.yaml");
        cr_expect_eq(outcome.code, EX_CONFIG);
        expect_part(outcome.said, "p.yaml:3:42: error: unknown key \"at_mots\" in cap");
        expect_part(outcome.said, "did you mean \"at_most\"?");
        expect_part(outcome.said, "p.yaml:4:");
        expect_part(outcome.said, "1 day");
        cr_expect_null(strstr(outcome.said, "is fine"));
}

/* The JSON that was said; its policy (borrowed), which must be there or null as PRESENT says. */
static json_t *json_of(const struct outcome *outcome, bool present, json_t **ret_policy)
{
        json_t *all = json_loads(outcome->said, 0, NULL);

        cr_assert(json_is_object(all), "%s", outcome->said);
        *ret_policy = json_object_get(all, "policy");
        cr_assert_eq(json_is_object(*ret_policy), present, "%s", outcome->said);
        return all;
}

Test(check, json_has_one_object_for_each_mistake)
{
        FOLDER(folder);
        json_t *all, *policy, *mistakes;

        folder_put(&folder, "p.yaml", BAD);
        OUTCOME(outcome, &folder, "check", "--json", "p.yaml");
        cr_expect_eq(outcome.code, EX_CONFIG);
        all = json_of(&outcome, false, &policy);
        mistakes = json_object_get(all, "mistakes");
        cr_expect_geq(json_array_size(mistakes), 2);
        cr_expect_eq(json_integer_value(json_object_get(json_array_get(mistakes, 0), "line")), 3);
        json_decref(all);
}

static const char COSTLY[] =
        "policy: dear\n"
        "limits: {permits_per_customer: 20, dedupe_for: 4d}\n"
        "rules:\n"
        "  - {rule: two, cap: {count: click, at_most: 7, per: 30d}}\n"
        "  - {rule: more, cap: {count: click, at_most: 9, per: 7d}}\n"
        "  - {rule: seen, for: {channel: ads}, cap: {count: impression, at_most: 3, per: 1d, "
        "each: campaign}}\n"
        "  - {rule: fresh, retarget: {after: [view, cart], within: 10d, each: subject}}\n"
        "  - {rule: agreed, consent: {}}\n"
        "keep:\n"
        "  - {gap: {at_least: 60d}}\n";

Test(check, a_policy_without_mistakes_is_told_with_what_it_costs)
{
        FOLDER(folder);

        folder_put(&folder, "p.yaml", COSTLY);
        OUTCOME(outcome, &folder, "check", "p.yaml");
        cr_expect_eq(outcome.code, EX_OK);
        expect_part(outcome.said, "memory: 64 bytes for up to 6 touches");
        expect_part(outcome.said, "  for each customer: 2 of 64 counters; at most 320 bytes\n"
                                  "    click, the latest 9 of the last 30d: rule two and 1 more\n"
                                  "    permit, at most 20 of the last 60d: kept ahead\n");
        expect_part(outcome.said,
                    "  for each customer and campaign: 2 of 64 counters; at most 256 bytes\n"
                    "    impression, the latest 3 of the last 1d: rule seen\n"
                    "    permits not yet confirmed by impression, at most 20 of the last 1h: rule "
                    "seen\n");
        expect_part(outcome.said, "    view, cart, the latest 1 of the last 10d: rule fresh\n");
        expect_part(outcome.said, "for each customer, purpose and channel of a consent: 64 bytes");
        expect_part(outcome.said, "  touchpoints  60d (retention.ms=5184000000): ");
        expect_part(outcome.said, "  requests     3d (retention.ms=259200000): ");
        expect_part(outcome.said, "  decisions    60d (retention.ms=5184000000): ");
        expect_part(outcome.said,
                    "  customers    for ever (cleanup.policy=compact): consents and ");
}

Test(check, requests_that_may_come_again_are_known_by_the_decisions)
{
        FOLDER(folder);

        folder_put(&folder, "p.yaml", "policy: p\nlimits: {dedupe_for: 4d}\n");
        OUTCOME(outcome, &folder, "check", "p.yaml");
        expect_part(outcome.said, "  decisions    4d (retention.ms=345600000): ");
        cr_expect_null(strstr(outcome.said, "touchpoints  "));
}

Test(check, json_tells_what_a_policy_costs)
{
        FOLDER(folder);
        json_t *all, *policy;
        json_int_t most = 0, touchpoints = 0;
        size_t counters;

        folder_put(&folder, "p.yaml", COSTLY);
        OUTCOME(outcome, &folder, "check", "--json", "p.yaml");
        cr_expect_eq(outcome.code, EX_OK);
        all = json_of(&outcome, true, &policy);
        cr_assert_eq(json_unpack(policy, "{s:{s:{s:I}}, s:{s:I}}", "cells", "campaign",
                                 "bytes_most", &most, "retention_ms", "touchpoints", &touchpoints),
                     0);
        counters = json_array_size(json_object_get(
                json_object_get(json_object_get(policy, "cells"), "customer"), "counters"));
        cr_expect_eq(most, 256);
        cr_expect_eq(counters, 2);
        cr_expect_eq(touchpoints, 60 * INT64_C(86400000));
        json_decref(all);
}

Test(check, a_policy_that_cannot_follow_the_running_one_is_told_why)
{
        FOLDER(folder);

        folder_put(&folder, "old.yaml", GOOD);
        folder_put(&folder, "new.yaml",
                   "policy: summer\nrules:\n"
                   "  - {rule: two, cap: {count: impression, at_most: 3, per: 1d}}\n");
        OUTCOME(refused, &folder, "check", "--running", "old.yaml", "new.yaml");
        OUTCOME(taken, &folder, "check", "--running", "new.yaml", "old.yaml");
        cr_expect_eq(refused.code, EX_CONFIG);
        expect_part(refused.said, "new.yaml:3:22: error: rule two needs the latest 3 of "
                                  "impression: the latest 2 are kept");
        expect_part(refused.said, "cold: deny");
        cr_expect_eq(taken.code, EX_OK);
}

Test(check, a_policy_that_is_not_there_is_told)
{
        FOLDER(folder);
        OUTCOME(outcome, &folder, "check", "gone.yaml");

        cr_expect_eq(outcome.code, EX_CONFIG);
        expect_part(outcome.said, "gone.yaml: error: can't be read: No such file or directory");
}

Test(check, wrong_usage_has_its_own_exit_code)
{
        FOLDER(folder);
        OUTCOME(none, &folder, "check");
        OUTCOME(two, &folder, "check", "a.yaml", "b.yaml");
        OUTCOME(unknown, &folder, "check", "--fast", "a.yaml");

        cr_expect_eq(none.code, EX_USAGE);
        expect_part(none.told, "a POLICY is needed");
        cr_expect_eq(two.code, EX_USAGE);
        expect_part(two.told, "one POLICY at a time");
        cr_expect_eq(unknown.code, EX_USAGE);
}
