/* SPDX-License-Identifier: Apache-2.0 */
#include "person.h"

static const struct tg_request ad = {.channel = TG_CHANNEL_ADS, .kind = TG_KIND_PROMOTION};
static const struct tg_request email = {.channel = TG_CHANNEL_EMAIL, .kind = TG_KIND_OFFER};

#define TWO_A_DAY "rules:\n- {rule: cap, cap: {count: click, at_most: 2, per: 1d}}\n"

Test(cap, a_cap_of_2_per_day_never_permits_a_third)
{
        PERSON(me, TWO_A_DAY);

        cr_assert_eq(earliest(&me, &ad, START_MS), START_MS);
        tell_of(&me, TG_TYPE_CLICK, START_MS);
        cr_assert_eq(earliest(&me, &ad, START_MS), START_MS);
        tell_of(&me, TG_TYPE_CLICK, START_MS + 5);
        cr_assert_eq(earliest(&me, &ad, START_MS + 5), START_MS + TG_DAY_MS);
        cr_assert_str_eq(spoken(&me), "cap 2/2");
}

Test(cap, the_window_opens_to_the_millisecond)
{
        PERSON(me, TWO_A_DAY);

        tell_of(&me, TG_TYPE_CLICK, START_MS);
        tell_of(&me, TG_TYPE_CLICK, START_MS);
        cr_assert_eq(ask(&me, &ad, START_MS + TG_DAY_MS - 1).outcome, TG_DEFER);
        cr_assert_eq(me.verdict.until_ms, START_MS + TG_DAY_MS);
        cr_assert_eq(ask(&me, &ad, START_MS + TG_DAY_MS).outcome, TG_PERMIT);
}

Test(cap, a_touch_from_the_future_counts)
{
        PERSON(me, TWO_A_DAY);

        tell_of(&me, TG_TYPE_CLICK, START_MS);
        tell_of(&me, TG_TYPE_CLICK, START_MS + 1000);
        cr_assert_eq(earliest(&me, &ad, START_MS), START_MS + TG_DAY_MS);
}

Test(cap, no_more_than_the_limit_is_told_as_counted)
{
        PERSON(me, TWO_A_DAY);

        for (int i = 0; i < 7; i++)
                tell_of(&me, TG_TYPE_CLICK, START_MS + i);
        cr_assert_eq(earliest(&me, &ad, START_MS + 9), START_MS + 5 + TG_DAY_MS);
        cr_assert_str_eq(spoken(&me), "cap 2/2");
}

Test(cap, at_most_0_never_permits)
{
        PERSON(me, "rules:\n- {rule: none, cap: {count: click, at_most: 0, per: 1d}}\n");

        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DENY);
        cr_assert_str_eq(spoken(&me), "none 0/0");
        cr_assert_eq(me.reasons.items[0].until_ms, TG_NEVER);
}

Test(cap, a_bot_or_an_unknown_type_has_no_effect)
{
        PERSON(me, "rules:\n- {rule: cap, cap: {count: click, at_most: 1, per: 1d}}\n");

        tell(&me, (struct tg_touchpoint){.type = TG_TYPE_CLICK, .time_ms = START_MS, .bot = true});
        tell_of(&me, TG_TYPE_UNKNOWN, START_MS);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
}

Test(cap, the_words_of_for_also_select_what_is_counted)
{
        PERSON(me, "rules:\n- rule: cap\n  for: {channel: ads, campaign: 'spring*'}\n"
                   "  cap: {count: click, at_most: 1, per: 1d}\n");
        struct tg_request spring = {.channel = TG_CHANNEL_ADS, .campaign = text("spring-1")};
        struct tg_touchpoint click = {.type = TG_TYPE_CLICK, .time_ms = START_MS};

        click.channel = TG_CHANNEL_EMAIL;
        click.campaign = text("spring-2");
        tell(&me, click);
        click.channel = TG_CHANNEL_ADS;
        click.campaign = text("summer");
        tell(&me, click);
        click.campaign = TG_SPAN_ABSENT;
        tell(&me, click);
        cr_assert_eq(ask(&me, &spring, START_MS).outcome, TG_PERMIT);
        click.campaign = text("spring-2");
        tell(&me, click);
        cr_assert_eq(ask(&me, &spring, START_MS).outcome, TG_DEFER);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT, "it lacks the word");
}

