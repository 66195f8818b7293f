/* SPDX-License-Identifier: Apache-2.0 */
/* What a refused commit leaves behind: nothing but the facts. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static void wall(struct world *world, int64_t after_ms)
{
        world->options.clock = TG_CLOCK_WALL;
        world->options.batch = 10000;
        tg_twin_clock(&world->twin, START_MS + after_ms);
}

/* The first batch, after which the facts are known to have been read. */
static void begin(struct world *world)
{
        wall(world, 0);
        tg_twin_end(&world->twin, TG_STREAM_TOUCHPOINTS, 0);
}

Test(undo, what_was_decided_in_vain_is_decided_again)
{
        WORLD(world, "rules:\n- {rule: cap, cap: {count: permit, at_most: 1, per: 1h}}\n"
                     "throttles:\n- {rate: 1/d}\n");

        begin(&world);
        wall(&world, 1);
        ad(&world, "a", 0, 0, 0);
        ad(&world, "b", 0, 0, 0);
        tg_twin_abort(&world.twin);
        wall(&world, 2);
        tg_twin_abort(&world.twin);
        wall(&world, 3);
        cr_assert_str_eq(run(&world), "3 a permit\n3 b defer until 3600003: cap\n");
        cr_assert_eq(world.twin.aborts, 2);
        cr_assert_eq(world.twin.permitted.count, 1);
        cr_assert_eq(world.summary.requests, 2);
        cr_assert_eq(world.summary.permitted, 1);
        cr_assert_eq(world.summary.deferred, 1);
        cr_assert_eq(world.summary.pending, 1);
}

Test(undo, the_last_commit_of_all_may_be_refused_as_well)
{
        WORLD(world, "");

        begin(&world);
        wall(&world, 1);
        ad(&world, "a", 0, 0, 0);
        tg_twin_abort(&world.twin);
        cr_assert_str_eq(run(&world), "1 a permit\n");
        cr_assert_eq(world.twin.progress[0].next[TG_STREAM_REQUESTS], 1);
}

Test(undo, dead_letters_are_told_once_and_facts_counted_once)
{
        WORLD(world, "");

        begin(&world);
        wall(&world, 1);
        click(&world, 0);
        tg_twin_datum(&world.twin, TG_STREAM_REQUESTS, tg_span_text("\x02x"));
        tg_twin_faulty(&world.twin, TG_STREAM_TOUCHPOINTS, 0, "no customer", "it has none");
        tg_twin_abort(&world.twin);
        run(&world);
        cr_assert_eq(world.summary.rejected, 2);
        cr_assert_eq(world.summary.touchpoints, 1);
        cr_assert_eq(world.twin.rejected.count, 2);
}

Test(undo, by_event_time_what_was_read_is_read_again_and_the_clock_stays)
{
        WORLD(world, "rules:\n- {rule: cap, cap: {count: permit, at_most: 1, per: 1s}}\n");

        ad(&world, "a", 5, 0, 0);
        ad(&world, "b", 6, 0, 0);
        click(&world, 700);
        tg_twin_abort(&world.twin);
        tg_twin_pause(&world.twin);
        click(&world, 2000);
        world.options.batch = 100;
        cr_assert_str_eq(run(&world), "6 a permit\n6 b defer until 1006: cap\n1006 b permit\n");
}

Test(undo, what_is_decided_again_tells_of_all_facts_that_are_known_by_then)
{
        WORLD(world, "rules:\n- {rule: cap, cap: {count: click, at_most: 1, per: 1h}}\n");

        ad(&world, "a", 5, 0, 0);
        click(&world, 700);
        tg_twin_abort(&world.twin);
        world.options.batch = 100;
        cr_assert_str_eq(run(&world), "700 a defer until 3600700: cap\n");
        cr_assert_eq(world.twin.decisions.items[0]->decision.facts[0].offset, 1);
}

