/* SPDX-License-Identifier: Apache-2.0 */
/* POST /decide and GET /explain, over a real socket, on a shard over its in-memory twin. */
#include "http/live.h"

#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"

#define CAP                         \
        "rules:\n"                  \
        "- rule: two-a-day\n"       \
        "  for: {channel: email}\n" \
        "  cap: {count: permit, at_most: 2, per: 1d}\n"

static const char EMAIL[] = "{\"id\": \"r%d\", \"customer\": \"%s\", \"channel\": \"email\", "
                            "\"kind\": \"offer\", \"payload\": \"hello\"%s}";

static const char *email(char text[static 512], int number, const char *customer, const char *more)
{
        snprintf(text, 512, EMAIL, number, customer, more);
        return text;
}

/* A customer of the partition. */
static const char *someone_of(int32_t partition, char name[static 16])
{
        for (int i = 0;; i++) {
                snprintf(name, 16, "c%d", i);
                if ((int32_t)tg_partition_of(tg_span_text(name), 2) == partition)
                        return name;
        }
}

Test(decide, a_request_is_permitted_with_its_message_and_in_the_decisions)
{
        char body[512];

        LIVE(live, CAP);
        live_run(&live);
        ANSWER(answer, &live, "/decide", email(body, 1, "me", ""));
        cr_assert_eq(answer.status, 200, "%s", answer.body);
        cr_assert_str_eq(text_of(&answer, "outcome"), "permit");
        cr_assert(json_is_true(json_object_get(answer.json, "final")));
        cr_assert_str_eq(json_string_value(json_object_get(json_object_get(answer.json, "message"),
                                                           "payload")),
                         "hello");
        cr_assert_str_eq(json_string_value(
                                 json_object_get(json_object_get(answer.json, "request"), "topic")),
                         "http");
        live_hold(&live);
        cr_assert_eq(live.twin.decisions.count, 1);
        cr_assert_eq(live.twin.permitted.count, 0, "who asked sends it");
        cr_assert_eq(tg_board_tally(live.board, TG_TALLY_PERMITTED), 1);
}

Test(decide, permits_count_so_that_a_third_is_not_given)
{
        char body[512];

        LIVE(live, CAP);
        live_run(&live);
        for (int i = 0; i < 2; i++) {
                ANSWER(answer, &live, "/decide", email(body, i, "me", ""));
                cr_assert_str_eq(text_of(&answer, "outcome"), "permit");
        }
        ANSWER(third, &live, "/decide", email(body, 2, "me", ""));
        cr_assert_eq(third.status, 200);
        cr_assert_str_eq(text_of(&third, "outcome"), "defer");
}

Test(decide, a_deferral_is_final_says_when_and_waits_nowhere)
{
        char body[512];

        LIVE(live, "rules:\n- rule: later\n  gap: {at_least: 1h}\n");
        live_run(&live);
        ANSWER(first, &live, "/decide", email(body, 1, "me", ""));
        cr_assert_str_eq(text_of(&first, "outcome"), "permit");
        for (int i = 0; i < 2; i++) {
                ANSWER(second, &live, "/decide", email(body, 2, "me", ""));
                cr_assert_eq(second.status, 200);
                cr_assert_str_eq(text_of(&second, "outcome"), "defer");
                cr_assert_str_eq(text_of(&second, "until"), "2017-07-14T03:40:00.000Z");
                cr_assert(json_is_true(json_object_get(second.json, "final")));
                cr_assert(json_is_false(json_object_get(second.json, "repeat")));
        }
        cr_assert_eq(tg_board_tally(live.board, TG_TALLY_PENDING), 0);
}

Test(decide, the_same_id_again_is_told_again_and_not_counted_again)
{
        char body[512];

        LIVE(live, CAP);
        live_run(&live);
        ANSWER(first, &live, "/decide", email(body, 1, "me", ""));
        for (int i = 0; i < 3; i++) {
                ANSWER(again, &live, "/decide", email(body, 1, "me", ""));
                cr_assert(json_is_true(json_object_get(again.json, "repeat")));
                cr_assert_str_eq(text_of(&again, "message_id"), text_of(&first, "message_id"));
                cr_assert_null(json_object_get(again.json, "message"));
        }
        ANSWER(second, &live, "/decide", email(body, 2, "me", ""));
        cr_assert_str_eq(text_of(&second, "outcome"), "permit");
}

