/* SPDX-License-Identifier: Apache-2.0 */
/* What an erasure leaves of a customer: what came later, and nothing else. */
#include "person.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define ERASED_MS (START_MS - TG_HOUR_MS)

static const struct tg_request ad = {.channel = TG_CHANNEL_ADS, .kind = TG_KIND_PROMOTION};

static void erase(struct person *person, int64_t time_ms)
{
        tell_of(person, TG_TYPE_ERASURE, time_ms);
}

static void cart(struct person *person, const char *campaign, int64_t time_ms)
{
        tell(person, (struct tg_touchpoint){
                             .type = TG_TYPE_CART, .campaign = text(campaign), .time_ms = time_ms});
}

Test(erasure, what_is_at_or_before_it_counts_nowhere_and_what_is_later_counts)
{
        PERSON(me, "rules:\n- {rule: cap, cap: {count: cart, at_most: 1, per: 1d}}\n");

        tell_of(&me, TG_TYPE_CART, ERASED_MS);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DEFER);
        erase(&me, ERASED_MS - 1);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DEFER);
        erase(&me, ERASED_MS);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
        tell_of(&me, TG_TYPE_CART, ERASED_MS);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT, "nor if it is read later");
        tell_of(&me, TG_TYPE_CART, ERASED_MS + 1);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DEFER);
}

Test(erasure, an_earlier_one_that_is_read_late_takes_nothing_back)
{
        PERSON(me, "rules:\n- {rule: cap, cap: {count: cart, at_most: 1, per: 1d}}\n");

        erase(&me, ERASED_MS);
        erase(&me, ERASED_MS - TG_DAY_MS);
        tell_of(&me, TG_TYPE_CART, ERASED_MS);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
}

Test(erasure, pairs_are_erased_with_their_customer_though_the_policy_has_only_pairs)
{
        PERSON(me, "rules:\n"
                   "- {rule: cap, cap: {count: cart, at_most: 1, per: 1d, each: campaign}}\n");
        struct tg_request request = ad;

        request.campaign = text("shoes");
        cart(&me, "shoes", ERASED_MS);
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_DEFER);
        erase(&me, ERASED_MS);
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_PERMIT);
        cart(&me, "shoes", ERASED_MS + 1);
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_DEFER);
}

Test(erasure, a_touch_of_the_erasure_itself_is_erased_too)
{
        PERSON(me, "rules:\n- {rule: no, cooldown: {after: erasure, for: 1d}}\n");

        erase(&me, ERASED_MS);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
}

Test(erasure, permits_and_what_settles_them_are_erased)
{
        PERSON(me, "limits: {permits_per_customer: 1}\n"
                   "rules:\n- {rule: gap, gap: {at_least: 1d}}\n");

        permit(&me, &ad, ERASED_MS, 7);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DEFER);
        cr_assert_eq(permits_full(&me, &ad, START_MS), 1);
        erase(&me, ERASED_MS);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
        cr_assert_eq(permits_full(&me, &ad, START_MS), 0);
        permit(&me, &ad, START_MS, 7);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DEFER);
        tell(&me, (struct tg_touchpoint){.type = TG_TYPE_BOUNCE,
                                         .time_ms = ERASED_MS,
                                         .message_id = text("m"),
                                         .receipt = {ERASED_MS, 7, true}});
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DEFER, "the bounce of the other");
}

Test(erasure, consents_of_before_are_as_if_never_given_and_no_denial_either)
{
        PERSON(me, "rules:\n- {rule: agreed, consent: {}}\n");
        struct tg_request request = ad;
        struct tg_consent consent = {.purpose = text("news"),
                                     .channel = TG_CHANNEL_ABSENT,
                                     .until_ms = TG_NO_TIME,
                                     .granted = true,
                                     .present = true};
        struct tg_touchpoint touchpoint = {
                .type = TG_TYPE_CONSENT, .time_ms = ERASED_MS, .consent = consent};

        request.purpose = text("news");
        tell(&me, touchpoint);
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_PERMIT);
        erase(&me, ERASED_MS);
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_DENY);
        touchpoint.consent.granted = false;
        tell(&me, touchpoint);
        touchpoint.consent.granted = true;
        touchpoint.consent.implied = true;
        touchpoint.time_ms = ERASED_MS + 1;
        tell(&me, touchpoint);
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_PERMIT,
                     "an erased withdrawal does not stand before what is implied");
}

