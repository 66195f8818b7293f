/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes one stream of a recording: DIR/NAME.avro, a container file of one of the shipped schemas.
 *
 * Blocks of about 64 KiB; the sync marker comes from a hash of the schema and the first block, so
 * the same records give the same bytes. Written as NAME.avro.partial and renamed when it is whole:
 * what has the final name is complete. Memory stays at a few blocks. One owner, one thread.
 */
#pragma once

#include "avro/container.h"
#include "base/error.h"
#include "records/schemas.h"

struct tg_recorder_file;

/* What has been written so far. */
struct tg_recorder_tally {
        uint64_t records;
        uint64_t late;    /* earlier than the one before: a recording is meant to be sorted */
        int64_t first_ms; /* of the first record; TG_NO_TIME: none */
        int64_t last_ms;  /* of the latest */
        uint64_t size_bytes;
};

/* Returns 0, or -1 (EX_CANTCREAT). */
int tg_recorder_open(const char *directory, const char *name, enum tg_shipped schema,
                     enum tg_codec codec, struct tg_recorder_file **ret_file,
                     struct tg_error *error);

/* Appends RECORD, encoded, whose time is TIME_MS. Returns 0, or -1 (EX_IOERR). */
int tg_recorder_append(struct tg_recorder_file *file, struct tg_span record, int64_t time_ms,
                       struct tg_error *error);

/* Writes what is left and gives the file its name. Returns 0, or -1 (EX_IOERR). */
int tg_recorder_finish(struct tg_recorder_file *file, struct tg_error *error);

struct tg_recorder_tally tg_recorder_tally(const struct tg_recorder_file *file);
const char *tg_recorder_path(const struct tg_recorder_file *file);

/* Unless it was finished, nothing of it remains. NULL is allowed. */
void tg_recorder_free(struct tg_recorder_file *file);
