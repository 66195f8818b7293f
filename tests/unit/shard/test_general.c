/* SPDX-License-Identifier: Apache-2.0 */
/* What is refused, and may be sent as its general variant instead. */
#include "world.h"

#define INTEREST                                                       \
        "- {rule: interest, for: {kind: retarget}, instead: general, " \
        "retarget: {after: [click], within: 1s}}\n"
#define SILENCE \
        "- {rule: silence, for: {kind: general}, cap: {count: permit, at_most: 0, per: 1s}}\n"
#define SLOW "- {rule: slow, for: {kind: general}, cap: {count: permit, at_most: 1, per: 1s}}\n"

static struct tg_request offer(const char *id)
{
        return (struct tg_request){
                .id = tg_span_text(id),
                .channel = TG_CHANNEL_EMAIL,
                .kind = TG_KIND_RETARGET,
                .campaign = tg_span_text("shoes"),
                .topic = tg_span_text("sport"),
                .subject = tg_span_text("boots"),
                .priority = 4,
                .general = {.campaign = tg_span_text("brand"),
                            .payload = tg_span_text("hello all"),
                            .present = true},
        };
}

Test(general, a_message_that_the_rules_refuse_goes_out_as_its_general_variant)
{
        WORLD(world, "rules:\n" INTEREST);
        const struct tg_decision *decision;

        request(&world, offer("a"));
        cr_assert_str_eq(run(&world), "0 a permit in general: interest\n");
        decision = &world.twin.permitted.items[0]->decision;
        cr_assert_eq(decision->request->kind, TG_KIND_GENERAL);
        cr_assert_eq(decision->request->priority, 4);
        cr_assert(tg_span_equal(decision->request->campaign, tg_span_text("brand")));
        cr_assert(tg_span_equal(decision->request->topic, tg_span_text("sport")));
        cr_assert(tg_span_equal(decision->request->payload, tg_span_text("hello all")));
        cr_assert_not(tg_span_present(decision->request->subject));
}

Test(general, both_forms_tell_their_reasons_when_both_are_refused)
{
        WORLD(world, "rules:\n" INTEREST SILENCE);

        request(&world, offer("a"));
        cr_assert_str_eq(run(&world), "0 a deny in general: interest, silence\n");
        cr_assert_eq(world.summary.denied, 1);
        cr_assert_eq(world.summary.reasons[0].denied, 1);
        cr_assert_eq(world.summary.reasons[1].denied, 1);
}

Test(general, a_message_without_such_a_variant_or_with_another_refusal_stays_refused)
{
        WORLD(world, "rules:\n" INTEREST "- {rule: never, for: {topic: sport}, "
                     "cap: {count: click, at_most: 0, per: 1s}}\n");
        struct tg_request without = offer("a"), both = offer("b");

        without.general.present = false;
        without.topic = TG_SPAN_ABSENT;
        request(&world, without);
        request(&world, both);
        cr_assert_str_eq(run(&world), "0 a deny: interest\n0 b deny: interest, never\n");
}

Test(general, what_the_gate_itself_refuses_has_no_variant)
{
        WORLD(world, "rules:\n" INTEREST);
        struct tg_request expired = offer("a");

        expired.time_ms = 5;
        expired.expires_ms = 5;
        request(&world, expired);
        cr_assert_str_eq(run(&world), "5 a deny: expired\n");
}

Test(general, a_variant_that_waits_is_decided_as_requested_first_when_it_is_due)
{
        WORLD(world, "rules:\n" INTEREST SLOW);

        request(&world, offer("a"));
        request(&world, offer("b"));
        fact(&world, (struct tg_touchpoint){.type = TG_TYPE_CLICK, .time_ms = 900});
        fact(&world, (struct tg_touchpoint){.type = TG_TYPE_OPEN, .time_ms = 5000});
        cr_assert_str_eq(run(&world), "0 a permit in general: interest\n"
                                      "0 b defer until 1000 in general: interest, slow\n"
                                      "1000 b permit\n");
        cr_assert_eq(world.twin.permitted.items[1]->decision.request->kind, TG_KIND_RETARGET);
}

Test(general, the_variant_has_throttles_of_its_own)
{
        WORLD(world, "rules:\n" INTEREST "throttles:\n"
                     "- {name: shoes, for: {campaign: shoes}, rate: 1/d}\n"
                     "- {name: brand, for: {campaign: brand}, rate: 1/s}\n");

        request(&world, offer("a"));
        request(&world, offer("b"));
        click(&world, 5000);
        cr_assert_str_eq(run(&world), "0 a permit in general: interest\n"
                                      "0 b defer until 1000 in general: interest, brand\n"
                                      "1000 b permit in general: interest\n");
}

Test(general, the_same_request_again_is_told_as_it_was_asked_for)
{
        WORLD(world, "rules:\n" INTEREST);
        const struct tg_decision *again;

        request(&world, offer("a"));
        request(&world, offer("a"));
        cr_assert_str_eq(run(&world), "0 a permit in general: interest\n0 a permit again\n");
        again = &world.twin.decisions.items[1]->decision;
        cr_assert_eq(again->request->kind, TG_KIND_RETARGET);
        cr_assert_eq(world.twin.permitted.count, 1);
}
