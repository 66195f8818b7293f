/* SPDX-License-Identifier: Apache-2.0 */
/* Container files, against libavro's reader and writer. */
#include "avro/container.h"

#include <avro.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

#include "avro/support.h"

static const char schema_json[] =
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":[{\"name\":\"id\",\"type\":\"long\"},"
        "{\"name\":\"text\",\"type\":\"string\"}]}";
static const uint8_t marker[TG_CONTAINER_SYNC_SIZE] = "0123456789abcdef";
static const enum tg_codec codecs[] = {TG_CODEC_NULL, TG_CODEC_DEFLATE, TG_CODEC_SNAPPY};

enum { RECORDS = 1000 };

struct row {
        int64_t id;
        struct tg_span text;
};

static const struct tg_slot slots[] = {
        TG_SLOT_LONG(struct row, id, "id"),
        TG_SLOT_SPAN(struct row, text, "text"),
};
static const struct tg_layout layout = TG_LAYOUT(struct row, slots);

/* RECORDS records in blocks of 300. */
static void write_file(struct tg_buffer *file, enum tg_codec codec)
{
        struct tg_buffer block = {0};
        uint64_t count = 0;

        tg_container_put_header(file, tg_span_text(schema_json), codec, marker);
        for (int64_t id = 0; id < RECORDS; id++) {
                tg_put_long(&block, id);
                tg_put_text(&block, "some text that compresses");
                if (++count == 300 || id == RECORDS - 1) {
                        tg_container_put_block(file, count, tg_buffer_span(&block), codec, marker);
                        tg_buffer_reset(&block);
                        count = 0;
                }
        }
        tg_buffer_deinit(&block);
}

/* Reads a whole file with our reader and our plan; returns the records seen, or -1. */
static int64_t read_file(struct tg_span bytes, struct tg_error *error)
{
        struct tg_plan *plan = plan_of(schema_json, schema_json, &layout);
        struct tg_container container = {0};
        struct tg_container_block block;
        int64_t seen = 0;
        int answer;

        if (tg_container_init(&container, bytes, error) < 0)
                return -1;
        while ((answer = tg_container_next(&container, &block, error)) == 0)
                for (uint64_t i = 0; i < block.count; i++) {
                        struct row row;
                        size_t size;

                        cr_assert_eq(tg_plan_decode(plan, block.data, &row, &size), 0);
                        cr_expect_eq(row.id, seen++);
                        expect_text(row.text, "some text that compresses");
                        block.data = tg_span_of(block.data.data + size, block.data.size - size);
                }
        tg_container_deinit(&container);
        tg_plan_free(plan);
        return answer < 0 ? -1 : seen;
}

Test(container, what_is_written_is_read_with_every_codec)
{
        for (size_t i = 0; i < 3; i++) {
                struct tg_buffer file = {0};
                struct tg_error error = {0};

                write_file(&file, codecs[i]);
                cr_expect_eq(read_file(tg_buffer_span(&file), &error), RECORDS, "%s: %s",
                             tg_codec_name(codecs[i]), error.message);
                tg_buffer_deinit(&file);
        }
}

static char *temporary_file(void)
{
        char *path = strdup("/tmp/touchgate-container-XXXXXX");
        int fd = mkstemp(path);

        cr_assert_geq(fd, 0);
        close(fd);
        return path;
}

static int64_t libavro_reads(const char *path)
{
        avro_file_reader_t reader;
        avro_schema_t schema;
        avro_value_iface_t *iface;
        avro_value_t value;
        int64_t seen = 0;

        cr_assert_eq(avro_file_reader(path, &reader), 0, "%s", avro_strerror());
        schema = avro_file_reader_get_writer_schema(reader);
        iface = avro_generic_class_from_schema(schema);
        avro_schema_decref(schema);
        cr_assert_eq(avro_generic_value_new(iface, &value), 0);
        while (avro_file_reader_read_value(reader, &value) == 0) {
                avro_value_t field = {0};
                int64_t id = -1;

                avro_value_get_by_index(&value, 0, &field, NULL);
                avro_value_get_long(&field, &id);
                cr_expect_eq(id, seen++);
        }
        avro_value_decref(&value);
        avro_value_iface_decref(iface);
        avro_file_reader_close(reader);
        return seen;
}

