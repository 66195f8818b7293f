/* SPDX-License-Identifier: Apache-2.0 */
#include "person.h"

static const struct tg_request survey = {.channel = TG_CHANNEL_EMAIL, .kind = TG_KIND_SURVEY};
static const struct tg_request ad = {.channel = TG_CHANNEL_ADS, .kind = TG_KIND_PROMOTION};

#define MONTH_MS (30 * TG_DAY_MS)
#define ONCE "rules:\n- {rule: rest, cooldown: {after: survey_answered, for: 30d}}\n"
#define THRICE                                                                                 \
        "rules:\n- {rule: hint, cooldown: {after: [bounce, unsubscribe], times: 3, for: 30d, " \
        "reset_by: [click, open]}}\n"

Test(cooldown, after_one_outcome_there_is_silence_to_the_millisecond)
{
        PERSON(me, ONCE);

        cr_assert_eq(ask(&me, &survey, START_MS).outcome, TG_PERMIT);
        tell_of(&me, TG_TYPE_SURVEY_ANSWERED, START_MS);
        cr_assert_eq(earliest(&me, &survey, START_MS), START_MS + MONTH_MS);
        cr_assert_str_eq(spoken(&me), "rest 1/1");
        cr_assert_eq(earliest(&me, &survey, START_MS + MONTH_MS - 1), START_MS + MONTH_MS);
        cr_assert_eq(ask(&me, &survey, START_MS + MONTH_MS).outcome, TG_PERMIT);
}

Test(cooldown, the_latest_outcome_begins_it_a_future_one_too)
{
        PERSON(me, ONCE);

        tell_of(&me, TG_TYPE_SURVEY_ANSWERED, START_MS + TG_HOUR_MS);
        tell_of(&me, TG_TYPE_SURVEY_ANSWERED, START_MS - TG_DAY_MS);
        cr_assert_eq(earliest(&me, &survey, START_MS), START_MS + TG_HOUR_MS + MONTH_MS);
}

/* n outcomes, the first and the last SPREAD_MS apart, asked at the last. */
static int64_t after_spread(int64_t spread_ms)
{
        PERSON(me, THRICE);

        me.now_ms = START_MS + spread_ms;
        tell_of(&me, TG_TYPE_BOUNCE, START_MS);
        tell_of(&me, TG_TYPE_UNSUBSCRIBE, START_MS + spread_ms / 2);
        tell_of(&me, TG_TYPE_BOUNCE, START_MS + spread_ms);
        return earliest(&me, &survey, START_MS + spread_ms) - START_MS;
}

Test(cooldown, outcomes_as_far_apart_as_it_lasts_count_and_a_millisecond_further_do_not)
{
        cr_assert_eq(after_spread(MONTH_MS), 2 * MONTH_MS);
        cr_assert_eq(after_spread(MONTH_MS + 1), MONTH_MS + 1);
}

Test(cooldown, at_its_very_end_the_first_outcome_is_still_known)
{
        PERSON(me, THRICE);

        tell_of(&me, TG_TYPE_BOUNCE, START_MS);
        tell_of(&me, TG_TYPE_BOUNCE, START_MS + 1);
        tell_of(&me, TG_TYPE_BOUNCE, START_MS + MONTH_MS);
        cr_assert_eq(earliest(&me, &survey, START_MS + 2 * MONTH_MS - 1), START_MS + 2 * MONTH_MS);
        cr_assert_str_eq(spoken(&me), "hint 3/3");
        cr_assert_eq(ask(&me, &survey, START_MS + 2 * MONTH_MS).outcome, TG_PERMIT);
}

Test(cooldown, fewer_than_so_many_outcomes_begin_nothing)
{
        PERSON(me, THRICE);

        tell_of(&me, TG_TYPE_BOUNCE, START_MS);
        tell_of(&me, TG_TYPE_BOUNCE, START_MS + 1);
        cr_assert_eq(ask(&me, &survey, START_MS + 2).outcome, TG_PERMIT);
        tell_of(&me, TG_TYPE_BOUNCE, START_MS + 2);
        cr_assert_eq(earliest(&me, &survey, START_MS + 2), START_MS + 2 + MONTH_MS);
}

Test(cooldown, only_outcomes_later_than_the_last_reset_count)
{
        PERSON(me, THRICE);

        for (int i = 0; i < 3; i++)
                tell_of(&me, TG_TYPE_BOUNCE, START_MS + i);
        tell_of(&me, TG_TYPE_OPEN, START_MS - 1);
        cr_assert_eq(ask(&me, &survey, START_MS + 2).outcome, TG_DEFER, "before the first");
        tell_of(&me, TG_TYPE_CLICK, START_MS);
        cr_assert_eq(ask(&me, &survey, START_MS + 2).outcome, TG_PERMIT, "at the first");
        tell_of(&me, TG_TYPE_UNSUBSCRIBE, START_MS + 3);
        cr_assert_eq(ask(&me, &survey, START_MS + 3).outcome, TG_DEFER, "three later ones");
        tell_of(&me, TG_TYPE_OPEN, START_MS + TG_HOUR_MS);
        cr_assert_eq(ask(&me, &survey, START_MS + 3).outcome, TG_PERMIT, "a future reset");
}

Test(cooldown, a_reset_is_known_as_long_as_the_outcomes_before_it)
{
        PERSON(me, THRICE);

        tell_of(&me, TG_TYPE_BOUNCE, START_MS);
        tell_of(&me, TG_TYPE_BOUNCE, START_MS + 1);
        tell_of(&me, TG_TYPE_BOUNCE, START_MS + MONTH_MS);
        tell_of(&me, TG_TYPE_CLICK, START_MS + 1);
        cr_assert_eq(ask(&me, &survey, START_MS + 2 * MONTH_MS - 1).outcome, TG_PERMIT);
}

