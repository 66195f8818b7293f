/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A withdrawn consent that is read behind the request in the same batch.
 */
#include "world.h"

#define RULES "rules: [{rule: agreed, consent: {}}]"

static void agree(struct world *world, int64_t after_ms, bool granted)
{
        struct tg_consent consent = {
                .purpose = tg_span_text("news"),
                .until_ms = TG_NO_TIME,
                .channel = TG_CHANNEL_ABSENT,
                .granted = granted,
                .present = true,
        };

        fact(world, (struct tg_touchpoint){.id = tg_span_text(granted ? "yes" : "no"),
                                           .type = TG_TYPE_CONSENT,
                                           .channel = TG_CHANNEL_ABSENT,
                                           .time_ms = after_ms,
                                           .consent = consent});
}

static void ask(struct world *world, int64_t after_ms)
{
        request(world, (struct tg_request){.id = tg_span_text("r"),
                                           .time_ms = after_ms,
                                           .channel = TG_CHANNEL_EMAIL,
                                           .kind = TG_KIND_NEWSLETTER,
                                           .purpose = tg_span_text("news")});
}

Test(withdrawal, by_event_time_it_goes_before_a_request_of_its_millisecond)
{
        WORLD(world, RULES);

        agree(&world, 0, true);
        ask(&world, 1000);
        agree(&world, 1000, false);
        cr_assert_str_eq(run(&world), "1000 r deny: agreed\n");
}

Test(withdrawal, by_event_time_it_comes_too_late_a_millisecond_after_the_request)
{
        WORLD(world, RULES);

        agree(&world, 0, true);
        ask(&world, 1000);
        agree(&world, 1001, false);
        cr_assert_str_eq(run(&world), "1000 r permit\n");
}

Test(withdrawal, by_the_wall_clock_it_goes_before_every_request_of_its_batch)
{
        WORLD(world, RULES);

        world.options.clock = TG_CLOCK_WALL;
        tg_twin_clock(&world.twin, START_MS);
        agree(&world, 0, true);
        tg_twin_clock(&world.twin, START_MS + 2000);
        ask(&world, 1000);
        agree(&world, 1001, false);
        cr_assert_str_eq(run(&world), "2000 r deny: agreed\n");
}

Test(withdrawal, by_the_wall_clock_it_comes_too_late_in_the_next_batch)
{
        WORLD(world, RULES);

        world.options.clock = TG_CLOCK_WALL;
        tg_twin_clock(&world.twin, START_MS);
        agree(&world, 0, true);
        tg_twin_clock(&world.twin, START_MS + 2000);
        tg_twin_end(&world.twin, TG_STREAM_TOUCHPOINTS, 0);
        ask(&world, 1000);
        tg_twin_clock(&world.twin, START_MS + 3000);
        agree(&world, 999, false);
        cr_assert_str_eq(run(&world), "2000 r permit\n");
}