Test(container, libavro_reads_what_we_write)
{
        for (size_t i = 0; i < 3; i++) {
                struct tg_buffer file = {0};
                char *path = temporary_file();
                FILE *stream = fopen(path, "wb");

                write_file(&file, codecs[i]);
                cr_assert_eq(fwrite(file.data, 1, file.size, stream), file.size);
                fclose(stream);
                cr_expect_eq(libavro_reads(path), RECORDS, "%s", tg_codec_name(codecs[i]));
                unlink(path);
                free(path);
                tg_buffer_deinit(&file);
        }
}

static void libavro_writes(const char *path, const char *codec)
{
        avro_schema_t schema;
        avro_file_writer_t writer;
        avro_value_iface_t *iface;
        avro_value_t value;

        cr_assert_eq(avro_schema_from_json_literal(schema_json, &schema), 0);
        cr_assert_eq(avro_file_writer_create_with_codec(path, schema, &writer, codec, 4096), 0,
                     "%s", avro_strerror());
        iface = avro_generic_class_from_schema(schema);
        cr_assert_eq(avro_generic_value_new(iface, &value), 0);
        for (int64_t id = 0; id < RECORDS; id++) {
                avro_value_t field = {0};

                avro_value_get_by_index(&value, 0, &field, NULL);
                avro_value_set_long(&field, id);
                avro_value_get_by_index(&value, 1, &field, NULL);
                avro_value_set_string(&field, "some text that compresses");
                cr_assert_eq(avro_file_writer_append_value(writer, &value), 0);
        }
        avro_value_decref(&value);
        avro_value_iface_decref(iface);
        avro_file_writer_close(writer);
        avro_schema_decref(schema);
}

static void read_path(const char *path, struct tg_buffer *ret_bytes)
{
        FILE *stream = fopen(path, "rb");
        size_t size;

        cr_assert_not_null(stream);
        while ((size = fread(tg_buffer_reserve(ret_bytes, 4096), 1, 4096, stream)) > 0)
                ret_bytes->size += size;
        fclose(stream);
}

Test(container, we_read_what_libavro_writes)
{
        for (size_t i = 0; i < 3; i++) {
                struct tg_buffer file = {0};
                struct tg_error error = {0};
                char *path = temporary_file();

                libavro_writes(path, tg_codec_name(codecs[i]));
                read_path(path, &file);
                cr_expect_eq(read_file(tg_buffer_span(&file), &error), RECORDS, "%s: %s",
                             tg_codec_name(codecs[i]), error.message);
                unlink(path);
                free(path);
                tg_buffer_deinit(&file);
        }
}

/* Reads all blocks, looking at nothing but their bounds. Returns the blocks seen, or -1. */
static int blocks_of(const uint8_t *data, size_t size, struct tg_error *error)
{
        struct guarded copy = guarded_copy(data, size);
        struct tg_container container = {0};
        struct tg_container_block block;
        int answer = tg_container_init(&container, tg_span_of(copy.data, size), error);
        int blocks = 0;

        while (answer == 0 && (answer = tg_container_next(&container, &block, error)) == 0)
                blocks++;
        tg_container_deinit(&container);
        guarded_free(&copy);
        return answer < 0 ? -1 : blocks;
}

Test(container, a_truncated_file_is_an_error_unless_it_ends_with_a_block)
{
        for (size_t i = 0; i < 3; i++) {
                struct tg_buffer file = {0};
                size_t ends = 0;

                write_file(&file, codecs[i]);
                for (size_t size = 0; size < file.size; size++) {
                        struct tg_error error = {0};
                        bool end = size >= 16 && memcmp(file.data + size - 16, marker, 16) == 0;

                        cr_expect_eq(blocks_of(file.data, size, &error) >= 0, end, "%zu", size);
                        ends += end;
                }
                cr_expect_eq(ends, 4, "the header and all blocks but the last");
                tg_buffer_deinit(&file);
        }
}

