/* SPDX-License-Identifier: Apache-2.0 */
#include "person.h"

#define SURVEY "rules:\n- {rule: delay, wait: {after: interaction, at_least: 3h, at_most: 3d}}\n"

#define OPENS_MS (START_MS + 3 * TG_HOUR_MS)
#define CLOSES_MS (START_MS + 3 * TG_DAY_MS)

static const struct tg_request survey = {.channel = TG_CHANNEL_EMAIL, .kind = TG_KIND_SURVEY};

Test(wait, it_opens_and_closes_to_the_millisecond)
{
        PERSON(me, SURVEY);

        tell_of(&me, TG_TYPE_INTERACTION, START_MS);
        cr_assert_eq(earliest(&me, &survey, START_MS), OPENS_MS);
        cr_assert_str_eq(spoken(&me), "delay");
        cr_assert_eq(earliest(&me, &survey, OPENS_MS - 1), OPENS_MS);
        cr_assert_eq(ask(&me, &survey, OPENS_MS).outcome, TG_PERMIT);
        cr_assert_eq(ask(&me, &survey, CLOSES_MS).outcome, TG_PERMIT);
        cr_assert_eq(ask(&me, &survey, CLOSES_MS + 1).outcome, TG_DENY);
        cr_assert_eq(me.reasons.items[0].until_ms, TG_NEVER);
}

Test(wait, without_the_touchpoint_never)
{
        PERSON(me, SURVEY);

        tell_of(&me, TG_TYPE_PURCHASE, START_MS);
        cr_assert_eq(ask(&me, &survey, START_MS).outcome, TG_DENY);
}

Test(wait, the_latest_touchpoint_counts)
{
        PERSON(me, SURVEY);

        tell_of(&me, TG_TYPE_INTERACTION, START_MS);
        tell_of(&me, TG_TYPE_INTERACTION, START_MS - TG_HOUR_MS);
        cr_assert_eq(earliest(&me, &survey, START_MS), OPENS_MS);
}

Test(wait, what_the_request_says_it_is_about_beats_what_is_known)
{
        PERSON(me, SURVEY);
        struct tg_request request = survey;

        tell_of(&me, TG_TYPE_INTERACTION, START_MS);
        request.about = (struct tg_about){START_MS - TG_HOUR_MS, TG_TYPE_INTERACTION, true};
        cr_assert_eq(earliest(&me, &request, START_MS), OPENS_MS - TG_HOUR_MS);
        request.about.type = TG_TYPE_PURCHASE;
        cr_assert_eq(earliest(&me, &request, START_MS), OPENS_MS);
        request.about = (struct tg_about){INT64_MAX - 5, TG_TYPE_INTERACTION, true};
        cr_assert_eq(earliest(&me, &request, START_MS), TG_NEVER);
}

Test(wait, what_it_is_about_needs_no_word_for_each)
{
        PERSON(me, "rules:\n- {rule: delay, wait: {after: case_resolved, at_least: 1h, each: "
                   "subject}}\n");
        struct tg_request request = survey;

        cr_assert_eq(ask(&me, &request, START_MS).outcome, TG_DENY);
        request.about = (struct tg_about){START_MS, TG_TYPE_CASE_RESOLVED, true};
        cr_assert_eq(earliest(&me, &request, START_MS), START_MS + TG_HOUR_MS);
}

Test(wait, without_bounds_it_asks_for_the_touchpoint_alone)
{
        PERSON(me, "rules:\n- {rule: after, wait: {after: interaction}}\n");

        cr_assert_eq(ask(&me, &survey, START_MS).outcome, TG_DENY);
        tell_of(&me, TG_TYPE_INTERACTION, START_MS);
        cr_assert_eq(ask(&me, &survey, START_MS).outcome, TG_PERMIT);
        cr_assert_eq(ask(&me, &survey, START_MS + 4000 * TG_DAY_MS).outcome, TG_PERMIT);
}
