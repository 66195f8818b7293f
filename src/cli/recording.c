/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/recording.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/memory.h"
#include "base/time.h"

enum { BLOCK_SIZE = 1 << 16 };

struct tg_recorder_file {
        FILE *stream;  /* NULL once finished */
        char *path;    /* owned */
        char *partial; /* owned: its name until it is whole */
        struct tg_span schema;
        enum tg_codec codec;
        bool begun; /* the header is written */
        uint8_t sync[TG_CONTAINER_SYNC_SIZE];
        uint64_t block_count;   /* records in `block` */
        struct tg_buffer block; /* records, encoded */
        struct tg_buffer out;   /* what is written at once */
        struct tg_recorder_tally tally;
};

int tg_recorder_open(const char *directory, const char *name, enum tg_shipped schema,
                     enum tg_codec codec, struct tg_recorder_file **ret_file,
                     struct tg_error *error)
{
        struct tg_recorder_file *file = tg_allocate_zeroed(1, sizeof *file);

        file->schema = tg_shipped_text(schema);
        file->codec = codec;
        file->tally.first_ms = file->tally.last_ms = TG_NO_TIME;
        if (asprintf(&file->path, "%s/%s.avro", directory, name) < 0 ||
            asprintf(&file->partial, "%s.partial", file->path) < 0)
                abort();
        file->stream = fopen(file->partial, "wb");
        if (!file->stream) {
                tg_fail_errno(error, EX_CANTCREAT, errno, "%s: cannot be written", file->partial);
                tg_recorder_free(file);
                return -1;
        }
        *ret_file = file;
        return 0;
}

static int fail_write(const struct tg_recorder_file *file, struct tg_error *error)
{
        return tg_fail_errno(error, EX_IOERR, errno, "%s: cannot be written", file->partial);
}

static int write_out(struct tg_recorder_file *file, struct tg_error *error)
{
        if (fwrite(file->out.data, 1, file->out.size, file->stream) != file->out.size)
                return fail_write(file, error);
        file->tally.size_bytes += file->out.size;
        tg_buffer_reset(&file->out);
        return 0;
}

static void put_half_sync(uint8_t *out, uint64_t hash)
{
        for (int i = 0; i < 8; i++)
                out[i] = (uint8_t)(hash >> 8 * i);
}

static void begin(struct tg_recorder_file *file)
{
        uint64_t seed = tg_hash64(file->schema);
        uint64_t low = tg_hash64_seeded(tg_buffer_span(&file->block), seed);

        put_half_sync(file->sync, low);
        put_half_sync(file->sync + 8, tg_hash64_seeded(tg_buffer_span(&file->block), ~low));
        tg_container_put_header(&file->out, file->schema, file->codec, file->sync);
        file->begun = true;
}

static int write_block(struct tg_recorder_file *file, struct tg_error *error)
{
        if (!file->begun)
                begin(file);
        if (file->block_count > 0)
                tg_container_put_block(&file->out, file->block_count, tg_buffer_span(&file->block),
                                       file->codec, file->sync);
        file->block_count = 0;
        tg_buffer_reset(&file->block);
        return write_out(file, error);
}

static void count(struct tg_recorder_tally *tally, int64_t time_ms, int64_t previous_ms)
{
        tally->records++;
        tally->late += time_ms < previous_ms;
        if (tally->first_ms == TG_NO_TIME || time_ms < tally->first_ms)
                tally->first_ms = time_ms;
        if (time_ms > tally->last_ms)
                tally->last_ms = time_ms;
}

int tg_recorder_append(struct tg_recorder_file *file, struct tg_span record, int64_t time_ms,
                       struct tg_error *error)
{
        count(&file->tally, time_ms, file->tally.last_ms);
        tg_buffer_append(&file->block, record.data, record.size);
        file->block_count++;
        return file->block.size < BLOCK_SIZE ? 0 : write_block(file, error);
}

int tg_recorder_finish(struct tg_recorder_file *file, struct tg_error *error)
{
        FILE *stream = file->stream;

        if (write_block(file, error) < 0)
                return -1;
        file->stream = NULL;
        if (fclose(stream) != 0 || rename(file->partial, file->path) < 0) {
                fail_write(file, error);
                unlink(file->partial);
                return -1;
        }
        return 0;
}

struct tg_recorder_tally tg_recorder_tally(const struct tg_recorder_file *file)
{
        return file->tally;
}

const char *tg_recorder_path(const struct tg_recorder_file *file)
{
        return file->path;
}

void tg_recorder_free(struct tg_recorder_file *file)
{
        if (!file)
                return;
        if (file->stream) {
                fclose(file->stream);
                unlink(file->partial);
        }
        tg_buffer_deinit(&file->block);
        tg_buffer_deinit(&file->out);
        free(file->path);
        free(file->partial);
        free(file);
}
