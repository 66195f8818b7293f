/* SPDX-License-Identifier: Apache-2.0 */
/* What a permit leaves in its customer's cells, and what it must not leave. */
#include "person.h"

#include <stdio.h>

#define GAPS                                   \
        "rules:\n"                             \
        "- {rule: any, gap: {at_least: 1d}}\n" \
        "- {rule: each, gap: {at_least: 1d, each: campaign}}\n"

static const struct tg_request ad = {.channel = TG_CHANNEL_ADS, .kind = TG_KIND_PROMOTION};

static struct tg_history history_of(const struct person *person, const struct tg_request *request,
                                    const char *customer)
{
        struct tg_traits traits = tg_traits_of_request(request);
        struct tg_history history;

        tg_history_init(&history, &person->policy->counters, person->table, text(customer), &traits,
                        START_MS, SKEW_MS);
        return history;
}

/* Permits for others until their cells fill the table. */
static void fill(struct person *person)
{
        for (int i = 0; !tg_table_overflowed(person->table); i++) {
                struct tg_history history;
                char customer[16];
                uint32_t tag;

                snprintf(customer, sizeof customer, "c%d", i);
                history = history_of(person, &ad, customer);
                tg_facts_permit(&history, 1, &tag);
        }
}

Test(facts, a_permit_without_room_in_one_of_its_counters_leaves_nothing_in_the_others)
{
        PERSON(me, GAPS);
        struct tg_request request = ad;
        struct tg_history history;
        uint32_t tag = 0;

        permit(&me, &ad, START_MS - 2 * TG_DAY_MS, 7); /* there is a cell, with room */
        fill(&me);
        request.campaign = text("shoes");
        history = history_of(&me, &request, "me");
        cr_assert_not(tg_facts_permit(&history, 7, &tag));
        cr_assert_eq(tag, 0);
        cr_assert_eq(earliest(&me, &ad, START_MS), START_MS);
}

Test(facts, the_next_free_tag_is_taken_and_a_tag_of_another_moment_is_free)
{
        PERSON(me, GAPS);

        cr_assert_eq(permit(&me, &ad, START_MS, 7), 7);
        cr_assert_eq(permit(&me, &ad, START_MS, 7), 8);
        cr_assert_eq(permit(&me, &ad, START_MS, 8), 9);
        cr_assert_eq(permit(&me, &ad, START_MS + 1, 7), 7);
        cr_assert_eq(permit(&me, &ad, START_MS, TG_PERMIT_TAG_MASK), TG_PERMIT_TAG_MASK);
        cr_assert_eq(permit(&me, &ad, START_MS, TG_PERMIT_TAG_MASK), 0);
}

Test(facts, a_receipt_whose_tag_no_permit_can_have_names_none)
{
        static const int32_t tags[] = {7 + (1 << TG_PERMIT_TAG_BITS), -65536 + 7, INT32_MIN + 7};
        PERSON(me, "rules:\n- {rule: any, gap: {at_least: 1d}}\n");

        permit(&me, &ad, START_MS, 7);
        for (size_t i = 0; i < sizeof tags / sizeof tags[0]; i++) {
                tell(&me, (struct tg_touchpoint){.type = TG_TYPE_BOUNCE,
                                                 .time_ms = START_MS,
                                                 .message_id = text("m"),
                                                 .receipt = {START_MS, tags[i], true}});
                cr_assert_eq(earliest(&me, &ad, START_MS), START_MS + TG_DAY_MS);
        }
}

Test(facts, a_receipt_without_a_time_names_no_permit)
{
        PERSON(me, "rules:\n- {rule: any, gap: {at_least: 1d}}\n");

        permit(&me, &ad, START_MS, 7);
        tell(&me, (struct tg_touchpoint){.type = TG_TYPE_BOUNCE,
                                         .time_ms = START_MS,
                                         .message_id = text("m"),
                                         .receipt = {TG_NO_TIME, 7, true}});
        cr_assert_eq(earliest(&me, &ad, START_MS), START_MS + TG_DAY_MS);
}
