/* SPDX-License-Identifier: Apache-2.0 */
/* Coming back: what a process that is gone had committed is where the next one goes on. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "world.h"

/* Two processes, one after the other, and one that was never interrupted. */
struct lives {
        struct world first, second, whole;
};

static void lives_init(struct lives *lives, const char *policy)
{
        struct world *worlds[] = {&lives->first, &lives->second, &lives->whole};

        for (int i = 0; i < 3; i++)
                world_init(worlds[i], policy);
}

static void lives_deinit(struct lives *lives)
{
        world_deinit(&lives->first);
        world_deinit(&lives->second);
        world_deinit(&lives->whole);
}

static void wall(struct world *world, int64_t after_ms)
{
        world->options.clock = TG_CLOCK_WALL;
        world->options.batch = 10000;
        tg_twin_clock(&world->twin, START_MS + after_ms);
}

/* The first life, which is over after so many commits. */
static void live_until(struct world *world, size_t commits)
{
        struct tg_port port = tg_twin_port(&world->twin);
        struct tg_error error;

        tg_twin_crash(&world->twin, commits);
        cr_assert_eq(tg_shard_run(&world->options, &port, &world->summary, &error), -1);
}

/* What both lives told together is what the uninterrupted one did. */
static void compare(const struct tg_twin_outputs *first, const struct tg_twin_outputs *second,
                    const struct tg_twin_outputs *whole, unsigned seed)
{
        cr_assert_eq(first->count + second->count, whole->count, "seed %u: %zu + %zu, not %zu",
                     seed, first->count, second->count, whole->count);
        for (size_t i = 0; i < whole->count; i++) {
                const struct tg_twin_output *output =
                        i < first->count ? first->items[i] : second->items[i - first->count];

                cr_assert(tg_span_equal(output->datum, whole->items[i]->datum),
                          "seed %u, output %zu", seed, i);
        }
}

/* TELL lists the story; the first life ends after so many commits. */
static void live(struct lives *lives, void (*tell)(struct world *world, unsigned seed),
                 unsigned seed, size_t commits)
{
        tell(&lives->first, seed);
        live_until(&lives->first, commits);
        tg_twin_resume(&lives->second.twin, &lives->first.twin);
        tell(&lives->second, seed);
        run(&lives->second);
        tell(&lives->whole, seed);
        run(&lives->whole);
        compare(&lives->first.twin.decisions, &lives->second.twin.decisions,
                &lives->whole.twin.decisions, seed);
        compare(&lives->first.twin.permitted, &lives->second.twin.permitted,
                &lives->whole.twin.permitted, seed);
        cr_assert_eq(lives->first.twin.rejected.count + lives->second.twin.rejected.count,
                     lives->whole.twin.rejected.count, "seed %u", seed);
        cr_assert_eq(lives->second.summary.pending, lives->whole.summary.pending, "seed %u", seed);
}

#define LIVES(name, policy)                         \
        tg_cleanup(lives_deinit) struct lives name; \
        lives_init(&name, policy)

static void tell_permits(struct world *world, unsigned seed)
{
        (void)seed;
        wall(world, 0);
        tg_twin_end(&world->twin, TG_STREAM_TOUCHPOINTS, 0);
        ad(world, "a", 0, 0, 0);
        wall(world, 10);
        ad(world, "b", 10, 0, 0);
        ad(world, "a", 10, 0, 0);
        wall(world, 3600000);
}

Test(restore, a_permit_of_before_fills_its_cap)
{
        LIVES(lives, "rules:\n- {rule: cap, cap: {count: permit, at_most: 1, per: 1h}}\n");

        live(&lives, tell_permits, 0, 2);
        cr_assert_str_eq(lives.second.told,
                         "10 b defer until 3600000: cap\n0 a permit again\n3600000 b permit\n");
}

