/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/pieces.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"

enum { NAME_SIZE = 64 };

struct tg_pieces {
        struct tg_pieces_options options;
        struct tg_writer *writer;     /* of the file being written; NULL: none */
        uint64_t fingerprint;         /* of its schema */
        struct tg_pieces_tally tally; /* without that file's */
};

static void name_piece(const struct tg_pieces *pieces, uint32_t number, char name[static NAME_SIZE])
{
        snprintf(name, NAME_SIZE, "%s-%05u", pieces->options.stem, number);
}

struct tg_pieces *tg_pieces_new(const struct tg_pieces_options *options)
{
        struct tg_pieces *pieces = tg_allocate_zeroed(1, sizeof *pieces);

        pieces->options = *options;
        pieces->tally.records.first_ms = pieces->tally.records.last_ms = TG_NO_TIME;
        return pieces;
}

static void add(struct tg_writer_tally *sum, const struct tg_writer_tally *more)
{
        sum->records += more->records;
        sum->late += more->late;
        sum->size_bytes += more->size_bytes;
        if (sum->first_ms == TG_NO_TIME ||
            (more->first_ms != TG_NO_TIME && more->first_ms < sum->first_ms))
                sum->first_ms = more->first_ms;
        if (more->last_ms > sum->last_ms)
                sum->last_ms = more->last_ms;
}

static int close_piece(struct tg_pieces *pieces, struct tg_error *error)
{
        struct tg_writer_tally tally;

        if (!pieces->writer)
                return 0;
        if (tg_writer_finish(pieces->writer, error) < 0)
                return -1;
        tally = tg_writer_tally(pieces->writer);
        add(&pieces->tally.records, &tally);
        tg_writer_free(pieces->writer);
        pieces->writer = NULL;
        return 0;
}

static int open_piece(struct tg_pieces *pieces, struct tg_span schema_text, struct tg_error *error)
{
        char name[NAME_SIZE];
        const struct tg_writer_options options = {
                .directory = pieces->options.directory,
                .name = name,
                .schema = pieces->options.schema,
                .schema_text = schema_text,
                .codec = pieces->options.codec,
        };

        if (close_piece(pieces, error) < 0)
                return -1;
        if (pieces->tally.files == TG_PIECES_MAX)
                return tg_fail(error, EX_DATAERR,
                               "the writers' schemas of %s change more than %d times, a file each: "
                               "record a shorter stretch",
                               pieces->options.stem, TG_PIECES_MAX);
        name_piece(pieces, pieces->tally.files + 1, name);
        if (tg_writer_new(&options, &pieces->writer, error) < 0)
                return -1;
        pieces->tally.files++;
        return 0;
}

int tg_pieces_append(struct tg_pieces *pieces, struct tg_span schema_text, uint64_t fingerprint,
                     struct tg_span record, int64_t time_ms, struct tg_error *error)
{
        if ((!pieces->writer || pieces->fingerprint != fingerprint) &&
            open_piece(pieces, schema_text, error) < 0)
                return -1;
        pieces->fingerprint = fingerprint;
        return tg_writer_append(pieces->writer, record, time_ms, error);
}

int tg_pieces_finish(struct tg_pieces *pieces, struct tg_error *error)
{
        if (pieces->tally.files == 0 && open_piece(pieces, TG_SPAN_ABSENT, error) < 0)
                return -1;
        return close_piece(pieces, error);
}

struct tg_pieces_tally tg_pieces_tally(const struct tg_pieces *pieces)
{
        struct tg_pieces_tally tally = pieces->tally;

        if (pieces->writer) {
                struct tg_writer_tally last = tg_writer_tally(pieces->writer);

                add(&tally.records, &last);
        }
        return tally;
}

void tg_pieces_free(struct tg_pieces *pieces, bool keep)
{
        char name[NAME_SIZE], path[PATH_MAX];

        if (!pieces)
                return;
        tg_writer_free(pieces->writer);
        for (uint32_t i = 1; i <= pieces->tally.files && !keep; i++) {
                name_piece(pieces, i, name);
                snprintf(path, sizeof path, "%s/%s.avro", pieces->options.directory, name);
                unlink(path);
        }
        free(pieces);
}
