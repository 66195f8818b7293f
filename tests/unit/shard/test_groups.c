/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records are prepared a group at a time, before the first of them is taken: what those before it
 * leave behind must be seen all the same.
 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RULES                                                                                \
        "limits: {dedupe_for: 3s}\n"                                                         \
        "rules:\n"                                                                           \
        "- {rule: few, cap: {count: impression, at_most: 2, per: 5s, each: campaign}}\n"     \
        "- {rule: apart, for: {kind: offer}, gap: {at_least: 2s}}\n"                         \
        "- {rule: agreed, for: {channel: email}, consent: {}}\n"                             \
        "- {rule: fresh, for: {kind: retarget}, retarget: {after: click, within: 4s, each: " \
        "subject}}\n"                                                                        \
        "throttles:\n"                                                                       \
        "- {for: {channel: email}, rate: 3/s, burst: 2}\n"

enum { RECORDS = 400, ROUNDS = 20, WHOLE = 10000 };

static struct tg_span one_of(unsigned *seed, const char *const *words, int count)
{
        return tg_span_text(words[rand_r(seed) % count]);
}

static void random_fact(struct world *world, unsigned *seed, struct tg_span customer,
                        int64_t after_ms)
{
        static const uint8_t types[] = {TG_TYPE_CLICK,  TG_TYPE_IMPRESSION, TG_TYPE_CLICK,
                                        TG_TYPE_BOUNCE, TG_TYPE_CONSENT,    TG_TYPE_IMPRESSION};
        static const char *const campaigns[] = {"spring", "autumn"};
        static const char *const subjects[] = {"p1", "p2"};
        char id[16], message[TG_MESSAGE_ID_SIZE + 1];
        struct tg_touchpoint touchpoint = {
                .type = rand_r(seed) % 30 ? types[rand_r(seed) % 6] : TG_TYPE_ERASURE,
                .customer = customer,
                .time_ms = after_ms,
                .channel = TG_CHANNEL_EMAIL,
                .campaign = one_of(seed, campaigns, 2),
                .subject = one_of(seed, subjects, 2),
                .consent = {.purpose = tg_span_text("news"),
                            .until_ms = TG_NO_TIME,
                            .channel = TG_CHANNEL_ABSENT,
                            .granted = rand_r(seed) % 4 > 0},
        };

        touchpoint.consent.present = touchpoint.type == TG_TYPE_CONSENT;
        snprintf(id, sizeof id, "r%d", rand_r(seed) % RECORDS);
        tg_message_id(customer, tg_span_text(id), message);
        if (rand_r(seed) % 2)
                touchpoint.message_id = tg_span_text(message);
        fact(world, touchpoint);
}

static void random_request(struct world *world, unsigned *seed, struct tg_span customer,
                           int64_t after_ms, int number)
{
        static const uint8_t kinds[] = {TG_KIND_OFFER, TG_KIND_RETARGET, TG_KIND_NEWSLETTER};
        static const char *const campaigns[] = {"spring", "autumn"};
        static const char *const subjects[] = {"p1", "p2"};
        int back = rand_r(seed) % 2 ? rand_r(seed) % 12 : 0;
        char id[16];

        snprintf(id, sizeof id, "r%d", number > back ? number - back : 0);
        request(world, (struct tg_request){
                               .id = tg_span_text(id),
                               .customer = customer,
                               .time_ms = after_ms,
                               .channel = rand_r(seed) % 2 ? TG_CHANNEL_EMAIL : TG_CHANNEL_ADS,
                               .kind = kinds[rand_r(seed) % 3],
                               .campaign = one_of(seed, campaigns, 2),
                               .subject = one_of(seed, subjects, 2),
                               .purpose = tg_span_text("news"),
                               .priority = rand_r(seed) % 3,
                       });
}

/* Few customers and much at once, so that nearly every record meets what another of its group did.
 */
static void play(struct world *world, unsigned seed, size_t batch)
{
        static const char *const customers[] = {"me", "you", "she"};
        int64_t after_ms = 0;

        world->options.batch = batch;
        for (int i = 0; i < RECORDS; i++) {
                struct tg_span customer = one_of(&seed, customers, 3);

                after_ms += rand_r(&seed) % 60 - 5;
                if (rand_r(&seed) % 2)
                        random_fact(world, &seed, customer, after_ms);
                else
                        random_request(world, &seed, customer, after_ms, i);
        }
        run(world);
}

Test(groups, what_is_prepared_together_is_decided_as_one_by_one)
{
        unsigned first = (unsigned)time(NULL);
        uint64_t permitted = 0, repeats = 0;

        for (unsigned seed = first; seed < first + ROUNDS; seed++) {
                WORLD(alone, RULES);
                WORLD(together, RULES);

                play(&alone, seed, 1);
                play(&together, seed, WHOLE);
                cr_assert_str_eq(together.told, alone.told, "seed %u", seed);
                cr_assert_eq(together.summary.touchpoints, alone.summary.touchpoints);
                permitted += alone.summary.permitted;
                repeats += alone.summary.repeats;
        }
        cr_assert_gt(permitted, 5 * ROUNDS, "seed %u: too little happens", first);
        cr_assert_gt(repeats, 5 * ROUNDS, "seed %u: too little comes again", first);
}

static int told; /* decisions, by one_too_many() */

static int one_too_many(void *context, int32_t partition, const struct tg_decision *decision,
                        struct tg_span datum, struct tg_error *error)
{
        (void)context, (void)partition, (void)decision, (void)datum;
        return ++told < 5 ? 0 : tg_fail(error, EX_IOERR, "no room");
}

/* Of its group, of the next, which is prepared by then, and of those behind. */
Test(groups, when_one_record_fails_all_others_are_given_back)
{
        WORLD(world, RULES);
        struct tg_port port = tg_twin_port(&world.twin);
        struct tg_error error;

        port.sink.decision = one_too_many;
        world.options.batch = WHOLE;
        for (int i = 0; i < RECORDS; i++)
                ad(&world, "a", i, 0, 0);
        cr_assert_eq(tg_shard_run(&world.options, &port, &world.summary, &error), -1);
        cr_expect_eq(told, 5, "nothing is taken behind it");
        cr_expect_geq(world.twin.given, RECORDS);
        cr_expect_eq(world.twin.given, world.twin.released);
}
