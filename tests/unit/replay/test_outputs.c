/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The files alone: data are short texts here, which the files hold one behind the other.
 */
#include "replay/outputs.h"

#include <stdlib.h>
#include <unistd.h>

#include "support/folder.h"
#include "support/said.h"

enum { PARTITIONS = 3 };

static const uint8_t sync_marker[TG_CONTAINER_SYNC_SIZE] = "0123456789abcde";

static struct tg_outputs *outputs_in(const struct folder *folder)
{
        struct tg_outputs *outputs = NULL;
        struct tg_error error = {0};

        cr_assert_eq(tg_outputs_new(folder->path, PARTITIONS, &outputs, &error), 0);
        return outputs;
}

static void write_all(struct tg_outputs *outputs)
{
        struct tg_error error = {0};

        cr_assert_eq(tg_outputs_write(outputs, sync_marker, &error), 0, "%s", error.message);
        tg_outputs_free(outputs);
}

static void put(struct tg_outputs *outputs, int32_t partition, int64_t time_ms, uint8_t channel,
                const char *text)
{
        struct tg_sink sink = tg_outputs_sink(outputs);
        struct tg_request request = {.channel = channel};
        struct tg_decision decision = {.request = &request, .time_ms = time_ms, .told_ms = time_ms};
        struct tg_error error;

        if (channel == TG_CHANNEL_ABSENT)
                cr_assert_eq(sink.decision(sink.context, partition, &decision, tg_span_text(text),
                                           &error),
                             0);
        else
                cr_assert_eq(sink.permitted(sink.context, partition, &decision, tg_span_text(text),
                                            &error),
                             0);
}

static void decide(struct tg_outputs *outputs, int32_t partition, int64_t time_ms, const char *text)
{
        put(outputs, partition, time_ms, TG_CHANNEL_ABSENT, text);
}

/* What the partitions from FIRST to END put out so far. */
static void commit(struct tg_outputs *outputs, int32_t first, int32_t end)
{
        struct tg_sink sink = tg_outputs_sink(outputs);
        struct tg_progress progress[PARTITIONS];
        struct tg_error error = {0};

        for (int32_t i = first; i < end; i++)
                progress[i - first].partition = i;
        cr_assert_eq(sink.commit(sink.context, progress, (size_t)(end - first), true, &error), 0,
                     "%s", error.message);
}

static void reject(struct tg_outputs *outputs, int32_t partition, int64_t offset)
{
        struct tg_sink sink = tg_outputs_sink(outputs);
        struct tg_record record = {.stream = TG_STREAM_REQUESTS,
                                   .partition = partition,
                                   .offset = offset,
                                   .time_ms = TG_NO_TIME,
                                   .value = tg_span_text("v")};
        struct tg_error error;

        cr_assert_eq(sink.rejected(sink.context, &record, "bad", "for a test", &error), 0);
}

static void expect_file(const struct folder *folder, const char *name, const char *content)
{
        struct tg_container file;
        struct tg_container_block block = {.data = tg_span_text("")};
        struct tg_error error;
        size_t size;
        char *bytes = folder_read(folder, name, &size);

        cr_assert_not_null(bytes, "%s", name);
        cr_assert_eq(tg_container_init(&file, tg_span_of(bytes, size), &error), 0);
        cr_expect_arr_eq(file.sync, sync_marker, TG_CONTAINER_SYNC_SIZE);
        cr_expect_eq(tg_container_next(&file, &block, &error), content[0] ? 0 : 1);
        cr_expect(tg_span_equal(block.data, tg_span_text(content)), "%s: %.*s", name,
                  TG_SPAN_FORMAT(block.data));
        free(bytes);
}

static bool is_there(const struct folder *folder, const char *name)
{
        return access(folder_file(folder, name), F_OK) == 0;
}

Test(outputs, files_are_ordered_by_time_then_partition_then_as_they_were_put)
{
        FOLDER(folder);
        struct tg_outputs *outputs = outputs_in(&folder);

        decide(outputs, 2, 10, "2a ");
        decide(outputs, 2, 10, "2b ");
        decide(outputs, 2, 30, "2c ");
        decide(outputs, 0, 10, "0a ");
        decide(outputs, 0, 30, "0b ");
        decide(outputs, 0, 31, "0c ");
        decide(outputs, 1, -5, "1a ");
        decide(outputs, 1, 30, "1b ");
        write_all(outputs);
        expect_file(&folder, "decisions.avro", "1a 0a 2a 2b 0b 1b 2c 0c ");
        expect_file(&folder, "rejected.avro", "");
}

