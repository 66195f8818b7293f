/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "support/process.h"
#include "support/reel.h"

static const char POLICY[] = "policy: spring\n"
                             "rules:\n"
                             "  - {rule: two, cap: {count: impression, at_most: 2, per: 1d}}\n";

/* A policy, and a recording of a minute: a fact, three requests, the last one's customer empty. */
static void put_all(const struct folder *folder)
{
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(requests, TG_STREAM_REQUESTS);

        folder_put(folder, "p.yaml", POLICY);
        cr_assert_eq(mkdir(folder_file(folder, "may"), 0700), 0);
        reel_add(facts, "f", "ann", 0);
        reel_add(requests, "a", "ann", 1000);
        reel_add(requests, "b", "bob", 60000);
        reel_add(requests, "c", "", 60000);
        reel_write(facts, folder, "may/touchpoints.avro", TG_CODEC_NULL, 0, 1, 1);
        reel_write(requests, folder, "may/requests.avro", TG_CODEC_NULL, 0, 3, 1);
}

static bool is_there(const struct folder *folder, const char *name)
{
        return access(folder_file(folder, name), F_OK) == 0;
}

Test(replay_command, outputs_and_a_summary_are_made_and_told)
{
        FOLDER(folder);

        put_all(&folder);
        OUTCOME(outcome, &folder, "replay", "-p", "p.yaml", "-o", "out", "may");
        cr_expect_eq(outcome.code, EX_OK, "%s", outcome.told);
        expect_part(outcome.said, "1 touchpoints, 2 requests, 1 dead letters\n");
        expect_part(outcome.said,
                    "permitted 2, denied 0, deferred at first 0, still waiting 0, repeated 0\n");
        expect_part(outcome.said, "outputs are in out\n");
        cr_expect_str_empty(outcome.told, "progress is for terminals: %s", outcome.told);
        cr_expect(is_there(&folder, "out/decisions.avro"));
        cr_expect(is_there(&folder, "out/permitted.ads.avro"));
        cr_expect(is_there(&folder, "out/rejected.avro"));
        cr_expect(is_there(&folder, "out/summary.json"));
}

Test(replay_command, json_is_what_stands_in_the_summary)
{
        FOLDER(folder);
        json_t *said, *written;

        put_all(&folder);
        OUTCOME(outcome, &folder, "replay", "-j", "-p", "p.yaml", "-o", "out", "-s", "2", "may");
        said = json_loads(outcome.said, 0, NULL);
        written = json_load_file(folder_file(&folder, "out/summary.json"), 0, NULL);
        cr_expect_not_null(said);
        cr_expect(json_equal(said, written));
        cr_expect_eq(json_integer_value(json_object_get(said, "shards")), 2);
        json_decref(said);
        json_decref(written);
}

Test(replay_command, an_event_beyond_the_end_and_the_skew_is_a_dead_letter)
{
        FOLDER(folder);

        put_all(&folder);
        OUTCOME(near, &folder, "replay", "-p", "p.yaml", "-o", "out", "--end",
                "2017-07-14T02:40:30Z", "may");
        expect_part(near.said, "2 requests, 1 dead letters");
        OUTCOME(far, &folder, "replay", "-p", "p.yaml", "-o", "out", "--end",
                "2017-07-14T02:40:30Z", "--future-skew-max", "29s", "may");
        expect_part(far.said, "1 requests, 2 dead letters");
}

Test(replay_command, a_policy_with_mistakes_is_told_and_nothing_is_made)
{
        FOLDER(folder);

        put_all(&folder);
        folder_put(&folder, "p.yaml", "policy: spring\nruls: []\n");
        OUTCOME(outcome, &folder, "replay", "-p", "p.yaml", "-o", "out", "may");
        cr_expect_eq(outcome.code, EX_CONFIG);
        expect_part(outcome.told, "p.yaml:2:1: error: unknown key \"ruls\"");
        cr_expect_not(is_there(&folder, "out"));
}

