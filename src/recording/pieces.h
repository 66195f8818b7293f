/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stream of a recording whose records come as their writers wrote them: files in name order
 * (touchpoints-00001.avro, ...), a new one whenever the writer's schema changes.
 *
 * So no record's bytes are touched, and their order is kept; the price is a file each change, which
 * TG_PIECES_MAX bounds. A stream without a record is one empty file of the shipped schema. One
 * owner, one thread.
 */
#pragma once

#include "recording/writer.h"

enum { TG_PIECES_MAX = 20000 };

struct tg_pieces_options {
        const char *directory; /* borrowed until the end, as is the stem */
        const char *stem;      /* "touchpoints" */
        enum tg_shipped schema;
        enum tg_codec codec;
};

/* Of all files together; `late` is counted within each. */
struct tg_pieces_tally {
        struct tg_writer_tally records;
        uint32_t files;
};

struct tg_pieces;

struct tg_pieces *tg_pieces_new(const struct tg_pieces_options *options);

/* SCHEMA_TEXT outlives the pieces; FINGERPRINT is its own. Returns 0 or -1. */
int tg_pieces_append(struct tg_pieces *pieces, struct tg_span schema_text, uint64_t fingerprint,
                     struct tg_span record, int64_t time_ms, struct tg_error *error);

/* All files have their content. Returns 0 or -1. */
int tg_pieces_finish(struct tg_pieces *pieces, struct tg_error *error);

struct tg_pieces_tally tg_pieces_tally(const struct tg_pieces *pieces);

/* KEEP: it was finished; otherwise nothing of it remains. NULL is fine. */
void tg_pieces_free(struct tg_pieces *pieces, bool keep);