Test(decide, what_an_abort_takes_back_is_answered_503_and_counts_for_nothing)
{
        char body[512];

        LIVE(live, CAP);
        live_run(&live);
        for (int i = 0; i < 4; i++) {
                atomic_store(&live.aborts, true);
                ANSWER(undone, &live, "/decide", email(body, i, "me", ""));
                cr_assert_eq(undone.status, 503, "%s", undone.body);
                cr_assert_not_null(strstr(undone.header, "Retry-After:"));
        }
        for (int i = 0; i < 2; i++) {
                ANSWER(answer, &live, "/decide", email(body, i, "me", ""));
                cr_assert_str_eq(text_of(&answer, "outcome"), "permit");
                cr_assert(json_is_false(json_object_get(answer.json, "repeat")));
        }
        live_hold(&live);
        cr_assert_eq(live.twin.aborts, 4);
        cr_assert_eq(live.twin.decisions.count, 2);
}

Test(decide, a_customer_of_another_process_is_misdirected)
{
        char body[512], name[16];

        LIVE(live, CAP);
        tg_twin_revoke(&live.twin, 1);
        live_run(&live);
        while (tg_board_tally(live.board, TG_TALLY_PARTITIONS) > 1)
                continue;
        ANSWER(other, &live, "/decide", email(body, 1, someone_of(1, name), ""));
        cr_assert_eq(other.status, 421, "%s", other.body);
        cr_assert_eq(json_integer_value(json_object_get(other.json, "partition")), 1);
        cr_assert_not_null(strstr(other.header, "Touchgate-Partition: 1"));
        ANSWER(ours, &live, "/decide", email(body, 1, someone_of(0, name), ""));
        cr_assert_eq(ours.status, 200);
}

Test(decide, a_full_inbox_is_told_at_once)
{
        struct tg_inquiry *before = tg_inquiry_new(TG_INQUIRE_DECISION);
        char body[512];

        LIVE(live, CAP);
        live.settings.waiting = 1;
        live_serve(&live);
        for (int i = 0; i < 2; i++)
                atomic_store(&live.board->shares[i].owned, true);
        atomic_store(&live.board->tallies[TG_TALLY_PARTITIONS], 2);
        before->answered = tg_inquiry_free;
        cr_assert_eq(tg_inbox_put(live.inbox, before), 0);
        ANSWER(full, &live, "/decide", email(body, 2, "me", ""));
        cr_assert_eq(full.status, 503, "%s", full.body);
        cr_assert_not_null(strstr(full.body, "too many"));
        cr_assert_not_null(strstr(full.header, "Retry-After: 1"));
}

Test(decide, a_shard_that_stands_still_is_a_time_out_and_its_late_answer_hurts_nobody)
{
        char body[512];

        LIVE(live, CAP);
        live.settings.timeout_ms = 100;
        live_run(&live);
        live_hold(&live);
        ANSWER(late, &live, "/decide", email(body, 1, "me", ""));
        cr_assert_eq(late.status, 504, "%s", late.body);
        live_go(&live);
        while (tg_board_tally(live.board, TG_TALLY_PERMITTED) == 0)
                continue;
        ANSWER(again, &live, "/decide", email(body, 1, "me", ""));
        cr_assert(json_is_true(json_object_get(again.json, "repeat")));
}

Test(decide, what_is_not_committed_yet_is_not_answered_yet)
{
        char body[512];

        LIVE(live, CAP);
        live.settings.timeout_ms = 200;
        live_run(&live);
        atomic_store(&live.puts_off, true);
        ANSWER(early, &live, "/decide", email(body, 1, "me", ""));
        cr_assert_eq(early.status, 504, "%s", early.body);
        atomic_store(&live.puts_off, false);
        while (tg_board_tally(live.board, TG_TALLY_PERMITTED) == 0)
                continue;
        ANSWER(again, &live, "/decide", email(body, 1, "me", ""));
        cr_assert(json_is_true(json_object_get(again.json, "repeat")));
}

