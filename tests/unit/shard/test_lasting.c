/* SPDX-License-Identifier: Apache-2.0 */
/* What lasts of the facts is written, and is enough when the facts themselves are gone. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "world.h"

#define CONSENTS "rules: [{rule: agreed, consent: {}}]"
#define CAP "rules: [{rule: few, cap: {count: click, at_most: 9, per: 1h}}]"

static void agree(struct world *world, int64_t after_ms, bool granted)
{
        fact(world, (struct tg_touchpoint){.type = TG_TYPE_CONSENT,
                                           .channel = TG_CHANNEL_ABSENT,
                                           .time_ms = after_ms,
                                           .consent = {.purpose = tg_span_text("news"),
                                                       .until_ms = TG_NO_TIME,
                                                       .channel = TG_CHANNEL_ABSENT,
                                                       .granted = granted,
                                                       .present = true}});
}

static void erase(struct world *world, int64_t after_ms)
{
        fact(world, (struct tg_touchpoint){.type = TG_TYPE_ERASURE,
                                           .channel = TG_CHANNEL_ABSENT,
                                           .time_ms = after_ms});
}

static void ask(struct world *world, int64_t after_ms)
{
        request(world, (struct tg_request){.id = tg_span_text("r"),
                                           .time_ms = after_ms,
                                           .channel = TG_CHANNEL_EMAIL,
                                           .kind = TG_KIND_NEWSLETTER,
                                           .purpose = tg_span_text("news")});
}

static void wall(struct world *world, int64_t after_ms)
{
        world->options.clock = TG_CLOCK_WALL;
        world->options.batch = 10000;
        tg_twin_clock(&world->twin, START_MS + after_ms);
}

static union tg_event event_of(const struct world *world, size_t i)
{
        union tg_event event;
        size_t consumed;

        cr_assert_eq(tg_plan_decode(world->twin.readings[TG_STREAM_CUSTOMERS].full,
                                    world->twin.customers.items[i].datum, &event, &consumed),
                     0);
        return event;
}

/* The keys that were written, with the times of their records from START_MS on. */
static const char *written(struct world *world)
{
        size_t size;
        FILE *file = open_memstream(&world->told, &size);

        for (size_t i = 0; i < world->twin.customers.count; i++) {
                const struct tg_twin_customer *customer = &world->twin.customers.items[i];

                if (!tg_span_present(customer->datum)) {
                        fprintf(file, "no %.*s\n", TG_SPAN_FORMAT(customer->key));
                        continue;
                }
                fprintf(file, "%jd %.*s\n", (intmax_t)(event_of(world, i).head.time_ms - START_MS),
                        TG_SPAN_FORMAT(customer->key));
        }
        fclose(file);
        return world->told;
}

static const char *run_and_list(struct world *world)
{
        run(world);
        free(world->told);
        return written(world);
}

Test(lasting, what_stands_is_written_and_what_is_outdone_is_not)
{
        WORLD(world, CONSENTS);

        agree(&world, 10, true);
        agree(&world, 5, false);
        agree(&world, 20, false);
        agree(&world, 20, true);
        erase(&world, 30);
        erase(&world, 25);
        agree(&world, 30, true);
        agree(&world, 31, true);
        cr_assert_str_eq(run_and_list(&world), "10 me/consent/news/all\n20 me/consent/news/all\n"
                                               "30 me/erasure\nno me/consent/news/all\n"
                                               "no me/implied/news/all\n31 me/consent/news/all\n");
}

Test(lasting, of_a_policy_that_asks_for_no_consent_erasures_alone_are_written)
{
        WORLD(world, CAP);

        click(&world, 0);
        agree(&world, 10, true);
        erase(&world, 30);
        cr_assert_str_eq(run_and_list(&world), "30 me/erasure\n");
}

