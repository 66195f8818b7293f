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

Test(check, json_has_one_object_for_each_mistake)
{
        FOLDER(folder);
        json_t *mistakes;

        folder_put(&folder, "p.yaml", BAD);
        OUTCOME(outcome, &folder, "check", "--json", "p.yaml");
        cr_expect_eq(outcome.code, EX_CONFIG);
        mistakes = json_loads(outcome.said, 0, NULL);
        cr_assert(json_is_array(mistakes), "%s", outcome.said);
        cr_expect_geq(json_array_size(mistakes), 2);
        cr_expect_eq(json_integer_value(json_object_get(json_array_get(mistakes, 0), "line")), 3);
        json_decref(mistakes);
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