Test(decide, an_end_of_the_shard_leaves_nobody_waiting)
{
        char body[512];

        LIVE(live, CAP);
        live_run(&live);
        live_end(&live);
        ANSWER(answer, &live, "/decide", email(body, 1, "me", ""));
        cr_assert_eq(answer.status, 503, "%s", answer.body);
        cr_assert_not_null(strstr(answer.body, "leaving"));
}

static void expect_400(struct live *live, const char *body, const char *what)
{
        ANSWER(answer, live, "/decide", body);
        cr_assert_eq(answer.status, 400, "%s: %s", body, answer.body);
        cr_assert_not_null(strstr(text_of(&answer, "error"), what), "%s", answer.body);
}

Test(decide, what_is_wrong_in_the_json_is_told_with_its_place)
{
        LIVE(live, CAP);
        live_run(&live);
        expect_400(&live, "", "there is no body");
        expect_400(&live,
                   "{\"id\": \"a\", \"customer\": \"c\", \"channel\": \"pigeon\", \"kind\": "
                   "\"offer\"}",
                   "`channel` can't be \"pigeon\"; write one of ads, email, ");
        expect_400(&live, "{\n  \"id\": }", "line 2, column ");
        expect_400(&live, "[]", "must be an object");
        expect_400(&live, "{\"id\": \"a\"}", "lacks `customer`");
        expect_400(&live, "{\"id\": \"a\", \"id\": \"b\"}", "duplicate");
        expect_400(&live,
                   "{\"id\": \"a\", \"customer\": \"\", \"channel\": \"ads\", \"kind\": "
                   "\"offer\"}",
                   "`customer` is empty");
        expect_400(&live, "{\"id\": \"a\", \"customer\": \"c\", \"chanel\": \"ads\"}",
                   "`chanel` is not a field of a request; did you mean \"channel\"?");
        expect_400(&live,
                   "{\"id\": \"a\", \"customer\": \"c\", \"channel\": \"emial\", \"kind\": "
                   "\"offer\"}",
                   "`channel` can't be \"emial\"; did you mean \"email\"?");
        expect_400(&live, "{\"id\": \"a\", \"customer\": 3}", "`customer` must be text");
        expect_400(&live, "{\"id\": \"a\", \"customer\": \"c\", \"time\": \"noon\"}",
                   "`time` is no time");
        expect_400(&live,
                   "{\"id\": \"a\", \"customer\": \"c\", \"channel\": \"ads\", \"kind\": "
                   "\"offer\", \"priority\": 3000000000}",
                   "32 bits");
        expect_400(&live,
                   "{\"id\": \"a\", \"customer\": \"c\", \"channel\": \"ads\", \"kind\": "
                   "\"offer\", \"about\": {\"type\": \"clik\", \"time\": 0}}",
                   "`about.type`");
        expect_400(&live,
                   "{\"id\": \"a\", \"customer\": \"c\", \"channel\": \"ads\", \"kind\": "
                   "\"offer\", \"time\": \"2030-01-01\"}",
                   "future_skew_max");
        cr_assert_eq(tg_board_tally(live.board, TG_TALLY_REQUESTS), 0);
}

Test(decide, a_body_that_does_not_say_it_is_json_is_refused)
{
        static const char *const others[] = {"text/plain", "application/jsonx",
                                             "application/x-www-form-urlencoded"};
        static const char *const json[] = {"application/json; charset=utf-8", "Application/JSON"};
        char body[512], header[64];

        LIVE(live, CAP);
        live_run(&live);
        live.content_type = header;
        for (int i = 0; i < 3; i++) {
                snprintf(header, sizeof header, "Content-Type: %s", others[i]);
                ANSWER(other, &live, "/decide", email(body, i, "me", ""));
                cr_assert_eq(other.status, 415, "%s: %s", header, other.body);
        }
        for (int i = 0; i < 2; i++) {
                snprintf(header, sizeof header, "Content-Type: %s", json[i]);
                ANSWER(good, &live, "/decide", email(body, i, "me", ""));
                cr_assert_eq(good.status, 200, "%s: %s", header, good.body);
        }
}

