/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "scenario/run.h"
#include "support/folder.h"

/* Seven lines; the story of the one case begins in line 10. */
#define POLICY                        \
        "scenario: s\n"               \
        "policy:\n"                   \
        "  policy: p\n"               \
        "  rules:\n"                  \
        "    - rule: weekly\n"        \
        "      for: {channel: ads}\n" \
        "      cap: {count: impression, at_most: 1, per: 7d}\n"
#define STORY POLICY "messages: {ad: {channel: ads, kind: offer}}\ncases: [{case: c, story: [\n "
#define END "\n ]}]\n"

struct session {
        struct tg_diagnostics diagnostics;
        struct tg_scenario *scenario; /* NULL: it was refused */
        struct tg_case_result result;
        char *text;
};

static void session_open(struct session *session, const char *yaml)
{
        *session = (struct session){0};
        if (tg_scenario_parse("s.yaml", tg_span_text(yaml), NULL, &session->diagnostics,
                              &session->scenario) < 0)
                session->scenario = NULL;
}

static void session_close(struct session *session)
{
        tg_diagnostics_deinit(&session->diagnostics);
        tg_scenario_free(session->scenario);
        tg_case_result_deinit(&session->result);
        free(session->text);
}

#define SESSION(session, yaml)                                          \
        __attribute__((cleanup(session_close))) struct session session; \
        session_open(&session, yaml)

/* "line:column message | advice" of all that was told, a line each. */
static const char *told(struct session *session)
{
        size_t size;
        FILE *file;

        free(session->text);
        file = open_memstream(&session->text, &size);
        for (size_t i = 0; i < session->diagnostics.count; i++) {
                const struct tg_diagnostic *one = &session->diagnostics.items[i];

                fprintf(file, "%s%u:%u %s%s%s", i ? "\n" : "", one->line, one->column, one->message,
                        one->advice ? " | " : "", one->advice ? one->advice : "");
        }
        fclose(file);
        return session->text;
}

/* "line: expected / happened" of all that came out differently in the first case. */
static const char *run(struct session *session)
{
        struct tg_error error = {0};
        size_t size;
        FILE *file;

        cr_assert(session->scenario, "%s", told(session));
        cr_assert_eq(tg_case_run(session->scenario, &session->scenario->cases[0], &session->result,
                                 &error),
                     0, "%s", error.message);
        free(session->text);
        file = open_memstream(&session->text, &size);
        for (size_t i = 0; i < session->result.count; i++) {
                const struct tg_difference *one = &session->result.differences[i];

                fprintf(file, "%s%u %s: expected %s / happened %s", i ? "\n" : "", one->line,
                        one->message, one->expected, one->happened);
        }
        fclose(file);
        return session->text;
}

static const struct tg_step *step(const struct session *session, size_t i)
{
        cr_assert(session->scenario);
        cr_assert_lt(i, session->scenario->cases[0].step_count);
        return &session->scenario->cases[0].steps[i];
}

static void expect_text(struct tg_span span, const char *text)
{
        cr_assert(tg_span_equal(span, tg_span_text(text)), "%.*s is not %s", TG_SPAN_FORMAT(span),
                  text);
}

/* 2026-03-01 12:00 */
#define NOON INT64_C(1772366400000)

Test(scenario, moments_count_from_the_first_step_and_clocks_from_the_day_of_the_one_before)
{
        static const int64_t expected_ms[] = {
                NOON,
                NOON + 1000,
                NOON + 1002,
                NOON + TG_DAY_MS,
                NOON + TG_DAY_MS + TG_HOUR_MS,
                NOON + 2 * TG_DAY_MS - 1,
                NOON + 2 * TG_DAY_MS + TG_HOUR_MS + 1,
                NOON + 2 * TG_DAY_MS + 12 * TG_HOUR_MS,
        };
        SESSION(session, STORY "{at: 2026-03-01 12:00, a: view},"
                               "{at: 12:00:01, a: view}, {at: 12:00:01.002, a: view},"
                               "{at: +1d, a: view}, {at: 13:00, a: view}, {at: +2d -1ms, a: view},"
                               "{at: +2d 1h +1ms, a: view}, {at: 2026-03-04, a: view}" END);

        for (size_t i = 0; i < sizeof expected_ms / sizeof expected_ms[0]; i++)
                cr_assert_eq(step(&session, i)->at_ms, expected_ms[i], "step %zu", i);
}

