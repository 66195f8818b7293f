/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/writer.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "recording/reader.h"
#include "support/reel.h"

enum { MANY = 3000 }; /* several blocks of 64 KiB */

static struct tg_writer *writer_of(const struct folder *folder, const char *name,
                                   enum tg_codec codec, const uint8_t *sync)
{
        struct tg_writer_options options = {.directory = folder->path,
                                            .name = name,
                                            .schema = TG_SCHEMA_TOUCHPOINT,
                                            .codec = codec,
                                            .sync = sync};
        struct tg_writer *writer = NULL;
        struct tg_error error = {0};

        cr_assert_eq(tg_writer_new(&options, &writer, &error), 0, "%s", error.message);
        return writer;
}

static void append(struct tg_writer *writer, const struct reel *reel, size_t first, size_t end)
{
        struct tg_error error;

        for (size_t i = first; i < end; i++)
                cr_assert_eq(
                        tg_writer_append(writer, reel_record(reel, i), reel->times_ms[i], &error),
                        0);
}

static void finish(struct tg_writer *writer)
{
        struct tg_error error;

        cr_assert_eq(tg_writer_finish(writer, &error), 0);
        tg_writer_free(writer);
}

static void write_file(const struct folder *folder, const char *name, enum tg_codec codec,
                       const uint8_t *sync, const struct reel *reel, size_t end)
{
        struct tg_writer *writer = writer_of(folder, name, codec, sync);

        append(writer, reel, 0, end);
        finish(writer);
}

static void put_many(struct reel *reel)
{
        for (size_t i = 0; i < MANY; i++) {
                char id[64];

                snprintf(id, sizeof id, "the-identifier-of-record-%zu", i);
                reel_add(reel, id, "a-customer", (int64_t)i);
        }
}

static bool same_bytes(const struct folder *folder, const char *a, const char *b)
{
        size_t a_size, b_size;
        char *a_bytes = folder_read(folder, a, &a_size), *b_bytes = folder_read(folder, b, &b_size);
        bool same = a_bytes && b_bytes && a_size == b_size && memcmp(a_bytes, b_bytes, a_size) == 0;

        free(a_bytes);
        free(b_bytes);
        return same;
}

Test(writer, what_is_appended_is_what_is_read_with_every_codec)
{
        for (int codec = 0; codec <= TG_CODEC_SNAPPY; codec++) {
                FOLDER(folder);
                REEL(facts, TG_STREAM_TOUCHPOINTS);
                const char *directory = folder.path;
                struct tg_recording *recording;
                struct tg_stream_reader *reader;
                struct tg_stream_record record;
                struct tg_error error;
                size_t count = 0;

                put_many(facts);
                cr_assert_gt(facts->bytes.size, 3 << 16);
                write_file(&folder, "touchpoints", (enum tg_codec)codec, NULL, facts, MANY);
                cr_assert_eq(tg_recording_open(&directory, 1, &recording, &error), 0);
                reader = tg_stream_reader_new(recording, TG_STREAM_TOUCHPOINTS);
                for (; tg_stream_reader_next(reader, &record, &error) == 0; count++) {
                        cr_assert(tg_span_equal(record.datum, reel_record(facts, count)));
                        tg_stream_release(record.owner);
                }
                cr_expect_eq(count, MANY);
                tg_stream_reader_free(reader);
                tg_recording_close(recording);
        }
}

Test(writer, the_same_records_give_the_same_bytes_and_others_another_marker)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        struct tg_container one, other;
        struct tg_error error;
        size_t size, other_size;
        char *bytes, *other_bytes;

        put_many(facts);
        write_file(&folder, "one", TG_CODEC_DEFLATE, NULL, facts, MANY);
        write_file(&folder, "same", TG_CODEC_DEFLATE, NULL, facts, MANY);
        write_file(&folder, "other", TG_CODEC_DEFLATE, NULL, facts, 1);
        cr_expect(same_bytes(&folder, "one.avro", "same.avro"));
        bytes = folder_read(&folder, "one.avro", &size);
        other_bytes = folder_read(&folder, "other.avro", &other_size);
        cr_assert_eq(tg_container_init(&one, tg_span_of(bytes, size), &error), 0);
        cr_assert_eq(tg_container_init(&other, tg_span_of(other_bytes, other_size), &error), 0);
        cr_expect_neq(memcmp(one.sync, other.sync, TG_CONTAINER_SYNC_SIZE), 0);
        free(bytes);
        free(other_bytes);
}