Test(decide, every_field_of_the_schema_is_taken)
{
        static const char body[] =
                "{\"id\": \"all\", \"customer\": \"me\", \"time\": \"2017-07-14T02:40:00Z\", "
                "\"expires\": 1500000600000, \"channel\": \"email\", \"kind\": \"offer\", "
                "\"class\": \"none\", \"campaign\": \"spring\", \"subject\": \"shoe\", "
                "\"category\": \"shoes\", \"topic\": \"sport\", \"segment\": null, "
                "\"purpose\": \"marketing\", \"priority\": -2, \"about\": {\"id\": \"e\", "
                "\"type\": \"click\", \"time\": 1499999999999}, \"identity_level\": \"verified\", "
                "\"shared_device\": true, \"data\": [{\"name\": \"age\", \"source\": \"inferred\", "
                "\"time\": null}, {\"name\": \"city\", \"source\": \"zero_party\"}], "
                "\"personal\": 1, \"specific\": 2, \"insistent\": 3, \"pricing\": \"list\", "
                "\"price_scheme\": \"public\", \"general\": {\"payload\": \"g\"}, "
                "\"fallback_channels\": [\"push\", \"sms\"], \"payload\": \"p\\u00e4yload\"}";

        LIVE(live, CAP);
        live_run(&live);
        ANSWER(answer, &live, "/decide", body);
        cr_assert_eq(answer.status, 200, "%s", answer.body);
        cr_assert_str_eq(text_of(&answer, "campaign"), "spring");
        cr_assert_str_eq(text_of(&answer, "expires"), "2017-07-14T02:50:00.000Z");
        cr_assert_eq(json_integer_value(json_object_get(answer.json, "priority")), -2);
        cr_assert_str_eq(json_string_value(json_object_get(json_object_get(answer.json, "message"),
                                                           "payload")),
                         "p\xc3\xa4yload");
}

Test(decide, before_the_group_has_given_a_partition_nothing_is_decided)
{
        char body[512];

        LIVE(live, CAP);
        live_serve(&live);
        ANSWER(answer, &live, "/decide", email(body, 1, "me", ""));
        cr_assert_eq(answer.status, 503, "%s", answer.body);
        cr_assert_not_null(strstr(answer.header, "Retry-After:"));
}

Test(decide, before_the_facts_are_known_nothing_is_decided)
{
        char body[512];

        LIVE(live, CAP);
        live.endless = true;
        live_run(&live);
        ANSWER(ready, &live, "/readyz", NULL);
        cr_assert_eq(ready.status, 503, "%s", ready.body);
        ANSWER(answer, &live, "/decide", email(body, 1, "me", ""));
        cr_assert_eq(answer.status, 503, "%s", answer.body);
        cr_assert_not_null(strstr(answer.body, "still being read"));
        cr_assert_not_null(strstr(answer.header, "Retry-After:"));
}

Test(decide, while_facts_are_behind_nothing_is_decided)
{
        char body[512];

        LIVE(live, CAP);
        live.endless = true;
        tg_twin_awaits(&live.twin);
        for (int32_t partition = 0; partition < 2; partition++)
                tg_twin_known(&live.twin, partition);
        tg_twin_pause(&live.twin);
        for (int32_t partition = 0; partition < 2; partition++)
                tg_twin_behind(&live.twin, partition);
        tg_twin_faulty(&live.twin, TG_STREAM_TOUCHPOINTS, 0, "no customer", "it has none");
        live_run(&live);
        while (atomic_load(&live.board->rejected[0].count) == 0 ||
               tg_board_tally(live.board, TG_TALLY_BEHIND) < 2)
                sched_yield();
        ANSWER(ready, &live, "/readyz", NULL);
        cr_assert_eq(ready.status, 503, "%s", ready.body);
        ANSWER(answer, &live, "/decide", email(body, 1, "me", ""));
        cr_assert_eq(answer.status, 503, "%s", answer.body);
        cr_assert_not_null(strstr(answer.header, "Retry-After:"));
}

