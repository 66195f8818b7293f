/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deflate is raw, without zlib's header; snappy is one snappy block and the CRC-32 of the plain
 * bytes, big-endian. Output grows as it comes, never by what the input claims.
 */
#include "avro/codec.h"

#include <assert.h>
#include <snappy-c.h>
#include <zlib.h>

#include "avro/values.h"

enum {
        RAW_WINDOW_BITS = -15,
        INFLATE_STEP = 1 << 16, /* bytes of output that are made room for at a time */
        SNAPPY_CRC_SIZE = 4,
};

int tg_codec_parse(struct tg_span name, enum tg_codec *ret_codec)
{
        for (int codec = TG_CODEC_NULL; codec <= TG_CODEC_SNAPPY; codec++)
                if (tg_span_equal(name, tg_span_text(tg_codec_name((enum tg_codec)codec)))) {
                        *ret_codec = (enum tg_codec)codec;
                        return 0;
                }
        return -1;
}

const char *tg_codec_name(enum tg_codec codec)
{
        static const char *const names[] = {
                [TG_CODEC_NULL] = "null",
                [TG_CODEC_DEFLATE] = "deflate",
                [TG_CODEC_SNAPPY] = "snappy",
        };

        return names[codec];
}

/* Runs the stream to its end; the caller ends it. */
static const char *inflate_all(z_stream *stream, struct tg_buffer *plain)
{
        int answer = Z_OK;

        while (answer == Z_OK) {
                stream->next_out = tg_buffer_reserve(plain, INFLATE_STEP);
                stream->avail_out = INFLATE_STEP;
                answer = inflate(stream, Z_NO_FLUSH);
                plain->size += INFLATE_STEP - stream->avail_out;
                if (plain->size > TG_CONTAINER_BLOCK_MAX)
                        return "its deflated data is larger than a block may be";
        }
        if (answer != Z_STREAM_END)
                return "its deflated data is damaged";
        /* Some writers leave the checksum of a zlib stream behind it (Python's avro does):
         * harmless. */
        return NULL;
}

static const char *decompress_deflate(struct tg_span data, struct tg_buffer *plain)
{
        z_stream stream = {.next_in = (z_const Bytef *)data.data, .avail_in = (uInt)data.size};
        const char *problem;
        int answer = inflateInit2(&stream, RAW_WINDOW_BITS);

        assert(answer == Z_OK);
        problem = inflate_all(&stream, plain);
        inflateEnd(&stream);
        return problem;
}

static const char *decompress_snappy(struct tg_span data, struct tg_buffer *plain)
{
        const char *packed = (const char *)data.data;
        size_t packed_size = data.size - SNAPPY_CRC_SIZE;
        size_t size;
        uint8_t *room;

        if (data.size < SNAPPY_CRC_SIZE ||
            snappy_validate_compressed_buffer(packed, packed_size) != SNAPPY_OK ||
            snappy_uncompressed_length(packed, packed_size, &size) != SNAPPY_OK)
                return "its snappy data is damaged";
        if (size > TG_CONTAINER_BLOCK_MAX)
                return "its snappy data is larger than a block may be";
        room = tg_buffer_reserve(plain, size);
        if (snappy_uncompress(packed, packed_size, (char *)room, &size) != SNAPPY_OK)
                return "its snappy data is damaged";
        plain->size += size;
        if (crc32(0, room, (uInt)size) != tg_load_be32(data.data + packed_size))
                return "its checksum doesn't match its snappy data";
        return NULL;
}

const char *tg_codec_decompress(enum tg_codec codec, struct tg_span data,
                                struct tg_buffer *ret_plain)
{
        assert(codec != TG_CODEC_NULL);
        tg_buffer_reset(ret_plain);
        return codec == TG_CODEC_DEFLATE ? decompress_deflate(data, ret_plain)
                                         : decompress_snappy(data, ret_plain);
}

static void compress_deflate(struct tg_span data, struct tg_buffer *buffer)
{
        z_stream stream = {.next_in = (z_const Bytef *)data.data, .avail_in = (uInt)data.size};
        int answer = deflateInit2(&stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, RAW_WINDOW_BITS, 8,
                                  Z_DEFAULT_STRATEGY);
        uLong bound;

        assert(answer == Z_OK);
        bound = deflateBound(&stream, (uLong)data.size);
        stream.next_out = tg_buffer_reserve(buffer, bound);
        stream.avail_out = (uInt)bound;
        answer = deflate(&stream, Z_FINISH);
        assert(answer == Z_STREAM_END);
        buffer->size += bound - stream.avail_out;
        deflateEnd(&stream);
}

static void compress_snappy(struct tg_span data, struct tg_buffer *buffer)
{
        size_t size = snappy_max_compressed_length(data.size);
        uint8_t *room = tg_buffer_reserve(buffer, size + SNAPPY_CRC_SIZE);
        uint32_t crc = (uint32_t)crc32(0, data.data, (uInt)data.size);
        snappy_status answer =
                snappy_compress((const char *)data.data, data.size, (char *)room, &size);

        assert(answer == SNAPPY_OK);
        for (int i = 0; i < SNAPPY_CRC_SIZE; i++)
                room[size + (size_t)i] = (uint8_t)(crc >> (24 - 8 * i));
        buffer->size += size + SNAPPY_CRC_SIZE;
}

void tg_codec_compress(enum tg_codec codec, struct tg_span data, struct tg_buffer *buffer)
{
        assert(data.size <= TG_CONTAINER_BLOCK_MAX);
        if (codec == TG_CODEC_DEFLATE)
                compress_deflate(data, buffer);
        else if (codec == TG_CODEC_SNAPPY)
                compress_snappy(data, buffer);
        else
                tg_buffer_append(buffer, data.data, data.size);
}