Test(restore, a_permit_of_before_counts_on_its_throttle)
{
        LIVES(lives, "throttles:\n- {rate: 1/h}\n");

        live(&lives, tell_permits, 0, 2);
        cr_assert_str_eq(lives.second.told, "10 b defer until 3600000: throttle-1\n0 a permit "
                                            "again\n3600000 b permit\n");
}

Test(restore, a_message_that_waited_waits_on_and_is_told_once_more_at_its_end)
{
        LIVES(lives, "rules:\n- {rule: cap, cap: {count: permit, at_most: 1, per: 1h}}\n");

        live(&lives, tell_permits, 0, 3);
        cr_assert_str_eq(lives.second.told, "3600000 b permit\n");
        cr_assert_eq(lives.first.twin.progress[0].next[TG_STREAM_REQUESTS], 1);
        cr_assert_eq(lives.first.twin.progress[0].decided, 3);
}

/* A click, "a" that is deferred for it, and if LATER "b", all in one batch. */
static void tell_click(struct world *world, bool later)
{
        tg_twin_awaits(&world->twin);
        wall(world, 0);
        click(world, 0);
        ad(world, "a", 0, 0, 0);
        if (later)
                ad(world, "b", 0, 0, 0);
        tg_twin_known(&world->twin, 0);
        wall(world, 10);
}

Test(restore, ends_in_the_batch_that_brings_the_last_fact_that_a_decision_knew)
{
        LIVES(lives, "rules:\n- {rule: cap, cap: {count: click, at_most: 1, per: 1h}}\n");

        tell_click(&lives.first, false);
        live_until(&lives.first, 2);
        tg_twin_resume(&lives.second.twin, &lives.first.twin);
        tell_click(&lives.second, true);
        live_until(&lives.second, 2);
        cr_assert_eq(lives.first.twin.decisions.count, 1);
        cr_assert_eq(lives.second.twin.decisions.count, 1, "b's, in the batch of the click");
}

static void tell_letters(struct world *world, unsigned seed)
{
        (void)seed;
        wall(world, 0);
        tg_twin_faulty(&world->twin, TG_STREAM_TOUCHPOINTS, 0, "no customer", "it has none");
        click(world, 0);
        tg_twin_end(&world->twin, TG_STREAM_TOUCHPOINTS, 0);
        ad(world, "a", 0, 0, 0);
        wall(world, 10);
        tg_twin_faulty(&world->twin, TG_STREAM_TOUCHPOINTS, 0, "no customer", "it has none");
        wall(world, 20);
}

Test(restore, a_dead_letter_of_before_is_not_told_again)
{
        LIVES(lives, "");

        live(&lives, tell_letters, 0, 2);
        cr_assert_eq(lives.second.twin.rejected.count, 1);
}

Test(restore, what_was_told_and_not_committed_is_told_again_at_least_once)
{
        LIVES(lives, "rules:\n- {rule: cap, cap: {count: permit, at_most: 1, per: 1h}}\n");

        tell_permits(&lives.first, 0);
        live_until(&lives.first, 2);
        lives.first.twin.progress[0] = (struct tg_progress){0, {-1, -1, -1, -1}, -1, TG_NO_TIME, 0};
        lives.second.options.partition.tells_again = true;
        tg_twin_resume(&lives.second.twin, &lives.first.twin);
        tell_permits(&lives.second, 0);
        cr_assert_str_eq(run(&lives.second), "0 a permit\n10 b defer until 3600000: cap\n"
                                             "0 a permit again\n3600000 b permit\n");
}

static void tell_much_later(struct world *world, unsigned seed)
{
        tell_permits(world, seed);
        click(world, 3600000); /* so that there is a batch */
        wall(world, 7200000);
}