Test(lasting, what_an_aborted_transaction_wrote_is_written_again_but_for_what_was_outdone_in_it)
{
        WORLD(world, CONSENTS);

        wall(&world, 20);
        agree(&world, 10, true);
        agree(&world, 20, false);
        tg_twin_abort(&world.twin);
        wall(&world, 30);
        agree(&world, 15, true);
        cr_assert_str_eq(run_and_list(&world), "20 me/consent/news/all\n");
        cr_assert_eq(world.twin.aborts, 1);
}

Test(lasting, what_has_no_effect_is_not_written)
{
        WORLD(world, CONSENTS);

        fact(&world, (struct tg_touchpoint){.type = TG_TYPE_ERASURE, .bot = true});
        fact(&world, (struct tg_touchpoint){.type = TG_TYPE_CONSENT}); /* without a body */
        cr_assert_str_eq(run_and_list(&world), "");
}

Test(lasting, where_there_is_no_place_for_it_nothing_is_said_to_be_kept)
{
        WORLD(world, CONSENTS);
        struct tg_port port;
        struct tg_error error;

        agree(&world, 10, true);
        port = tg_twin_port(&world.twin);
        port.sink.customer = NULL;
        cr_assert_eq(tg_shard_run(&world.options, &port, &world.summary, &error), 0);
        cr_assert_eq(world.twin.progress[0].next[TG_STREAM_TOUCHPOINTS], 1);
        cr_assert_eq(world.twin.progress[0].kept, 0);
}

Test(lasting, a_table_without_room_keeps_nothing_whole_and_writes_no_grant)
{
        WORLD(world, CONSENTS);
        char id[16];

        world.options.partition.table_bytes = 64 << 10;
        for (int i = 0; i < 5000; i++) {
                snprintf(id, sizeof id, "c%d", i);
                fact(&world, (struct tg_touchpoint){.type = TG_TYPE_CONSENT,
                                                    .customer = tg_span_text(id),
                                                    .channel = TG_CHANNEL_ABSENT,
                                                    .time_ms = i,
                                                    .consent = {.purpose = tg_span_text("news"),
                                                                .until_ms = TG_NO_TIME,
                                                                .channel = TG_CHANNEL_ABSENT,
                                                                .granted = i % 2,
                                                                .present = true}});
        }
        run(&world);
        cr_assert_eq(world.twin.progress[0].kept, 0);
        cr_assert_gt(world.twin.customers.count, 2500, "all withdrawals, and what has room");
        cr_assert_lt(world.twin.customers.count, 5000);
}

/* One process after the other. */
#define LIVES_MAX 3

struct lives {
        struct world worlds[LIVES_MAX];
        int count;
};

static struct world *next_life(struct lives *lives, const char *policy)
{
        struct world *world = &lives->worlds[lives->count];

        cr_assert_lt(lives->count, LIVES_MAX);
        world_init(world, policy);
        if (lives->count++ > 0)
                tg_twin_resume(&world->twin, &world[-1].twin);
        return world;
}

static void lives_deinit(struct lives *lives)
{
        for (int i = 0; i < lives->count; i++)
                world_deinit(&lives->worlds[i]);
}

/* The facts it had taken up are gone, if it is enough what lasts of them. */
static bool forget(struct world *world)
{
        tg_twin_forget(&world->twin, world->options.partition.policy->counters.lasting);
        return world->twin.forgets;
}

static void live_until(struct world *world, size_t commits)
{
        struct tg_port port = tg_twin_port(&world->twin);
        struct tg_error error;

        tg_twin_crash(&world->twin, commits);
        cr_assert_eq(tg_shard_run(&world->options, &port, &world->summary, &error), -1);
}

static void tell_of_one(struct world *world)
{
        wall(world, 0);
        agree(world, 10, true);
        wall(world, 1000);
        ask(world, 500);
}

