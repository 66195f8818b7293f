/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/writer.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/time.h"

enum { BLOCK_SIZE = 1 << 16, WRITE_SIZE = 1 << 18 };

struct tg_writer {
        int file;      /* -1 once complete */
        char *path;    /* owned */
        char *partial; /* owned: its name until it is whole */
        struct tg_span schema;
        enum tg_codec codec;
        bool begun;      /* the header is written */
        bool nameless;   /* it is there, by its partial name */
        bool sync_given; /* by the caller, not by the content */
        bool sync_late;  /* it will be; until then others stand in its place */
        uint8_t sync[TG_CONTAINER_SYNC_SIZE];
        size_t *stand_ins; /* owned: where in the file they are */
        size_t stand_in_count;
        uint64_t block_count;   /* records in `block` */
        struct tg_buffer block; /* records, encoded */
        struct tg_buffer out;   /* what is written at once */
        struct tg_writer_tally tally;
};

int tg_writer_new(const struct tg_writer_options *options, struct tg_writer **ret_writer,
                  struct tg_error *error)
{
        struct tg_writer *writer = tg_allocate_zeroed(1, sizeof *writer);

        writer->schema = tg_span_present(options->schema_text) ? options->schema_text
                                                               : tg_shipped_text(options->schema);
        writer->codec = options->codec;
        writer->tally.first_ms = writer->tally.last_ms = TG_NO_TIME;
        if (options->sync)
                memcpy(writer->sync, options->sync, sizeof writer->sync);
        writer->sync_given = options->sync || options->sync_late;
        writer->sync_late = options->sync_late;
        if (asprintf(&writer->path, "%s/%s.avro", options->directory, options->name) < 0 ||
            asprintf(&writer->partial, "%s.partial", writer->path) < 0)
                abort();
        writer->file = open(writer->partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (writer->file < 0) {
                tg_fail_errno(error, EX_CANTCREAT, errno, "%s: cannot be written", writer->partial);
                tg_writer_free(writer);
                return -1;
        }
        writer->nameless = true;
        *ret_writer = writer;
        return 0;
}

static int fail_write(const struct tg_writer *writer, struct tg_error *error)
{
        return tg_fail_errno(error, EX_IOERR, errno, "%s: cannot be written", writer->partial);
}

static int write_out(struct tg_writer *writer, struct tg_error *error)
{
        if (tg_file_write(writer->file, tg_buffer_span(&writer->out), writer->tally.size_bytes) < 0)
                return fail_write(writer, error);
        writer->tally.size_bytes += writer->out.size;
        tg_buffer_reset(&writer->out);
        return 0;
}

static void put_half_sync(uint8_t *out, uint64_t hash)
{
        for (int i = 0; i < 8; i++)
                out[i] = (uint8_t)(hash >> 8 * i);
}

static void sync_of_content(struct tg_writer *writer)
{
        uint64_t seed = tg_hash64(writer->schema);
        uint64_t low = tg_hash64_seeded(tg_buffer_span(&writer->block), seed);

        put_half_sync(writer->sync, low);
        put_half_sync(writer->sync + 8, tg_hash64_seeded(tg_buffer_span(&writer->block), ~low));
}

/* What was put out last ends with a marker. */
static void note_stand_in(struct tg_writer *writer)
{
        size_t count = writer->stand_in_count;

        if (!writer->sync_late)
                return;
        if ((count & (count - 1)) == 0)
                writer->stand_ins =
                        tg_reallocate(writer->stand_ins, (count ? 2 * count : 1) * sizeof(size_t));
        writer->stand_ins[writer->stand_in_count++] =
                writer->tally.size_bytes + writer->out.size - TG_CONTAINER_SYNC_SIZE;
}

static void begin(struct tg_writer *writer)
{
        if (!writer->sync_given)
                sync_of_content(writer);
        tg_container_put_header(&writer->out, writer->schema, writer->codec, writer->sync);
        note_stand_in(writer);
        writer->begun = true;
}

static void put_block(struct tg_writer *writer)
{
        if (!writer->begun)
                begin(writer);
        if (writer->block_count > 0) {
                tg_container_put_block(&writer->out, writer->block_count,
                                       tg_buffer_span(&writer->block), writer->codec, writer->sync);
                note_stand_in(writer);
        }
        writer->block_count = 0;
        tg_buffer_reset(&writer->block);
}

static void count(struct tg_writer_tally *tally, int64_t time_ms, int64_t previous_ms)
{
        tally->records++;
        tally->late += time_ms < previous_ms;
        if (tally->first_ms == TG_NO_TIME || time_ms < tally->first_ms)
                tally->first_ms = time_ms;
        if (time_ms > tally->last_ms)
                tally->last_ms = time_ms;
}

int tg_writer_append(struct tg_writer *writer, struct tg_span record, int64_t time_ms,
                     struct tg_error *error)
{
        count(&writer->tally, time_ms, writer->tally.last_ms);
        tg_buffer_append(&writer->block, record.data, record.size);
        writer->block_count++;
        if (writer->block.size >= BLOCK_SIZE)
                put_block(writer);
        return writer->out.size < WRITE_SIZE ? 0 : write_out(writer, error);
}

int tg_writer_set_sync(struct tg_writer *writer, const uint8_t sync[static TG_CONTAINER_SYNC_SIZE],
                       struct tg_error *error)
{
        assert(writer->sync_late);
        if (write_out(writer, error) < 0)
                return -1;
        writer->sync_late = false;
        memcpy(writer->sync, sync, sizeof writer->sync);
        for (size_t i = 0; i < writer->stand_in_count; i++) {
                if (tg_file_write(writer->file, tg_span_of(sync, TG_CONTAINER_SYNC_SIZE),
                                  writer->stand_ins[i]) < 0)
                        return fail_write(writer, error);
        }
        return 0;
}

static void free_memory(struct tg_writer *writer)
{
        tg_buffer_deinit(&writer->block);
        tg_buffer_deinit(&writer->out);
        free(writer->stand_ins);
        writer->stand_ins = NULL;
}

int tg_writer_complete(struct tg_writer *writer, struct tg_error *error)
{
        int file = writer->file;

        assert(!writer->sync_late);
        if (file < 0)
                return 0;
        put_block(writer);
        if (write_out(writer, error) < 0)
                return -1;
        writer->file = -1;
        free_memory(writer);
        return close(file) < 0 ? fail_write(writer, error) : 0;
}

static int complete_all(struct tg_writer *const *writers, size_t count, struct tg_error *error)
{
        for (size_t i = 0; i < count; i++) {
                if (writers[i] && tg_writer_complete(writers[i], error) < 0)
                        return -1;
        }
        return 0;
}

/* Gives the files their names, one after the other; returns how many have theirs. */
static size_t name_all(struct tg_writer *const *writers, size_t count, struct tg_error *error)
{
        for (size_t i = 0; i < count; i++) {
                if (writers[i] && rename(writers[i]->partial, writers[i]->path) < 0) {
                        tg_fail_errno(error, EX_IOERR, errno, "%s: cannot be put in its place",
                                      writers[i]->path);
                        return i;
                }
        }
        return count;
}

int tg_writers_finish(struct tg_writer *const *writers, size_t count, struct tg_error *error)
{
        size_t named = 0;

        if (complete_all(writers, count, error) == 0)
                named = name_all(writers, count, error);
        for (size_t i = 0; i < count; i++) {
                if (!writers[i])
                        continue;
                writers[i]->nameless = false;
                if (named < count)
                        unlink(i < named ? writers[i]->path : writers[i]->partial);
        }
        return named == count ? 0 : -1;
}

struct tg_writer_tally tg_writer_tally(const struct tg_writer *writer)
{
        return writer->tally;
}

const char *tg_writer_path(const struct tg_writer *writer)
{
        return writer->path;
}

void tg_writer_free(struct tg_writer *writer)
{
        if (!writer)
                return;
        if (writer->file >= 0)
                close(writer->file);
        if (writer->nameless)
                unlink(writer->partial);
        free_memory(writer);
        free(writer->path);
        free(writer->partial);
        free(writer);
}