/* The first process told b until the second hour, but committed nothing; the next, the first. */
Test(restore, of_a_deferral_that_was_told_twice_the_later_counts)
{
        WORLD(first, "rules:\n- {rule: cap, cap: {count: permit, at_most: 1, per: 2h}}\n");
        WORLD(second, "rules:\n- {rule: cap, cap: {count: permit, at_most: 1, per: 1h}}\n");
        WORLD(third, "rules:\n- {rule: cap, cap: {count: permit, at_most: 1, per: 1h}}\n");
        struct tg_twin_output *told[8];
        struct tg_twin both;
        size_t count = 0;

        tell_much_later(&first, 0);
        live_until(&first, 3);
        first.twin.progress[0] = (struct tg_progress){0, {-1, -1, -1}, -1, TG_NO_TIME};
        second.options.partition.tells_again = third.options.partition.tells_again = true;
        tg_twin_resume(&second.twin, &first.twin);
        tell_much_later(&second, 0);
        live_until(&second, 3);
        for (size_t i = 0; i < first.twin.decisions.count; i++)
                told[count++] = first.twin.decisions.items[i];
        for (size_t i = 0; i < second.twin.decisions.count; i++)
                told[count++] = second.twin.decisions.items[i];
        both = second.twin;
        both.decisions = (struct tg_twin_outputs){told, count};
        tg_twin_resume(&third.twin, &both);
        tell_much_later(&third, 0);
        cr_assert_str_eq(run(&third), "3600000 b permit\n");
}

static void bounce(struct world *world, const char *request_id, int64_t after_ms)
{
        char id[TG_MESSAGE_ID_SIZE + 1];

        tg_message_id(tg_span_text("me"), tg_span_text(request_id), id);
        fact(world, (struct tg_touchpoint){.type = TG_TYPE_BOUNCE,
                                           .time_ms = after_ms,
                                           .message_id = tg_span_text(id)});
}

/* It bounces before it is permitted and after that, which is told by the message's id alone. */
static void tell_bounces(struct world *world, unsigned aborts)
{
        wall(world, 0);
        bounce(world, "a", 0);
        tg_twin_end(&world->twin, TG_STREAM_TOUCHPOINTS, 0);
        if (aborts)
                tg_twin_abort(&world->twin);
        wall(world, 10);
        ad(world, "a", 10, 0, 0);
        wall(world, 20);
        ad(world, "b", 20, 0, 0);
        wall(world, 30);
        bounce(world, "a", 30);
        ad(world, "c", 30, 0, 0);
        wall(world, 40);
}

Test(restore, a_settlement_without_a_receipt_settles_the_permits_that_were_there_when_it_was_read)
{
        for (unsigned i = 0; i < 8; i++) {
                LIVES(lives, "rules:\n- {rule: cap, cap: {count: permit, at_most: 1, per: 1h}}\n");

                live(&lives, tell_bounces, i % 2, 1 + i / 2);
                cr_assert_str_eq(lives.whole.told, "10 a permit\n"
                                                   "20 b defer until 3600010: cap\n"
                                                   "30 c permit\n");
        }
}

static void survey(struct world *world, const char *id, int64_t after_ms, int32_t priority)
{
        request(world, (struct tg_request){
                               .id = tg_span_text(id),
                               .time_ms = after_ms,
                               .expires_ms = 100 * INT64_C(3600000),
                               .channel = TG_CHANNEL_ADS,
                               .kind = TG_KIND_SURVEY,
                               .priority = priority,
                               .about = {.type = TG_TYPE_CLICK,
                                         .time_ms = START_MS + after_ms,
                                         .present = true},
                       });
}

/*
 * Surveys wait for their moment, which is told, then in the queue, which is not; ads there at once.
 */
static void tell_queue(struct world *world, unsigned seed)
{
        (void)seed;
        wall(world, 0);
        tg_twin_end(&world->twin, TG_STREAM_TOUCHPOINTS, 0);
        ad(world, "first", 0, 0, 0);
        survey(world, "old", 0, 0);
        survey(world, "high", 0, 2);
        ad(world, "low", 0, 0, 0);
        ad(world, "middle", 0, 1, 0);
        wall(world, 2000);
        click(world, 2000); /* so that there is a batch */
        wall(world, 2001);
        ad(world, "new", 2001, 0, 0);
        for (int64_t hour = 1; hour <= 6; hour++) {
                wall(world, hour * 3600000);
                click(world, hour * 3600000);
        }
}