Test(scenario, a_touchpoint_takes_over_the_words_of_its_message_but_those_it_says_itself)
{
        SESSION(session,
                STORY "{at: 2026-03-01, send: ad, to: a, campaign: x, subject: y, topic: z,"
                      " answer: permit},"
                      "{at: +1s, a: impression, of: ad, campaign: ~, topic: other}" END);
        const struct tg_touchpoint *touchpoint = &step(&session, 1)->touchpoint;
        char id[TG_MESSAGE_ID_SIZE + 1];

        tg_message_id(tg_span_text("a"), tg_span_text("ad"), id);
        cr_assert_eq(touchpoint->channel, TG_CHANNEL_ADS);
        cr_assert_not(tg_span_present(touchpoint->campaign));
        expect_text(touchpoint->subject, "y");
        expect_text(touchpoint->topic, "other");
        expect_text(touchpoint->message_id, id);
}

Test(scenario, what_repeats_is_written_out_and_numbered)
{
        SESSION(session, STORY "{at: 2026-03-01 12:00, send: ad, to: a, times: 2, every: 8d,"
                               " expires: 1h, answer: permit},"
                               "{at: +9d, send: ad, to: a, id: mine, answer: {deny: expired}}" END);

        expect_text(step(&session, 0)->request.id, "ad");
        expect_text(step(&session, 1)->request.id, "ad-2");
        expect_text(step(&session, 2)->request.id, "mine");
        cr_assert_eq(step(&session, 1)->at_ms, NOON + 8 * TG_DAY_MS);
        cr_assert_eq(step(&session, 1)->request.expires_ms, NOON + 8 * TG_DAY_MS + TG_HOUR_MS);
}

Test(scenario, a_step_says_more_of_a_message_than_the_list_does)
{
        SESSION(session, STORY "{at: 2026-03-01 12:00, a: interaction},"
                               "{at: 12:30, send: ad, to: a, channel: email, priority: -3,"
                               " about: {interaction: 12:00}, expires: 13:00, answer: permit}" END);
        const struct tg_request *request = &step(&session, 1)->request;

        cr_assert_eq(request->channel, TG_CHANNEL_EMAIL);
        cr_assert_eq(request->kind, TG_KIND_OFFER);
        cr_assert_eq(request->priority, -3);
        cr_assert_eq(request->about.type, TG_TYPE_INTERACTION);
        cr_assert_eq(request->about.time_ms, NOON);
        cr_assert_eq(request->expires_ms, NOON + TG_HOUR_MS);
}

Test(scenario, a_mistake_in_a_policy_inside_is_told_where_it_stands)
{
        SESSION(session, "scenario: ä\npolicy: {policy: ö, rules: [{rule: r, cap: {count: view, "
                         "at_mots: 1, per: 1d}}]}\ncases: []\n");

        cr_assert_str_eq(told(&session),
                         "2:58 unknown key \"at_mots\" in cap | did you mean \"at_most\"?\n"
                         "3:8 a scenario has at least one case");
}

Test(scenario, a_policy_beside_the_file_is_found_from_its_folder)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_scenario *scenario;
        const char *path;
        FOLDER(folder);

        folder_put(&folder, "p.yaml", "policy: beside\n");
        path = folder_put(&folder, "s.yaml",
                          "scenario: s\npolicy: p.yaml\ncases: [{case: c, story: []}]\n");
        cr_assert_eq(tg_scenario_load(path, NULL, &diagnostics, &scenario), 0);
        cr_assert_str_eq(scenario->policy->name.name, "beside");
        tg_scenario_free(scenario);
        folder_put(&folder, "other.yaml", "policy: other\n");
        cr_assert_eq(
                tg_scenario_load(path, folder_file(&folder, "other.yaml"), &diagnostics, &scenario),
                0);
        cr_assert_str_eq(scenario->policy->name.name, "other");
        tg_scenario_free(scenario);
        tg_diagnostics_deinit(&diagnostics);
}

