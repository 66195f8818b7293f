/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes one container file of one of the shipped schemas, or of a writer's own: a stream of a
 * recording, an output of a replay.
 *
 * Blocks of about 64 KiB. The same records give the same bytes: the sync marker is given, at once
 * or in the end, or comes from a hash of the schema and the first block. Written as PATH.partial
 * and renamed when it is whole: what has the final name is complete. Memory stays at a few blocks.
 * One owner, one thread.
 */
#pragma once

#include "avro/container.h"
#include "base/error.h"
#include "records/schemas.h"

struct tg_writer;

struct tg_writer_options {
        const char *directory;
        const char *name; /* of the file, without ".avro" */
        enum tg_shipped schema;
        struct tg_span schema_text; /* present: in its place; borrowed until the end */
        enum tg_codec codec;
        const uint8_t *sync; /* TG_CONTAINER_SYNC_SIZE bytes, borrowed; NULL: by the content */
        bool sync_late;      /* `sync` is NULL, and will come: tg_writer_set_sync() */
};

/* What has been written so far. */
struct tg_writer_tally {
        uint64_t records;
        uint64_t late;    /* earlier than the one before: a recording is meant to be sorted */
        int64_t first_ms; /* of the earliest record; TG_NO_TIME: none */
        int64_t last_ms;  /* of the latest */
        uint64_t size_bytes;
};

/* Returns 0, or -1 (EX_CANTCREAT). Texts of OPTIONS are copied. */
int tg_writer_new(const struct tg_writer_options *options, struct tg_writer **ret_writer,
                  struct tg_error *error);

/* Appends RECORD, encoded, whose time is TIME_MS. Returns 0, or -1 (EX_IOERR). */
int tg_writer_append(struct tg_writer *writer, struct tg_span record, int64_t time_ms,
                     struct tg_error *error);

/* The marker of a file whose options said that it comes late; before it is finished. */
int tg_writer_set_sync(struct tg_writer *writer, const uint8_t sync[static TG_CONTAINER_SYNC_SIZE],
                       struct tg_error *error);

/*
 * Writes what is left of one of several files, of which some are still to be written, and gives
 * back its memory: nothing more comes but its name. Returns 0, or -1 (EX_IOERR).
 */
int tg_writer_complete(struct tg_writer *writer, struct tg_error *error);

/*
 * Writes what is left of COUNT files (NULL: none there) and, when all are whole, gives them their
 * names. If one can't be finished, none has its name; older files of these names are as they were,
 * but for those whose place had been taken. Returns 0, or -1 (EX_IOERR).
 */
int tg_writers_finish(struct tg_writer *const *writers, size_t count, struct tg_error *error);

/* The same of one file. */
static inline int tg_writer_finish(struct tg_writer *writer, struct tg_error *error)
{
        return tg_writers_finish(&writer, 1, error);
}

struct tg_writer_tally tg_writer_tally(const struct tg_writer *writer);
const char *tg_writer_path(const struct tg_writer *writer);

/* Unless it was finished, nothing of it remains. NULL is allowed. */
void tg_writer_free(struct tg_writer *writer);