Test(cooldown, one_event_told_as_two_types_is_two_outcomes_and_told_twice_is_one)
{
        PERSON(me, THRICE);
        struct tg_touchpoint touch = {.id = text("x"), .channel = TG_CHANNEL_ABSENT};

        touch.time_ms = START_MS;
        touch.type = TG_TYPE_BOUNCE;
        tell(&me, touch);
        tell(&me, touch);
        tell_of(&me, TG_TYPE_BOUNCE, START_MS);
        cr_assert_eq(ask(&me, &survey, START_MS).outcome, TG_PERMIT);
        touch.type = TG_TYPE_UNSUBSCRIBE;
        tell(&me, touch);
        cr_assert_eq(ask(&me, &survey, START_MS).outcome, TG_DEFER);
}

#define PERMITS "rules:\n- {rule: rest, for: {kind: survey}, cooldown: {after: permit, for: 1h}}\n"

static void bounce(struct person *me, int64_t receipt_ms, int32_t tag)
{
        tell(me, (struct tg_touchpoint){
                         .type = TG_TYPE_BOUNCE,
                         .time_ms = me->now_ms,
                         .channel = TG_CHANNEL_ABSENT,
                         .message_id = text("any"),
                         .receipt = {receipt_ms, tag, true},
                 });
}

Test(cooldown, after_permit_any_permit_that_was_not_refunded_counts)
{
        PERSON(me, PERMITS);

        permit(&me, &ad, START_MS, 1);
        cr_assert_eq(earliest(&me, &survey, START_MS), START_MS + TG_HOUR_MS,
                     "`for` selects requests alone");
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
        bounce(&me, START_MS, 1);
        cr_assert_eq(ask(&me, &survey, START_MS).outcome, TG_PERMIT);
}

Test(cooldown, permits_and_touchpoints_count_together)
{
        PERSON(me,
               "rules:\n- {rule: rest, cooldown: {after: [permit, complaint], times: 2, for: 1h}}"
               "\n");

        permit(&me, &ad, START_MS, 1);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
        tell_of(&me, TG_TYPE_COMPLAINT, START_MS + 7);
        cr_assert_eq(earliest(&me, &ad, START_MS + 7), START_MS + 7 + TG_HOUR_MS);
        cr_assert_str_eq(spoken(&me), "rest 2/2");
}

Test(cooldown, where_narrows_outcomes_and_resets)
{
        PERSON(me, "rules:\n- {rule: rest, cooldown: {after: bounce, for: 1h, reset_by: click, "
                   "where: {channel: email}}}\n");
        struct tg_touchpoint touch = {.type = TG_TYPE_BOUNCE, .time_ms = START_MS};

        touch.channel = TG_CHANNEL_PUSH;
        tell(&me, touch);
        cr_assert_eq(ask(&me, &survey, START_MS).outcome, TG_PERMIT);
        touch.channel = TG_CHANNEL_EMAIL;
        tell(&me, touch);
        cr_assert_eq(ask(&me, &survey, START_MS).outcome, TG_DEFER);
        tell_of(&me, TG_TYPE_CLICK, START_MS + 1);
        cr_assert_eq(ask(&me, &survey, START_MS + 1).outcome, TG_DEFER);
        touch.type = TG_TYPE_CLICK;
        tell(&me, touch);
        cr_assert_eq(ask(&me, &survey, START_MS + 1).outcome, TG_PERMIT);
}

Test(cooldown, each_is_apart_and_without_its_word_a_cooldown_does_not_apply)
{
        PERSON(me, "rules:\n- {rule: rest, cooldown: {after: survey_invited, for: 1h, each: topic}}"
                   "\n");
        struct tg_request a = survey, b = survey;
        struct tg_touchpoint touch = {.type = TG_TYPE_SURVEY_INVITED, .time_ms = START_MS};

        a.topic = text("a");
        b.topic = text("b");
        touch.channel = TG_CHANNEL_ABSENT;
        tell(&me, touch);
        touch.topic = text("a");
        tell(&me, touch);
        cr_assert_eq(ask(&me, &a, START_MS).outcome, TG_DEFER);
        cr_assert_eq(ask(&me, &b, START_MS).outcome, TG_PERMIT);
        cr_assert_eq(ask(&me, &survey, START_MS).outcome, TG_PERMIT);
}

Test(cooldown, its_history_is_full_with_the_bound_of_permits_younger_than_twice_its_length)
{
        PERSON(me, "limits: {permits_per_customer: 2}\n" PERMITS);

        permit(&me, &ad, START_MS, 1);
        permit(&me, &ad, START_MS + 5, 2);
        cr_assert_eq(permits_full(&me, &survey, START_MS + 2 * TG_HOUR_MS - 1), 2);
        cr_assert_eq(permits_full(&me, &survey, START_MS + 2 * TG_HOUR_MS), 0);
}

Test(cooldown, it_may_last_half_of_the_longest_window)
{
        PERSON(me, "rules:\n- {rule: rest, cooldown: {after: complaint, for: 274877906944ms}}\n");

        tell_of(&me, TG_TYPE_COMPLAINT, START_MS);
        cr_assert_eq(me.policy->counters.window_max_ms, TG_WINDOW_MAX_MS);
        ask(&me, &survey, START_MS + INT64_C(274877906943));
        cr_assert_eq(me.verdict.outcome, TG_DEFER);
        cr_assert_eq(ask(&me, &survey, START_MS + INT64_C(274877906944)).outcome, TG_PERMIT);
}