Test(restore, what_had_gone_from_its_moment_into_a_queue_has_its_place_there_by_priority_then_age)
{
        for (size_t commits = 1; commits <= 3; commits++) {
                LIVES(lives, "rules:\n- {rule: wait, for: {kind: survey}, "
                             "wait: {after: click, at_least: 2s, at_most: 240h}}\n"
                             "throttles:\n- {rate: 1/h}\n");

                live(&lives, tell_queue, 0, commits);
                cr_assert_str_eq(lives.whole.told, "0 first permit\n"
                                                   "0 old defer until 2000: wait\n"
                                                   "0 high defer until 2000: wait\n"
                                                   "0 low defer until 3600000: throttle-1\n"
                                                   "0 middle defer until 3600000: throttle-1\n"
                                                   "2001 new defer until 3600000: throttle-1\n"
                                                   "3600000 high permit\n"
                                                   "7200000 middle permit\n"
                                                   "10800000 old permit\n"
                                                   "14400000 low permit\n"
                                                   "18000000 new permit\n");
        }
}

/* No message is deferred more than once, so that what was told of it is all there is to know. */
#define ONCE_DEFERRED                                                                           \
        "limits: {dedupe_for: 3s, dedupe_per_partition: 60}\n"                                  \
        "rules:\n"                                                                              \
        "- {rule: interest, for: {channel: push}, instead: general, "                           \
        "retarget: {after: [click], within: 1s}}\n"                                             \
        "- {rule: sent, for: {channel: push}, "                                                 \
        "cap: {count: permit, at_most: 20, per: 1h, each: campaign}}\n"                         \
        "- {rule: seen, for: {channel: push}, cap: {count: impression, at_most: 9, per: 1h}}\n" \
        "- {rule: breathe, for: {channel: email}, "                                             \
        "wait: {after: click, at_least: 2s, at_most: 1h}}\n"                                    \
        "throttles:\n- {name: ads, for: {channel: ads}, rate: 2/s, burst: 2}\n"

/* Messages go from rules to queues and back. */
#define OFTEN_DEFERRED                                                                         \
        "limits: {dedupe_for: 100s, dedupe_per_partition: 1000}\n"                             \
        "rules:\n"                                                                             \
        "- {rule: sent, cap: {count: permit, at_most: 2, per: 1500ms, each: campaign}}\n"      \
        "- {rule: seen, for: {channel: ads}, cap: {count: impression, at_most: 9, per: 2s}}\n" \
        "throttles:\n- {name: ads, for: {channel: ads}, rate: 2/s, burst: 2}\n- {rate: 5/s}\n"

enum { BATCHES = 50, PER_BATCH = 8 };

static const char *const customers[] = {"me", "you", "she"}, *const campaigns[] = {"x", "y"};

static void random_request(struct world *world, unsigned *seed, int64_t after_ms, int number)
{
        static const uint8_t channels[] = {TG_CHANNEL_ADS, TG_CHANNEL_EMAIL, TG_CHANNEL_PUSH};
        char id[16];

        snprintf(id, sizeof id, "r%d", number);
        request(world,
                (struct tg_request){
                        .id = tg_span_text(id),
                        .customer = tg_span_text(customers[rand_r(seed) % 3]),
                        .time_ms = after_ms,
                        .expires_ms = after_ms + 100000,
                        .channel = channels[rand_r(seed) % 3],
                        .kind = rand_r(seed) % 2 ? TG_KIND_RETARGET : TG_KIND_OFFER,
                        .priority = rand_r(seed) % 3,
                        .campaign = tg_span_text(campaigns[rand_r(seed) % 2]),
                        .about = {.type = TG_TYPE_CLICK,
                                  .time_ms = START_MS + after_ms,
                                  .present = true},
                        .general = {.payload = tg_span_text("all"), .present = rand_r(seed) % 2},
                });
}

