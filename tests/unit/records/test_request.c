/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "records/request.h"

#define text(literal) tg_span_text(literal)

static struct tg_request personal(void)
{
        return (struct tg_request){
                .id = text("r"),
                .customer = text("me"),
                .time_ms = 5,
                .expires_ms = 9,
                .campaign = text("spring"),
                .subject = text("boots"),
                .category = text("shoes"),
                .topic = text("outdoors"),
                .segment = text("hikers"),
                .purpose = text("news"),
                .about = {.time_ms = 3, .type = TG_TYPE_VIEW, .present = true},
                .priority = 7,
                .channel = TG_CHANNEL_EMAIL,
                .kind = TG_KIND_RETARGET,
                .class = TG_CLASS_CREDIT,
                .payload = text("your boots"),
                .general = {.payload = text("spring is here"), .present = true},
        };
}

static bool reads(struct tg_span span, const char *expected)
{
        return tg_span_equal(span, text(expected));
}

Test(request, the_general_variant_says_nothing_about_the_person)
{
        struct tg_request request = personal(), variant;

        tg_request_general(&request, &variant);
        cr_assert_eq(variant.kind, TG_KIND_GENERAL);
        cr_assert_not(tg_span_present(variant.subject));
        cr_assert_not(tg_span_present(variant.category));
        cr_assert_not(tg_span_present(variant.segment));
        cr_assert_not(variant.about.present);
        cr_assert(reads(variant.payload, "spring is here"));
        cr_assert_not(variant.general.present, "it has none itself");
}

Test(request, the_general_variant_is_otherwise_as_requested)
{
        struct tg_request request = personal(), variant;

        tg_request_general(&request, &variant);
        cr_assert(reads(variant.id, "r"));
        cr_assert(reads(variant.customer, "me"));
        cr_assert(reads(variant.purpose, "news"));
        cr_assert(reads(variant.campaign, "spring"));
        cr_assert(reads(variant.topic, "outdoors"));
        cr_assert_eq(variant.channel, TG_CHANNEL_EMAIL);
        cr_assert_eq(variant.class, TG_CLASS_CREDIT);
        cr_assert_eq(variant.priority, 7);
        cr_assert_eq(variant.time_ms, 5);
        cr_assert_eq(tg_request_expiry(&variant), 9);
}

Test(request, the_general_variant_may_have_a_campaign_and_a_topic_of_its_own)
{
        struct tg_request request = personal();

        request.general.campaign = text("always");
        request.general.topic = text("news");
        tg_request_general(&request, &request);
        cr_assert(reads(request.campaign, "always"), "in place");
        cr_assert(reads(request.topic, "news"));
        cr_assert(reads(request.payload, "spring is here"));
}