Test(writer, a_marker_that_is_given_is_the_one_that_is_written)
{
        static const uint8_t sync[TG_CONTAINER_SYNC_SIZE] = "given by someone";
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        struct tg_container file;
        struct tg_error error;
        size_t size;
        char *bytes;

        reel_add(facts, "a", "ann", 0);
        write_file(&folder, "one", TG_CODEC_NULL, sync, facts, 1);
        bytes = folder_read(&folder, "one.avro", &size);
        cr_assert_eq(tg_container_init(&file, tg_span_of(bytes, size), &error), 0);
        cr_expect_arr_eq(file.sync, sync, TG_CONTAINER_SYNC_SIZE);
        cr_expect_arr_eq(bytes + size - TG_CONTAINER_SYNC_SIZE, sync, TG_CONTAINER_SYNC_SIZE);
        free(bytes);
}

Test(writer, a_marker_that_comes_late_gives_the_same_bytes)
{
        static const uint8_t sync[TG_CONTAINER_SYNC_SIZE] = "given by someone";

        for (int times = 0; times <= 4;
             times += 2) { /* nothing; less than is written at once; more */
                FOLDER(folder);
                REEL(facts, TG_STREAM_TOUCHPOINTS);
                struct tg_writer_options options = {.directory = folder.path,
                                                    .name = "late",
                                                    .schema = TG_SCHEMA_TOUCHPOINT,
                                                    .sync_late = true};
                struct tg_writer *known = writer_of(&folder, "known", TG_CODEC_NULL, sync), *late;
                struct tg_error error;

                put_many(facts);
                cr_assert_eq(tg_writer_new(&options, &late, &error), 0);
                for (int i = 0; i < times; i++) {
                        append(known, facts, 0, MANY / 2);
                        append(late, facts, 0, MANY / 2);
                }
                cr_assert_eq(tg_writer_set_sync(late, sync, &error), 0);
                finish(known);
                finish(late);
                cr_expect(same_bytes(&folder, "known.avro", "late.avro"), "%d times", times);
        }
}

static bool is_there(const struct folder *folder, const char *name)
{
        return access(folder_file(folder, name), F_OK) == 0;
}

Test(writer, nothing_has_the_final_name_until_it_is_whole)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        struct tg_writer *writer = writer_of(&folder, "touchpoints", TG_CODEC_NULL, NULL);

        put_many(facts);
        append(writer, facts, 0, MANY);
        cr_expect_not(is_there(&folder, "touchpoints.avro"));
        cr_expect(is_there(&folder, "touchpoints.avro.partial"));
        cr_expect_str_eq(tg_writer_path(writer), folder_file(&folder, "touchpoints.avro"));
        finish(writer);
        cr_expect(is_there(&folder, "touchpoints.avro"));
        cr_expect_not(is_there(&folder, "touchpoints.avro.partial"));
}

Test(writer, of_what_is_given_up_nothing_remains_and_an_older_file_is_as_it_was)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        struct tg_writer *writer;
        char *bytes;

        put_many(facts);
        folder_put(&folder, "touchpoints.avro", "older");
        writer = writer_of(&folder, "touchpoints", TG_CODEC_NULL, NULL);
        append(writer, facts, 0, MANY);
        tg_writer_free(writer);
        cr_expect_not(is_there(&folder, "touchpoints.avro.partial"));
        bytes = folder_read(&folder, "touchpoints.avro", &(size_t){0});
        cr_expect_str_eq(bytes, "older");
        free(bytes);
}

