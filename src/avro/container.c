/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A container file is: "Obj" 1, a map of metadata, a sync marker, then blocks of (count, size,
 * data, sync marker). Everything read here is checked against the end of the file before it is
 * used.
 */
#include "avro/container.h"

#include <assert.h>

#include "avro/codec.h"
#include "avro/encode.h"
#include "avro/values.h"

static const uint8_t magic[4] = {'O', 'b', 'j', 1};

/* A place in the file that only goes forward. */
struct reader {
        struct tg_span file;
        size_t offset;
        struct tg_error *error;
};

static int damaged(const struct reader *reader, const char *what)
{
        tg_fail(reader->error, EX_DATAERR, "Avro file, byte %zu: %s", reader->offset, what);
        return -1;
}

static int read_long(struct reader *reader, const char *what, int64_t *ret_value)
{
        const uint8_t *first = reader->file.data + reader->offset;
        const uint8_t *behind =
                tg_read_long(first, reader->file.data + reader->file.size, ret_value);

        if (!behind)
                return damaged(reader, what);
        reader->offset += (size_t)(behind - first);
        return 0;
}

/* SIZE bytes, if so many remain. */
static int take(struct reader *reader, int64_t size, const char *what, struct tg_span *ret_span)
{
        if (size < 0 || (uint64_t)size > reader->file.size - reader->offset)
                return damaged(reader, what);
        *ret_span = tg_span_of(reader->file.data + reader->offset, (size_t)size);
        reader->offset += (size_t)size;
        return 0;
}

static int read_span(struct reader *reader, const char *what, struct tg_span *ret_span)
{
        int64_t size;

        if (read_long(reader, what, &size) < 0)
                return -1;
        return take(reader, size, what, ret_span);
}

/* One "key": value of the metadata; keys that mean nothing here are passed over. */
static int read_entry(struct reader *reader, struct tg_container *container)
{
        struct tg_span key, value;

        if (read_span(reader, "the metadata has no such key", &key) < 0 ||
            read_span(reader, "the metadata has no such value", &value) < 0)
                return -1;
        if (tg_span_equal(key, tg_span_text("avro.schema")))
                container->schema_json = value;
        if (!tg_span_equal(key, tg_span_text("avro.codec")))
                return 0;
        if (tg_codec_parse(value, &container->codec) == 0)
                return 0;
        return tg_fail(reader->error, EX_DATAERR,
                       "Avro file: codec \"%.*s\" is not supported; write it with null, deflate or "
                       "snappy",
                       value.size < 40 ? (int)value.size : 40, (const char *)value.data);
}

static int read_metadata(struct reader *reader, struct tg_container *container)
{
        static const char *const what = "the metadata's count is damaged";
        int64_t count, size;

        for (;;) {
                if (read_long(reader, what, &count) < 0)
                        return -1;
                if (count == 0)
                        return 0;
                if (count < 0 && read_long(reader, what, &size) < 0)
                        return -1;
                if (count == INT64_MIN)
                        return damaged(reader, what);
                for (count = count < 0 ? -count : count; count > 0; count--)
                        if (read_entry(reader, container) < 0)
                                return -1;
        }
}

int tg_container_init(struct tg_container *ret_container, struct tg_span file,
                      struct tg_error *error)
{
        struct tg_container container = {.file = file, .codec = TG_CODEC_NULL};
        struct reader reader = {.file = file, .error = error};
        struct tg_span sync;

        if (file.size < sizeof magic || memcmp(file.data, magic, sizeof magic) != 0)
                return tg_fail(error, EX_DATAERR,
                               "no Avro container file: it doesn't begin with \"Obj\" and 1");
        reader.offset = sizeof magic;
        if (read_metadata(&reader, &container) < 0 ||
            take(&reader, TG_CONTAINER_SYNC_SIZE, "the header ends before its sync marker", &sync) <
                    0)
                return -1;
        if (!tg_span_present(container.schema_json))
                return tg_fail(error, EX_DATAERR, "Avro file: its header has no avro.schema");
        memcpy(container.sync, sync.data, sizeof container.sync);
        container.offset = reader.offset;
        *ret_container = container;
        return 0;
}

void tg_container_deinit(struct tg_container *container)
{
        tg_buffer_deinit(&container->plain);
}

/* What a block claims, and its data as it stands in the file. */
static int read_block(struct reader *reader, const struct tg_container *container,
                      int64_t *ret_count, struct tg_span *ret_data)
{
        struct tg_span sync;
        size_t first = reader->offset;

        if (read_long(reader, "a block's count is damaged", ret_count) < 0 ||
            read_span(reader, "a block is larger than what remains of the file", ret_data) < 0)
                return -1;
        if (ret_data->size > TG_CONTAINER_BLOCK_MAX)
                return damaged(reader, "a block is larger than a block may be");
        if (take(reader, TG_CONTAINER_SYNC_SIZE, "the file ends before a block's sync marker",
                 &sync) < 0)
                return -1;
        if (memcmp(sync.data, container->sync, sizeof container->sync) == 0)
                return 0;
        reader->offset = first;
        return damaged(reader, "the block that begins here doesn't end with the sync marker");
}

int tg_container_next(struct tg_container *container, struct tg_container_block *ret_block,
                      struct tg_error *error)
{
        struct reader reader = {
                .file = container->file, .offset = container->offset, .error = error};
        struct tg_container_block block = {.offset = container->offset};
        const char *problem = NULL;
        int64_t count;

        if (reader.offset == reader.file.size)
                return 1;
        if (read_block(&reader, container, &count, &block.data) < 0)
                return -1;
        if (container->codec != TG_CODEC_NULL) {
                problem = tg_codec_decompress(container->codec, block.data, &container->plain);
                block.data = tg_buffer_span(&container->plain);
        }
        if (!problem && (count < 0 || (uint64_t)count > block.data.size))
                problem = "it claims more records than it has bytes";
        if (problem)
                return tg_fail(error, EX_DATAERR, "Avro file, block at byte %zu: %s", block.offset,
                               problem);
        block.count = (uint64_t)count;
        container->offset = reader.offset;
        *ret_block = block;
        return 0;
}

void tg_container_put_header(struct tg_buffer *buffer, struct tg_span schema_json,
                             enum tg_codec codec, const uint8_t sync[static TG_CONTAINER_SYNC_SIZE])
{
        tg_put_fixed(buffer, magic, sizeof magic);
        tg_put_items_begin(buffer, 2);
        tg_put_text(buffer, "avro.schema");
        tg_put_span(buffer, schema_json);
        tg_put_text(buffer, "avro.codec");
        tg_put_text(buffer, tg_codec_name(codec));
        tg_put_items_end(buffer);
        tg_put_fixed(buffer, sync, TG_CONTAINER_SYNC_SIZE);
}

void tg_container_put_block(struct tg_buffer *buffer, uint64_t count, struct tg_span data,
                            enum tg_codec codec, const uint8_t sync[static TG_CONTAINER_SYNC_SIZE])
{
        struct tg_buffer packed = {0};

        assert(count <= INT64_MAX && count <= data.size);
        if (codec != TG_CODEC_NULL) {
                tg_codec_compress(codec, data, &packed);
                data = tg_buffer_span(&packed);
        }
        tg_put_long(buffer, (int64_t)count);
        tg_put_span(buffer, data);
        tg_put_fixed(buffer, sync, TG_CONTAINER_SYNC_SIZE);
        tg_buffer_deinit(&packed);
}