Test(cap, where_narrows_what_is_counted_and_no_more)
{
        PERSON(me, "rules:\n- rule: cap\n  cap: {count: click, at_most: 1, per: 1d, "
                   "where: {channel: [email, push]}}\n");

        tell(&me, (struct tg_touchpoint){
                          .type = TG_TYPE_CLICK, .time_ms = START_MS, .channel = TG_CHANNEL_ADS});
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
        tell(&me, (struct tg_touchpoint){
                          .type = TG_TYPE_CLICK, .time_ms = START_MS, .channel = TG_CHANNEL_PUSH});
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DEFER);
}

Test(cap, each_counts_for_every_word_apart)
{
        PERSON(me, "rules:\n- {rule: cap, cap: {count: click, at_most: 1, per: 1d, each: campaign}}"
                   "\n");
        struct tg_request a = {.channel = TG_CHANNEL_ADS, .campaign = text("a")};
        struct tg_request b = {.channel = TG_CHANNEL_ADS, .campaign = text("b")};
        struct tg_touchpoint click = {.type = TG_TYPE_CLICK, .time_ms = START_MS};

        tell(&me, click);
        cr_assert_eq(ask(&me, &a, START_MS).outcome, TG_PERMIT, "a click without a campaign");
        click.campaign = text("a");
        tell(&me, click);
        cr_assert_eq(ask(&me, &a, START_MS).outcome, TG_DEFER);
        cr_assert_eq(ask(&me, &b, START_MS).outcome, TG_PERMIT);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT, "a cap does not apply");
}

Test(cap, a_campaign_and_a_subject_of_one_name_are_two_scopes)
{
        PERSON(me, "rules:\n- {rule: s, cap: {count: click, at_most: 1, per: 1d, each: subject}}\n"
                   "- {rule: c, cap: {count: click, at_most: 1, per: 1d, each: campaign}}\n");
        struct tg_request request = {.channel = TG_CHANNEL_ADS, .campaign = text("x")};
        struct tg_touchpoint click = {.type = TG_TYPE_CLICK, .time_ms = START_MS};

        click.subject = text("x");
        tell(&me, click);
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_PERMIT);
        request.subject = text("x");
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_DEFER);
        cr_assert_str_eq(spoken(&me), "s 1/1");
}

#define PERMITS "rules:\n- {rule: cap, cap: {count: permit, at_most: 1, per: 1d}}\n"

Test(cap, a_permit_counts_for_its_window)
{
        PERSON(me, PERMITS);

        permit(&me, &ad, START_MS, 7);
        cr_assert_eq(earliest(&me, &ad, START_MS), START_MS + TG_DAY_MS);
        cr_assert_eq(earliest(&me, &ad, START_MS + TG_DAY_MS - 1), START_MS + TG_DAY_MS);
        cr_assert_eq(earliest(&me, &ad, START_MS + TG_DAY_MS), START_MS + TG_DAY_MS);
}

Test(cap, a_cap_for_a_kind_counts_the_permits_of_that_kind)
{
        PERSON(me, "rules:\n- rule: cap\n  for: {kind: offer}\n"
                   "  cap: {count: permit, at_most: 1, per: 1d}\n");
        struct tg_request offer = {.channel = TG_CHANNEL_ADS, .kind = TG_KIND_OFFER};

        permit(&me, &ad, START_MS, 7);
        cr_assert_eq(ask(&me, &offer, START_MS).outcome, TG_PERMIT);
        permit(&me, &offer, START_MS, 8);
        cr_assert_eq(ask(&me, &offer, START_MS).outcome, TG_DEFER);
}

