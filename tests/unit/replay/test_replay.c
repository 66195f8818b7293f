/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/replay.h"

#include <dirent.h>
#include <jansson.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "replay/report.h"
#include "support/policy.h"
#include "support/reel.h"

enum { PARTITIONS = 4, CUSTOMERS = 17, RECORDS = 600 };

static const char policy_yaml[] =
        "rules:\n"
        "  - {rule: two, for: {channel: ads}, cap: {count: impression, at_most: 2, per: 30s}}\n"
        "  - {rule: lately, retarget: {after: impression, within: 1h}}\n"
        "throttles:\n"
        "  - {name: pace, for: {channel: ads}, rate: 20/s, burst: 4}\n";

static struct tg_replay_options options_of(const struct tg_policy *policy, uint32_t partitions,
                                           uint32_t shards, const char *output)
{
        return (struct tg_replay_options){
                .shards = shards,
                .output = output,
                .shard = {.clock = TG_CLOCK_EVENT,
                          .batch = 100,
                          .end_ms = TG_NEVER,
                          .partition = {.policy = policy,
                                        .partitions = partitions,
                                        .table_bytes = 1 << 20,
                                        .waiting = {10000, 1 << 22},
                                        .skew_ms = TG_HOUR_MS}},
        };
}

/* Replays the recording in INPUT into OUTPUT with a policy of its own. */
static int replay(const struct folder *input, const struct folder *output, uint32_t partitions,
                  uint32_t shards, struct tg_summary *summary, struct tg_error *error)
{
        const char *directory = input->path;
        struct tg_policy *policy = policy_of(policy_yaml);
        struct tg_replay_options options = options_of(policy, partitions, shards, output->path);
        struct tg_recording *recording = NULL;
        int result = tg_recording_open(&directory, 1, &recording, error);

        if (result == 0)
                result = tg_replay(&options, recording, summary, error);
        tg_recording_close(recording);
        tg_policy_free(policy);
        return result;
}

static struct tg_summary replayed(const struct folder *input, const struct folder *output,
                                  uint32_t partitions, uint32_t shards)
{
        struct tg_summary summary;
        struct tg_error error = {0};

        cr_assert_eq(replay(input, output, partitions, shards, &summary, &error), 0, "%s",
                     error.message);
        return summary;
}

/* Requests of customers of whom some were shown something, facts between them, no customer's. */
static void put_many(struct reel *facts, struct reel *requests)
{
        for (int i = 0; i < RECORDS; i++) {
                char id[16], customer[16];

                snprintf(id, sizeof id, "%d", i);
                snprintf(customer, sizeof customer, "c%d",
                         i % 3 ? i % (2 * CUSTOMERS) : i % CUSTOMERS);
                reel_add(i % 3 ? requests : facts, id, i % 97 ? customer : "", i / 5 * 4000);
        }
}

static bool same_file(const struct folder *a, const struct folder *b, const char *name)
{
        size_t a_size = 0, b_size = 0;
        char *a_bytes = folder_read(a, name, &a_size), *b_bytes = folder_read(b, name, &b_size);
        bool same = a_bytes && b_bytes && a_size == b_size && memcmp(a_bytes, b_bytes, a_size) == 0;

        free(a_bytes);
        free(b_bytes);
        return same;
}

static size_t count_files(const struct folder *folder)
{
        DIR *directory = opendir(folder->path);
        size_t count = 0;

        while (readdir(directory))
                count++;
        closedir(directory);
        return count - 2; /* itself and its parent */
}

static void expect_same(const struct folder *a, const struct folder *b, const char *how)
{
        static const char *const names[] = {"decisions.avro", "permitted.ads.avro",
                                            "rejected.avro"};

        cr_expect_eq(count_files(b), sizeof names / sizeof names[0], "%s", how);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                cr_expect(same_file(a, b, names[i]), "%s of %s", names[i], how);
}

Test(replay, outputs_are_the_same_bytes_for_any_shards)
{
        static const uint32_t shards[] = {2, 3, 8};
        FOLDER(input);
        FOLDER(one);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(requests, TG_STREAM_REQUESTS);
        struct tg_summary summary;

        put_many(facts, requests);
        reel_write(facts, &input, "touchpoints.avro", TG_CODEC_NULL, 0, facts->count, 50);
        reel_write(requests, &input, "requests.avro", TG_CODEC_NULL, 0, requests->count, 50);
        summary = replayed(&input, &one, PARTITIONS, 1);
        cr_expect_gt(summary.permitted, 20);
        cr_expect_gt(summary.denied, 20);
        cr_expect_gt(summary.deferred, 20);
        cr_expect_eq(summary.rejected, 7);
        for (size_t i = 0; i < sizeof shards / sizeof shards[0]; i++) {
                FOLDER(other);
                struct tg_summary same = replayed(&input, &other, PARTITIONS, shards[i]);

                expect_same(&one, &other, "other shards");
                cr_expect_eq(same.permitted, summary.permitted);
                cr_expect_eq(same.deferred, summary.deferred);
                cr_expect_eq(same.touchpoints, summary.touchpoints);
                tg_summary_deinit(&same);
        }
        tg_summary_deinit(&summary);
}

