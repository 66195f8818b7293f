/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/pieces.h"

#include <stdlib.h>
#include <unistd.h>

#include "avro/schemas.h"
#include "recording/reader.h"
#include "support/reel.h"

/* The shipped schema of touchpoints, and another writer's that it reads. */
static const char other[] =
        "{\"type\":\"record\",\"name\":\"Touchpoint\",\"namespace\":\"touchgate\",\"fields\":["
        "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"customer\",\"type\":\"string\"},"
        "{\"name\":\"time\",\"type\":\"long\"},"
        "{\"name\":\"type\",\"type\":{\"type\":\"enum\",\"name\":\"TouchpointType\","
        "\"symbols\":[\"unknown\",\"impression\"]}}]}";
static const char other_record[] = "\4t9\4c9\0\2"; /* id, customer, time, type */

enum { SHIPPED = 1, OTHER = 2 }; /* what stands for their fingerprints */

static struct tg_pieces *open_pieces(const struct folder *folder)
{
        const struct tg_pieces_options options = {
                .directory = folder->path,
                .stem = "touchpoints",
                .schema = TG_SCHEMA_TOUCHPOINT,
                .codec = TG_CODEC_NULL,
        };

        return tg_pieces_new(&options);
}

static void append(struct tg_pieces *pieces, const struct reel *reel, size_t i)
{
        struct tg_error error;

        cr_assert_eq(tg_pieces_append(pieces, tg_shipped_text(TG_SCHEMA_TOUCHPOINT), SHIPPED,
                                      reel_record(reel, i), reel->times_ms[i], &error),
                     0);
}

static void append_other(struct tg_pieces *pieces)
{
        struct tg_error error;

        cr_assert_eq(tg_pieces_append(pieces, tg_span_text(other), OTHER,
                                      tg_span_of(other_record, sizeof other_record - 1), 0, &error),
                     0);
}

/* The bytes of all records in FOLDER, one behind the other. */
static void read_back(const struct folder *folder, struct tg_buffer *ret_bytes, size_t *ret_count)
{
        const char *directory = folder->path;
        struct tg_recording *recording;
        struct tg_stream_reader *reader;
        struct tg_stream_record record;
        struct tg_error error;

        *ret_count = 0;
        cr_assert_eq(tg_recording_open(&directory, 1, &recording, &error), 0, "%s", error.message);
        reader = tg_stream_reader_new(recording, TG_STREAM_TOUCHPOINTS);
        while (tg_stream_reader_next(reader, &record, &error) == 0) {
                cr_assert_null(record.fault);
                tg_buffer_append(ret_bytes, record.datum.data, record.datum.size);
                ++*ret_count;
                tg_stream_release(record.owner);
        }
        tg_stream_reader_free(reader);
        tg_recording_close(recording);
}

Test(pieces, a_change_of_the_writers_schema_begins_a_file_and_no_byte_or_order_is_lost)
{
        FOLDER(folder);
        REEL(reel, TG_STREAM_TOUCHPOINTS);
        struct tg_pieces *pieces = open_pieces(&folder);
        struct tg_buffer expected = {0}, found = {0};
        struct tg_pieces_tally tally;
        struct tg_error error;
        size_t count;

        reel_add(reel, "t0", "c0", 0);
        reel_add(reel, "t1", "c1", 5);
        reel_add(reel, "t2", "c2", 9);
        append(pieces, reel, 0);
        append(pieces, reel, 1);
        append_other(pieces);
        append(pieces, reel, 2);
        cr_assert_eq(tg_pieces_finish(pieces, &error), 0);
        tally = tg_pieces_tally(pieces);
        tg_pieces_free(pieces, true);
        cr_expect_eq(tally.files, 3);
        cr_expect_eq(tally.records.records, 4);
        cr_expect_eq(tally.records.last_ms, REEL_START_MS + 9);
        cr_expect_eq(tally.records.first_ms, 0);

        tg_buffer_append(&expected, reel_record(reel, 0).data, reel_record(reel, 0).size);
        tg_buffer_append(&expected, reel_record(reel, 1).data, reel_record(reel, 1).size);
        tg_buffer_append(&expected, other_record, sizeof other_record - 1);
        tg_buffer_append(&expected, reel_record(reel, 2).data, reel_record(reel, 2).size);
        read_back(&folder, &found, &count);
        cr_expect_eq(count, 4);
        cr_expect(tg_span_equal(tg_buffer_span(&found), tg_buffer_span(&expected)));
        tg_buffer_deinit(&expected);
        tg_buffer_deinit(&found);
}

Test(pieces, a_stream_without_a_record_is_an_empty_file)
{
        FOLDER(folder);
        struct tg_pieces *pieces = open_pieces(&folder);
        struct tg_buffer found = {0};
        struct tg_error error;
        size_t count = 1;

        cr_assert_eq(tg_pieces_finish(pieces, &error), 0);
        tg_pieces_free(pieces, true);
        read_back(&folder, &found, &count);
        cr_expect_eq(count, 0);
}

Test(pieces, of_what_is_given_up_nothing_remains)
{
        FOLDER(folder);
        REEL(reel, TG_STREAM_TOUCHPOINTS);
        struct tg_pieces *pieces = open_pieces(&folder);

        reel_add(reel, "t0", "c0", 0);
        append(pieces, reel, 0);
        append_other(pieces);
        append(pieces, reel, 0);
        cr_assert_eq(access(folder_file(&folder, "touchpoints-00002.avro"), F_OK), 0);
        tg_pieces_free(pieces, false);
        cr_expect_eq(rmdir(folder.path), 0, "something is left");
        folder_make(&folder);
}