Test(undo, a_partition_that_is_given_back_in_vain_costs_the_others_nothing)
{
        WORLD(world, "");
        size_t of_other = 0;
        char customer[16];

        tg_twin_deinit(&world.twin);
        tg_twin_init(&world.twin, 2);
        world.options.partition.partitions = 2;
        world.options.batch = 10000;
        for (int i = 0; i < 40; i++) {
                snprintf(customer, sizeof customer, "c%d", i);
                of_other += tg_partition_of(tg_span_text(customer), 2) == 1;
                request(&world, (struct tg_request){.id = tg_span_text("r"),
                                                    .customer = tg_span_text(customer),
                                                    .time_ms = i,
                                                    .channel = TG_CHANNEL_ADS});
                if (i == 20) {
                        for (int partition = 0; partition < 2; partition++)
                                tg_twin_end(&world.twin, TG_STREAM_TOUCHPOINTS, partition);
                        tg_twin_abort(&world.twin);
                        tg_twin_revoke(&world.twin, 0);
                        tg_twin_assign(&world.twin, 0);
                }
        }
        run(&world);
        for (size_t i = 0; i < world.twin.permitted.count; i++)
                of_other -= world.twin.permitted.items[i]->partition == 1;
        cr_assert_eq(of_other, 0, "each of the other partition is permitted once");
}

/* A story of chance: what happens in each batch, and which commits are refused. */
enum { BATCHES = 60, PER_BATCH = 8, BOUND = 12 };

#define POLICY                                                                                  \
        "limits: {dedupe_for: 3s, dedupe_per_partition: 25}\n"                                  \
        "rules:\n"                                                                              \
        "- {rule: interest, for: {kind: retarget}, instead: general, "                          \
        "retarget: {after: [click], within: 1s}}\n"                                             \
        "- {rule: shown, for: {channel: ads}, cap: {count: impression, at_most: 2, per: 2s}}\n" \
        "- {rule: sent, cap: {count: permit, at_most: 2, per: 1500ms, each: campaign}}\n"       \
        "throttles:\n- {name: ads, for: {channel: ads}, rate: 6/s, burst: 2}\n- {rate: 10/s}\n"

static const char *const customers[] = {"me", "you", "she"};
static const char *const campaigns[] = {"x", "y"};

static void random_request(struct world *world, unsigned *seed, int64_t after_ms)
{
        char id[16];

        snprintf(id, sizeof id, "r%d", rand_r(seed) % 90);
        request(world,
                (struct tg_request){
                        .id = tg_span_text(id),
                        .customer = tg_span_text(customers[rand_r(seed) % 3]),
                        .time_ms = after_ms,
                        .expires_ms = after_ms + 1 + rand_r(seed) % 5000,
                        .channel = rand_r(seed) % 3 ? TG_CHANNEL_ADS : TG_CHANNEL_EMAIL,
                        .kind = rand_r(seed) % 2 ? TG_KIND_RETARGET : TG_KIND_OFFER,
                        .priority = rand_r(seed) % 3,
                        .campaign = tg_span_text(campaigns[rand_r(seed) % 2]),
                        .general = {.payload = tg_span_text("all"), .present = rand_r(seed) % 2},
                });
}

static void random_fact(struct world *world, unsigned *seed, int64_t after_ms)
{
        static const uint8_t types[] = {TG_TYPE_CLICK, TG_TYPE_IMPRESSION, TG_TYPE_BOUNCE};
        struct tg_touchpoint touchpoint = {
                .type = types[rand_r(seed) % 3],
                .time_ms = after_ms - rand_r(seed) % 500,
                .customer = tg_span_text(customers[rand_r(seed) % 3]),
                .campaign = tg_span_text(campaigns[rand_r(seed) % 2]),
                .channel = TG_CHANNEL_ADS,
        };
        char request_id[16], event_id[24], id[TG_MESSAGE_ID_SIZE + 1];

        snprintf(event_id, sizeof event_id, "%d", rand_r(seed));
        snprintf(request_id, sizeof request_id, "r%d", rand_r(seed) % 90);
        touchpoint.id = tg_span_text(event_id);
        tg_message_id(touchpoint.customer, tg_span_text(request_id), id);
        if (rand_r(seed) % 2)
                touchpoint.message_id = tg_span_text(id);
        fact(world, touchpoint);
}

struct story {
        struct batch {
                int64_t after_ms;
                bool refused; /* its commit */
        } batches[BATCHES];
};

static void make_story(struct story *story, unsigned *seed)
{
        int64_t after_ms = 0;

        for (int i = 0; i < BATCHES; i++) {
                after_ms += rand_r(seed) % 900;
                story->batches[i] = (struct batch){after_ms, rand_r(seed) % 3 == 0};
        }
        story->batches[BATCHES - 1].refused = false;
}

/*
 * REFUSED: the commits of some batches are, or put off to one that is. Otherwise these batches are
 * left out, and what was read in them is read in the next: the facts are the same, and nothing was
 * decided in between.
 */