Test(scenario, a_file_that_is_not_there_is_told)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_scenario *scenario;

        cr_assert_eq(tg_scenario_load("/nowhere/s.yaml", NULL, &diagnostics, &scenario), -1);
        cr_assert_str_eq(diagnostics.items[0].message, "can't be read: No such file or directory");
        tg_diagnostics_deinit(&diagnostics);
}

Test(scenario, a_consent_is_for_its_purpose_and_channel_until_a_moment_or_so_long_after_it)
{
        SESSION(session, STORY "{at: 2026-03-01 12:00, a: consent, purpose: p},"
                               "{at: 12:00, a: consent, purpose: p, channel: sms, until: 30d,"
                               " implied: true, times: 2, every: 1d},"
                               "{at: +2d, a: consent, purpose: p, until: +3d},"
                               "{at: +2d, a: consent, purpose: p, granted: false}" END);
        const struct tg_consent *first = &step(&session, 0)->touchpoint.consent;
        const struct tg_consent *implied = &step(&session, 2)->touchpoint.consent;

        expect_text(first->purpose, "p");
        cr_assert(first->present && first->granted && !first->implied);
        cr_assert_eq(first->channel, TG_CHANNEL_ABSENT);
        cr_assert_eq(first->until_ms, TG_NO_TIME);
        cr_assert(implied->granted && implied->implied);
        cr_assert_eq(implied->channel, TG_CHANNEL_SMS);
        cr_assert_eq(implied->until_ms, NOON + 31 * TG_DAY_MS);
        cr_assert_eq(step(&session, 3)->touchpoint.consent.until_ms, NOON + 3 * TG_DAY_MS);
        cr_assert_not(step(&session, 4)->touchpoint.consent.granted);
}

Test(scenario, a_general_variant_says_what_differs_and_can_be_left_out)
{
        SESSION(session, STORY
                "{at: 2026-03-01, send: ad, to: a, purpose: p, general: {topic: t},"
                " answer: permit},"
                "{at: +1s, send: {channel: ads, kind: offer, general: {}}, to: a, answer: permit},"
                "{at: +2s, send: {channel: ads, kind: offer, general: {}}, to: a, general: ~,"
                " answer: permit}" END);
        const struct tg_request *request = &step(&session, 0)->request;

        expect_text(request->purpose, "p");
        cr_assert(request->general.present);
        expect_text(request->general.topic, "t");
        cr_assert_not(tg_span_present(request->general.campaign));
        cr_assert(step(&session, 1)->request.general.present);
        cr_assert_not(step(&session, 2)->request.general.present);
}

Test(scenario, a_message_sent_again_has_the_id_it_had_and_is_made_anew)
{
        SESSION(session, STORY "{at: 2026-03-01 12:00, send: ad, to: a, answer: permit},"
                               "{at: +1h, send: ad, again: true, to: a, times: 2, every: 1h,"
                               " answer: {repeat: permit, at: 12:00}}" END);
        const struct tg_expected_answer *answer = &step(&session, 2)->answers[0];

        expect_text(step(&session, 1)->request.id, "ad");
        expect_text(step(&session, 2)->request.id, "ad");
        cr_assert_eq(step(&session, 2)->request.time_ms, NOON + 2 * TG_HOUR_MS);
        cr_assert(answer->repeat);
        cr_assert_eq(answer->at_ms, NOON);
        cr_assert_eq(answer->told_ms, NOON + 2 * TG_HOUR_MS);
}

