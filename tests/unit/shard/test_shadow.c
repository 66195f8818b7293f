/* SPDX-License-Identifier: Apache-2.0 */
/* Rules without effect in the decisions and in the summary. */
#include "world.h"

#define POLICY                                                                      \
        "rules:\n"                                                                  \
        "- {rule: try, mode: shadow, cap: {count: permit, at_most: 1, per: 10s}}\n" \
        "- {rule: never, mode: shadow, for: {channel: ads}, "                       \
        "cap: {count: click, at_most: 0, per: 1s}}\n"

Test(shadow, decisions_list_it_and_the_summary_counts_what_it_would_have_done)
{
        WORLD(world, POLICY);

        ad(&world, "a", 0, 0, 0);
        ad(&world, "b", 1, 0, 0);
        ad(&world, "c", 2, 0, 1000);
        cr_assert_str_eq(run(&world), "0 a permit: never\n1 b permit: try, never\n"
                                      "2 c permit: try, never\n");
        cr_assert(world.twin.decisions.items[1]->decision.reasons[0].shadow);
        cr_assert_eq(world.summary.reasons[0].denied, 0);
        cr_assert_eq(world.summary.reasons[0].deferred, 0);
        cr_assert_eq(world.summary.reasons[0].would_defer, 1);
        cr_assert_eq(world.summary.reasons[0].would_deny, 1, "its answer is after the expiry");
        cr_assert_eq(world.summary.reasons[1].would_deny, 3);
}

Test(shadow, a_denial_by_others_counts_for_them_alone)
{
        WORLD(world, POLICY "- {rule: no, cap: {count: click, at_most: 0, per: 1s}}\n");

        ad(&world, "a", 0, 0, 0);
        cr_assert_str_eq(run(&world), "0 a deny: never, no\n");
        cr_assert_eq(world.summary.reasons[1].denied, 0);
        cr_assert_eq(world.summary.reasons[1].would_deny, 1);
        cr_assert_eq(world.summary.reasons[2].denied, 1);
}