static void tell_story(struct world *world, const struct story *story, unsigned seed, bool refused)
{
        begin(world);
        for (int i = 0; i < BATCHES; i++) {
                int end = i;

                while (!refused && story->batches[end].refused)
                        end++;
                if (refused || i == 0 || !story->batches[i - 1].refused)
                        wall(world, story->batches[end].after_ms);
                for (int j = rand_r(&seed) % PER_BATCH; j >= 0; j--) {
                        if (rand_r(&seed) % 3)
                                random_request(world, &seed, story->batches[i].after_ms);
                        else
                                random_fact(world, &seed, story->batches[i].after_ms);
                }
                if (!refused || !story->batches[i].refused)
                        continue;
                if (i % 2 && story->batches[i + 1].refused)
                        tg_twin_put_off(&world->twin);
                else
                        tg_twin_abort(&world->twin);
        }
}

static void compare(const struct tg_twin_outputs *a, const struct tg_twin_outputs *b, unsigned seed)
{
        cr_assert_eq(a->count, b->count, "seed %u", seed);
        for (size_t i = 0; i < a->count; i++)
                cr_assert(tg_span_equal(a->items[i]->datum, b->items[i]->datum), "seed %u", seed);
}

Test(undo, at_random_all_later_answers_are_those_of_one_that_had_decided_nothing)
{
        unsigned seed = (unsigned)time(NULL);

        for (int round = 0; round < 60; round++, seed++) {
                WORLD(refused, POLICY);
                WORLD(plain, POLICY);
                unsigned chance = seed;
                struct story story;

                refused.options.partition.waiting.messages = BOUND;
                plain.options.partition.waiting.messages = BOUND;
                refused.options.due_max = plain.options.due_max = seed % 2 ? 3 : 0;
                make_story(&story, &chance);
                tell_story(&refused, &story, chance, true);
                tell_story(&plain, &story, chance, false);
                cr_assert_str_eq(run(&refused), run(&plain), "seed %u", seed);
                compare(&refused.twin.decisions, &plain.twin.decisions, seed);
                compare(&refused.twin.permitted, &plain.twin.permitted, seed);
                cr_assert_gt(refused.twin.aborts, 1, "seed %u", seed);
                cr_assert_eq(refused.summary.pending, plain.summary.pending, "seed %u", seed);
                cr_assert_eq(refused.summary.repeats, plain.summary.repeats, "seed %u", seed);
                cr_assert_eq(refused.summary.touchpoints, plain.summary.touchpoints);
        }
}

static bool is_full(const struct tg_decision *decision)
{
        size_t count = decision->reason_count;

        return count > 0 && strcmp(decision->reasons[count - 1].rule, "deferral full") == 0;
}

/*
 * Follows the messages that wait through what was decided, by what each decision says alone.
 * Returns how many were too many.
 */
static size_t follow(const struct tg_twin_outputs *decisions, size_t bound,
                     struct tg_summary *summary, unsigned seed)
{
        const struct tg_request *waiting[BOUND];
        size_t count = 0, full = 0;

        for (size_t i = 0; i < decisions->count; i++) {
                const struct tg_decision *decision = &decisions->items[i]->decision;
                size_t place = 0;

                while (place < count &&
                       !(tg_span_equal(waiting[place]->id, decision->request->id) &&
                         tg_span_equal(waiting[place]->customer, decision->request->customer)))
                        place++;
                if (decision->repeat)
                        continue;
                if (decision->outcome == TG_DEFER) {
                        cr_assert_lt(count, bound, "seed %u", seed);
                        waiting[count++] = decision->request;
                } else if (place < count) {
                        waiting[place] = waiting[--count];
                } else if (is_full(decision)) {
                        cr_assert_eq(count, bound, "there was room; seed %u", seed);
                        full++;
                }
        }
        cr_assert_eq(summary->pending, count, "seed %u", seed);
        return full;
}

Test(undo, at_random_a_message_is_refused_as_too_many_when_as_many_wait_as_may_and_never_else)
{
        unsigned seed = (unsigned)time(NULL);
        size_t full = 0;

        for (int round = 0; round < 60; round++, seed++) {
                WORLD(world, POLICY);
                unsigned chance = seed;
                struct story story;

                world.options.partition.waiting.messages = 1 + seed % 5;
                world.options.due_max = seed % 4;
                make_story(&story, &chance);
                tell_story(&world, &story, chance, true);
                run(&world);
                full += follow(&world.twin.decisions, world.options.partition.waiting.messages,
                               &world.summary, seed);
                cr_assert_gt(world.twin.aborts, 1, "seed %u", seed);
        }
        cr_assert_gt(full, 60);
}
