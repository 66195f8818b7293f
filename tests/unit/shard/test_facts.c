/* SPDX-License-Identifier: Apache-2.0 */
/* By the wall clock no request is decided without the facts that were there before it. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "world.h"

#define WAIT_MS 5000
#define ONE_CLICK "rules:\n- {rule: cap, cap: {count: click, at_most: 1, per: 1h}}\n"
#define ONE_A_SECOND "throttles:\n- {name: pace, rate: 1/s}\n"

/* The list says when facts are known; they are, so far. */
static void facts_init(struct world *world)
{
        world->options.clock = TG_CLOCK_WALL;
        world->options.batch = 10000;
        world->options.partition.facts_wait_ms = WAIT_MS;
        tg_twin_awaits(&world->twin);
        tg_twin_clock(&world->twin, START_MS);
        tg_twin_known(&world->twin, 0);
}

/* A batch, whatever else is in it. */
static void at(struct world *world, int64_t after_ms)
{
        tg_twin_clock(&world->twin, START_MS + after_ms);
        tg_twin_end(&world->twin, TG_STREAM_REQUESTS, 0);
}

Test(facts, a_request_waits_for_the_facts_that_were_there_when_it_was_read)
{
        WORLD(world, ONE_CLICK);

        facts_init(&world);
        ad(&world, "a", 0, 0, 0);
        at(&world, 10);
        click(&world, 5);
        at(&world, 20);
        tg_twin_known(&world.twin, 0);
        cr_assert_str_eq(run(&world), "20 a defer until 3600005: cap\n");
}

Test(facts, those_read_later_wait_on)
{
        WORLD(world, "");

        facts_init(&world);
        ad(&world, "a", 0, 0, 0);
        tg_twin_known(&world.twin, 0);
        ad(&world, "b", 0, 0, 0);
        at(&world, 10);
        at(&world, 20);
        tg_twin_known(&world.twin, 0);
        cr_assert_str_eq(run(&world), "0 a permit\n20 b permit\n");
}

Test(facts, a_request_that_has_waited_for_long_is_deferred_for_as_long_again)
{
        WORLD(world, ONE_CLICK);

        facts_init(&world);
        ad(&world, "a", 0, 0, 0);
        at(&world, WAIT_MS - 1);
        ad(&world, "b", 0, 0, 0);
        at(&world, WAIT_MS);
        at(&world, 2 * WAIT_MS - 10);
        tg_twin_known(&world.twin, 0);
        click(&world, 5);
        at(&world, 2 * WAIT_MS);
        cr_assert_str_eq(run(&world), "5000 a defer until 10000: facts behind\n"
                                      "9990 b defer until 3600005: cap\n");
        cr_assert_eq(world.summary.pending, 2, "a waits for the cap now");
        cr_assert_eq(world.summary.deferred, 2);
}

Test(facts, while_they_are_behind_it_is_deferred_again_and_denied_at_its_expiry)
{
        WORLD(world, "");

        facts_init(&world);
        ad(&world, "a", 0, 0, 14000);
        ad(&world, "b", 0, 0, 0);
        at(&world, 100);
        tg_twin_behind(&world.twin, 0);
        at(&world, WAIT_MS);
        at(&world, 2 * WAIT_MS);
        at(&world, 3 * WAIT_MS - 1);
        tg_twin_known(&world.twin, 0);
        at(&world, 3 * WAIT_MS);
        cr_assert_str_eq(run(&world), "5000 a defer until 10000: facts behind\n"
                                      "5000 b defer until 10000: facts behind\n"
                                      "10000 a deny: facts behind, expires first\n"
                                      "15000 b permit\n");
        cr_assert_eq(world.summary.deferred, 2);
}

Test(facts, what_falls_due_while_they_are_behind_is_decided_when_they_are_known)
{
        WORLD(world, "rules:\n- {rule: cap, cap: {count: click, at_most: 1, per: 1s}}\n");

        facts_init(&world);
        click(&world, 0);
        ad(&world, "a", 0, 0, 0);
        tg_twin_known(&world.twin, 0);
        at(&world, 900);
        tg_twin_behind(&world.twin, 0);
        at(&world, 1000);
        at(&world, 1500);
        click(&world, 950);
        at(&world, 1600);
        tg_twin_known(&world.twin, 0);
        at(&world, 1950);
        cr_assert_str_eq(run(&world), "0 a defer until 1000: cap\n1950 a permit\n");
}

Test(facts, a_leap_of_the_clock_makes_nothing_late)
{
        WORLD(world, "rules:\n- {rule: cap, cap: {count: click, at_most: 1, per: 1s}}\n");

        facts_init(&world);
        click(&world, 0);
        ad(&world, "a", 0, 0, 0);
        tg_twin_known(&world.twin, 0);
        at(&world, 3600000);
        tg_twin_behind(&world.twin, 0);
        ad(&world, "b", 0, 0, 0);
        at(&world, 3600000 + WAIT_MS - 1);
        tg_twin_known(&world.twin, 0);
        cr_assert_str_eq(run(&world), "0 a defer until 1000: cap\n"
                                      "3604999 a permit\n3604999 b permit\n");
}

