/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/reader.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "base/memory.h"
#include "support/reel.h"

enum { CODECS = 3 };

static struct tg_recording *opened(const struct folder *folder)
{
        const char *directory = folder->path;
        struct tg_recording *recording = NULL;
        struct tg_error error = {0};

        cr_assert_eq(tg_recording_open(&directory, 1, &recording, &error), 0, "%s", error.message);
        return recording;
}

/* A reader that must not fail; after it no more record is false. */
static bool next(struct tg_stream_reader *reader, struct tg_stream_record *record)
{
        struct tg_error error = {0};
        int answer = tg_stream_reader_next(reader, record, &error);

        cr_assert_geq(answer, 0, "%s", error.message);
        return answer == 0;
}

/* The ids of a stream, a blank behind each; "!" for a fault. For free(). */
static char *ids(const struct tg_recording *recording, enum tg_stream stream)
{
        struct tg_stream_reader *reader = tg_stream_reader_new(recording, stream);
        struct tg_stream_record record;
        char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        while (next(reader, &record)) {
                if (record.fault)
                        fputs("! ", out);
                else
                        fprintf(out, "%.*s ", TG_SPAN_FORMAT(record.head.id));
                tg_stream_release(record.owner);
        }
        fclose(out);
        tg_stream_reader_free(reader);
        return text;
}

static void expect_ids(const struct tg_recording *recording, enum tg_stream stream,
                       const char *expected)
{
        tg_cleanup(tg_free_pointer) char *text = ids(recording, stream);

        cr_expect_str_eq(text, expected);
}

static void add_all(struct reel *reel, const char *names)
{
        for (; *names; names++)
                reel_add(reel, (char[]){*names, '\0'}, "ann", 0);
}

Test(reader, files_of_one_stem_in_the_order_of_their_names_are_one_stream)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(requests, TG_STREAM_REQUESTS);
        struct tg_recording *recording;

        add_all(facts, "abcdefg");
        add_all(requests, "rs");
        reel_write(facts, &folder, "touchpoints-2.avro", TG_CODEC_NULL, 2, 5, 1);
        reel_write(facts, &folder, "touchpoints-10.avro", TG_CODEC_DEFLATE, 0, 2, 2);
        reel_write(facts, &folder, "touchpoints.avro", TG_CODEC_SNAPPY, 5, 7, 9);
        reel_write(requests, &folder, "requests-B.avro", TG_CODEC_NULL, 0, 1, 1);
        reel_write(requests, &folder, "requests-a.avro", TG_CODEC_NULL, 1, 2, 1);
        folder_put(&folder, "touchpoints.avro.partial", "not whole");
        folder_put(&folder, "my-requests.avro", "of no stem");
        recording = opened(&folder);
        expect_ids(recording, TG_STREAM_TOUCHPOINTS, "a b c d e f g ");
        expect_ids(recording, TG_STREAM_REQUESTS, "r s ");
        tg_recording_close(recording);
}

Test(reader, directories_are_read_one_behind_the_other_as_they_are_given)
{
        FOLDER(first);
        FOLDER(second);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        const char *directories[] = {first.path, second.path, first.path};
        struct tg_recording *recording;
        struct tg_error error;

        add_all(facts, "abcd");
        reel_write(facts, &first, "touchpoints-z.avro", TG_CODEC_NULL, 0, 2, 2);
        reel_write(facts, &second, "touchpoints-a.avro", TG_CODEC_NULL, 2, 4, 2);
        cr_assert_eq(tg_recording_open(directories, 3, &recording, &error), 0);
        expect_ids(recording, TG_STREAM_TOUCHPOINTS, "a b c d a b ");
        expect_ids(recording, TG_STREAM_REQUESTS, "");
        tg_recording_close(recording);
}

Test(reader, the_name_of_a_directory_is_no_pattern)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        const char *directory = folder_file(&folder, "may[1]*");
        struct tg_recording *recording;
        struct tg_error error;

        add_all(facts, "ab");
        cr_assert_eq(mkdir(directory, 0700), 0);
        reel_write(facts, &folder, "may[1]*/touchpoints.avro", TG_CODEC_NULL, 0, 2, 2);
        cr_assert_eq(tg_recording_open(&directory, 1, &recording, &error), 0);
        expect_ids(recording, TG_STREAM_TOUCHPOINTS, "a b ");
        tg_recording_close(recording);
}

