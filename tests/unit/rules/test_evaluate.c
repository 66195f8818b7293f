/* SPDX-License-Identifier: Apache-2.0 */
#include "plain.h"

#include <stdio.h>
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

/* A rule that says never, a rule that says later, and one more that says never. */
#define NO(name, more) "- {rule: " name ", " more "cap: {count: click, at_most: 0, per: 1h}}\n"
#define LATER "- {rule: later, gap: {at_least: 1h}}\n"

static bool general(struct person *me, int64_t expires_ms)
{
        struct tg_request request = ad;

        permit(me, &ad, START_MS, 1);
        request.expires_ms = expires_ms;
        return ask(me, &request, START_MS).general;
}

Test(evaluate, the_general_variant_answers_a_denial_if_all_that_said_never_carry_it)
{
        PERSON(one, "rules:\n" NO("a", "instead: general, "));
        PERSON(both, "rules:\n" NO("a", "instead: general, ") NO("b", "instead: general, "));
        PERSON(some, "rules:\n" NO("a", "instead: general, ") NO("b", ""));
        PERSON(none, "rules:\n" NO("a", ""));

        cr_assert(general(&one, 0));
        cr_assert_eq(one.verdict.outcome, TG_DENY);
        cr_assert(general(&both, 0));
        cr_assert_not(general(&some, 0));
        cr_assert_not(general(&none, 0));
}

Test(evaluate, a_rule_that_only_says_later_need_not_carry_it)
{
        PERSON(me, "rules:\n" LATER NO("a", "instead: general, "));

        cr_assert(general(&me, 0));
        cr_assert_str_eq(spoken(&me), "later, a 0/0");
}

Test(evaluate, a_deferral_and_an_expiry_are_no_refusal)
{
        PERSON(me, "rules:\n- {rule: later, instead: general, gap: {at_least: 1h}}\n");

        cr_assert_not(general(&me, START_MS + 2 * TG_HOUR_MS));
        cr_assert_eq(me.verdict.outcome, TG_DEFER);
        cr_assert_not(general(&me, START_MS + TG_HOUR_MS));
        cr_assert_str_eq(spoken(&me), "later, expires first");
        cr_assert_not(general(&me, START_MS));
        cr_assert_str_eq(spoken(&me), "expired");
}

Test(evaluate, only_the_last_step_says_whether_the_general_variant_answers)
{
        PERSON(me, "rules:\n" LATER
                   "- {rule: a, instead: general, retarget: {after: view, within: 30m}}\n"
                   "- {rule: b, retarget: {after: cart, within: 90m}}\n");

        tell_of(&me, TG_TYPE_VIEW, START_MS);
        tell_of(&me, TG_TYPE_CART, START_MS);
        cr_assert(general(&me, 0), "b would have said never half an hour later still");
        cr_assert_str_eq(spoken(&me), "later, a");
}

static unsigned needs_of(const struct person *person, uint8_t channel, uint8_t kind)
{
        struct tg_traits traits = {.channel = channel, .kind = kind};

        return tg_rule_index_needs(&person->policy->index, &traits);
}

Test(evaluate, a_request_needs_the_cells_of_its_rules_its_customer_and_all_where_permits_count)
{
        PERSON(me, "rules:\n"
                   "- {rule: a, for: {channel: ads}, "
                   "cap: {count: click, at_most: 1, per: 1h, each: topic}}\n"
                   "- {rule: b, for: {channel: push, kind: offer}, gap: {at_least: 1h, each: "
                   "subject}}\n"
                   "- {rule: c, for: {kind: newsletter}, consent: {}}\n");
        const unsigned always = 1U << TG_SCOPE_CUSTOMER | 1U << TG_SCOPE_SUBJECT;

        cr_assert_eq(needs_of(&me, TG_CHANNEL_SMS, TG_KIND_OFFER), always);
        cr_assert_eq(needs_of(&me, TG_CHANNEL_ADS, TG_KIND_OFFER), always | 1U << TG_SCOPE_TOPIC);
        cr_assert_eq(needs_of(&me, TG_CHANNEL_PUSH, TG_KIND_OFFER), always);
        cr_assert_eq(needs_of(&me, TG_CHANNEL_ADS, TG_KIND_NEWSLETTER),
                     always | 1U << TG_SCOPE_TOPIC | TG_NEED_CONSENTS);
}

Test(evaluate, a_rule_is_found_for_its_channels_and_kinds_and_no_others)
{
        PERSON(me, "rules:\n"
                   "- {rule: any, gap: {at_least: 1h}}\n"
                   "- {rule: channels, for: {channel: [ads, push]}, gap: {at_least: 1h}}\n"
                   "- {rule: kind, for: {kind: survey}, gap: {at_least: 1h}}\n"
                   "- {rule: both, for: {channel: email, kind: [survey, offer]}, "
                   "gap: {at_least: 1h}}\n");

        for (uint8_t channel = 0; channel < TG_CHANNELS; channel++) {
                for (uint8_t kind = 0; kind < TG_KINDS; kind++) {
                        struct tg_traits traits = {.channel = channel, .kind = kind};
                        uint64_t found = tg_rule_index_find(&me.policy->index, &traits)[0];

                        for (size_t i = 0; i < 4; i++)
                                cr_expect_eq(
                                        found >> i & 1,
                                        tg_selector_matches(&me.policy->rules[i].for_, &traits),
                                        "%s for %s %s", me.policy->rules[i].name,
                                        tg_word(&tg_channel_words, channel),
                                        tg_word(&tg_kind_words, kind));
                }
        }
}

Test(evaluate, of_256_rules_the_first_and_the_last_are_found)
{
        static char yaml[TG_RULES_MAX * 80];
        size_t used = (size_t)snprintf(yaml, sizeof yaml, "rules:\n");

        for (int i = 0; i < TG_RULES_MAX; i++)
                used += (size_t)snprintf(yaml + used, sizeof yaml - used,
                                         "- {rule: r%d, for: {campaign: c%d}, wait: {after: click}}"
                                         "\n",
                                         i, i % (TG_RULES_MAX - 1));
        PERSON(me, yaml);
        struct tg_request request = ad;

        request.campaign = text("c0");
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_DENY);
        cr_assert_str_eq(spoken(&me), "r0, r255");
        request.campaign = text("c64");
        ask(&me, &request, START_MS);
        cr_assert_str_eq(spoken(&me), "r64");
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