Test(erasure, the_one_of_a_bot_has_no_effect)
{
        PERSON(me, "rules:\n- {rule: cap, cap: {count: cart, at_most: 1, per: 1d}}\n");

        tell_of(&me, TG_TYPE_CART, ERASED_MS);
        tell(&me,
             (struct tg_touchpoint){.type = TG_TYPE_ERASURE, .time_ms = ERASED_MS, .bot = true});
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DEFER);
}

Test(erasure, one_that_found_no_room_leaves_the_customer_incomplete)
{
        PERSON(me, "rules:\n"
                   "- {rule: cap, cap: {count: cart, at_most: 1, per: 1d, each: campaign}}\n");
        struct tg_traits traits = tg_traits_of_request(&ad);
        struct tg_history history;
        char campaign[16];

        for (int i = 0; !tg_table_overflowed(me.table); i++) {
                snprintf(campaign, sizeof campaign, "c%d", i);
                cart(&me, campaign, START_MS);
        }
        erase(&me, ERASED_MS);
        tg_history_init(&history, &me.policy->counters, me.table, text("me"), &traits, START_MS,
                        SKEW_MS);
        cr_assert(tg_history_incomplete(&history, 0));
}

#define MIXED                                                                              \
        "defaults: {confirm_within: {ads: 5ms}}\n"                                         \
        "rules:\n"                                                                         \
        "- {rule: cap, cap: {count: impression, at_most: 2, per: 20ms}}\n"                 \
        "- {rule: pair, cap: {count: cart, at_most: 1, per: 30ms, each: campaign}}\n"      \
        "- {rule: gap, gap: {at_least: 4ms}}\n"                                            \
        "- {rule: cool, cooldown: {after: view, times: 2, for: 9ms, reset_by: click}}\n"   \
        "- {rule: want, for: {kind: retarget}, retarget: {after: [view], within: 25ms}}\n" \
        "- {rule: wait, for: {kind: survey}, wait: {after: click, at_least: 3ms}}\n"

enum { EVENTS = 24, SPAN_MS = 60 };

static struct tg_touchpoint random_touch(unsigned *seed, const char *id)
{
        static const uint8_t types[] = {TG_TYPE_IMPRESSION, TG_TYPE_CART, TG_TYPE_VIEW,
                                        TG_TYPE_CLICK};

        return (struct tg_touchpoint){
                .id = text(id),
                .type = types[rand_r(seed) % 4],
                .campaign = rand_r(seed) % 2 ? text("shoes") : TG_SPAN_ABSENT,
                .channel = TG_CHANNEL_ADS,
                .time_ms = START_MS + rand_r(seed) % SPAN_MS,
        };
}

/* Tells all to ALL, with the erasure somewhere among it, and to REST what it leaves. */
static void tell_both(struct person *all, struct person *rest, int64_t erased_ms, unsigned *seed)
{
        int when = rand_r(seed) % EVENTS;

        for (int i = 0; i < EVENTS; i++) {
                char id[16];
                struct tg_touchpoint touchpoint;

                snprintf(id, sizeof id, "t%d", i);
                touchpoint = random_touch(seed, id);
                tell(all, touchpoint);
                if (touchpoint.time_ms > erased_ms)
                        tell(rest, touchpoint);
                if (i == when)
                        erase(all, erased_ms);
        }
}

Test(erasure, whatever_the_order_it_is_as_if_only_what_came_later_had_been_told)
{
        static const uint8_t kinds[] = {TG_KIND_PROMOTION, TG_KIND_RETARGET, TG_KIND_SURVEY};
        unsigned seed = (unsigned)time(NULL);

        printf("seed %u\n", seed);
        for (int round = 0; round < 300; round++) {
                PERSON(all, MIXED);
                PERSON(rest, MIXED);
                int64_t erased_ms = START_MS + rand_r(&seed) % SPAN_MS;

                tell_both(&all, &rest, erased_ms, &seed);
                for (int i = 0; i < 30; i++) {
                        struct tg_request request = ad;
                        int64_t t_ms = START_MS + SPAN_MS / 2 + rand_r(&seed) % SPAN_MS;
                        struct tg_verdict of_all, of_rest;

                        request.kind = kinds[rand_r(&seed) % 3];
                        request.campaign = rand_r(&seed) % 2 ? text("shoes") : TG_SPAN_ABSENT;
                        of_all = ask(&all, &request, t_ms);
                        of_rest = ask(&rest, &request, t_ms);
                        cr_assert_eq(of_all.outcome, of_rest.outcome);
                        cr_assert_eq(of_all.until_ms, of_rest.until_ms);
                }
        }
}