Test(facts, what_waits_at_a_throttle_waits_for_them_too_and_is_then_deferred)
{
        WORLD(world, ONE_A_SECOND);

        facts_init(&world);
        for (int i = 0; i < 3; i++)
                ad(&world, (const char *[]){"a", "b", "c"}[i], 0, 0, 0);
        tg_twin_known(&world.twin, 0);
        at(&world, 500);
        tg_twin_behind(&world.twin, 0);
        at(&world, 1000);
        at(&world, 2000);
        at(&world, 500 + WAIT_MS);
        at(&world, 6000);
        tg_twin_known(&world.twin, 0);
        at(&world, 500 + 2 * WAIT_MS);
        at(&world, 11500);
        cr_assert_str_eq(run(&world), "0 a permit\n"
                                      "0 b defer until 1000: pace\n"
                                      "0 c defer until 1000: pace\n"
                                      "10500 b permit\n"
                                      "11500 c permit\n");
}

Test(facts, what_the_gate_itself_refuses_is_not_deferred_for_them)
{
        WORLD(world, "");

        facts_init(&world);
        ad(&world, "expired", 0, 0, 1000);
        request(&world, (struct tg_request){.id = tg_span_text("unknown")});
        at(&world, WAIT_MS);
        cr_assert_str_eq(run(&world), "5000 expired deny: expired\n"
                                      "5000 unknown deny: unknown channel\n");
}

/* Two partitions, and a customer in each. */
static void divide(struct world *world, char (*ret_customers)[8])
{
        tg_twin_deinit(&world->twin);
        tg_twin_init(&world->twin, 2);
        world->options.partition.partitions = 2;
        for (int i = 0; i < 16; i++) {
                char name[8];

                snprintf(name, sizeof name, "c%d", i);
                memcpy(ret_customers[tg_partition_of(tg_span_text(name), 2)], name, sizeof name);
        }
}

static void ad_for(struct world *world, const char *id, const char *customer)
{
        request(world, (struct tg_request){.id = tg_span_text(id),
                                           .customer = tg_span_text(customer),
                                           .channel = TG_CHANNEL_ADS});
}

Test(facts, a_partition_that_waits_holds_no_other_up)
{
        WORLD(world, "");
        char customers[2][8];

        divide(&world, customers);
        facts_init(&world);
        ad_for(&world, "a", customers[0]);
        ad_for(&world, "b", customers[1]);
        tg_twin_known(&world.twin, 1);
        at(&world, 10);
        tg_twin_known(&world.twin, 0);
        cr_assert_str_eq(run(&world), "0 b permit\n10 a permit\n");
}

/* Another partition could not be given back, in the middle of a batch. */
Test(facts, those_that_were_read_in_vain_are_not_known)
{
        WORLD(world, ONE_CLICK);
        char customers[2][8];

        divide(&world, customers);
        facts_init(&world);
        world.options.batch = 7;
        tg_twin_pause(&world.twin);
        for (int i = 0; i < 5; i++)
                fact(&world, (struct tg_touchpoint){.type = TG_TYPE_OPEN,
                                                    .customer = tg_span_text(customers[1])});
        tg_twin_put_off(&world.twin);
        tg_twin_pause(&world.twin);
        ad_for(&world, "a", customers[1]);
        tg_twin_end(&world.twin, TG_STREAM_REQUESTS, 1);
        fact(&world,
             (struct tg_touchpoint){.type = TG_TYPE_CLICK, .customer = tg_span_text(customers[1])});
        tg_twin_known(&world.twin, 1);
        tg_twin_abort(&world.twin);
        tg_twin_revoke(&world.twin, 0);
        cr_assert_str_eq(run(&world), "0 a defer until 3600000: cap\n");
        cr_assert_eq(world.twin.aborts, 1);
}

Test(facts, a_clock_that_goes_back_makes_nothing_late)
{
        WORLD(world, "");

        facts_init(&world);
        at(&world, 1000);
        at(&world, -3600000);
        ad(&world, "a", -3600000, 0, 0);
        at(&world, -3600000 + 10);
        tg_twin_known(&world.twin, 0);
        cr_assert_str_eq(run(&world), "1000 a permit\n");
}