static void write_pieces(const struct reel *reel, const struct folder *folder, const char *stem,
                         enum tg_codec codec, size_t per_file, size_t per_block)
{
        for (size_t i = 0; i < reel->count; i += per_file) {
                size_t end = i + per_file < reel->count ? i + per_file : reel->count;
                char name[40];

                snprintf(name, sizeof name, "%s-%06zu.avro", stem, i);
                reel_write(reel, folder, name, codec, i, end, per_block);
        }
}

Test(replay, outputs_are_the_same_bytes_for_files_in_any_pieces_and_codecs)
{
        static const size_t per_file[] = {10000, 150, 31};
        FOLDER(whole);
        FOLDER(one);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(requests, TG_STREAM_REQUESTS);
        struct tg_summary summary;

        put_many(facts, requests);
        reel_write(facts, &whole, "touchpoints.avro", TG_CODEC_NULL, 0, facts->count, 10000);
        reel_write(requests, &whole, "requests.avro", TG_CODEC_NULL, 0, requests->count, 10000);
        summary = replayed(&whole, &one, PARTITIONS, 1);
        tg_summary_deinit(&summary);
        for (int codec = 0; codec <= TG_CODEC_SNAPPY; codec++) {
                for (size_t i = 0; i < sizeof per_file / sizeof per_file[0]; i++) {
                        FOLDER(input);
                        FOLDER(other);

                        write_pieces(facts, &input, "touchpoints", (enum tg_codec)codec,
                                     per_file[i], 7);
                        write_pieces(requests, &input, "requests", (enum tg_codec)codec,
                                     per_file[i] / 3, 11);
                        summary = replayed(&input, &other, PARTITIONS, 2);
                        expect_same(&one, &other, tg_codec_name((enum tg_codec)codec));
                        tg_summary_deinit(&summary);
                }
        }
}

Test(replay, other_partitions_or_records_give_another_marker)
{
        FOLDER(input);
        FOLDER(four);
        FOLDER(five);
        REEL(requests, TG_STREAM_REQUESTS);
        struct tg_summary summary;

        reel_add(requests, "a", "ann", 0);
        reel_write(requests, &input, "requests.avro", TG_CODEC_NULL, 0, 1, 1);
        summary = replayed(&input, &four, 4, 1);
        tg_summary_deinit(&summary);
        summary = replayed(&input, &five, 5, 1);
        tg_summary_deinit(&summary);
        cr_expect_not(same_file(&four, &five, "rejected.avro"), "empty, but for the marker");
}

Test(replay, more_partitions_and_shards_than_customers_are_fine)
{
        FOLDER(input);
        FOLDER(output);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(requests, TG_STREAM_REQUESTS);
        struct tg_summary summary;

        reel_add(facts, "f", "ann", 0);
        reel_add(requests, "a", "ann", 1000);
        reel_add(requests, "b", "ann", 2000);
        reel_write(facts, &input, "touchpoints.avro", TG_CODEC_NULL, 0, 1, 1);
        reel_write(requests, &input, "requests.avro", TG_CODEC_NULL, 0, 2, 1);
        summary = replayed(&input, &output, 300, 8);
        cr_expect_eq(summary.touchpoints, 1);
        cr_expect_eq(summary.requests, 2);
        cr_expect_eq(summary.permitted + summary.denied + summary.pending, 2);
        tg_summary_deinit(&summary);
}

Test(replay, a_recording_without_requests_has_facts_and_no_decision)
{
        FOLDER(input);
        FOLDER(output);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        struct tg_summary summary;

        reel_add(facts, "f", "ann", 0);
        reel_add(facts, "g", "bob", 1);
        reel_write(facts, &input, "touchpoints.avro", TG_CODEC_NULL, 0, 2, 1);
        summary = replayed(&input, &output, PARTITIONS, 2);
        cr_expect_eq(summary.touchpoints, 2);
        cr_expect_eq(summary.requests, 0);
        cr_expect_eq(count_files(&output), 2);
        tg_summary_deinit(&summary);
}

Test(replay, a_recording_without_touchpoints_is_decided_from_nothing)
{
        FOLDER(input);
        FOLDER(output);
        REEL(requests, TG_STREAM_REQUESTS);
        struct tg_summary summary;

        reel_add(requests, "a", "ann", 0);
        reel_add(requests, "b", "bob", 1);
        reel_write(requests, &input, "requests.avro", TG_CODEC_NULL, 0, 2, 1);
        summary = replayed(&input, &output, PARTITIONS, 2);
        cr_expect_eq(summary.requests, 2);
        cr_expect_eq(summary.denied, 2, "nobody saw anything within the hour");
        tg_summary_deinit(&summary);
}