/* It settles a permit without its receipt, perhaps before that is given. */
static void random_settlement(struct world *world, unsigned *seed, int64_t after_ms, int number)
{
        struct tg_span customer = tg_span_text(customers[rand_r(seed) % 3]);
        char request_id[16], id[TG_MESSAGE_ID_SIZE + 1];

        snprintf(request_id, sizeof request_id, "r%d", number + 4 - rand_r(seed) % 16);
        tg_message_id(customer, tg_span_text(request_id), id);
        fact(world, (struct tg_touchpoint){
                            .type = rand_r(seed) % 2 ? TG_TYPE_BOUNCE : TG_TYPE_IMPRESSION,
                            .time_ms = after_ms,
                            .customer = customer,
                            .message_id = tg_span_text(id),
                            .channel = TG_CHANNEL_ADS,
                            .campaign = tg_span_text(campaigns[rand_r(seed) % 2]),
                    });
}

static void random_fact(struct world *world, unsigned *seed, int64_t after_ms, int number)
{
        char id[16];

        snprintf(id, sizeof id, "f%d", number);
        fact(world, (struct tg_touchpoint){
                            .id = tg_span_text(id),
                            .type = rand_r(seed) % 4 ? TG_TYPE_CLICK : TG_TYPE_IMPRESSION,
                            .time_ms = after_ms - rand_r(seed) % 500,
                            .customer = tg_span_text(customers[rand_r(seed) % 3]),
                            .channel = TG_CHANNEL_ADS,
                    });
}

enum story {
        BY_WALL = 1,
        SETTLED = 2, /* there are settlements, which make room in caps */
};

static void tell_story(struct world *world, unsigned seed, unsigned story)
{
        int64_t after_ms = 0;
        int number = 0;

        for (int i = 0; i < BATCHES; i++) {
                after_ms += rand_r(&seed) % 900;
                if (story & BY_WALL)
                        wall(world, after_ms);
                else
                        tg_twin_pause(&world->twin);
                for (int j = rand_r(&seed) % PER_BATCH; j >= 0; j--, number++) {
                        if (rand_r(&seed) % 3)
                                random_request(world, &seed, after_ms, number);
                        else if (story & SETTLED && rand_r(&seed) % 3 == 0)
                                random_settlement(world, &seed, after_ms, number);
                        else
                                random_fact(world, &seed, after_ms, number);
                }
                if (i == 0 && story & BY_WALL)
                        tg_twin_end(&world->twin, TG_STREAM_TOUCHPOINTS, 0);
                if (i % 2 && rand_r(&seed) % 3) /* so that every other batch is committed */
                        tg_twin_put_off(&world->twin);
        }
}

static void tell_by_wall(struct world *world, unsigned seed)
{
        tell_story(world, seed, BY_WALL);
}

static void tell_by_event(struct world *world, unsigned seed)
{
        world->options.batch = 10000;
        tell_story(world, seed, 0);
}

static void tell_settled_by_wall(struct world *world, unsigned seed)
{
        tell_story(world, seed, SETTLED | BY_WALL);
}

static void tell_settled_by_event(struct world *world, unsigned seed)
{
        world->options.batch = 10000;
        tell_story(world, seed, SETTLED);
}

/* Fewer commits than any story has. */
static size_t cut_of(unsigned seed)
{
        return 1 + (size_t)rand_r(&seed) % (BATCHES / 2 - 1);
}

static void live_at_random(void (*tell)(struct world *world, unsigned seed))
{
        unsigned seed = (unsigned)time(NULL);
        size_t waited = 0;

        for (int round = 0; round < 60; round++, seed++) {
                LIVES(lives, ONCE_DEFERRED);
                const struct tg_progress *cut = &lives.first.twin.progress[0];

                live(&lives, tell, seed, cut_of(seed));
                waited += cut->decided > cut->next[TG_STREAM_REQUESTS];
        }
        cr_assert_gt(waited, 10);
}

