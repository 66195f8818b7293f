/* SPDX-License-Identifier: Apache-2.0 */
/* What differs with the wall clock, and what happens when partitions come and go. */
#include "world.h"

#define ONE_CLICK "rules:\n- {rule: cap, cap: {count: click, at_most: 1, per: 1s}}\n"

static void wall(struct world *world, int64_t after_ms)
{
        world->options.clock = TG_CLOCK_WALL;
        tg_twin_clock(&world->twin, START_MS + after_ms);
}

Test(wall, requests_wait_until_the_facts_have_been_read)
{
        WORLD(world, ONE_CLICK);

        wall(&world, 100);
        ad(&world, "a", 0, 0, 0);
        wall(&world, 200);
        click(&world, 50);
        wall(&world, 300);
        tg_twin_end(&world.twin, TG_STREAM_TOUCHPOINTS, 0);
        cr_assert_str_eq(run(&world), "300 a defer until 1050: cap\n");
}

Test(wall, in_a_batch_facts_go_first_then_what_is_due_then_the_requests)
{
        WORLD(world, ONE_CLICK);

        wall(&world, 0);
        tg_twin_end(&world.twin, TG_STREAM_TOUCHPOINTS, 0);
        click(&world, 0);
        tg_twin_end(&world.twin, TG_STREAM_TOUCHPOINTS, 0);
        ad(&world, "a", 0, 0, 0);
        wall(&world, 1500);
        ad(&world, "b", 0, 0, 0);
        click(&world, 700);
        wall(&world, 2000);
        cr_assert_str_eq(run(&world), "0 a defer until 1000: cap\n"
                                      "1500 b defer until 1700: cap\n"
                                      "2000 a permit\n"
                                      "2000 b permit\n");
}

Test(wall, what_is_overdue_is_decided_at_the_clock_by_priority)
{
        WORLD(world, ONE_CLICK);

        wall(&world, 0);
        click(&world, 0);
        ad(&world, "a", 0, 0, 0);
        ad(&world, "b", 0, 5, 0);
        tg_twin_end(&world.twin, TG_STREAM_TOUCHPOINTS, 0);
        wall(&world, 1234);
        cr_assert_str_eq(run(&world), "0 a defer until 1000: cap\n"
                                      "0 b defer until 1000: cap\n"
                                      "1234 b permit\n"
                                      "1234 a permit\n");
}

Test(wall, it_never_goes_back)
{
        WORLD(world, "");

        wall(&world, 500);
        tg_twin_end(&world.twin, TG_STREAM_TOUCHPOINTS, 0);
        ad(&world, "a", 0, 0, 0);
        wall(&world, 400);
        ad(&world, "b", 0, 0, 0);
        cr_assert_str_eq(run(&world), "500 a permit\n500 b permit\n");
}

Test(wall, the_future_begins_at_the_wall_clock)
{
        WORLD(world, "");

        wall(&world, 0);
        tg_twin_end(&world.twin, TG_STREAM_TOUCHPOINTS, 0);
        ad(&world, "a", TG_HOUR_MS, 0, 0);
        ad(&world, "b", TG_HOUR_MS + 1, 0, 0);
        cr_assert_str_eq(run(&world), "0 a permit\n");
        cr_assert_str_eq(world.twin.rejected.items[0].reason, "future");
}

Test(wall, by_event_time_too_if_there_is_a_wall_clock)
{
        WORLD(world, "");

        wall(&world, 0);
        world.options.clock = TG_CLOCK_EVENT;
        ad(&world, "a", TG_HOUR_MS, 0, 0);
        ad(&world, "b", TG_HOUR_MS + 1, 0, 0);
        cr_assert_str_eq(run(&world), "3600000 a permit\n");
        cr_assert_str_eq(world.twin.rejected.items[0].reason, "future");
}

Test(revocation, what_came_before_is_decided_and_what_waits_is_forgotten)
{
        WORLD(world, ONE_CLICK);

        world.options.batch = 100;
        click(&world, 0);
        ad(&world, "a", 5, 0, 0);
        tg_twin_end(&world.twin, TG_STREAM_TOUCHPOINTS, 0);
        tg_twin_revoke(&world.twin, 0);
        tg_twin_assign(&world.twin, 0);
        ad(&world, "b", 6, 0, 0);
        click(&world, 5000);
        cr_assert_str_eq(run(&world),
                         "5 a defer until 1000: cap\n"
                         "6 b permit\n",
                         "whoever has it next reads the facts again");
        cr_assert_eq(world.summary.pending, 1);
        cr_assert_neq(world.twin.decisions.items[0]->transaction,
                      world.twin.decisions.items[1]->transaction);
}

Test(revocation, what_could_not_be_decided_yet_is_left_to_the_next_owner)
{
        WORLD(world, "");

        world.options.batch = 100;
        ad(&world, "a", 5, 0, 0);
        tg_twin_revoke(&world.twin, 0);
        cr_assert_str_eq(run(&world), "");
        cr_assert_eq(world.twin.progress[0].next[TG_STREAM_REQUESTS], -1);
}