static void put_many(struct reel *reel, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                char id[24];

                snprintf(id, sizeof id, "id-%zu", i);
                reel_add(reel, id, "ann", (int64_t)i);
        }
}

/* Reads all, frees the reader, then compares and releases from the last to the first. */
static void expect_kept(const struct tg_recording *recording, const struct reel *reel)
{
        struct tg_stream_reader *reader = tg_stream_reader_new(recording, reel->stream);
        struct tg_stream_record *records = tg_allocate(reel->count * sizeof records[0]);
        struct tg_stream_record none;

        for (size_t i = 0; i < reel->count; i++)
                cr_assert(next(reader, &records[i]));
        cr_expect_not(next(reader, &none));
        cr_expect_not(next(reader, &none), "the end is not the end when it is asked again");
        tg_stream_reader_free(reader);
        for (size_t i = reel->count; i-- > 0;) {
                cr_expect(tg_span_equal(records[i].datum, reel_record(reel, i)), "record %zu", i);
                cr_expect_eq(records[i].head.time_ms, reel->times_ms[i]);
                tg_stream_release(records[i].owner);
        }
        free(records);
}

Test(reader, records_of_any_codec_stay_as_they_are_until_they_are_released)
{
        static const size_t per_block[] = {1, 7, 1000};

        for (int codec = 0; codec < CODECS; codec++) {
                for (size_t i = 0; i < sizeof per_block / sizeof per_block[0]; i++) {
                        FOLDER(folder);
                        REEL(facts, TG_STREAM_TOUCHPOINTS);
                        struct tg_recording *recording;

                        put_many(facts, 300);
                        reel_write(facts, &folder, "touchpoints-1.avro", (enum tg_codec)codec, 0,
                                   200, per_block[i]);
                        reel_write(facts, &folder, "touchpoints-2.avro", (enum tg_codec)codec, 200,
                                   300, per_block[i]);
                        recording = opened(&folder);
                        expect_kept(recording, facts);
                        tg_recording_close(recording);
                }
        }
}

Test(reader, how_far_a_stream_has_been_read_only_grows_up_to_the_size_of_its_files)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        struct tg_recording *recording;
        struct tg_stream_reader *reader;
        struct tg_stream_record record;
        size_t last = 0;

        put_many(facts, 50);
        reel_write(facts, &folder, "touchpoints-1.avro", TG_CODEC_NULL, 0, 30, 4);
        reel_write(facts, &folder, "touchpoints-2.avro", TG_CODEC_SNAPPY, 30, 50, 4);
        recording = opened(&folder);
        reader = tg_stream_reader_new(recording, TG_STREAM_TOUCHPOINTS);
        while (next(reader, &record)) {
                cr_expect_geq(record.file_bytes, last);
                last = record.file_bytes;
                tg_stream_release(record.owner);
        }
        cr_expect_eq(last, tg_recording_bytes(recording));
        tg_stream_reader_free(reader);
        tg_recording_close(recording);
}

static void write_blocks(const struct reel *reel, const struct folder *folder,
                         const uint64_t (*blocks)[3], size_t count)
{
        struct tg_buffer file = {0};

        reel_put_header(reel, &file);
        for (size_t i = 0; i < count; i++)
                reel_put_block(reel, &file, blocks[i][0], blocks[i][1], blocks[i][2]);
        reel_put_file(folder, "touchpoints.avro", tg_buffer_span(&file));
        tg_buffer_deinit(&file);
}