Test(writer, of_several_files_none_has_its_name_unless_all_have)
{
        static const char *const names[] = {"first.avro", "first.avro.partial",
                                            "second.avro.partial", "third.avro",
                                            "third.avro.partial"};
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        struct tg_writer *writers[4] = {
                [0] = writer_of(&folder, "first", TG_CODEC_NULL, NULL),
                [2] = writer_of(&folder, "second", TG_CODEC_NULL, NULL),
                [3] = writer_of(&folder, "third", TG_CODEC_NULL, NULL),
        };
        struct tg_error error = {0};

        put_many(facts);
        append(writers[0], facts, 0, MANY);
        mkdir(folder_file(&folder, "second.avro"), 0777);
        cr_expect_eq(tg_writers_finish(writers, 4, &error), -1);
        cr_expect_not_null(strstr(error.message, "second.avro: cannot be put in its place"));
        cr_expect_eq(rmdir(folder_file(&folder, "second.avro")), 0);
        for (int i = 0; i < 4; i++)
                tg_writer_free(writers[i]);
        for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
                cr_expect_not(is_there(&folder, names[i]), "%s", names[i]);
}

Test(writer, no_record_at_all_is_a_file_without_blocks)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        struct tg_container file;
        struct tg_container_block block;
        struct tg_error error;
        size_t size;
        char *bytes;

        write_file(&folder, "none", TG_CODEC_SNAPPY, NULL, facts, 0);
        bytes = folder_read(&folder, "none.avro", &size);
        cr_assert_eq(tg_container_init(&file, tg_span_of(bytes, size), &error), 0);
        cr_expect_eq(tg_container_next(&file, &block, &error), 1);
        free(bytes);
}

Test(writer, the_tally_knows_first_last_late_and_size)
{
        static const int64_t times_ms[] = {50, 70, 60, 70, 40, 80};
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        struct tg_writer *writer = writer_of(&folder, "one", TG_CODEC_NULL, NULL);
        struct tg_writer_tally tally = tg_writer_tally(writer);
        struct tg_error error;
        size_t size;

        cr_expect_eq(tally.first_ms, TG_NO_TIME);
        for (size_t i = 0; i < sizeof times_ms / sizeof times_ms[0]; i++)
                reel_add(facts, "a", "ann", times_ms[i]);
        append(writer, facts, 0, facts->count);
        cr_assert_eq(tg_writer_finish(writer, &error), 0);
        tally = tg_writer_tally(writer);
        free(folder_read(&folder, "one.avro", &size));
        cr_expect_eq(tally.records, 6);
        cr_expect_eq(tally.late, 2, "60 behind 70, and 40");
        cr_expect_eq(tally.first_ms, REEL_START_MS + 40);
        cr_expect_eq(tally.last_ms, REEL_START_MS + 80);
        cr_expect_eq(tally.size_bytes, size);
        tg_writer_free(writer);
}

Test(writer, a_folder_that_is_not_there_is_told_with_the_path)
{
        struct tg_writer_options options = {.directory = "/nonexistent/folder", .name = "x"};
        struct tg_writer *writer;
        struct tg_error error;

        cr_expect_eq(tg_writer_new(&options, &writer, &error), -1);
        cr_expect_eq(error.exit_code, EX_CANTCREAT);
        cr_expect_not_null(strstr(error.message, "/nonexistent/folder/x.avro"));
}

Test(writer, a_disk_that_is_full_is_told_and_nothing_remains)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        struct tg_writer *writer = writer_of(&folder, "one", TG_CODEC_NULL, NULL);
        struct rlimit old, small;
        struct tg_error error = {0};
        int result = 0;

        put_many(facts);
        signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &old);
        small = old;
        small.rlim_cur = 100000;
        setrlimit(RLIMIT_FSIZE, &small);
        for (size_t i = 0; i < MANY && result == 0; i++)
                result =
                        tg_writer_append(writer, reel_record(facts, i), facts->times_ms[i], &error);
        if (result == 0)
                result = tg_writer_finish(writer, &error);
        setrlimit(RLIMIT_FSIZE, &old);
        cr_expect_eq(result, -1);
        cr_expect_eq(error.exit_code, EX_IOERR);
        cr_expect_not_null(strstr(error.message, "one.avro.partial: cannot be written"));
        tg_writer_free(writer);
        cr_expect_not(is_there(&folder, "one.avro"));
        cr_expect_not(is_there(&folder, "one.avro.partial"));
}