Test(replay_command, a_recording_that_is_missing_or_damaged_has_its_exit_code)
{
        FOLDER(folder);

        put_all(&folder);
        OUTCOME(missing, &folder, "replay", "-p", "p.yaml", "-o", "out", "june");
        cr_expect_eq(missing.code, EX_NOINPUT);
        expect_part(missing.told, "touchgate replay: june: ");
        cr_assert_eq(truncate(folder_file(&folder, "may/requests.avro"), 9000), 0);
        OUTCOME(damaged, &folder, "replay", "-p", "p.yaml", "-o", "out", "may");
        cr_expect_eq(damaged.code, EX_DATAERR);
        expect_part(damaged.told, "touchgate replay: may/requests.avro: Avro file, byte ");
}

Test(replay_command, wrong_usage_says_what_is_wrong)
{
        FOLDER(folder);
        OUTCOME(no_policy, &folder, "replay", "-o", "out", "may");
        OUTCOME(no_output, &folder, "replay", "-p", "p.yaml", "may");
        OUTCOME(nothing, &folder, "replay", "-p", "p.yaml", "-o", "out");
        OUTCOME(shards, &folder, "replay", "-p", "p.yaml", "-o", "out", "-s", "0", "may");
        OUTCOME(end, &folder, "replay", "-p", "p.yaml", "-o", "out", "--end", "noon", "may");
        OUTCOME(skew, &folder, "replay", "--future-skew-max", "1x", "may");
        OUTCOME(years, &folder, "replay", "--future-skew-max", "106751991167d", "may");

        cr_expect_eq(no_policy.code, EX_USAGE);
        expect_part(no_policy.told, "--policy FILE is needed");
        expect_part(no_output.told, "--output DIR is needed");
        expect_part(nothing.told, "a RECORDING is needed");
        expect_part(shards.told, "--shards: \"0\" is no whole number from 1 to 256");
        expect_part(end.told, "--end: \"noon\" is no time: write 2026-03-01 or ");
        cr_expect_eq(end.code, EX_USAGE);
        expect_part(skew.told, "--future-skew-max: \"1x\" is no duration such as 30m");
        expect_part(years.told, "--future-skew-max: \"106751991167d\" is longer than 365d");
}

Test(replay_command, a_speed_is_max_or_a_number_above_0)
{
        static const char *const wrong[] = {"0", "-1", "nan", "inf",  "1e3", "0x8",       "fast",
                                            "",  ".5", "1.",  "1.5.", "10x", "2000000000"};
        static const char *const right[] = {"max", "1000000000", "99999999.5"};
        FOLDER(folder);

        put_all(&folder);
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                OUTCOME(outcome, &folder, "replay", "--speed", wrong[i], "-p", "p.yaml", "-o",
                        "out", "may");

                cr_expect_eq(outcome.code, EX_USAGE, "%s", wrong[i]);
                expect_part(outcome.told, "is no speed: write max, or how many times the recorded");
        }
        for (size_t i = 0; i < sizeof right / sizeof right[0]; i++) {
                OUTCOME(outcome, &folder, "replay", "--speed", right[i], "-p", "p.yaml", "-o",
                        "out", "-j", "may");

                cr_expect_eq(outcome.code, EX_OK, "%s: %s", right[i], outcome.told);
                expect_part(outcome.said, i == 0 ? "\"speed\": \"max\"" : "\"speed\": ");
        }
}

Test(replay_command, a_signal_ends_it_with_the_code_of_shells_and_without_outputs)
{
        static const int signals[] = {SIGINT, SIGTERM};
        FOLDER(folder);

        put_all(&folder);
        for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++) {
                const char *output = i ? "terminated" : "interrupted";
                __attribute__((cleanup(outcome_deinit))) struct outcome outcome = process_interrupt(
                        &folder,
                        (const char *const[]){"touchgate", "replay", "--speed", "0.0001", "-p",
                                              "p.yaml", "-o", output, "may", NULL},
                        output, signals[i]);

                cr_expect_eq(outcome.code, 128 + signals[i], "%s", outcome.told);
                expect_part(outcome.told, "touchgate replay: interrupted ");
                expect_part(outcome.told, "no output was written\n");
                cr_expect_str_empty(outcome.said);
                cr_expect_eq(rmdir(folder_file(&folder, output)), 0, "nothing is left there");
        }
}