/* A story of one line, and what is told of it. */
static const struct mistake {
        const char *story;
        const char *told;
} mistakes[] = {
        {"{at: +30d, a: view}",
         "10:7 \"+30d\" counts from the first event of the case, and this is the first | begin the "
         "story with a date, as in \"at: 2026-03-01 12:00\""},
        {"{at: 12:00, a: view}", "10:7 \"12:00\" counts from the first event of the case, and this "
                                 "is the first | begin the "
                                 "story with a date, as in \"at: 2026-03-01 12:00\""},
        {"{at: 2026-03-04 00:00:01.5, a: view}",
         "10:7 \"2026-03-04 00:00:01.5\" is no moment | write 2026-03-01 12:00 (UTC; seconds and "
         "milliseconds as 12:00:00.000), 17:00 on the same day, or +30d 1ms after the first event "
         "of the case"},
        {"{a: view}", "10:2 step needs \"at\" | add it, as in \"at: 2026-03-01 12:00\""},
        {"{at: 2026-03-01, a: veiw}",
         "10:22 expected a known word for \"a\", found text \"veiw\" | did you mean \"view\"?"},
        {"{at: 2026-03-01, a: view, chanel: web}",
         "10:28 unknown key \"chanel\" in step | did you mean \"channel\"?"},
        {"{at: 2026-03-01, a: permit}",
         "10:22 this is no touchpoint that can happen | permits come of messages: "
         "{send: a-message, to: ana, answer: permit}"},
        {"{at: 2026-03-02, a: view}, {at: 2026-03-01, a: view}",
         "10:34 it is 2026-03-02 00:00:00.000 already | put it in its place, or add \"late: true\" "
         "if it is read late"},
        {"{at: 2026-03-01, sned: ad, to: a, answer: permit}",
         "10:19 unknown key \"sned\" in step | did you mean \"send\"?"},
        {"{at: 2026-03-01, to: a}", "10:2 step needs \"send\" | add it, as in \"send: spring-ad\""},
        {"{at: 2026-03-01, send: add, to: a, answer: permit}",
         "10:25 there is no message \"add\" | did you mean \"ad\"?"},
        {"{at: 2026-03-01, send: {channel: ads}, to: a, answer: permit}",
         "10:25 this message has no kind | add it to the message, as in channel: ads, kind: "
         "promotion"},
        {"{at: 2026-03-01, send: ad, to: a}",
         "10:2 step needs \"answer\" | add it, as in \"answer: permit\""},
        {"{at: 2026-03-01, send: ad, answer: permit}",
         "10:2 step needs \"to\" | add it, as in \"to: ana\""},
        {"{at: 2026-03-01, send: ad, to: a, answer: deny}",
         "10:44 a denial needs its reason | write {deny: <the rule>}"},
        {"{at: 2026-03-01, send: ad, to: a, answer: defer}",
         "10:44 a deferral needs its time and its reason | write {defer: <until when>, because: "
         "<the rule>}"},
        {"{at: 2026-03-01, send: ad, to: a, answer: {defer: 13:00}}",
         "10:44 answer needs \"because\" | add it, as in \"because: ads-weekly\""},
        {"{at: 2026-03-01, send: ad, to: a, answer: {deny: weakly}}",
         "10:51 the policy has no rule \"weakly\" | did you mean \"weekly\"?"},
        {"{at: 2026-03-01, send: ad, to: a, answer: {deny: []}}",
         "10:51 a message is never held back without a reason | name the rule, as in {deny: "
         "ads-weekly}"},
        {"{at: 2026-03-01, send: ad, to: a, answer: {deny: {weekly: 1 off 1}}}",
         "10:60 \"1 off 1\" is nothing a rule says | write \"10 of 10\", \"until 17:00\", "
         "\"never\","
         " or the first with one of the others behind it"},
        {"{at: 2026-03-01, send: ad, to: a, answer: [permit, permit]}",
         "10:53 nothing comes after this message's end | a message has one answer, or first defer "
         "and then the end"},
        {"{at: 2026-03-01, send: ad, to: a, answer: []}",
         "10:44 an empty list is no answer | say what must come of it: permit, {deny: ...} or "
         "{defer: ...}"},
        {"{at: 2026-03-01, a: impression, of: ad}",
         "10:38 no message \"ad\" is sent in this story | a message is called as in \"send\", or "
         "by "
         "its \"id\"; the second of one name has -2 behind it"},
        {"{at: 2026-03-01, send: ad, to: a, answer: permit}, {at: +1s, b: impression, of: ad}",
         "10:82 this message is for a, not for b"},
        {"{at: 2026-03-01, a: impression, receipt: true}",
         "10:2 a receipt is that of a message | name the message, as in \"of: spring-ad\""},
        {"{at: 2026-03-01, send: ad, to: a, id: x, answer: permit},"
         "{at: 2026-03-01, send: ad, to: a, id: x, answer: permit}",
         "10:97 there is a message \"x\" in this story already | give each its own id, or add "
         "\"again: true\" if it is the same one"},
        {"{at: 2026-03-01, a: consent}",
         "10:2 step needs \"purpose\" | add it, as in \"purpose: marketing\""},
        {"{at: 2026-03-01, a: view, granted: false}",
         "10:28 \"granted\" is said by a consent, not by a view | put it into a step of its own"},
        {"{at: 2026-03-01, a: veiw, key: k}",
         "10:22 expected a known word for \"a\", found text \"veiw\" | did you mean \"view\"?"},
        {"{at: 2026-03-01, a: preference, key: topics}",
         "10:2 step needs \"value\" | add it, as in \"value: gardening\""},
        {"{at: 2026-03-01, a: preference, key: topics, value: x, time_zone: Europe/Berlin}",
         "10:57 \"time_zone\" is said by a profile, not by a preference | put it into a step of "
         "its "
         "own"},
        {"{at: 2026-03-01, a: profile}",
         "10:2 this profile says nothing | say what is known, as in \"country: DE\"; there are "
         "time_zone, country, region, postal_code, phone_prefix, language, tier and household"},
        {"{at: 2026-03-01, a: profile, langauge: de, tier: gold}",
         "10:31 unknown key \"langauge\" in step | did you mean \"language\"?"},
        {"{at: 2026-03-01, a: identity}",
         "10:2 step needs \"canonical\" | add it, as in \"canonical: ana\""},
        {"{at: 2026-03-01, a: view, source: firstparty}",
         "10:36 expected a known word for \"source\", found text \"firstparty\" | did you mean "
         "\"first_party\"?"},
        {"{at: 2026-03-01, a: view, identity_level: loged_in}",
         "10:44 expected a known word for \"identity_level\", found text \"loged_in\" | did you "
         "mean \"logged_in\"?"},
        {"{at: 2026-03-01, a: view, attributes: blue}",
         "10:40 attributes have names | write {store: \"12\", till: \"3\"}"},
        {"{at: 2026-03-01, a: bounce, message_id: m, receipt: {time: 12:00, tag: 65536}}",
         "10:73 expected a whole number from 0 to 65535 for \"tag\", found the number 65536"},
        {"{at: 2026-03-01, a: bounce, receipt: {tag: 1}}",
         "10:39 receipt needs \"time\" | add it, as in \"time: 17:00\""},
        {"{at: 2026-03-01, send: ad, to: a, answer: permit}, {at: +1s, a: bounce, of: ad, "
         "message_id: m}",
         "10:94 \"of\" says which message it is about already | leave one of them out"},
        {"{at: 2026-03-01, a: consent, purpose: p, granted: perhaps}",
         "10:52 expected true or false for \"granted\", found text \"perhaps\""},
        {"{at: 2026-03-01, a: consent, purpose: p, untill: 3d}",
         "10:43 unknown key \"untill\" in step | did you mean \"until\"?"},
        {"{at: 2026-03-01, a: consent, purpose: p, granted: false, until: 3d}",
         "10:66 what was withdrawn stays withdrawn | let her agree anew in a step of its own"},
        {"{at: 2026-03-01, a: consent, purpose: p, until: soon}",
         "10:50 \"soon\" is no moment | write 2026-03-01 12:00 (UTC; seconds and "
         "milliseconds as 12:00:00.000), 17:00 on the same day, or +30d 1ms after the first event "
         "of the case"},
        {"{at: 2026-03-01, send: ad, to: a, general: {subject: x}, answer: permit}",
         "10:46 unknown key \"subject\" in general | known keys: campaign, topic"},
        {"{at: 2026-03-01, send: ad, to: a, answer: {permit: general}}",
         "10:44 answer needs \"because\" | add it, as in \"because: ads-weekly\""},
        {"{at: 2026-03-01, send: ad, to: a, answer: {deny: weekly, variant: genral}}",
         "10:68 expected a known word for \"variant\", found text \"genral\" | did you mean "
         "\"general\"?"},
        {"{at: 2026-03-01, send: ad, to: a, answer: {permit: 12:00, deny: weekly}}",
         "10:44 an answer is permit, deny, defer or repeat | begin it with one of these, as in "
         "{deny: ads-weekly}"},
        {"{at: 2026-03-01, send: ad, to: a, answer: {repeat: permit}}",
         "10:53 only a message that is sent again repeats an answer | add \"again: true\" to the "
         "step, if it is the same request"},
        {"{at: 2026-03-01, send: ad, to: a, answer: permit},"
         "{at: +1s, send: ad, again: true, to: a, answer: {repeat: defer}}",
         "10:100 answer needs \"until\" | add it, as in \"until: 17:00\""},
        {"{at: 2026-03-01, send: ad, again: true, to: a, answer: permit}",
         "10:25 no message \"ad\" was sent before | a message is called as in \"send\", or by its "
         "\"id\"; the second of one name has -2 behind it"},
        {"{at: 2026-03-01, send: ad, to: a, answer: permit},"
         "{at: +1s, send: ad, again: true, to: b, answer: permit}",
         "10:68 this message is for a, not for b"},
        {"{at: 2026-03-01, a: view, together: true}", "10:38 there is no step before this one"},
        {"{at: 2026-03-01, a: view}, {at: +1s, send: ad, to: a, together: true, answer: permit}",
         "10:66 only what happens to somebody is read together with the step before | put the "
         "message first, and then what is read together with it"},
        {"{at: 2026-03-01, send: ad, to: a, about: call, answer: permit}",
         "10:43 a message is about one touchpoint | write what happened and when: "
         "{interaction: 14:00}"},
};

