/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A recording: directories with touchpoints*.avro and requests*.avro, each stem one stream of
 * records in the order of the directories as given, then of the bytes of the file names.
 *
 * Files are mapped, not read; opening costs a schema's compilation a file. Records of uncompressed
 * files are spans into the mapping; blocks of compressed ones are kept until the last of their
 * records is released. A recording is immutable and shared; each reader (tg_stream) belongs to one
 * thread.
 */
#pragma once

#include "avro/container.h"
#include "base/error.h"
#include "records/event.h"
#include "records/stream.h"

struct tg_recording;

/* A file of this name is part of a recording: touchpoints*.avro or requests*.avro. */
bool tg_recording_reads(const char *name);

/* Opens the recordings in COUNT directories as one. Returns 0 or -1. */
int tg_recording_open(const char *const *directories, size_t count,
                      struct tg_recording **ret_recording, struct tg_error *error);
void tg_recording_close(struct tg_recording *recording); /* NULL is fine */

size_t tg_recording_bytes(const struct tg_recording *recording); /* of all files */

/*
 * The schema that the records of one file of a stream were written with; false: it has no such
 * file. The text is borrowed from RECORDING.
 */
bool tg_recording_schema(const struct tg_recording *recording, enum tg_stream stream, size_t file,
                         struct tg_span *ret_json, uint64_t *ret_fingerprint);

/* What a reader yields. */
struct tg_stream_record {
        struct tg_span datum;
        const struct tg_reading *reading;
        struct tg_head head;  /* of the datum; with a fault its time alone, or TG_NO_TIME */
        uint64_t fingerprint; /* of the schema it was written with (avro/schemas.h) */
        void *owner;          /* give it to tg_stream_release() */
        const char *fault;    /* not NULL: it is none; `datum` may be the rest of its block */
        const char *detail;   /* of the fault, for a person; static */
        size_t file_bytes;    /* how far into the stream this was, for progress */
};

struct tg_stream_reader;

struct tg_stream_reader *tg_stream_reader_new(const struct tg_recording *recording,
                                              enum tg_stream stream);
void tg_stream_reader_free(struct tg_stream_reader *reader); /* NULL is fine */

/* Returns 0 and the next record, 1 behind the last one, or -1 (a broken file: which, and where). */
int tg_stream_reader_next(struct tg_stream_reader *reader, struct tg_stream_record *ret_record,
                          struct tg_error *error);

/*
 * The same, and decodes it: that costs little more than finding its end. RET_EVENT is filled if
 * there is no fault.
 */
int tg_stream_reader_decode(struct tg_stream_reader *reader, struct tg_stream_record *ret_record,
                            union tg_event *ret_event, struct tg_error *error);

/*
 * Asked before the first record: reckons a hash of all records' bytes in their order, whatever the
 * files, blocks and codecs they came in. The digest is of what was read so far, to the end of the
 * block.
 */
enum { TG_STREAM_DIGEST_SIZE = 16 };

void tg_stream_reader_hash(struct tg_stream_reader *reader);
void tg_stream_reader_digest(const struct tg_stream_reader *reader,
                             uint8_t ret_digest[static TG_STREAM_DIGEST_SIZE]);

/* The record's bytes are needed no more. Any order; the reader may be gone. */
void tg_stream_release(void *owner);
