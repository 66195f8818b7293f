/* SPDX-License-Identifier: Apache-2.0 */
#include "plain.h"

#include <stdlib.h>
#include <time.h>

static const struct tg_request ad = {.channel = TG_CHANNEL_ADS, .kind = TG_KIND_PROMOTION};

Test(evaluate, without_rules_everything_is_permitted)
{
        PERSON(me, "");

        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
        cr_assert_eq(me.reasons.count, 0);
}

Test(evaluate, a_message_is_expired_at_its_expiry_and_not_before)
{
        PERSON(me, "");
        struct tg_request request = ad;

        request.expires_ms = START_MS;
        cr_assert_eq(ask(&me, &request, START_MS - 1).outcome, TG_PERMIT);
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_DENY);
        cr_assert_str_eq(spoken(&me), "expired");
        cr_assert_str_eq(me.reasons.items[0].family, "gate");
}

#define TWO_RULES                                                   \
        "rules:\n"                                                  \
        "- {rule: cap, cap: {count: click, at_most: 1, per: 1h}}\n" \
        "- {rule: wait, wait: {after: interaction, at_least: 3h, at_most: 4h}}\n"

Test(evaluate, the_latest_answer_counts_and_reasons_are_in_policy_order)
{
        PERSON(me, TWO_RULES);

        tell_of(&me, TG_TYPE_CLICK, START_MS);
        tell_of(&me, TG_TYPE_INTERACTION, START_MS);
        cr_assert_eq(earliest(&me, &ad, START_MS), START_MS + 3 * TG_HOUR_MS);
        cr_assert_str_eq(spoken(&me), "cap 1/1, wait");
        cr_assert_eq(me.reasons.items[0].until_ms, START_MS + TG_HOUR_MS);
        cr_assert_eq(me.reasons.items[1].until_ms, START_MS + 3 * TG_HOUR_MS);
        cr_assert_eq(earliest(&me, &ad, START_MS + TG_HOUR_MS), START_MS + 3 * TG_HOUR_MS);
        cr_assert_str_eq(spoken(&me), "wait", "one that permits has nothing to say");
}

Test(evaluate, a_rule_that_speaks_only_at_a_later_step_is_a_reason_as_it_first_spoke)
{
        PERSON(me, "rules:\n"
                   "- {rule: interest, retarget: {after: view, within: 30m}}\n"
                   "- {rule: cap, cap: {count: click, at_most: 1, per: 1h}}\n");

        tell_of(&me, TG_TYPE_VIEW, START_MS);
        tell_of(&me, TG_TYPE_CLICK, START_MS);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DENY);
        cr_assert_str_eq(spoken(&me), "interest, cap 1/1");
        cr_assert_eq(me.reasons.items[0].until_ms, TG_NEVER);
        cr_assert_eq(me.reasons.items[1].until_ms, START_MS + TG_HOUR_MS);
}

Test(evaluate, a_message_that_would_expire_first_is_denied_and_says_so)
{
        PERSON(me, TWO_RULES);
        struct tg_request request = ad;

        tell_of(&me, TG_TYPE_INTERACTION, START_MS);
        request.expires_ms = START_MS + 3 * TG_HOUR_MS;
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_DENY);
        cr_assert_str_eq(spoken(&me), "wait, expires first");
        request.expires_ms++;
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_DEFER);
        cr_assert_str_eq(spoken(&me), "wait");
}

Test(evaluate, a_never_is_no_expiry)
{
        PERSON(me, TWO_RULES);

        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DENY);
        cr_assert_str_eq(spoken(&me), "wait");
}

Test(evaluate, only_rules_whose_for_selects_the_request_are_asked)
{
        PERSON(me, "rules:\n"
                   "- {rule: kind, for: {kind: [offer, survey]}, "
                   "cap: {count: permit, at_most: 0, per: 1h}}\n"
                   "- {rule: class, for: {class: credit}, "
                   "cap: {count: permit, at_most: 0, per: 1h}}\n"
                   "- {rule: topic, for: {topic: ['garden*', pets]}, "
                   "cap: {count: permit, at_most: 0, per: 1h}}\n"
                   "- {rule: both, for: {channel: ads, subject: x}, "
                   "cap: {count: permit, at_most: 0, per: 1h}}\n");
        struct tg_request request = ad;

        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_PERMIT);
        request.kind = TG_KIND_SURVEY;
        request.class = TG_CLASS_CREDIT;
        request.topic = text("gardening");
        request.subject = text("x");
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_DENY);
        cr_assert_str_eq(spoken(&me), "kind 0/0, class 0/0, topic 0/0, both 0/0");
        request.channel = TG_CHANNEL_EMAIL;
        request.topic = text("pets ");
        request.class = TG_CLASS_NONE;
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_DENY);
        cr_assert_str_eq(spoken(&me), "kind 0/0");
}