Test(scenario, every_mistake_is_told_where_it_is_with_what_to_do)
{
        for (size_t i = 0; i < sizeof mistakes / sizeof mistakes[0]; i++) {
                char *yaml = NULL;

                cr_assert_gt(asprintf(&yaml, STORY "%s" END, mistakes[i].story), 0);
                SESSION(session, yaml);
                cr_assert_null(session.scenario, "%s", mistakes[i].story);
                cr_assert_str_eq(told(&session), mistakes[i].told, "%s: %s", mistakes[i].story,
                                 told(&session));
                free(yaml);
        }
}

Test(scenario, a_story_that_ends_as_it_says_has_no_differences)
{
        SESSION(session, STORY "{at: 2026-03-01 12:00, a: impression, channel: ads},"
                               "{at: +6d, send: ad, to: a, answer: "
                               "[{defer: +7d, because: {weekly: 1 of 1 until +7d}}, permit]},"
                               "{at: +7d}" END);

        cr_assert_str_eq(run(&session), "");
}

Test(scenario, what_came_out_differently_is_told_in_the_words_of_scenarios)
{
        SESSION(session, STORY "{at: 2026-03-01 12:00, a: impression, channel: ads},\n "
                               "{at: +6d, send: ad, to: a, answer: permit}" END);

        cr_assert_str_eq(
                run(&session),
                "11 ad to a, sent at 2026-03-07 12:00:00.000: expected permit at "
                "2026-03-07 12:00:00.000 / happened defer at 2026-03-07 12:00:00.000, until "
                "2026-03-08 12:00:00.000, because weekly: 1 of 1 until "
                "2026-03-08 12:00:00.000\nand it still waits when the story ends");
}