Test(restore, at_random_two_lives_tell_by_the_wall_clock_what_one_does)
{
        live_at_random(tell_settled_by_wall);
}

Test(restore, at_random_two_lives_tell_by_event_time_what_one_does)
{
        live_at_random(tell_settled_by_event);
}

/* Counts by the number of their request the final decisions, and the permits of a time. */
static void count_finals(const struct tg_twin_outputs *decisions, unsigned *finals, unsigned seed)
{
        for (size_t i = 0; i < decisions->count; i++) {
                const struct tg_decision *decision = &decisions->items[i]->decision;
                int number = atoi((const char *)decision->request->id.data + 1);

                cr_assert_not(decision->repeat, "seed %u", seed);
                cr_assert_eq(finals[number], 0, "r%d has its answer; seed %u", number, seed);
                finals[number] += decision->final;
        }
}

static bool is_alike(const struct tg_decision *a, const struct tg_decision *b, bool by_cap)
{
        if (!by_cap)
                return a->request->channel == b->request->channel;
        return tg_span_equal(a->request->customer, b->request->customer) &&
               tg_span_equal(a->request->campaign, b->request->campaign);
}

/* That the permit at END and the BURST latest before it that are like it are not all within TIME.
 */
static void check_burst(const struct tg_decision *const *permits, size_t end, bool by_cap,
                        size_t burst, int64_t time_ms, unsigned seed)
{
        for (size_t i = end; i > 0 && burst > 0; i--) {
                if (!is_alike(permits[i - 1], permits[end], by_cap))
                        continue;
                if (--burst == 0)
                        cr_assert_geq(permits[end]->time_ms - permits[i - 1]->time_ms, time_ms,
                                      "permit %zu; seed %u", end, seed);
        }
}

/* What OFTEN_DEFERRED says of permits; a throttle of rate r and burst b: never b + 1 within 1/r. */
static void check_permits(const struct lives *lives, unsigned seed)
{
        const struct tg_twin_outputs *outputs[] = {&lives->first.twin.permitted,
                                                   &lives->second.twin.permitted};
        const struct tg_decision *permits[BATCHES * PER_BATCH];
        size_t count = 0;

        for (int life = 0; life < 2; life++) {
                for (size_t i = 0; i < outputs[life]->count; i++)
                        permits[count++] = &outputs[life]->items[i]->decision;
        }
        for (size_t i = 0; i < count; i++) {
                check_burst(permits, i, true, 2, 1500, seed);
                if (permits[i]->request->channel == TG_CHANNEL_ADS)
                        check_burst(permits, i, false, 2, 500, seed);
                if (i > 0)
                        cr_assert_geq(permits[i]->time_ms - permits[i - 1]->time_ms, 200,
                                      "permit %zu; seed %u", i, seed);
        }
}

static void answer_at_random(void (*tell)(struct world *world, unsigned seed))
{
        unsigned seed = (unsigned)time(NULL);

        for (int round = 0; round < 60; round++, seed++) {
                LIVES(lives, OFTEN_DEFERRED);
                unsigned finals[BATCHES * PER_BATCH] = {0}, count = 0;

                tell(&lives.first, seed);
                live_until(&lives.first, cut_of(seed));
                tg_twin_resume(&lives.second.twin, &lives.first.twin);
                tell(&lives.second, seed);
                run(&lives.second);
                count_finals(&lives.first.twin.decisions, finals, seed);
                count_finals(&lives.second.twin.decisions, finals, seed);
                check_permits(&lives, seed);
                for (int i = 0; i < BATCHES * PER_BATCH; i++)
                        count += finals[i];
                count += (unsigned)lives.second.summary.pending;
                cr_assert_eq(count, lives.second.twin.offsets[0][TG_STREAM_REQUESTS], "seed %u",
                             seed);
        }
}

Test(restore, at_random_each_request_of_two_lives_has_one_final_answer_and_no_permit_is_wrong)
{
        answer_at_random(tell_by_wall);
        answer_at_random(tell_by_event);
}