Test(outputs, commits_change_nothing)
{
        FOLDER(folder);
        struct tg_outputs *outputs = outputs_in(&folder);

        decide(outputs, 2, 10, "2a ");
        commit(outputs, 2, 3);
        decide(outputs, 0, 10, "0a ");
        decide(outputs, 0, 30, "0b ");
        commit(outputs, 0, 2);
        decide(outputs, 1, 12, "1a ");
        commit(outputs, 0, 2);
        cr_expect(is_there(&folder, "decisions.avro.partial"));
        decide(outputs, 2, 10, "2b ");
        decide(outputs, 2, 40, "2c ");
        commit(outputs, 2, 3);
        decide(outputs, 1, 30, "1b ");
        commit(outputs, 0, 2);
        write_all(outputs);
        expect_file(&folder, "decisions.avro", "0a 2a 2b 1a 0b 1b 2c ");
}

Test(outputs, of_what_is_given_up_nothing_remains_and_older_outputs_are_as_they_were)
{
        FOLDER(folder);
        struct tg_outputs *outputs;
        char *bytes;

        folder_put(&folder, "decisions.avro", "older");
        outputs = outputs_in(&folder);
        for (int32_t partition = 0; partition < PARTITIONS; partition++)
                put(outputs, partition, 1, TG_CHANNEL_ADS, "a ");
        commit(outputs, 0, PARTITIONS);
        cr_expect(is_there(&folder, "permitted.ads.avro.partial"));
        tg_outputs_free(outputs);
        cr_expect_not(is_there(&folder, "permitted.ads.avro.partial"));
        cr_expect_not(is_there(&folder, "permitted.ads.avro"));
        bytes = folder_read(&folder, "decisions.avro", &(size_t){0});
        cr_expect_str_eq(bytes, "older");
        free(bytes);
}

Test(outputs, each_channel_has_a_file_of_its_own_and_one_without_messages_none)
{
        FOLDER(folder);
        struct tg_outputs *outputs = outputs_in(&folder);

        put(outputs, 0, 2, TG_CHANNEL_EMAIL, "e2 ");
        put(outputs, 0, 3, TG_CHANNEL_ADS, "a3 ");
        put(outputs, 1, 1, TG_CHANNEL_EMAIL, "e1 ");
        write_all(outputs);
        expect_file(&folder, "permitted.email.avro", "e1 e2 ");
        expect_file(&folder, "permitted.ads.avro", "a3 ");
        cr_expect_not(is_there(&folder, "permitted.push.avro"));
}

Test(outputs, decisions_and_dead_letters_have_their_files_even_if_there_are_none)
{
        FOLDER(folder);

        write_all(outputs_in(&folder));
        expect_file(&folder, "decisions.avro", "");
        expect_file(&folder, "rejected.avro", "");
}

Test(outputs, what_an_earlier_replay_permitted_does_not_stay)
{
        FOLDER(folder);
        struct tg_outputs *outputs;

        folder_put(&folder, "permitted.push.avro", "older");
        folder_put(&folder, "permitted.ads.avro", "older");
        folder_put(&folder, "decisions.avro", "older");
        folder_put(&folder, "permitted.sms.avro.partial", "killed");
        folder_put(&folder, "notes.txt", "not ours");
        outputs = outputs_in(&folder);
        put(outputs, 0, 3, TG_CHANNEL_ADS, "a ");
        cr_expect(is_there(&folder, "permitted.push.avro"), "gone before there is anything new");
        write_all(outputs);
        expect_file(&folder, "permitted.ads.avro", "a ");
        expect_file(&folder, "decisions.avro", "");
        cr_expect_not(is_there(&folder, "permitted.push.avro"));
        cr_expect_not(is_there(&folder, "permitted.sms.avro.partial"));
        cr_expect(is_there(&folder, "notes.txt"));
}

Test(outputs, dead_letters_stand_behind_what_their_partition_put_out_before_them)
{
        FOLDER(folder);
        struct tg_outputs *outputs = outputs_in(&folder);
        char *said;

        reject(outputs, 0, 4);
        decide(outputs, 0, 50, "-");
        reject(outputs, 0, 5);
        decide(outputs, 1, 20, "-");
        reject(outputs, 1, 6);
        reject(outputs, -1, 9);
        write_all(outputs);
        said = said_by_file(TG_SCHEMA_REJECTED, folder_file(&folder, "rejected.avro"));
        cr_expect_lt(strstr(said, "\"offset\":4"), strstr(said, "\"offset\":9"), "%s", said);
        cr_expect_lt(strstr(said, "\"offset\":9"), strstr(said, "\"offset\":6"), "%s", said);
        cr_expect_lt(strstr(said, "\"offset\":6"), strstr(said, "\"offset\":5"), "%s", said);
        cr_expect_not_null(strstr(said, "\"partition\":-1"), "%s", said);
        free(said);
}

Test(outputs, a_folder_that_cannot_be_made_is_told)
{
        FOLDER(folder);
        struct tg_outputs *outputs;
        struct tg_error error;

        folder_put(&folder, "file", "x");
        cr_expect_eq(tg_outputs_new(folder_file(&folder, "file/out"), 1, &outputs, &error), -1);
        cr_expect_eq(error.exit_code, EX_CANTCREAT);
        cr_expect_not_null(strstr(error.message, "file/out: cannot be made: Not a directory"));
}
