/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "avro/plan.h"
#include "avro/schemas.h"
#include "base/memory.h"
#include "records/lasting.h"
#include "records/schemas.h"

static const struct tg_touchpoint consent = {
        .id = {(const uint8_t *)"e1", 2},
        .customer = {(const uint8_t *)"c-42", 4},
        .time_ms = 1234,
        .campaign = {(const uint8_t *)"autumn", 6},
        .type = TG_TYPE_CONSENT,
        .channel = TG_CHANNEL_WEB,
        .consent = {.purpose = {(const uint8_t *)"news", 4},
                    .until_ms = 99,
                    .channel = TG_CHANNEL_EMAIL,
                    .granted = true,
                    .present = true},
};

static void expect_key(const struct tg_touchpoint *touchpoint, const char *expected)
{
        tg_cleanup(tg_buffer_deinit) struct tg_buffer key = {0};

        tg_lasting_put_key(&key, touchpoint);
        cr_expect(tg_span_equal(tg_buffer_span(&key), tg_span_text(expected)), "%.*s, not %s",
                  TG_SPAN_FORMAT(tg_buffer_span(&key)), expected);
}

Test(lasting, a_key_says_what_is_settled)
{
        struct tg_touchpoint touchpoint = consent;

        expect_key(&touchpoint, "c-42/consent/news/email");
        touchpoint.consent.channel = TG_CHANNEL_ABSENT;
        expect_key(&touchpoint, "c-42/consent/news/all");
        touchpoint.consent.implied = true;
        expect_key(&touchpoint, "c-42/implied/news/all");
        touchpoint.type = TG_TYPE_ERASURE;
        expect_key(&touchpoint, "c-42/erasure");
}

Test(lasting, customers_and_purposes_never_make_the_keys_of_others)
{
        struct tg_touchpoint touchpoint = consent;

        touchpoint.customer = tg_span_text("a/consent/b");
        expect_key(&touchpoint, "a%2Fconsent%2Fb/consent/news/email");
        touchpoint.customer = tg_span_text("a%2F\x1f\xc3\xbc");
        touchpoint.consent.purpose = tg_span_text("");
        expect_key(&touchpoint, "a%252F%1F\xc3\xbc/consent//email");
        touchpoint.customer = tg_span_of((const uint8_t *)"a\0b", 3);
        expect_key(&touchpoint, "a%00b/consent//email");
}

Test(lasting, a_value_is_read_as_a_touchpoint_and_has_no_more_than_is_needed)
{
        tg_cleanup(tg_buffer_deinit) struct tg_buffer datum = {0};
        tg_cleanup(tg_schema_free_pointer) struct tg_schema *schema = NULL;
        struct tg_touchpoint read;
        struct tg_error error;
        struct tg_plan *plan;
        size_t consumed;

        tg_lasting_put_datum(&datum, &consent);
        cr_assert_eq(tg_schema_parse(tg_shipped_text(TG_SCHEMA_TOUCHPOINT), &schema, &error), 0);
        cr_assert_eq(tg_plan_compile(schema, schema, &tg_touchpoint_layout, &plan, &error), 0);
        cr_assert_eq(tg_plan_decode(plan, tg_buffer_span(&datum), &read, &consumed), 0);
        cr_expect_eq(consumed, datum.size);
        cr_expect(tg_span_equal(read.id, consent.id));
        cr_expect(tg_span_equal(read.customer, consent.customer));
        cr_expect(tg_span_equal(read.consent.purpose, consent.consent.purpose));
        cr_expect_eq(read.time_ms, 1234);
        cr_expect_eq(read.type, TG_TYPE_CONSENT);
        cr_expect_eq(read.consent.channel, TG_CHANNEL_EMAIL);
        cr_expect_eq(read.consent.until_ms, 99);
        cr_expect(read.consent.granted);
        cr_expect_not(read.bot);
        cr_expect_not(tg_span_present(read.campaign));
        cr_expect_eq(read.channel, TG_CHANNEL_ABSENT);
        tg_plan_free(plan);
}