Test(container, damage_to_any_byte_of_a_block_is_survived)
{
        for (size_t i = 0; i < 3; i++) {
                struct tg_buffer file = {0};
                struct tg_error error = {0};
                size_t header;

                tg_container_put_header(&file, tg_span_text(schema_json), codecs[i], marker);
                header = file.size;
                tg_container_put_block(&file, 3, tg_span_text("abcabcabcabcabc"), codecs[i],
                                       marker);
                cr_expect_eq(blocks_of(file.data, file.size, &error), 1);
                for (size_t at = 0; at < file.size; at++) {
                        file.data[at] ^= 0x41;
                        if (blocks_of(file.data, file.size, &error) >= 0)
                                cr_expect(at < header || codecs[i] != TG_CODEC_SNAPPY ||
                                                  at == header,
                                          "snappy's checksum let byte %zu pass", at);
                        file.data[at] ^= 0x41;
                }
                tg_buffer_deinit(&file);
        }
}

static void expect_error(struct tg_buffer *file, const char *text)
{
        struct tg_error error = {0};

        cr_expect_eq(blocks_of(file->data, file->size, &error), -1);
        cr_expect(strstr(error.message, text), "\"%s\" doesn't say \"%s\"", error.message, text);
}

Test(container, errors_say_what_is_wrong_and_where)
{
        struct tg_buffer file = {0};
        size_t header;

        tg_buffer_append(&file, "PAR1", 4);
        expect_error(&file, "no Avro container file");
        tg_buffer_reset(&file);
        tg_container_put_header(&file, tg_span_text(schema_json), TG_CODEC_NULL, marker);
        header = file.size;
        tg_put_long(&file, 1);
        tg_put_long(&file, -5);
        expect_error(&file, "a block is larger than what remains");
        file.size = header;
        tg_put_long(&file, -1);
        tg_put_text(&file, "x");
        tg_put_fixed(&file, marker, sizeof marker);
        expect_error(&file, "more records than it has bytes");
        file.size = header;
        tg_put_long(&file, INT64_MAX);
        tg_put_text(&file, "x");
        tg_put_fixed(&file, marker, sizeof marker);
        expect_error(&file, "more records than it has bytes");
        file.size = header;
        tg_put_long(&file, 1);
        tg_put_text(&file, "x");
        tg_put_fixed(&file, "0123456789abcdeX", 16);
        expect_error(&file, "sync marker");
        tg_buffer_reset(&file);
        tg_put_fixed(&file, "Obj\1", 4);
        tg_put_items_begin(&file, 1);
        tg_put_text(&file, "avro.codec");
        tg_put_text(&file, "zstandard");
        expect_error(&file, "codec \"zstandard\" is not supported");
        tg_buffer_deinit(&file);
}

Test(container, a_block_that_would_fill_the_memory_is_refused)
{
        const size_t size = TG_CONTAINER_BLOCK_MAX;
        uint8_t *zeros = calloc(2, size);
        struct tg_buffer file = {0}, packed = {0};
        z_stream stream = {.next_in = zeros, .avail_in = 2 * TG_CONTAINER_BLOCK_MAX};

        cr_assert_eq(deflateInit2(&stream, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
        stream.next_out = tg_buffer_reserve(&packed, size);
        stream.avail_out = TG_CONTAINER_BLOCK_MAX;
        cr_assert_eq(deflate(&stream, Z_FINISH), Z_STREAM_END);
        packed.size = stream.total_out;
        deflateEnd(&stream);
        free(zeros);

        tg_container_put_header(&file, tg_span_text(schema_json), TG_CODEC_DEFLATE, marker);
        tg_put_long(&file, 1);
        tg_put_span(&file, tg_buffer_span(&packed));
        tg_put_fixed(&file, marker, sizeof marker);
        expect_error(&file, "deflated data is larger than a block may be");

        tg_buffer_reset(&file);
        tg_container_put_header(&file, tg_span_text(schema_json), TG_CODEC_SNAPPY, marker);
        tg_put_long(&file, 1);
        tg_put_span(&file, tg_span_of("\xff\xff\xff\xff\x0f\0x\0\0\0\0", 11)); /* claims 4 GiB */
        tg_put_fixed(&file, marker, sizeof marker);
        expect_error(&file, "snappy data");
        tg_buffer_deinit(&packed);
        tg_buffer_deinit(&file);
}