/* Blocks are {claimed records, first, end}. */
#define RECORDING(folder, reel, name, ...)                            \
        const uint64_t name##_blocks[][3] = {__VA_ARGS__};            \
        struct tg_recording *name;                                    \
        write_blocks(reel, &folder, name##_blocks,                    \
                     sizeof name##_blocks / sizeof name##_blocks[0]); \
        name = opened(&folder)

/* The value of the one fault of the stream. */
static void expect_fault(const struct tg_recording *recording, const char *fault, int64_t time_ms,
                         struct tg_span value)
{
        struct tg_stream_reader *reader = tg_stream_reader_new(recording, TG_STREAM_TOUCHPOINTS);
        struct tg_stream_record record;
        size_t faults = 0;

        while (next(reader, &record)) {
                if (!record.fault)
                        continue;
                faults++;
                cr_expect_str_eq(record.fault, fault);
                cr_expect_not_null(record.detail);
                cr_expect_eq(record.head.time_ms, time_ms);
                cr_expect(tg_span_equal(record.datum, value), "%zu bytes instead of %zu",
                          record.datum.size, value.size);
        }
        cr_expect_eq(faults, 1);
        tg_stream_reader_free(reader);
}

Test(reader, an_undecodable_record_makes_the_rest_of_its_block_one_dead_letter_and_no_more)
{
        static const uint8_t bad[] = {0x02, 'x', 0x7f};
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        struct tg_span rest;

        add_all(facts, "abc");
        reel_add_bytes(facts, bad, sizeof bad);
        add_all(facts, "defg");
        rest = reel_record(facts, 3);
        rest.size += reel_record(facts, 4).size + reel_record(facts, 5).size;
        RECORDING(folder, facts, recording, {2, 0, 2}, {4, 2, 6}, {2, 6, 8});
        expect_ids(recording, TG_STREAM_TOUCHPOINTS, "a b c ! f g ");
        expect_fault(recording, "undecodable", TG_NO_TIME, rest);
        tg_recording_close(recording);
}

Test(reader, bytes_behind_the_records_that_a_block_claims_are_kept_as_a_dead_letter)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);

        add_all(facts, "abcd");
        RECORDING(folder, facts, recording, {1, 0, 2}, {2, 2, 4});
        expect_ids(recording, TG_STREAM_TOUCHPOINTS, "a ! c d ");
        expect_fault(recording, "undecodable", TG_NO_TIME, reel_record(facts, 1));
        tg_recording_close(recording);
}

Test(reader, a_block_that_claims_no_record_loses_none_of_its_bytes)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);

        add_all(facts, "abc");
        RECORDING(folder, facts, recording, {0, 0, 0}, {0, 0, 1}, {2, 1, 3});
        expect_ids(recording, TG_STREAM_TOUCHPOINTS, "! b c ");
        expect_fault(recording, "undecodable", TG_NO_TIME, reel_record(facts, 0));
        tg_recording_close(recording);
}

Test(reader, records_that_a_block_claims_and_has_not_are_told)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);

        add_all(facts, "abc");
        RECORDING(folder, facts, recording, {4, 0, 2}, {1, 2, 3});
        expect_ids(recording, TG_STREAM_TOUCHPOINTS, "a b ! c ");
        expect_fault(recording, "undecodable", TG_NO_TIME, tg_span_text(""));
        tg_recording_close(recording);
}

Test(reader, an_empty_customer_is_a_dead_letter_with_its_time_and_nothing_behind_it_is)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);

        add_all(facts, "a");
        reel_add(facts, "b", "", 77);
        add_all(facts, "c");
        RECORDING(folder, facts, recording, {3, 0, 3});
        expect_ids(recording, TG_STREAM_TOUCHPOINTS, "a ! c ");
        expect_fault(recording, "no customer", REEL_START_MS + 77, reel_record(facts, 1));
        tg_recording_close(recording);
}

/* Opens and reads all; the error of it, or 0. */
static int read_all(const struct folder *folder, struct tg_error *error)
{
        const char *directory = folder->path;
        struct tg_recording *recording;
        struct tg_stream_reader *reader;
        struct tg_stream_record record;
        int answer = tg_recording_open(&directory, 1, &recording, error);

        if (answer < 0)
                return answer;
        reader = tg_stream_reader_new(recording, TG_STREAM_TOUCHPOINTS);
        while ((answer = tg_stream_reader_next(reader, &record, error)) == 0)
                tg_stream_release(record.owner);
        tg_stream_reader_free(reader);
        tg_recording_close(recording);
        return answer < 0 ? -1 : 0;
}

