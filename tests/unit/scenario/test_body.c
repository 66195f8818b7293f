/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "records/schemas.h"
#include "scenario/run.h"
#include "support/said.h"

/* A scenario of one case with one step, in which ana does what STEP says. */
static struct tg_scenario *told_of(const char *step)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_scenario *scenario = NULL;
        char *yaml = NULL;

        cr_assert_gt(asprintf(&yaml,
                              "scenario: s\npolicy: {policy: p}\ncases: [{case: c, story: ["
                              "{at: 2026-03-01 12:00, id: t, %s}]}]\n",
                              step),
                     0);
        tg_scenario_parse("s.yaml", tg_span_text(yaml), NULL, &diagnostics, &scenario);
        tg_diagnostics_print(&diagnostics, stderr, false);
        tg_diagnostics_deinit(&diagnostics);
        free(yaml);
        cr_assert_not_null(scenario, "%s", step);
        return scenario;
}

/* What is recorded when ana does what STEP says, as libavro reads it: short for the parts given. */
static void expect_recorded(const char *step, const char *expected)
{
        struct tg_scenario *scenario = told_of(step);
        const struct tg_step *first = &scenario->cases[0].steps[0];
        struct tg_buffer datum = {0};
        struct tg_case_result result;
        struct tg_error error;
        char *said;

        tg_twin_encode_detailed(&datum, &first->touchpoint, &first->details);
        said = said_by_bytes(TG_SCHEMA_TOUCHPOINT, tg_buffer_span(&datum));
        cr_expect_str_eq(said, expected, "%s: %s", step, said);
        cr_assert_eq(tg_case_run(scenario, &scenario->cases[0], &result, &error), 0);
        cr_expect_eq(result.count, 0, "%s is a dead letter", step);
        free(said);
        tg_case_result_deinit(&result);
        tg_buffer_deinit(&datum);
        tg_scenario_free(scenario);
}

#define NOON "\"time\":1772366400000"

Test(body, each_body_of_the_schema_can_be_said)
{
        static const char *const said[][2] = {
                {"ana: erasure", "\"type\":\"erasure\""},
                {"ana: preference, key: topics, value: gardening",
                 "\"type\":\"preference\",\"preference\":{\"key\":\"topics\",\"value\":"
                 "\"gardening\"}"},
                {"ana: profile, household: h7, time_zone: Europe/Berlin, region: BE, country: DE, "
                 "tier: gold, postal_code: '10115', language: de, phone_prefix: '+4930'",
                 "\"type\":\"profile\",\"profile\":{\"time_zone\":\"Europe/"
                 "Berlin\",\"country\":\"DE\","
                 "\"region\":\"BE\",\"postal_code\":\"10115\",\"phone_prefix\":\"+4930\","
                 "\"language\":\"de\",\"tier\":\"gold\",\"household\":\"h7\"}"},
                {"ana: profile, country: US",
                 "\"type\":\"profile\",\"profile\":{\"country\":\"US\"}"},
                {"ana: identity, canonical: ben",
                 "\"type\":\"identity\",\"identity\":{\"canonical\":\"ben\"}"},
                {"ana: consent, channel: sms, purpose: ads, implied: true, until: 1d",
                 "\"type\":\"consent\",\"channel\":\"sms\",\"consent\":{\"purpose\":\"ads\","
                 "\"channel\":"
                 "\"sms\",\"granted\":true,\"until\":1772452800000,\"implied\":true}"},
        };

        for (size_t i = 0; i < sizeof said / sizeof said[0]; i++) {
                char *expected = NULL;

                cr_assert_gt(asprintf(&expected, "{\"id\":\"t\",\"customer\":\"ana\"," NOON ",%s}",
                                      said[i][1]),
                             0);
                expect_recorded(said[i][0], expected);
                free(expected);
        }
}

Test(body, every_other_field_of_the_schema_can_be_said)
{
        expect_recorded(
                "ana: purchase, channel: store, campaign: spring, subject: tent, category: outdoor,"
                " topic: camping, message_id: m1, receipt: {time: 11:00, tag: 77}, bot: true,"
                " source: second_party, identity_level: verified, shared_device: true, gift: true,"
                " attributes: {till: '3', clerk: eve}",
                "{\"id\":\"t\",\"customer\":\"ana\"," NOON
                ",\"type\":\"purchase\",\"channel\":\"store\","
                "\"campaign\":\"spring\",\"subject\":\"tent\",\"category\":\"outdoor\",\"topic\":"
                "\"camping\",\"message_id\":\"m1\",\"receipt\":{\"time\":1772362800000,\"tag\":77},"
                "\"source\":\"second_party\",\"identity_level\":\"verified\",\"shared_device\":"
                "true,"
                "\"bot\":true,\"gift\":true,\"attributes\":{\"till\":\"3\",\"clerk\":\"eve\"}}");
}

/* The symbols of the enum of FIELD in the schema of touchpoints. */
static json_t *symbols_of(const json_t *schema, const char *field)
{
        const json_t *one;
        size_t i;

        json_array_foreach(json_object_get(schema, "fields"), i, one)
        {
                if (strcmp(json_string_value(json_object_get(one, "name")), field) == 0)
                        return json_object_get(json_object_get(one, "type"), "symbols");
        }
        cr_assert_fail("the schema has no %s", field);
        return NULL;
}

static void expect_every_symbol(const json_t *schema, const char *field)
{
        const json_t *symbol;
        size_t i;

        json_array_foreach(symbols_of(schema, field), i, symbol)
        {
                const char *word = json_string_value(symbol);
                char *step = NULL, *expected = NULL;

                if (i == 0) /* unknown */
                        continue;
                cr_assert_gt(asprintf(&step, "ana: view, %s: %s", field, word), 0);
                cr_assert_gt(asprintf(&expected,
                                      "{\"id\":\"t\",\"customer\":\"ana\"," NOON
                                      ",\"type\":\"view\",\"%s\":\"%s\"}",
                                      field, word),
                             0);
                expect_recorded(step, expected);
                free(step);
                free(expected);
        }
}

Test(body, its_words_are_those_of_the_schema)
{
        struct tg_span text = tg_shipped_text(TG_SCHEMA_TOUCHPOINT);
        json_t *schema = json_loadb((const char *)text.data, text.size, 0, NULL);

        expect_every_symbol(schema, "source");
        expect_every_symbol(schema, "identity_level");
        json_decref(schema);
}
