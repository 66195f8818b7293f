/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `record`, `rejected` and `replay --to-kafka` say without a broker; with one they are tested
 * in tests/broker.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "support/process.h"
#include "support/reel.h"

static void expect_usage(const struct folder *folder, const char *const *arguments,
                         const char *part)
{
        struct outcome outcome = process_run(folder, arguments);

        cr_expect_eq(outcome.code, EX_USAGE, "%s", part);
        expect_part(outcome.told, part);
        outcome_deinit(&outcome);
}

#define EXPECT_USAGE(folder, part, ...) \
        expect_usage(folder, (const char *const[]){"touchgate", __VA_ARGS__, NULL}, part)

Test(record_command, wrong_usage_says_what_is_wrong)
{
        FOLDER(folder);

        EXPECT_USAGE(&folder, "--config FILE", "record", "-o", "out");
        EXPECT_USAGE(&folder, "--output DIR", "record", "-c", "c.yaml");
        EXPECT_USAGE(&folder, "\"soon\" is no time", "record", "-c", "c", "-o", "o", "--from",
                     "soon");
        EXPECT_USAGE(&folder, "earlier than --until", "record", "-c", "c", "-o", "o", "--from",
                     "2026-01-02", "--until", "2026-01-01");
        EXPECT_USAGE(&folder, "not decided yet", "record", "-c", "c", "-o", "o", "--from",
                     "committed", "--decisions");
        EXPECT_USAGE(&folder, "\"rec\" is not expected", "record", "-c", "c", "-o", "o", "rec");
}

Test(record_command, a_directory_with_a_recording_is_left_alone)
{
        FOLDER(folder);

        folder_put(&folder, "c.yaml",
                   "policy: p.yaml\n"
                   "kafka: {bootstrap.servers: \"127.0.0.1:1\", group.id: g}\n");
        folder_put(&folder, "touchpoints.avro", "theirs");
        OUTCOME(outcome, &folder, "record", "-c", "c.yaml", "-o", ".");
        cr_expect_eq(outcome.code, EX_CANTCREAT, "%s", outcome.told);
        expect_part(outcome.told, "./touchpoints.avro: is there already");
}

Test(rejected_command, wrong_usage_says_what_is_wrong)
{
        FOLDER(folder);

        EXPECT_USAGE(&folder, "list or resubmit", "rejected", "-c", "c.yaml");
        EXPECT_USAGE(&folder, "\"delete\" is not expected", "rejected", "delete", "-c", "c.yaml");
        EXPECT_USAGE(&folder, "--config FILE", "rejected", "list");
        EXPECT_USAGE(&folder, "say which", "rejected", "resubmit", "-c", "c.yaml");
        EXPECT_USAGE(&folder, "say which", "rejected", "resubmit", "-c", "c.yaml", "--all",
                     "--reason", "unframed");
        EXPECT_USAGE(&folder, "--offset needs --partition", "rejected", "list", "-c", "c.yaml",
                     "--offset", "3");
        EXPECT_USAGE(&folder, "go with resubmit", "rejected", "list", "-c", "c.yaml", "--force");
        EXPECT_USAGE(&folder, "go with list", "rejected", "resubmit", "-c", "c.yaml", "--all",
                     "--json");
}

Test(replay_to_kafka, it_takes_a_configuration_and_no_policy)
{
        FOLDER(folder);

        EXPECT_USAGE(&folder, "--config FILE", "replay", "--to-kafka", "rec");
        EXPECT_USAGE(&folder, "neither --policy nor", "replay", "--to-kafka", "-c", "c", "-p", "p",
                     "rec");
        EXPECT_USAGE(&folder, "neither --policy nor", "replay", "--to-kafka", "-c", "c", "-o", "o",
                     "rec");
        EXPECT_USAGE(&folder, "a RECORDING is needed", "replay", "--to-kafka", "-c", "c");
        EXPECT_USAGE(&folder, "goes with --to-kafka", "replay", "-c", "c", "-p", "p", "-o", "o",
                     "rec");
}

static void put_recording(const struct folder *folder, const char *name, const char *manifest)
{
        REEL(requests, TG_STREAM_REQUESTS);
        char file[64];

        cr_assert_eq(mkdir(folder_file(folder, name), 0700), 0);
        reel_add(requests, "a", "ann", 0);
        snprintf(file, sizeof file, "%s/requests-00001.avro", name);
        reel_write(requests, folder, file, TG_CODEC_NULL, 0, 1, 1);
        snprintf(file, sizeof file, "%s/recording.json", name);
        folder_put(folder, file, manifest);
}

Test(replay_command, a_recording_of_topics_says_how_many_partitions_they_had)
{
        FOLDER(folder);

        folder_put(&folder, "p.yaml", "policy: none\nrules: []\n");
        put_recording(&folder, "rec", "{\"partitions\": 3}");
        OUTCOME(taken, &folder, "replay", "-p", "p.yaml", "-o", "out", "--json", "rec");
        cr_expect_eq(taken.code, EX_OK, "%s", taken.told);
        expect_part(taken.said, "\"partitions\": 3,");
        cr_expect_str_empty(taken.told, "%s", taken.told);
        OUTCOME(other, &folder, "replay", "-p", "p.yaml", "-o", "out", "-P", "4", "--json", "rec");
        cr_expect_eq(other.code, EX_OK, "%s", other.told);
        expect_part(other.said, "\"partitions\": 4,");
        expect_part(other.told, "had 3 partitions, this replay has 4");
        put_recording(&folder, "bad", "{");
        OUTCOME(damaged, &folder, "replay", "-p", "p.yaml", "-o", "out", "bad");
        cr_expect_eq(damaged.code, EX_DATAERR);
        expect_part(damaged.told, "bad/recording.json:1:");
}
