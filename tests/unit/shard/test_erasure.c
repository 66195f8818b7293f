/* SPDX-License-Identifier: Apache-2.0 */
/* What was asked for before a customer's data was erased is not sent. */
#include "world.h"

#define PAUSE "rules:\n- {rule: pause, cap: {count: click, at_most: 1, per: 1s}}\n"

static void erase(struct world *world, int64_t after_ms)
{
        fact(world, (struct tg_touchpoint){.type = TG_TYPE_ERASURE, .time_ms = after_ms});
}

Test(erasure, a_deferred_message_of_before_is_denied_when_it_falls_due)
{
        WORLD(world, PAUSE);

        click(&world, 0);
        ad(&world, "a", 1, 0, 0);
        erase(&world, 500);
        click(&world, 1000);
        cr_assert_str_eq(run(&world), "1 a defer until 1000: pause\n1000 a deny: erased\n");
}

Test(erasure, a_message_asked_for_a_millisecond_later_is_decided_by_what_is_left)
{
        WORLD(world, PAUSE);

        click(&world, 0);
        ad(&world, "a", 499, 0, 0);
        erase(&world, 500);
        ad(&world, "b", 501, 0, 0);
        click(&world, 502);
        ad(&world, "c", 503, 0, 0);
        click(&world, 2000);
        cr_assert_str_eq(run(&world), "499 a defer until 1000: pause\n"
                                      "501 b permit\n"
                                      "503 c defer until 1502: pause\n"
                                      "1000 a deny: erased\n"
                                      "1502 c permit\n");
}

Test(erasure, a_request_of_the_same_moment_or_a_late_one_is_denied_at_once)
{
        WORLD(world, PAUSE);

        erase(&world, 500);
        ad(&world, "same", 500, 0, 0);
        ad(&world, "later", 501, 0, 0);
        ad(&world, "late", 400, 0, 0);
        cr_assert_str_eq(run(&world), "500 same deny: erased\n"
                                      "501 later permit\n"
                                      "501 late deny: erased\n");
}

Test(erasure, what_waits_for_a_throttle_is_denied_at_its_turn_and_charges_nothing)
{
        WORLD(world, "throttles:\n- {name: slow, rate: 1/s}\n");

        ad(&world, "a", 0, 0, 0);
        ad(&world, "b", 1, 0, 0);
        erase(&world, 2);
        ad(&world, "c", 3, 0, 0);
        click(&world, 5000);
        cr_assert_str_eq(run(&world), "0 a permit\n"
                                      "1 b defer until 1000: slow\n"
                                      "3 c defer until 1000: slow\n"
                                      "1000 b deny: erased\n"
                                      "1000 c permit\n");
}

Test(erasure, nothing_is_sent_until_one_of_the_future_has_come_to_pass)
{
        WORLD(world, "rules:\n- {rule: gap, gap: {at_least: 1s}}\n");

        world.options.clock = TG_CLOCK_WALL;
        world.options.batch = 10000;
        tg_twin_clock(&world.twin, START_MS);
        erase(&world, 100);
        tg_twin_end(&world.twin, TG_STREAM_TOUCHPOINTS, 0);
        tg_twin_clock(&world.twin, START_MS + 100);
        ad(&world, "a", 101, 0, 0);
        tg_twin_clock(&world.twin, START_MS + 101);
        ad(&world, "b", 101, 0, 0);
        ad(&world, "c", 101, 0, 0);
        cr_assert_str_eq(run(&world), "100 a deny: erased\n"
                                      "101 b permit\n"
                                      "101 c defer until 1101: gap\n");
}

Test(erasure, an_expired_request_is_told_as_expired_and_no_variant_is_tried)
{
        WORLD(world, "rules:\n- {rule: no, instead: general, for: {kind: offer}, "
                     "cap: {count: permit, at_most: 0, per: 1s}}\n");

        erase(&world, 500);
        request(&world, (struct tg_request){.id = tg_span_text("offer"),
                                            .time_ms = 500,
                                            .channel = TG_CHANNEL_ADS,
                                            .kind = TG_KIND_OFFER,
                                            .general = {.payload = tg_span_text("hello all"),
                                                        .present = true}});
        ad(&world, "expired", 1, 0, 500);
        cr_assert_str_eq(run(&world), "500 offer deny: erased\n500 expired deny: expired\n");
}

Test(erasure, a_request_that_was_answered_and_comes_again_is_answered_as_before)
{
        WORLD(world, "");

        ad(&world, "a", 0, 0, 0);
        erase(&world, 1);
        ad(&world, "a", 0, 0, 0);
        cr_assert_str_eq(run(&world), "0 a permit\n0 a permit again\n");
}