Test(scenario, a_message_that_still_waits_has_not_ended)
{
        SESSION(session, STORY "{at: 2026-03-01 12:00, a: impression, channel: ads},"
                               "{at: +6d, send: ad, to: a, answer: "
                               "[{defer: +7d, because: weekly}, permit]},"
                               "{at: +7d -1ms}" END);

        cr_assert_str_neq(run(&session), "");
}

Test(scenario, a_message_that_ended_does_not_wait)
{
        SESSION(session, STORY "{at: 2026-03-01 12:00, a: impression, channel: ads},"
                               "{at: +6d, send: ad, to: a, answer: {defer: +7d, because: weekly}},"
                               "{at: +7d}" END);

        cr_assert_str_neq(run(&session), "");
}

Test(scenario, the_receipt_of_a_message_that_is_permitted_later_is_known)
{
        SESSION(session, STORY "{at: 2026-03-01 12:00:05, a: impression, of: ad, receipt: true,"
                               " campaign: ~},"
                               "{at: 2026-03-09 12:00, send: ad, to: a, answer: permit}" END);

        cr_assert_str_eq(run(&session), "");
}

Test(scenario, a_receipt_of_a_message_that_was_denied_is_told)
{
        SESSION(session, STORY "{at: 2026-03-01 12:00, send: ad, to: a, expires: 0s,"
                               " answer: {deny: expired}},"
                               "{at: +1s, a: impression, of: ad, receipt: true}" END);

        cr_assert_str_eq(run(&session),
                         "10 impression of a: expected a receipt of the message it "
                         "is about / happened ad, sent in line 10, was not permitted");
}

