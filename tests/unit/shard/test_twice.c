/* SPDX-License-Identifier: Apache-2.0 */
/* The same request twice. */
#include "world.h"

#define ONE_CLICK "rules:\n- {rule: cap, cap: {count: click, at_most: 1, per: 1s}}\n"

Test(twice, a_permit_is_told_again_with_its_id_and_receipt_and_sent_once)
{
        WORLD(world, "");
        const struct tg_decision *first, *second;

        ad(&world, "a", 5, 0, 0);
        ad(&world, "a", 7, 3, 0);
        cr_assert_str_eq(run(&world), "5 a permit\n5 a permit again\n");
        first = &world.twin.decisions.items[0]->decision;
        second = &world.twin.decisions.items[1]->decision;
        cr_assert_eq(world.twin.permitted.count, 1);
        cr_assert(tg_span_equal(first->message_id, second->message_id));
        cr_assert_eq(second->receipt.time_ms, START_MS + 5);
        cr_assert_eq(second->receipt.tag, first->receipt.tag);
        cr_assert_eq(second->told_ms, START_MS + 7);
        cr_assert_eq(second->request->priority, 3, "the rest is of the one that came now");
        cr_assert_eq(second->source.offset, 1);
        cr_assert(second->final);
        cr_assert_eq(world.summary.permitted, 1);
        cr_assert_eq(world.summary.requests, 2);
        cr_assert_eq(world.summary.repeats, 1);
        cr_assert_eq(world.summary.repeats_differing, 1);
}

Test(twice, a_denial_is_told_again_without_its_reasons)
{
        WORLD(world, "");

        ad(&world, "a", 5, 0, 5);
        ad(&world, "a", 5, 0, 5);
        cr_assert_str_eq(run(&world), "5 a deny: expired\n5 a deny again\n");
        cr_assert_eq(world.summary.denied, 1);
        cr_assert_eq(world.summary.repeats_differing, 0);
}

Test(twice, what_waits_is_told_as_it_was_last_decided)
{
        WORLD(world, ONE_CLICK);

        click(&world, 0);
        ad(&world, "a", 5, 0, 0);
        ad(&world, "a", 6, 0, 0);
        click(&world, 400);
        ad(&world, "a", 1200, 0, 0);
        ad(&world, "a", 1500, 0, 0);
        cr_assert_str_eq(run(&world), "5 a defer until 1000: cap\n"
                                      "5 a defer until 1000 again\n"
                                      "1000 a defer until 1400 again\n"
                                      "1400 a permit\n"
                                      "1400 a permit again\n");
        cr_assert_eq(world.summary.deferred, 1);
        cr_assert_not(world.twin.decisions.items[1]->decision.final);
}

Test(twice, it_is_looked_at_before_anything_else)
{
        WORLD(world, "");

        ad(&world, "a", 5, 0, 100);
        ad(&world, "a", 200, 0, 100);
        request(&world, (struct tg_request){.id = tg_span_text("a")});
        cr_assert_str_eq(run(&world), "5 a permit\n5 a permit again\n5 a permit again\n");
}

Test(twice, after_its_time_it_is_a_new_request_and_repeats_do_not_prolong_it)
{
        WORLD(world, "limits: {dedupe_for: 10s}\n");

        ad(&world, "a", 5, 0, 0);
        ad(&world, "a", 10004, 0, 0);
        ad(&world, "a", 10005, 0, 0);
        ad(&world, "a", 20004, 0, 0);
        cr_assert_str_eq(run(&world), "5 a permit\n5 a permit again\n"
                                      "10005 a permit\n10005 a permit again\n");
}

Test(twice, another_customer_or_id_is_another_request)
{
        WORLD(world, "");
        struct tg_request you = {.id = tg_span_text("a"),
                                 .customer = tg_span_text("you"),
                                 .channel = TG_CHANNEL_ADS};

        ad(&world, "a", 0, 0, 0);
        ad(&world, "b", 0, 0, 0);
        request(&world, you);
        cr_assert_str_eq(run(&world), "0 a permit\n0 b permit\n0 a permit\n");
}

Test(twice, what_cannot_be_remembered_is_denied_and_that_is_not_remembered)
{
        WORLD(world, "limits: {dedupe_for: 1s, dedupe_per_partition: 2}\n" ONE_CLICK);

        ad(&world, "a", 0, 0, 0);
        click(&world, 1);
        ad(&world, "b", 2, 0, 0);
        ad(&world, "c", 3, 0, 0);
        ad(&world, "a", 999, 0, 0);
        ad(&world, "c", 1000, 0, 0);
        ad(&world, "d", 1000, 0, 0);
        cr_assert_str_eq(run(&world), "0 a permit\n"
                                      "2 b defer until 1001: cap\n"
                                      "3 c deny: dedupe full\n"
                                      "0 a permit again\n"
                                      "1000 c defer until 1001: cap\n"
                                      "1000 d deny: dedupe full\n");
}