Test(replay, a_damaged_file_ends_it_and_leaves_the_outputs_of_an_earlier_one)
{
        FOLDER(input);
        FOLDER(output);
        REEL(requests, TG_STREAM_REQUESTS);
        struct tg_summary summary;
        struct tg_error error;
        size_t size;
        char *bytes;

        folder_put(&output, "decisions.avro", "earlier");
        for (int i = 0; i < 50; i++)
                reel_add(requests, "a", "ann", i);
        reel_write(requests, &input, "requests.avro", TG_CODEC_NULL, 0, 50, 5);
        bytes = folder_read(&input, "requests.avro", &size);
        reel_put_file(&input, "requests.avro", tg_span_of(bytes, size - 3));
        free(bytes);
        for (uint32_t shards = 1; shards < 4; shards++) {
                cr_expect_eq(replay(&input, &output, PARTITIONS, shards, &summary, &error), -1);
                cr_expect_eq(error.exit_code, EX_DATAERR);
                cr_expect_not_null(strstr(error.message, "requests.avro: "), "%s", error.message);
                cr_expect_not_null(strstr(error.message, "byte "), "%s", error.message);
        }
        bytes = folder_read(&output, "decisions.avro", &size);
        cr_expect_str_eq(bytes, "earlier");
        cr_expect_eq(count_files(&output), 1);
        free(bytes);
}

static void note(void *context, const struct tg_replay_progress *progress)
{
        struct tg_replay_progress *most = context;

        cr_expect_leq(progress->bytes_read, progress->bytes_total);
        cr_expect_leq(most->bytes_read, progress->bytes_read);
        cr_expect_leq(most->records, progress->records);
        cr_expect_leq(most->time_ms, progress->time_ms);
        cr_expect_not(most->writing);
        *most = *progress;
}

Test(replay, progress_never_goes_back_nor_beyond_the_end)
{
        FOLDER(input);
        FOLDER(output);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(requests, TG_STREAM_REQUESTS);
        const char *directory = input.path;
        struct tg_policy *policy = policy_of(policy_yaml);
        struct tg_replay_options options = options_of(policy, PARTITIONS, 2, output.path);
        struct tg_recording *recording;
        struct tg_summary summary;
        struct tg_error error;
        struct tg_replay_progress most = {.time_ms = TG_NO_TIME};

        put_many(facts, requests);
        write_pieces(facts, &input, "touchpoints", TG_CODEC_DEFLATE, 50, 2);
        write_pieces(requests, &input, "requests", TG_CODEC_DEFLATE, 50, 2);
        options.progress = note;
        options.progress_context = &most;
        cr_assert_eq(tg_recording_open(&directory, 1, &recording, &error), 0);
        cr_expect_eq(tg_replay(&options, recording, &summary, &error), 0);
        cr_expect(most.writing);
        cr_expect_eq(most.bytes_read, most.bytes_total);
        cr_expect_geq(most.records, RECORDS);
        cr_expect_eq(most.time_ms, REEL_START_MS + (RECORDS - 1) / 5 * 4000);
        tg_summary_deinit(&summary);
        tg_recording_close(recording);
        tg_policy_free(policy);
}

/* A clock on which nothing takes time but waiting; set forward by whoever waits longest. */
static _Atomic int64_t hands_ns;
static atomic_int stop_at_first_wait;

static int64_t now_ns(void *context)
{
        (void)context;
        return hands_ns;
}

static void wait(void *context, int64_t duration_ns)
{
        int64_t until_ns = hands_ns + duration_ns, seen_ns = hands_ns;

        while (seen_ns < until_ns && !atomic_compare_exchange_weak(&hands_ns, &seen_ns, until_ns))
                continue;
        if (context)
                stop_at_first_wait = SIGINT;
}

static int replay_at(double speed, uint32_t shards, bool stops, const struct folder *input,
                     const struct folder *output, struct tg_error *error)
{
        const struct tg_pace_clock clock = {now_ns, wait, stops ? &hands_ns : NULL};
        const char *directory = input->path;
        struct tg_policy *policy = policy_of(policy_yaml);
        struct tg_replay_options options = options_of(policy, PARTITIONS, shards, output->path);
        struct tg_recording *recording = NULL;
        struct tg_summary summary;
        int result;

        hands_ns = 0;
        options.speed = speed;
        options.clock = &clock;
        options.stop = &stop_at_first_wait;
        cr_assert_eq(tg_recording_open(&directory, 1, &recording, error), 0);
        result = tg_replay(&options, recording, &summary, error);
        if (result == 0)
                tg_summary_deinit(&summary);
        tg_recording_close(recording);
        tg_policy_free(policy);
        return result;
}