Test(evaluate, every_source_of_reasons_has_a_name)
{
        PERSON(me, "rules:\n- {rule: a, cap: {count: click, at_most: 1, per: 1h}}\n"
                   "throttles:\n- {rate: 1/s}\n- {name: b, rate: 1/s}\n");

        cr_assert_eq(tg_reason_sources(me.policy), 3 + TG_GATE_REASONS);
        cr_assert_str_eq(tg_reason_source_name(me.policy, 0), "a");
        cr_assert_str_eq(tg_reason_source_name(me.policy, 1), "throttle-1");
        cr_assert_str_eq(tg_reason_source_name(me.policy, 2), "b");
        for (size_t i = 0; i < TG_GATE_REASONS; i++)
                cr_assert_str_eq(tg_reason_source_name(me.policy, 3 + i),
                                 tg_gate_reason_text((enum tg_gate_reason)i));
}

/* Random policies and histories against the plain judge. */
static struct tg_span campaign_of(int number)
{
        static const char *const names[] = {NULL, "a", "b"};

        return tg_span_text(names[number]);
}

static void live(struct person *me, struct plain *plain, unsigned *seed)
{
        const struct plain_event *event = plain_event(plain, me->now_ms, seed);
        int number = plain->event_count - 1;

        if (event->type == TG_TYPE_PERMIT) {
                struct tg_request request = {.channel = event->channel,
                                             .campaign = campaign_of(event->campaign)};

                cr_assert_eq(permit(me, &request, event->time_ms, (uint32_t)number),
                             (uint32_t)number);
        } else {
                struct tg_touchpoint touchpoint = {.type = (uint8_t)event->type,
                                                   .time_ms = event->time_ms,
                                                   .channel = event->channel,
                                                   .campaign = campaign_of(event->campaign)};

                if (event->settles >= 0) {
                        touchpoint.message_id = text("any");
                        touchpoint.receipt = (struct tg_receipt){
                                plain->events[event->settles].time_ms, event->settles, true};
                }
                tell(me, touchpoint);
        }
        me->now_ms += random_below(seed, 10);
}

static void compare(struct person *me, const struct plain *plain, unsigned *seed, unsigned first)
{
        struct plain_request words = {random_below(seed, 2) ? TG_CHANNEL_ADS : TG_CHANNEL_EMAIL,
                                      random_below(seed, 3)};
        struct tg_request request = {.channel = words.channel,
                                     .campaign = campaign_of(words.campaign)};
        struct tg_reasons expected_reasons;
        struct tg_verdict expected, said;

        request.expires_ms = me->now_ms + 1 + random_below(seed, 3 * PLAIN_SPAN_MS);
        expected = plain_judge(plain, &words, me->now_ms, request.expires_ms, &expected_reasons);
        said = ask(me, &request, me->now_ms);
        cr_assert_eq(said.outcome, expected.outcome, "seed %u: %s, not %s", first,
                     tg_word(&tg_outcome_words, said.outcome),
                     tg_word(&tg_outcome_words, expected.outcome));
        cr_assert_eq(said.until_ms, expected.until_ms, "seed %u", first);
        cr_assert_geq(me->reasons.count, expected_reasons.count, "seed %u", first);
        for (size_t i = 0; i < expected_reasons.count; i++) {
                const struct tg_reason *reason = &me->reasons.items[i];
                const struct tg_reason *wanted = &expected_reasons.items[i];

                cr_assert_eq(reason->source, wanted->source, "seed %u", first);
                cr_assert_eq(reason->until_ms, wanted->until_ms, "seed %u", first);
                cr_assert_eq(reason->counter, wanted->counter, "seed %u", first);
        }
}

Test(evaluate, random_policies_and_histories_are_judged_as_by_trying_every_millisecond)
{
        unsigned seed = (unsigned)time(NULL);

        for (int round = 0; round < 1500; round++) {
                unsigned first = seed;
                struct plain plain;
                char yaml[2048];

                plain_policy(&plain, &seed, yaml, sizeof yaml);
                PERSON(me, yaml);
                for (int i = 0; i < PLAIN_EVENTS; i++) {
                        live(&me, &plain, &seed);
                        compare(&me, &plain, &seed, first);
                }
        }
}