Test(facts, what_was_undone_waits_for_them_again)
{
        WORLD(world, ONE_CLICK);

        facts_init(&world);
        ad(&world, "a", 0, 0, 0);
        at(&world, WAIT_MS);
        tg_twin_abort(&world.twin);
        at(&world, WAIT_MS + 1);
        at(&world, 2 * WAIT_MS);
        at(&world, 2 * WAIT_MS + 1);
        tg_twin_abort(&world.twin);
        at(&world, 2 * WAIT_MS + 2);
        at(&world, 3 * WAIT_MS + 2);
        at(&world, 3 * WAIT_MS + 3);
        click(&world, 5);
        tg_twin_known(&world.twin, 0);
        at(&world, 4 * WAIT_MS + 2);
        cr_assert_str_eq(run(&world), "15002 a defer until 20002: facts behind\n");
        cr_assert_eq(world.twin.aborts, 2);
        cr_assert_eq(world.summary.pending, 1, "for the cap, since 20002");
        cr_assert_eq(world.summary.deferred, 1);
}

/* The second life of a partition: it has to come back before anything is late. */
Test(facts, a_deferral_for_them_comes_back_after_a_restart)
{
        WORLD(first, ONE_CLICK);
        WORLD(second, ONE_CLICK);
        struct world *worlds[] = {&first, &second};
        struct tg_port port;
        struct tg_error error;

        for (int i = 0; i < 2; i++) {
                if (i == 1)
                        tg_twin_resume(&second.twin, &first.twin);
                facts_init(worlds[i]);
                ad(worlds[i], "a", 0, 0, 0);
                ad(worlds[i], "b", 0, 0, 0);
                at(worlds[i], WAIT_MS);
                if (i == 1)
                        click(&second, 5);
                at(worlds[i], 2 * WAIT_MS - 1);
                tg_twin_known(&worlds[i]->twin, 0);
                at(worlds[i], 2 * WAIT_MS);
                if (i == 1)
                        continue;
                port = tg_twin_port(&first.twin);
                tg_twin_crash(&first.twin, 3);
                cr_assert_eq(tg_shard_run(&first.options, &port, &first.summary, &error), -1);
        }
        cr_assert_eq(first.twin.decisions.count, 2);
        cr_assert_eq(first.twin.decisions.items[0]->decision.until_ms, START_MS + 2 * WAIT_MS);
        cr_assert_str_eq(run(&second), "", "nothing is told again");
        cr_assert_eq(second.summary.pending, 2);
}

/* What had been read before is read again, which takes long. */
Test(facts, a_partition_that_comes_back_makes_nothing_late)
{
        WORLD(first, "");
        WORLD(second, "");

        facts_init(&first);
        click(&first, 0);
        run(&first);
        tg_twin_resume(&second.twin, &first.twin);
        facts_init(&second);
        ad(&second, "a", 0, 0, 0);
        at(&second, 3 * WAIT_MS);
        click(&second, 0);
        at(&second, 3 * WAIT_MS + 10);
        tg_twin_known(&second.twin, 0);
        run(&second);
        cr_assert_str_eq(second.told, "15010 a permit\n");
}

/* Facts and requests come at random, what is known of the facts lags behind, commits fail. */
static void tell_random(struct world *world, unsigned seed, int64_t *clicked)
{
        unsigned state = seed;

        facts_init(world);
        for (int i = 1; i <= 60; i++) {
                char id[8];

                at(world, 700 * i);
                snprintf(id, sizeof id, "r%d", i);
                if (rand_r(&state) % 3 == 0)
                        tg_twin_abort(&world->twin);
                if (*clicked < 0 && rand_r(&state) % 30 == 0) {
                        *clicked = 700 * i;
                        click(world, 700 * i);
                }
                ad(world, id, 700 * i, 0, 0);
                if (rand_r(&state) % 6 == 0)
                        tg_twin_known(&world->twin, 0);
                else if (rand_r(&state) % 6 == 0)
                        tg_twin_behind(&world->twin, 0);
        }
        at(world, 700 * 61);
        tg_twin_known(&world->twin, 0);
        at(world, 700 * 61 + WAIT_MS);
}

Test(facts, however_they_lag_every_request_has_one_answer_and_none_a_permit_that_they_forbid)
{
        unsigned first = (unsigned)time(NULL);

        for (unsigned seed = first; seed < first + 300; seed++) {
                WORLD(world, ONE_CLICK);
                int64_t clicked = -1;
                size_t permits = 0;

                tell_random(&world, seed, &clicked);
                run(&world);
                for (size_t i = 0; i < world.twin.decisions.count; i++) {
                        const struct tg_decision *told = &world.twin.decisions.items[i]->decision;

                        permits += told->outcome == TG_PERMIT;
                        cr_assert(clicked < 0 || told->outcome != TG_PERMIT ||
                                          told->request->time_ms < START_MS + clicked,
                                  "seed %u: a click was there before it", seed);
                }
                cr_assert_eq(permits, world.summary.permitted, "seed %u", seed);
                cr_assert_eq(permits + world.summary.pending, 60, "seed %u", seed);
        }
}