Test(replay, outputs_are_the_same_bytes_at_any_speed)
{
        static const double speeds[] = {0.5, 1, 10, 1e9};
        FOLDER(input);
        FOLDER(fast);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(requests, TG_STREAM_REQUESTS);
        struct tg_summary summary;
        struct tg_error error;

        put_many(facts, requests);
        reel_write(facts, &input, "touchpoints.avro", TG_CODEC_SNAPPY, 0, facts->count, 50);
        reel_write(requests, &input, "requests.avro", TG_CODEC_NULL, 0, requests->count, 50);
        summary = replayed(&input, &fast, PARTITIONS, 1);
        tg_summary_deinit(&summary);
        for (size_t i = 0; i < sizeof speeds / sizeof speeds[0]; i++) {
                int64_t least_ns = (int64_t)((RECORDS - 1) / 5 * 4000 * 1e6 / speeds[i]);
                FOLDER(slow);

                cr_assert_eq(replay_at(speeds[i], i % 2 ? 3 : 1, false, &input, &slow, &error), 0);
                cr_expect_geq(hands_ns, least_ns, "speed %g", speeds[i]);
                expect_same(&fast, &slow, "another speed");
        }
}

Test(replay, one_that_is_interrupted_leaves_the_outputs_of_an_earlier_one)
{
        FOLDER(input);
        FOLDER(output);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(requests, TG_STREAM_REQUESTS);
        struct tg_error error;
        size_t size;
        char *bytes;

        put_many(facts, requests);
        reel_write(facts, &input, "touchpoints.avro", TG_CODEC_DEFLATE, 0, facts->count, 50);
        reel_write(requests, &input, "requests.avro", TG_CODEC_SNAPPY, 0, requests->count, 50);
        folder_put(&output, "decisions.avro", "earlier");
        cr_expect_eq(replay_at(1, 3, true, &input, &output, &error), -1);
        cr_expect_eq(error.exit_code, 128 + SIGINT);
        cr_expect_not_null(strstr(error.message, "interrupted when it was 2017-07-14T02:40:"), "%s",
                           error.message);
        bytes = folder_read(&output, "decisions.avro", &size);
        cr_expect_str_eq(bytes, "earlier");
        cr_expect_eq(count_files(&output), 1);
        free(bytes);
}

static int64_t number(const json_t *report, const char *key)
{
        const json_t *value = json_object_get(report, key);

        cr_expect(json_is_integer(value), "%s", key);
        return json_integer_value(value);
}

Test(replay, the_report_adds_up_and_is_written_beside_the_outputs)
{
        FOLDER(input);
        FOLDER(output);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(requests, TG_STREAM_REQUESTS);
        struct tg_policy *policy = policy_of(policy_yaml);
        struct tg_replay_options options = options_of(policy, PARTITIONS, 3, output.path);
        struct tg_summary summary;
        struct tg_error error;
        const json_t *rule;
        json_t *report, *written;

        put_many(facts, requests);
        reel_write(facts, &input, "touchpoints.avro", TG_CODEC_NULL, 0, facts->count, 50);
        reel_write(requests, &input, "requests.avro", TG_CODEC_NULL, 0, requests->count, 50);
        summary = replayed(&input, &output, PARTITIONS, 3);
        report = tg_replay_report(
                &options, &summary,
                &(struct tg_replay_cost){.elapsed_s = 2, .cpu_s = 0, .memory_peak_kib = 7});
        cr_expect_eq(number(report, "permitted") + number(report, "denied") +
                             number(report, "pending"),
                     number(report, "requests"));
        cr_expect_eq(number(report, "touchpoints") + number(report, "requests") +
                             number(report, "rejected"),
                     RECORDS);
        cr_expect_eq(number(json_object_get(report, "by_channel"), "ads"),
                     number(report, "permitted"));
        rule = json_object_get(json_object_get(report, "by_rule"), "two");
        cr_expect_gt(number(rule, "deferred"), 0);
        cr_expect_str_eq(json_string_value(json_object_get(report, "policy_hash")),
                         policy->name.hash);
        cr_expect_float_eq(json_number_value(json_object_get(json_object_get(report, "replay"),
                                                             "events_per_s")),
                           (double)(summary.touchpoints + summary.requests) / 2, 1e-9);
        cr_assert_eq(tg_replay_report_write(&options, report, &error), 0);
        written = json_load_file(folder_file(&output, "summary.json"), 0, NULL);
        cr_expect(json_equal(report, written));
        json_decref(written);
        json_decref(report);
        tg_summary_deinit(&summary);
        tg_policy_free(policy);
}
