/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/generate.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "recording/directory.h"
#include "records/schemas.h"

enum {
        RECORD_BYTES = 160, /* about, of the larger kind */
        PROGRESS_EVENTS = 1 << 16,
        NAME_SIZE = 32,
};
#define PIECE_BYTES (UINT64_C(1) << 30)

static const struct stem {
        const char *name;
        enum tg_shipped schema;
} stems[TG_STREAMS] = {
        [TG_STREAM_TOUCHPOINTS] = {"touchpoints", TG_SCHEMA_TOUCHPOINT},
        [TG_STREAM_REQUESTS] = {"requests", TG_SCHEMA_REQUEST},
};

struct output {
        const struct tg_generate_options *options;
        struct tg_writer **writers; /* owned: of all pieces, TG_STREAMS each; NULL: not begun */
        uint32_t piece;             /* the one at hand, from 0 */
        uint64_t piece_end;         /* the first event behind it */
        struct tg_generate_tally tally;
};

static uint32_t pieces_of(const struct tg_generate_options *options)
{
        uint64_t pieces = options->traffic.events * RECORD_BYTES / PIECE_BYTES + 1;

        if (options->pieces > 0)
                return options->pieces;
        return pieces < TG_GENERATE_PIECES_MAX ? (uint32_t)pieces : TG_GENERATE_PIECES_MAX;
}

static size_t writer_count(const struct output *output)
{
        return (size_t)output->tally.pieces * TG_STREAMS;
}

static struct tg_writer **writer_of(const struct output *output, enum tg_stream stream)
{
        return &output->writers[(size_t)output->piece * TG_STREAMS + stream];
}

static int open_stream(struct output *output, int stream, struct tg_error *error)
{
        char name[NAME_SIZE];
        const struct tg_writer_options options = {
                .directory = output->options->directory,
                .name = name,
                .schema = stems[stream].schema,
                .codec = output->options->codec,
        };

        if (output->tally.pieces == 1)
                snprintf(name, sizeof name, "%s", stems[stream].name);
        else
                snprintf(name, sizeof name, "%s-%05u", stems[stream].name, output->piece + 1);
        return tg_writer_new(&options, writer_of(output, (enum tg_stream)stream), error);
}

static int open_piece(struct output *output, struct tg_error *error)
{
        output->piece_end =
                output->options->traffic.events * (output->piece + 1) / output->tally.pieces;
        for (int stream = 0; stream < TG_STREAMS; stream++) {
                if (open_stream(output, stream, error) < 0)
                        return -1;
        }
        return 0;
}

static int complete_piece(struct output *output, struct tg_error *error)
{
        for (int stream = 0; stream < TG_STREAMS; stream++) {
                struct tg_writer *writer = *writer_of(output, (enum tg_stream)stream);

                if (tg_writer_complete(writer, error) < 0)
                        return -1;
                output->tally.size_bytes[stream] += tg_writer_tally(writer).size_bytes;
        }
        output->piece++;
        return 0;
}

static void count(struct tg_generate_tally *tally, const struct tg_generated *record)
{
        tally->records[record->stream]++;
        tally->duplicates += record->duplicate;
        tally->late += record->late && !record->duplicate;
        if (tally->first_ms == TG_NO_TIME || record->time_ms < tally->first_ms)
                tally->first_ms = record->time_ms;
        if (record->time_ms > tally->last_ms)
                tally->last_ms = record->time_ms;
}

static int put(struct output *output, const struct tg_generated *record, struct tg_error *error)
{
        const struct tg_generate_options *options = output->options;

        while (record->event >= output->piece_end) {
                if (complete_piece(output, error) < 0 || open_piece(output, error) < 0)
                        return -1;
        }
        count(&output->tally, record);
        if (options->progress && record->event % PROGRESS_EVENTS == 0)
                options->progress(options->progress_context, record->event,
                                  options->traffic.events);
        return tg_writer_append(*writer_of(output, record->stream), record->datum, record->time_ms,
                                error);
}

/*
 * Behind the last event there are pieces left if there are fewer events than pieces. All files have
 * their names together: some of them would look like a whole recording.
 */
static int finish(struct output *output, struct tg_error *error)
{
        if (complete_piece(output, error) < 0)
                return -1;
        while (output->piece < output->tally.pieces) {
                if (open_piece(output, error) < 0 || complete_piece(output, error) < 0)
                        return -1;
        }
        return tg_writers_finish(output->writers, writer_count(output), error);
}

int tg_generate(const struct tg_generate_options *options, struct tg_generate_tally *ret_tally,
                struct tg_error *error)
{
        struct output output = {
                .options = options,
                .tally = {.pieces = pieces_of(options),
                          .first_ms = TG_NO_TIME,
                          .last_ms = TG_NO_TIME},
        };
        struct tg_traffic *traffic;
        struct tg_generated record;
        int result;

        if (tg_recording_directory(options->directory, false, error) < 0)
                return -1;
        output.writers = tg_allocate_zeroed(writer_count(&output), sizeof output.writers[0]);
        traffic = tg_traffic_new(&options->traffic);
        result = open_piece(&output, error);
        while (result == 0 && tg_traffic_next(traffic, &record))
                result = put(&output, &record, error);
        if (result == 0)
                result = finish(&output, error);
        for (size_t i = 0; i < writer_count(&output); i++)
                tg_writer_free(output.writers[i]);
        free(output.writers);
        tg_traffic_free(traffic);
        if (result == 0)
                *ret_tally = output.tally;
        return result;
}