static const json_t *rule_of(const struct answer *answer, size_t i)
{
        return json_array_get(json_object_get(answer->json, "rules"), i);
}

/* EXPECTED: the rules of that list, "+" those that say yes. */
static void expect_rules(const struct answer *answer, const char *list, const char *expected)
{
        const json_t *rule;
        char text[128] = "";
        size_t i;

        json_array_foreach(json_object_get(answer->json, list), i, rule)
        {
                strcat(text, json_string_value(json_object_get(rule, "rule")));
                strcat(text, json_is_true(json_object_get(rule, "permits")) ? "+ " : "- ");
        }
        cr_assert_str_eq(text, expected, "%s", answer->body);
}

Test(explain, every_rule_says_what_it_counts_and_nothing_changes)
{
        char body[512];

        LIVE(live, CAP "- rule: breathe\n  gap: {at_least: 1h}\n"
                       "- rule: ads-only\n  for: {channel: ads}\n  gap: {at_least: 9h}\n");
        live_run(&live);
        for (int i = 0; i < 3; i++) {
                ANSWER(answer, &live, "/explain?customer=me&channel=email&kind=offer", NULL);
                cr_assert_eq(answer.status, 200, "%s", answer.body);
                cr_assert_str_eq(text_of(&answer, "outcome"), "permit");
                cr_assert_eq(json_array_size(json_object_get(answer.json, "rules")), 2);
                cr_assert(json_is_true(json_object_get(rule_of(&answer, 0), "permits")));
        }
        ANSWER(first, &live, "/decide", email(body, 1, "me", ""));
        cr_assert_str_eq(text_of(&first, "outcome"), "permit");
        ANSWER(then, &live, "/explain?customer=me&channel=email&kind=offer&campaign=x", NULL);
        cr_assert_str_eq(text_of(&then, "outcome"), "defer");
        cr_assert_str_eq(text_of(&then, "until"), "2017-07-14T03:40:00.000Z");
        cr_assert_eq(json_integer_value(json_object_get(rule_of(&then, 0), "counter")), 1);
        cr_assert_eq(json_integer_value(json_object_get(rule_of(&then, 0), "limit")), 2);
        cr_assert(json_is_true(json_object_get(rule_of(&then, 0), "permits")));
        cr_assert(json_is_false(json_object_get(rule_of(&then, 1), "permits")));
        live_hold(&live);
        cr_assert_eq(live.twin.decisions.count, 1);
        cr_assert_eq(tg_board_tally(live.board, TG_TALLY_REQUESTS), 1);
}

Test(explain, an_argument_that_is_given_twice_or_is_no_text_is_refused)
{
        LIVE(live, CAP);
        live_run(&live);
        ANSWER(twice, &live, "/explain?customer=me&customer=you&channel=email&kind=offer", NULL);
        cr_assert_eq(twice.status, 400);
        cr_assert_not_null(strstr(twice.body, "`customer` is given twice"));
        ANSWER(odd, &live, "/explain?customer=me&channel=email&kind=offer&campaign=%ff", NULL);
        cr_assert_eq(odd.status, 400);
        cr_assert_not_null(strstr(odd.body, "`campaign` is no UTF-8"));
}

#define INTEREST                                                       \
        "rules:\n"                                                     \
        "- {rule: interest, for: {kind: retarget}, instead: general, " \
        "retarget: {after: [click], within: 1d}}\n"                    \
        "- {rule: breathe, gap: {at_least: 1h}}\n"                     \
        "- {rule: all, for: {kind: general}, cap: {count: permit, at_most: 9, per: 1d}}\n"