static void expect_damage(const struct folder *folder, const char *name, const char *where)
{
        struct tg_error error = {0};

        cr_expect_eq(read_all(folder, &error), -1, "%s", where);
        cr_expect_eq(error.exit_code, EX_DATAERR);
        cr_expect_not_null(strstr(error.message, folder->path), "%s", error.message);
        cr_expect_not_null(strstr(error.message, name), "%s", error.message);
        cr_expect_not_null(strstr(error.message, where), "%s: %s", where, error.message);
}

Test(reader, a_file_cut_short_anywhere_is_told_with_its_name_and_where)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        struct tg_buffer file = {0};
        struct tg_error error;
        size_t header, block;

        add_all(facts, "ab");
        reel_write(facts, &folder, "touchpoints-1.avro", TG_CODEC_NULL, 0, 2, 2);
        reel_put_header(facts, &file);
        header = file.size;
        reel_put_block(facts, &file, 1, 0, 1);
        block = file.size;
        reel_put_block(facts, &file, 1, 1, 2);
        for (size_t size = 1; size < file.size; size++) {
                reel_put_file(&folder, "touchpoints-2.avro", tg_span_of(file.data, size));
                if (size == header || size == block)
                        cr_expect_eq(read_all(&folder, &error), 0);
                else
                        expect_damage(&folder, "touchpoints-2.avro: ",
                                      size < 4 ? "no Avro container file" : "byte ");
        }
        tg_buffer_deinit(&file);
}

Test(reader, a_damaged_block_is_told_with_the_byte_where_it_begins)
{
        for (int codec = 0; codec < CODECS; codec++) {
                FOLDER(folder);
                REEL(facts, TG_STREAM_TOUCHPOINTS);
                struct tg_buffer header = {0};
                char where[32];
                char *bytes;
                size_t size;

                add_all(facts, "ab");
                reel_write(facts, &folder, "touchpoints.avro", (enum tg_codec)codec, 0, 2, 2);
                bytes = folder_read(&folder, "touchpoints.avro", &size);
                bytes[size - 1] ^= 1; /* its sync marker */
                reel_put_file(&folder, "touchpoints.avro", tg_span_of(bytes, size));
                reel_put_header(facts, &header);
                snprintf(where, sizeof where, "byte %zu:",
                         header.size + strlen(tg_codec_name((enum tg_codec)codec)) -
                                 strlen("null"));
                expect_damage(&folder, "touchpoints.avro", where);
                tg_buffer_deinit(&header);
                free(bytes);
        }
}

Test(reader, a_damaged_compressed_block_is_told_with_its_byte)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        char *bytes;
        size_t size;

        add_all(facts, "ab");
        reel_write(facts, &folder, "touchpoints.avro", TG_CODEC_SNAPPY, 0, 2, 2);
        bytes = folder_read(&folder, "touchpoints.avro", &size);
        bytes[size - TG_CONTAINER_SYNC_SIZE - 1] ^= 1; /* its checksum */
        reel_put_file(&folder, "touchpoints.avro", tg_span_of(bytes, size));
        expect_damage(&folder, "touchpoints.avro", "block at byte ");
        free(bytes);
}

Test(reader, a_file_by_another_schema_is_refused_with_its_name)
{
        FOLDER(folder);
        REEL(requests, TG_STREAM_REQUESTS);

        add_all(requests, "a");
        reel_write(requests, &folder, "touchpoints.avro", TG_CODEC_NULL, 0, 1, 1);
        expect_damage(&folder, "touchpoints.avro", "touchgate.Request can't be read as");
}

static void expect_missing(const char *directory, const char *text)
{
        struct tg_recording *recording;
        struct tg_error error;

        cr_expect_eq(tg_recording_open(&directory, 1, &recording, &error), -1);
        cr_expect_eq(error.exit_code, EX_NOINPUT);
        cr_expect_not_null(strstr(error.message, directory), "%s", error.message);
        cr_expect_not_null(strstr(error.message, text), "%s", error.message);
}

Test(reader, what_is_no_recording_is_told_as_that)
{
        FOLDER(folder);

        expect_missing(folder.path, "no recording there");
        expect_missing(folder_file(&folder, "gone"), "No such file");
        expect_missing(folder_put(&folder, "file", "x"), "Not a directory");
        folder_put(&folder, "touchpoints.avro", "");
        expect_damage(&folder, "touchpoints.avro", "is empty");
}