static void settle(struct person *me, enum tg_type type, int64_t receipt_ms, int32_t tag)
{
        tell(me, (struct tg_touchpoint){
                         .type = (uint8_t)type,
                         .time_ms = me->now_ms,
                         .channel = TG_CHANNEL_ABSENT,
                         .message_id = text("any"),
                         .receipt = {receipt_ms, tag, true},
                 });
}

Test(cap, a_bounce_gives_the_place_of_a_counted_permit_back)
{
        PERSON(me, PERMITS);

        permit(&me, &ad, START_MS, 7);
        settle(&me, TG_TYPE_IMPRESSION, START_MS, 7);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DEFER, "an impression takes nothing back");
        settle(&me, TG_TYPE_BOUNCE, START_MS, 7);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
}

#define IMPRESSIONS "rules:\n- {rule: cap, cap: {count: impression, at_most: 1, per: 1m}}\n"

Test(cap, an_open_reservation_counts_until_its_lapse_whatever_the_window)
{
        PERSON(me, IMPRESSIONS);

        permit(&me, &ad, START_MS, 7);
        cr_assert_eq(earliest(&me, &ad, START_MS), START_MS + TG_HOUR_MS);
        cr_assert_eq(earliest(&me, &ad, START_MS + TG_HOUR_MS - 1), START_MS + TG_HOUR_MS);
        cr_assert_eq(earliest(&me, &ad, START_MS + TG_HOUR_MS), START_MS + TG_HOUR_MS);
}

Test(cap, a_reservation_lapses_by_the_channel_of_its_own_permit)
{
        PERSON(me, IMPRESSIONS);

        permit(&me, &email, START_MS, 7);
        cr_assert_eq(earliest(&me, &ad, START_MS), START_MS + 72 * TG_HOUR_MS);
}

Test(cap, confirm_within_says_when_a_reservation_lapses)
{
        PERSON(me, "defaults: {confirm_within: {email: 2h}}\n" IMPRESSIONS);

        permit(&me, &email, START_MS, 7);
        cr_assert_eq(earliest(&me, &ad, START_MS), START_MS + 2 * TG_HOUR_MS);
}

Test(cap, a_confirmed_reservation_counts_as_the_touch_alone)
{
        PERSON(me, IMPRESSIONS);

        permit(&me, &ad, START_MS, 7);
        me.now_ms = START_MS + 5;
        settle(&me, TG_TYPE_IMPRESSION, START_MS, 7);
        cr_assert_eq(earliest(&me, &ad, START_MS + 5), START_MS + 5 + TG_MINUTE_MS);
}

Test(cap, no_other_type_settles_a_reservation)
{
        PERSON(me, IMPRESSIONS);

        permit(&me, &ad, START_MS, 7);
        settle(&me, TG_TYPE_DELIVERED, START_MS, 7);
        settle(&me, TG_TYPE_CLICK, START_MS, 7);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DEFER);
        settle(&me, TG_TYPE_BOUNCE, START_MS, 7);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
}

Test(cap, without_a_message_id_nothing_is_settled)
{
        PERSON(me, IMPRESSIONS);

        permit(&me, &ad, START_MS, 7);
        tell(&me, (struct tg_touchpoint){.type = TG_TYPE_BOUNCE,
                                         .time_ms = START_MS,
                                         .receipt = {START_MS, 7, true}});
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DEFER);
}

Test(cap, without_a_receipt_the_message_id_names_the_permit)
{
        PERSON(me, IMPRESSIONS);

        permit(&me, &ad, START_MS, (uint32_t)tg_hash64(text("message")));
        tell(&me, (struct tg_touchpoint){.type = TG_TYPE_BOUNCE,
                                         .time_ms = START_MS,
                                         .message_id = text("another")});
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DEFER);
        tell(&me, (struct tg_touchpoint){.type = TG_TYPE_BOUNCE,
                                         .time_ms = START_MS,
                                         .message_id = text("message")});
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
}

