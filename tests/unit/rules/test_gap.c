/* SPDX-License-Identifier: Apache-2.0 */
#include "person.h"

static const struct tg_request email = {.channel = TG_CHANNEL_EMAIL, .kind = TG_KIND_OFFER};
static const struct tg_request push = {.channel = TG_CHANNEL_PUSH, .kind = TG_KIND_SURVEY};

#define A_DAY "rules:\n- {rule: gap, gap: {at_least: 24h}}\n"

static void bounce(struct person *me, int64_t receipt_ms, int32_t tag, const char *campaign)
{
        tell(me, (struct tg_touchpoint){
                         .type = TG_TYPE_BOUNCE,
                         .time_ms = me->now_ms,
                         .channel = TG_CHANNEL_ABSENT,
                         .campaign = text(campaign),
                         .message_id = text("any"),
                         .receipt = {receipt_ms, tag, true},
                 });
}

Test(gap, a_message_may_leave_a_gap_after_the_last_and_not_a_millisecond_before)
{
        PERSON(me, A_DAY);

        cr_assert_eq(ask(&me, &email, START_MS).outcome, TG_PERMIT);
        permit(&me, &email, START_MS, 1);
        cr_assert_eq(earliest(&me, &email, START_MS), START_MS + TG_DAY_MS);
        cr_assert_str_eq(spoken(&me), "gap", "it counts nothing");
        cr_assert_eq(earliest(&me, &email, START_MS + TG_DAY_MS - 1), START_MS + TG_DAY_MS);
        cr_assert_eq(ask(&me, &email, START_MS + TG_DAY_MS).outcome, TG_PERMIT);
}

Test(gap, the_latest_permit_counts)
{
        PERSON(me, A_DAY);

        permit(&me, &email, START_MS, 1);
        permit(&me, &push, START_MS + TG_HOUR_MS, 2);
        cr_assert_eq(earliest(&me, &email, START_MS + TG_HOUR_MS),
                     START_MS + TG_HOUR_MS + TG_DAY_MS);
}

Test(gap, touchpoints_do_not_count)
{
        PERSON(me, A_DAY);

        tell_of(&me, TG_TYPE_DELIVERED, START_MS);
        tell_of(&me, TG_TYPE_IMPRESSION, START_MS);
        cr_assert_eq(ask(&me, &email, START_MS).outcome, TG_PERMIT);
}

Test(gap, a_refunded_permit_does_not_count_and_the_one_before_it_does)
{
        PERSON(me, A_DAY);

        permit(&me, &email, START_MS, 1);
        permit(&me, &email, START_MS + 5, 2);
        bounce(&me, START_MS + 5, 2, NULL);
        cr_assert_eq(earliest(&me, &email, START_MS + 5), START_MS + TG_DAY_MS);
        bounce(&me, START_MS, 1, NULL);
        cr_assert_eq(ask(&me, &email, START_MS + 5).outcome, TG_PERMIT);
}

Test(gap, for_selects_which_permits_count_kind_and_class_included)
{
        PERSON(me, "rules:\n- {rule: offers, for: {kind: offer, class: none}, gap: {at_least: 1h}}"
                   "\n");
        struct tg_request credit = email;

        permit(&me, &push, START_MS, 1);
        credit.class = TG_CLASS_CREDIT;
        permit(&me, &credit, START_MS, 2);
        cr_assert_eq(ask(&me, &email, START_MS).outcome, TG_PERMIT);
        permit(&me, &email, START_MS, 3);
        cr_assert_eq(earliest(&me, &email, START_MS), START_MS + TG_HOUR_MS);
        cr_assert_eq(ask(&me, &push, START_MS).outcome, TG_PERMIT);
        cr_assert_eq(ask(&me, &credit, START_MS).outcome, TG_PERMIT);
}

Test(gap, where_narrows_which_permits_count_and_not_which_requests_are_held)
{
        PERSON(me, "rules:\n- {rule: gap, gap: {at_least: 1h, where: {channel: email}}}\n");

        permit(&me, &push, START_MS, 1);
        cr_assert_eq(ask(&me, &email, START_MS).outcome, TG_PERMIT);
        permit(&me, &email, START_MS, 2);
        cr_assert_eq(earliest(&me, &push, START_MS), START_MS + TG_HOUR_MS);
}

Test(gap, each_is_apart_and_without_its_word_a_gap_does_not_apply)
{
        PERSON(me, "rules:\n- {rule: gap, gap: {at_least: 1h, each: campaign}}\n");
        struct tg_request a = email, b = email;

        a.campaign = text("a");
        b.campaign = text("b");
        permit(&me, &email, START_MS, 1);
        permit(&me, &a, START_MS, 2);
        cr_assert_eq(earliest(&me, &a, START_MS), START_MS + TG_HOUR_MS);
        cr_assert_eq(ask(&me, &b, START_MS).outcome, TG_PERMIT);
        cr_assert_eq(ask(&me, &email, START_MS).outcome, TG_PERMIT);
        bounce(&me, START_MS, 2, NULL);
        cr_assert_eq(ask(&me, &a, START_MS).outcome, TG_DEFER, "it names no campaign");
        bounce(&me, START_MS, 2, "a");
        cr_assert_eq(ask(&me, &a, START_MS).outcome, TG_PERMIT);
}

Test(gap, its_history_is_full_with_the_bound_of_permits_younger_than_the_gap)
{
        PERSON(me, "limits: {permits_per_customer: 2}\n"
                   "rules:\n- {rule: gap, for: {channel: email}, gap: {at_least: 1h}}\n"
                   "- {rule: wider, for: {channel: push}, gap: {at_least: 9h}}\n");

        permit(&me, &email, START_MS, 1);
        cr_assert_eq(permits_full(&me, &email, START_MS + 5), 0);
        permit(&me, &email, START_MS + 5, 2);
        cr_assert_eq(permits_full(&me, &email, START_MS + 5), 2);
        cr_assert_eq(permits_full(&me, &push, START_MS + 5), 0, "the other rule's own");
        cr_assert_eq(permits_full(&me, &email, START_MS + TG_HOUR_MS - 1), 2);
        cr_assert_eq(permits_full(&me, &email, START_MS + TG_HOUR_MS), 0);
        bounce(&me, START_MS + 5, 2, NULL);
        cr_assert_eq(permits_full(&me, &email, START_MS + 6), 0);
}
