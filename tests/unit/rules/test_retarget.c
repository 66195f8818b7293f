/* SPDX-License-Identifier: Apache-2.0 */
#include "person.h"

static const struct tg_request ad = {.channel = TG_CHANNEL_ADS, .kind = TG_KIND_RETARGET};

#define THIRTY_DAYS                                                                   \
        "rules:\n- {rule: interest, retarget: {after: [search, view, cart], within: " \
        "30d, until: purchase}}\n"
#define WITHIN_MS (30 * TG_DAY_MS)

Test(retarget, without_an_interest_never)
{
        PERSON(me, THIRTY_DAYS);

        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DENY);
        cr_assert_str_eq(spoken(&me), "interest");
        tell_of(&me, TG_TYPE_CLICK, START_MS);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DENY);
}

Test(retarget, an_interest_of_30_days_still_permits_and_a_millisecond_later_no_more)
{
        PERSON(me, THIRTY_DAYS);

        tell_of(&me, TG_TYPE_VIEW, START_MS);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
        cr_assert_eq(ask(&me, &ad, START_MS + WITHIN_MS).outcome, TG_PERMIT);
        cr_assert_eq(ask(&me, &ad, START_MS + WITHIN_MS + 1).outcome, TG_DENY);
}

Test(retarget, the_latest_interest_of_any_of_its_types_counts)
{
        PERSON(me, THIRTY_DAYS);

        tell_of(&me, TG_TYPE_CART, START_MS + 9);
        tell_of(&me, TG_TYPE_SEARCH, START_MS);
        cr_assert_eq(ask(&me, &ad, START_MS + WITHIN_MS + 9).outcome, TG_PERMIT);
        cr_assert_eq(ask(&me, &ad, START_MS + WITHIN_MS + 10).outcome, TG_DENY);
}

Test(retarget, a_purchase_at_or_after_the_interest_ends_it)
{
        PERSON(me, THIRTY_DAYS);

        tell_of(&me, TG_TYPE_VIEW, START_MS);
        tell_of(&me, TG_TYPE_PURCHASE, START_MS - 1);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
        tell_of(&me, TG_TYPE_PURCHASE, START_MS);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DENY);
        tell_of(&me, TG_TYPE_VIEW, START_MS + 1);
        cr_assert_eq(ask(&me, &ad, START_MS + 1).outcome, TG_PERMIT);
}

Test(retarget, without_until_a_purchase_changes_nothing)
{
        PERSON(me, "rules:\n- {rule: r, retarget: {after: view, within: 1d}}\n");

        tell_of(&me, TG_TYPE_VIEW, START_MS);
        tell_of(&me, TG_TYPE_PURCHASE, START_MS);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
}

Test(retarget, each_subject_has_its_own_interest_and_purchase)
{
        PERSON(me, "rules:\n- {rule: r, retarget: {after: view, within: 1d, until: purchase, "
                   "each: subject}}\n");
        struct tg_request shoes = {.channel = TG_CHANNEL_ADS, .subject = text("shoes")};
        struct tg_touchpoint touchpoint = {.type = TG_TYPE_VIEW, .time_ms = START_MS};

        tell(&me, touchpoint);
        cr_assert_eq(ask(&me, &shoes, START_MS).outcome, TG_DENY, "a view of nothing");
        touchpoint.subject = text("shoes");
        tell(&me, touchpoint);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DENY, "an ad for nothing");
        touchpoint.type = TG_TYPE_PURCHASE;
        touchpoint.subject = text("hats");
        tell(&me, touchpoint);
        cr_assert_eq(ask(&me, &shoes, START_MS).outcome, TG_PERMIT);
        touchpoint.subject = text("shoes");
        tell(&me, touchpoint);
        cr_assert_eq(ask(&me, &shoes, START_MS).outcome, TG_DENY);
}

Test(retarget, for_does_not_select_its_touches_but_where_does)
{
        PERSON(me, "rules:\n- rule: r\n  for: {channel: ads}\n"
                   "  retarget: {after: view, within: 1d, where: {topic: 'garden*'}}\n");
        struct tg_touchpoint view = {.type = TG_TYPE_VIEW, .time_ms = START_MS};

        view.channel = TG_CHANNEL_WEB;
        tell(&me, view);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_DENY);
        view.topic = text("gardening");
        tell(&me, view);
        cr_assert_eq(ask(&me, &ad, START_MS).outcome, TG_PERMIT);
}
