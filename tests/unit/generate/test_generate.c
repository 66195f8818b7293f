/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/generate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "recording/reader.h"
#include "support/folder.h"
#include "support/said.h"

enum { EVENTS = 6000 };

static struct tg_generate_options into(const struct folder *folder, const char *name)
{
        struct tg_generate_options options = {
                .traffic = tg_traffic_defaults,
                .directory = strdup(folder_file(folder, name)),
        };

        options.traffic.events = EVENTS;
        return options;
}

static struct tg_generate_tally generate(struct tg_generate_options *options)
{
        struct tg_generate_tally tally;
        struct tg_error error;

        cr_assert_eq(tg_generate(options, &tally, &error), 0, "%s", error.message);
        return tally;
}

/* The bytes of all records of one stream, one behind the other. */
static struct tg_buffer stream_of(const char *directory, enum tg_stream stream)
{
        struct tg_recording *recording;
        struct tg_stream_reader *reader;
        struct tg_stream_record record;
        struct tg_buffer bytes = {0};
        struct tg_error error;

        cr_assert_eq(tg_recording_open(&directory, 1, &recording, &error), 0, "%s", error.message);
        reader = tg_stream_reader_new(recording, stream);
        while (tg_stream_reader_next(reader, &record, &error) == 0) {
                cr_assert_null(record.fault);
                tg_buffer_append(&bytes, record.datum.data, record.datum.size);
                tg_stream_release(record.owner);
        }
        tg_stream_reader_free(reader);
        tg_recording_close(recording);
        return bytes;
}

static void assert_same_streams(const char *directory, const char *other)
{
        for (int stream = 0; stream < TG_STREAMS; stream++) {
                struct tg_buffer a = stream_of(directory, (enum tg_stream)stream);
                struct tg_buffer b = stream_of(other, (enum tg_stream)stream);

                cr_assert_gt(a.size, 0);
                cr_assert(tg_span_equal(tg_buffer_span(&a), tg_buffer_span(&b)));
                tg_buffer_deinit(&a);
                tg_buffer_deinit(&b);
        }
}

static unsigned lines_of(const char *text)
{
        unsigned lines = 0;

        while ((text = strchr(text, '\n'))) {
                lines++;
                text++;
        }
        return lines;
}

Test(generate, libavro_reads_as_many_records_as_were_made)
{
        FOLDER(folder);
        struct tg_generate_options options = into(&folder, "made");
        struct tg_generate_tally tally = generate(&options);
        char *touchpoints =
                said_by_file(TG_SCHEMA_TOUCHPOINT, folder_file(&folder, "made/touchpoints.avro"));
        char *requests =
                said_by_file(TG_SCHEMA_REQUEST, folder_file(&folder, "made/requests.avro"));

        cr_assert_eq(lines_of(touchpoints), tally.records[TG_STREAM_TOUCHPOINTS]);
        cr_assert_eq(lines_of(requests), tally.records[TG_STREAM_REQUESTS]);
        cr_assert_eq(tally.records[0] + tally.records[1], EVENTS);
        free(touchpoints);
        free(requests);
        free((char *)options.directory);
}

Test(generate, the_same_options_give_the_same_files)
{
        FOLDER(folder);
        struct tg_generate_options options = into(&folder, "one"), again = into(&folder, "two");
        size_t size, other_size;
        char *bytes, *other;

        generate(&options);
        generate(&again);
        bytes = folder_read(&folder, "one/requests.avro", &size);
        other = folder_read(&folder, "two/requests.avro", &other_size);
        cr_assert_eq(size, other_size);
        cr_assert_arr_eq(bytes, other, size);
        free(bytes);
        free(other);
        free((char *)options.directory);
        free((char *)again.directory);
}

Test(generate, pieces_and_codecs_hold_the_same_records_in_the_same_order)
{
        static const enum tg_codec codecs[] = {TG_CODEC_NULL, TG_CODEC_DEFLATE, TG_CODEC_SNAPPY};
        FOLDER(folder);
        struct tg_generate_options whole = into(&folder, "whole");

        generate(&whole);
        for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++) {
                struct tg_generate_options pieces = into(&folder, tg_codec_name(codecs[i]));

                pieces.pieces = 11;
                pieces.codec = codecs[i];
                cr_assert_eq(generate(&pieces).pieces, 11);
                assert_same_streams(whole.directory, pieces.directory);
                free((char *)pieces.directory);
        }
        free((char *)whole.directory);
}

Test(generate, more_pieces_than_events_are_files_without_records)
{
        FOLDER(folder);
        struct tg_generate_options options = into(&folder, "made");
        struct tg_buffer bytes;

        options.traffic.events = 3;
        options.traffic.duplicates_per_million = 1000000;
        options.pieces = 7;
        cr_assert_eq(generate(&options).records[TG_STREAM_TOUCHPOINTS], 6);
        bytes = stream_of(options.directory, TG_STREAM_REQUESTS);
        cr_assert_eq(bytes.size, 0);
        tg_buffer_deinit(&bytes);
        free((char *)options.directory);
}

Test(generate, a_recording_that_is_there_already_is_left_alone)
{
        FOLDER(folder);
        struct tg_generate_options options = into(&folder, "made");
        struct tg_generate_tally tally;
        struct tg_error error;

        generate(&options);
        cr_assert_eq(tg_generate(&options, &tally, &error), -1);
        cr_assert_eq(error.exit_code, EX_CANTCREAT);
        cr_assert_not_null(strstr(error.message, "made/requests.avro"), "%s", error.message);
        free((char *)options.directory);
}

Test(generate, of_several_pieces_none_has_its_name_unless_all_have)
{
        FOLDER(folder);
        struct tg_generate_options options = {
                .traffic = tg_traffic_defaults,
                .directory = folder.path,
                .pieces = 3,
        };
        struct tg_generate_tally tally;
        struct tg_error error;

        options.traffic.events = EVENTS;
        mkdir(folder_file(&folder, "requests-00003.avro.partial"), 0777);
        cr_assert_eq(tg_generate(&options, &tally, &error), -1);
        cr_assert_eq(error.exit_code, EX_CANTCREAT);
        cr_assert_not_null(strstr(error.message, "requests-00003.avro.partial"), "%s",
                           error.message);
        cr_assert_eq(rmdir(folder_file(&folder, "requests-00003.avro.partial")), 0);
        cr_assert_eq(rmdir(folder.path), 0, "nothing of it remains");
        folder_make(&folder);
}