Test(explain, where_the_general_variant_would_be_decided_both_are_told_as_decide_would)
{
        static const char body[] = "{\"id\": \"r1\", \"customer\": \"me\", \"channel\": \"email\", "
                                   "\"kind\": \"retarget\", \"subject\": \"shoe\", "
                                   "\"general\": {\"campaign\": \"spring\", \"payload\": \"all\"}}";

        LIVE(live, INTEREST);
        live_run(&live);
        for (int i = 0; i < 2; i++) {
                ANSWER(answer, &live, "/explain", body);
                cr_assert_eq(answer.status, 200, "%s", answer.body);
                cr_assert_str_eq(text_of(&answer, "outcome"), i ? "defer" : "permit");
                cr_assert_str_eq(text_of(&answer, "variant"), "general");
                cr_assert_str_eq(text_of(&answer, "kind"), "general");
                cr_assert_str_eq(text_of(&answer, "campaign"), "spring");
                expect_rules(&answer, "rules", i ? "interest- breathe- " : "interest- breathe+ ");
                expect_rules(&answer, "general_rules", i ? "breathe- all+ " : "breathe+ all+ ");
                ANSWER(decided, &live, "/decide", body);
                if (i == 0)
                        cr_assert_str_eq(text_of(&decided, "outcome"), "permit");
                cr_assert_str_eq(text_of(&decided, "variant"), i ? "as_requested" : "general");
        }
}

Test(explain, without_a_general_variant_a_refusal_stays_one)
{
        LIVE(live, INTEREST);
        live_run(&live);
        ANSWER(answer, &live, "/explain?customer=me&channel=email&kind=retarget&subject=shoe",
               NULL);
        cr_assert_str_eq(text_of(&answer, "outcome"), "deny");
        cr_assert_str_eq(text_of(&answer, "variant"), "as_requested");
        expect_rules(&answer, "rules", "interest- breathe+ ");
        cr_assert_null(json_object_get(answer.json, "general_rules"));
}

#define ABOUT_ME "/explain?customer=me&channel=email&kind=offer"

Test(explain, an_argument_is_what_its_field_is)
{
        LIVE(live, INTEREST);
        live_run(&live);
        ANSWER(numbers, &live,
               "/explain?customer=17&channel=email&kind=offer&priority=3&shared_device=true"
               "&time=1500000000000&fallback_channels=[%22push%22]",
               NULL);
        cr_assert_eq(numbers.status, 200, "%s", numbers.body);
        cr_assert_str_eq(text_of(&numbers, "customer"), "17");
        ANSWER(general, &live,
               "/explain?customer=me&channel=email&kind=retarget&subject=shoe"
               "&general={%22payload%22:%22all%22}",
               NULL);
        cr_assert_str_eq(text_of(&general, "variant"), "general", "%s", general.body);
}

static void expect_refused(struct live *live, const char *path, const char *what)
{
        ANSWER(answer, live, path, NULL);
        cr_assert_eq(answer.status, 400, "%s: %s", path, answer.body);
        cr_assert_not_null(strstr(text_of(&answer, "error"), what), "%s", answer.body);
}

Test(explain, an_argument_that_would_be_missed_is_refused)
{
        LIVE(live, CAP);
        live_run(&live);
        expect_refused(&live, ABOUT_ME "&campaign=%ff", "`campaign` is no UTF-8");
        expect_refused(&live, ABOUT_ME "&campaign=a%00b", "`campaign` is no UTF-8");
        expect_refused(&live, ABOUT_ME "&customer=you", "`customer` is given twice");
        expect_refused(&live, ABOUT_ME "&campaign%00=a", "an argument has a name");
        expect_refused(&live, ABOUT_ME "&campain=a", "did you mean \"campaign\"?");
        expect_refused(&live, ABOUT_ME "&priority=high", "`priority` must be a whole number");
}

Test(explain, a_question_without_a_channel_is_told_so)
{
        LIVE(live, CAP);
        live_run(&live);
        ANSWER(answer, &live, "/explain?customer=me&kind=offer", NULL);
        cr_assert_eq(answer.status, 400);
        cr_assert_not_null(strstr(answer.body, "lacks `channel`"));
}