Test(lasting, a_consent_holds_when_the_fact_is_gone)
{
        tg_cleanup(lives_deinit) struct lives lives = {0};
        struct world *world = next_life(&lives, CONSENTS);

        tell_of_one(world);
        live_until(world, 2);
        world = next_life(&lives, CONSENTS);
        cr_assert(forget(world));
        tell_of_one(world);
        cr_assert_str_eq(run(world), "1000 r permit\n");
}

Test(lasting, a_policy_that_begins_to_ask_is_told_all_facts_once_and_what_lasts_from_then_on)
{
        tg_cleanup(lives_deinit) struct lives lives = {0};
        struct world *world = next_life(&lives, CAP);

        tell_of_one(world);
        live_until(world, 2);
        cr_assert_eq(world->twin.customers.count, 0);
        world = next_life(&lives, CONSENTS);
        cr_assert_not(forget(world));
        tell_of_one(world);
        live_until(world, 2);
        world = next_life(&lives, CONSENTS);
        cr_assert(forget(world));
        tell_of_one(world);
        cr_assert_str_eq(run(world), "1000 r permit\n");
}

Test(lasting, a_policy_that_no_longer_asks_keeps_no_consents_whole)
{
        tg_cleanup(lives_deinit) struct lives lives = {0};
        struct world *world = next_life(&lives, CONSENTS);

        then(world, 2, "rules: []");
        wall(world, 0);
        agree(world, 10, true);
        wall(world, 10);
        agree(world, 20, false);
        run(world);
        cr_assert_eq(world->twin.customers.count, 1);
        cr_assert_eq(world->twin.progress[0].kept, UINT64_C(1) << TG_TYPE_ERASURE);
        world = next_life(&lives, CONSENTS);
        cr_assert_not(forget(world));
}

enum { BATCHES = 40, PER_BATCH = 6, LATEST_MS = 400 };

static const char *const customers[] = {"me", "you", "she"};
static const char *const purposes[] = {"news", "offers"};
static const uint8_t channels[] = {TG_CHANNEL_ABSENT, TG_CHANNEL_EMAIL};

/* Times are few, so that many facts are of one moment. */
static void random_fact(struct world *world, unsigned *seed, int number)
{
        struct tg_touchpoint touchpoint = {
                .type = rand_r(seed) % 8 ? TG_TYPE_CONSENT : TG_TYPE_ERASURE,
                .customer = tg_span_text(customers[rand_r(seed) % 3]),
                .time_ms = rand_r(seed) % (LATEST_MS / 10) * 10,
                .channel = TG_CHANNEL_ABSENT,
                .bot = rand_r(seed) % 20 == 0,
                .consent = {.purpose = tg_span_text(purposes[rand_r(seed) % 2]),
                            .until_ms =
                                    rand_r(seed) % 2 ? TG_NO_TIME : START_MS + rand_r(seed) % 2000,
                            .channel = channels[rand_r(seed) % 2],
                            .granted = rand_r(seed) % 2,
                            .implied = rand_r(seed) % 3 == 0},
        };
        char id[16];

        touchpoint.consent.present = touchpoint.type == TG_TYPE_CONSENT;
        if (touchpoint.type == TG_TYPE_ERASURE)
                touchpoint.time_ms /= 2;
        snprintf(id, sizeof id, "f%d", number);
        touchpoint.id = tg_span_text(id);
        fact(world, touchpoint);
}

/* Of everybody and everything, some of it from before an erasure. */
static void ask_all(struct world *world)
{
        char id[16];
        int number = 0;

        for (int i = 0; i < 3 * 2 * 2 * 2; i++, number++) {
                snprintf(id, sizeof id, "r%d", number);
                request(world, (struct tg_request){
                                       .id = tg_span_text(id),
                                       .customer = tg_span_text(customers[i % 3]),
                                       .time_ms = i / 12 ? LATEST_MS : LATEST_MS / 3,
                                       .channel = i / 6 % 2 ? TG_CHANNEL_EMAIL : TG_CHANNEL_PUSH,
                                       .kind = TG_KIND_NEWSLETTER,
                                       .purpose = tg_span_text(purposes[i / 3 % 2]),
                               });
        }
}