Test(scenario, time_passes_in_every_partition)
{
        SESSION(session, "scenario: s\npartitions: 7\npolicy:\n  policy: p\n  rules:\n"
                         "    - rule: once\n      cap: {count: permit, at_most: 1, per: 1h}\n"
                         "messages: {ad: {channel: ads, kind: offer}}\n"
                         "cases: [{case: c, story: [\n "
                         "{at: 2026-03-01 12:00, send: ad, to: a, answer: permit},"
                         "{at: 2026-03-01 12:00, send: ad, to: a, "
                         " answer: [{defer: 13:00, because: once}, permit]},"
                         "{at: 2026-03-01 13:00, b: view}" END);

        cr_assert_str_eq(run(&session), "");
}

/* One case with a rule that lets the general variant go instead, and remembers for an hour. */
#define TWICE                                                                                 \
        "scenario: s\npolicy: {policy: p, limits: {dedupe_for: 1h}, rules: [{rule: interest," \
        " instead: general, for: {kind: retarget}, retarget: {after: view, within: 30d}}]}\n" \
        "messages: {ad: {channel: ads, kind: retarget, general: {}}}\n"                       \
        "cases: [{case: c, story: [\n "

Test(scenario, each_time_a_request_is_made_has_its_own_answer)
{
        SESSION(session, TWICE "{at: 2026-03-01 12:00, send: ad, to: a,"
                               " answer: {permit: general, because: interest}},"
                               "{at: 12:59:59.999, send: ad, again: true, to: a,"
                               " answer: {repeat: permit, at: 12:00}},"
                               "{at: 13:00, a: view},"
                               "{at: 13:00, send: ad, again: true, to: a, answer: permit}" END);

        cr_assert_str_eq(run(&session), "");
}

Test(scenario, the_variant_and_the_repeat_are_told_when_they_differ)
{
        SESSION(session, TWICE "{at: 2026-03-01 12:00, send: ad, to: a, answer: permit},\n "
                               "{at: 12:01, send: ad, again: true, to: a,"
                               " answer: {repeat: permit, at: 12:01}}" END);

        cr_assert_str_eq(run(&session),
                         "5 ad to a, sent at 2026-03-01 12:00:00.000: expected permit at "
                         "2026-03-01 12:00:00.000 / happened permit (general) at "
                         "2026-03-01 12:00:00.000, because interest: never\n"
                         "6 ad to a, sent at 2026-03-01 12:01:00.000: expected repeat at "
                         "2026-03-01 12:01:00.000 of permit at 2026-03-01 12:01:00.000 / happened "
                         "repeat at 2026-03-01 12:01:00.000 of permit at 2026-03-01 12:00:00.000");
}

Test(scenario, what_is_read_together_is_put_in_order_of_time)
{
        SESSION(session, TWICE "{at: 2026-03-01 12:00, send: ad, to: a, answer: permit},"
                               "{at: 12:00, a: view, together: true},"
                               "{at: 12:01, b: consent, purpose: p},"
                               "{at: 12:02, send: ad, to: b,"
                               " answer: {permit: general, because: interest}},"
                               "{at: 12:03, b: view, together: true}" END);

        cr_assert_str_eq(run(&session), "");
}
