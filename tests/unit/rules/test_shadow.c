/* SPDX-License-Identifier: Apache-2.0 */
/* A rule that speaks without effect. */
#include "person.h"

static const struct tg_request ad = {.channel = TG_CHANNEL_ADS, .kind = TG_KIND_PROMOTION};

Test(shadow, it_says_what_it_would_have_said_and_changes_nothing)
{
        PERSON(me,
               "rules:\n- {rule: try, mode: shadow, cap: {count: click, at_most: 1, per: 1h}}\n");

        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
        cr_assert_str_eq(spoken(&me), "");
        tell_of(&me, TG_TYPE_CLICK, START_MS);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
        cr_assert_str_eq(spoken(&me), "try 1/1");
        cr_assert(me.reasons.items[0].shadow);
        cr_assert_eq(me.reasons.items[0].until_ms, START_MS + TG_HOUR_MS);
}

Test(shadow, it_is_asked_of_the_moment_of_the_decision_beside_those_with_effect)
{
        PERSON(me, "rules:\n"
                   "- {rule: early, mode: shadow, cap: {count: click, at_most: 1, per: 1h}}\n"
                   "- {rule: late, cap: {count: click, at_most: 1, per: 2h}}\n"
                   "- {rule: interest, mode: shadow, retarget: {after: click, within: 1h}}\n");

        tell_of(&me, TG_TYPE_CLICK, START_MS);
        cr_assert_eq(earliest(&me, &ad, START_MS), START_MS + 2 * TG_HOUR_MS);
        cr_assert_str_eq(spoken(&me), "early 1/1, late 1/1");
        cr_assert_not(me.reasons.items[1].shadow);
        cr_assert_eq(earliest(&me, &ad, START_MS + TG_HOUR_MS + 1), START_MS + 2 * TG_HOUR_MS);
        cr_assert_str_eq(spoken(&me), "late 1/1, interest");
        cr_assert_eq(me.reasons.items[1].until_ms, TG_NEVER);
}

Test(shadow, its_never_is_no_refusal)
{
        PERSON(me, "rules:\n"
                   "- {rule: try, mode: shadow, cap: {count: permit, at_most: 0, per: 1h}}\n"
                   "- {rule: no, instead: general, cap: {count: click, at_most: 0, per: 1h}}\n");
        struct tg_request request = ad;

        request.general.present = true;
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_DENY);
        cr_assert(me.verdict.general, "the shadow, which has no variant, keeps nobody from it");
}

Test(shadow, its_permits_fill_no_history)
{
        PERSON(me,
               "limits: {permits_per_customer: 2}\n"
               "rules:\n- {rule: try, mode: shadow, cap: {count: permit, at_most: 9, per: 1h}}\n");

        for (uint32_t i = 0; i < 3; i++) {
                cr_assert_eq(permits_full(&me, &ad, START_MS), 0);
                permit(&me, &ad, START_MS, i);
        }
        cr_assert_eq(permits_full(&me, &ad, START_MS), 0);
}

Test(shadow, permits_that_another_rule_counts_too_do)
{
        PERSON(me,
               "limits: {permits_per_customer: 2}\n"
               "rules:\n- {rule: try, mode: shadow, cap: {count: permit, at_most: 9, per: 1h}}\n"
               "- {rule: real, gap: {at_least: 1ms}}\n");

        for (uint32_t i = 0; i < 2; i++)
                permit(&me, &ad, START_MS, i);
        cr_assert_eq(permits_full(&me, &ad, START_MS), 2);
}

Test(shadow, its_longer_window_fills_no_history_of_a_rule_that_counts_alike)
{
        PERSON(me,
               "limits: {permits_per_customer: 2}\n"
               "rules:\n- {rule: try, mode: shadow, cap: {count: permit, at_most: 9, per: 1h}}\n"
               "- {rule: real, cap: {count: permit, at_most: 9, per: 1s}}\n");

        for (uint32_t i = 0; i < 2; i++)
                permit(&me, &ad, START_MS, i);
        cr_assert_eq(permits_full(&me, &ad, START_MS + 999), 2);
        cr_assert_eq(permits_full(&me, &ad, START_MS + 1000), 0);
}