Test(cap, a_settlement_that_is_told_before_its_permit_waits_for_it)
{
        PERSON(me, IMPRESSIONS);

        settle(&me, TG_TYPE_BOUNCE, START_MS, 7);
        cr_assert_eq(permit(&me, &ad, START_MS, 7), 7, "it takes no tag away");
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
}

Test(cap, two_permits_of_one_moment_never_have_one_tag)
{
        PERSON(me, IMPRESSIONS);

        cr_assert_eq(permit(&me, &ad, START_MS, 0x1ffff), 0xffff, "a tag has 16 bits");
        cr_assert_eq(permit(&me, &ad, START_MS, 0xffff), 0);
        cr_assert_eq(permit(&me, &ad, START_MS, 0xffff), 1);
        cr_assert_eq(permit(&me, &ad, START_MS + 1, 0xffff), 0xffff);
        settle(&me, TG_TYPE_BOUNCE, START_MS + 1, 0xffff);
        cr_assert_eq(permit(&me, &ad, START_MS + 1, 0xffff), 0, "settled, and yet given");
}

Test(cap, a_campaigns_place_is_freed_by_a_touchpoint_that_names_the_campaign)
{
        PERSON(me,
               "rules:\n- {rule: cap, cap: {count: permit, at_most: 1, per: 1d, each: campaign}}"
               "\n");
        struct tg_request request = {.channel = TG_CHANNEL_ADS, .campaign = text("a")};
        struct tg_touchpoint bounce = {.type = TG_TYPE_BOUNCE,
                                       .time_ms = START_MS,
                                       .message_id = text("any"),
                                       .receipt = {START_MS, 7, true}};

        permit(&me, &request, START_MS, 7);
        tell(&me, bounce);
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_DEFER);
        bounce.campaign = text("a");
        tell(&me, bounce);
        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_PERMIT);
}

Test(cap, the_history_is_full_when_the_bound_of_open_permits_is_reached)
{
        PERSON(me, "limits: {permits_per_customer: 3}\n"
                   "rules:\n- {rule: cap, cap: {count: permit, at_most: 100, per: 1d}}\n");

        for (int i = 0; i < 3; i++) {
                cr_assert_eq(permits_full(&me, &ad, START_MS + i), 0);
                permit(&me, &ad, START_MS + i, (uint32_t)i);
        }
        cr_assert_eq(permits_full(&me, &ad, START_MS + 3), 3);
        cr_assert_eq(permits_full(&me, &ad, START_MS + TG_DAY_MS - 1), 3);
        cr_assert_eq(permits_full(&me, &ad, START_MS + TG_DAY_MS), 0);
        me.now_ms = START_MS + 3;
        settle(&me, TG_TYPE_BOUNCE, START_MS, 0);
        cr_assert_eq(permits_full(&me, &ad, START_MS + 3), 0);
}

/* As many as a policy with a larger bound gave before. */
Test(cap, a_history_that_holds_more_than_the_bound_says_how_many)
{
        PERSON(me, "limits: {permits_per_customer: 2}\n"
                   "rules:\n- {rule: cap, cap: {count: permit, at_most: 100, per: 1d}}\n");

        for (int i = 0; i < 5; i++)
                permit(&me, &ad, START_MS, (uint32_t)i);
        cr_assert_eq(permits_full(&me, &ad, START_MS), 5);
}

Test(cap, reservations_of_channels_that_lapse_alike_fill_the_history_together)
{
        PERSON(me, "limits: {permits_per_customer: 2}\n" IMPRESSIONS);
        static const struct tg_request push = {.channel = TG_CHANNEL_PUSH};

        permit(&me, &ad, START_MS, 1);
        permit(&me, &email, START_MS, 2);
        cr_assert_eq(permits_full(&me, &push, START_MS), 0);
        permit(&me, &push, START_MS, 3);
        cr_assert_eq(permits_full(&me, &email, START_MS), 2);
        cr_assert_eq(permits_full(&me, &ad, START_MS), 0);
}