/* REFUSED: some commits are, others are put off. The last one, of the requests, is not. */
static void tell_story(struct world *world, unsigned seed, bool refused)
{
        int number = 0;

        for (int i = 0; i < BATCHES; i++) {
                int chance = rand_r(&seed) % 5;

                wall(world, 1000 + i);
                for (int j = rand_r(&seed) % PER_BATCH; j >= 0; j--)
                        random_fact(world, &seed, number++);
                if (refused && chance == 0)
                        tg_twin_abort(&world->twin);
                else if (refused && chance == 1)
                        tg_twin_put_off(&world->twin);
        }
        wall(world, 1000 + BATCHES);
        ask_all(world);
}

static int64_t erased_ms(const struct world *world, struct tg_span customer)
{
        int64_t latest_ms = TG_NO_TIME;

        for (size_t i = 0; i < world->twin.customers.count; i++) {
                union tg_event event;

                if (!tg_span_present(world->twin.customers.items[i].datum))
                        continue;
                event = event_of(world, i);
                if (event.touchpoint.type == TG_TYPE_ERASURE && latest_ms < event.head.time_ms &&
                    tg_span_equal(event.head.customer, customer))
                        latest_ms = event.head.time_ms;
        }
        return latest_ms;
}

/* Compacted, nothing is left that an erasure masks. Returns how many were taken out. */
static size_t expect_erased(const struct world *world, unsigned seed)
{
        const struct tg_twin_customers *all = &world->twin.customers;
        size_t taken_out = 0;

        for (size_t i = 0; i < all->count; i++) {
                bool last = true;
                union tg_event event;

                for (size_t j = i + 1; j < all->count; j++)
                        last &= !tg_span_equal(all->items[i].key, all->items[j].key);
                if (!last)
                        continue;
                if (!tg_span_present(all->items[i].datum)) {
                        taken_out++;
                        continue;
                }
                event = event_of(world, i);
                cr_assert(event.touchpoint.type == TG_TYPE_ERASURE ||
                                  event.head.time_ms > erased_ms(world, event.head.customer),
                          "seed %u: %.*s", seed, TG_SPAN_FORMAT(all->items[i].key));
        }
        return taken_out;
}

/*
 * Some first lives do not look at consents, so that the second one writes what it comes back to:
 * it lasts at least until it has.
 */
static size_t commits_of(const struct world *world, unsigned *chance, size_t before)
{
        return world->twin.forgets ? 1 + (size_t)rand_r(chance) % 3
                                   : before + 1 + (size_t)rand_r(chance) % 4;
}

Test(lasting, at_random_what_was_kept_and_the_facts_since_are_the_state)
{
        unsigned seed = (unsigned)time(NULL), forgot = 0, aborted = 0;
        size_t taken_out = 0;

        for (int round = 0; round < 300; round++, seed++) {
                tg_cleanup(lives_deinit) struct lives lives = {0};
                unsigned chance = seed;
                size_t commits = 0;
                WORLD(whole, CONSENTS);

                tell_story(&whole, seed, false);
                for (int life = 0; life < LIVES_MAX; life++) {
                        bool looks = life > 0 || seed % 2;
                        struct world *world = next_life(&lives, looks ? CONSENTS : CAP);

                        if (life > 0)
                                forgot += forget(world);
                        tell_story(world, seed, true);
                        commits = commits_of(world, &chance, commits);
                        if (life < LIVES_MAX - 1)
                                live_until(world, commits);
                        else
                                cr_assert_str_eq(run(world), run(&whole), "seed %u", seed);
                        aborted += (unsigned)world->twin.aborts;
                        taken_out += expect_erased(world, seed);
                }
        }
        cr_assert_gt(forgot, 300);
        cr_assert_gt(aborted, 300);
        cr_assert_gt(taken_out, 300);
}
