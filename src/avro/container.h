/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Avro container files, read from and written to memory: opens nothing, so that a mapped recording
 * and a test's array are the same.
 *
 * Reading yields blocks of concatenated records: spans into the file for the null codec, into a
 * buffer that is reused for deflate and snappy (about 104 and 32 ns a record). Every size is
 * bounded by what remains of the file, every decompressed block by TG_CONTAINER_BLOCK_MAX; errors
 * name the byte offset. One reader, one thread; any number of readers of one file.
 *
 *         struct tg_container file;
 *         struct tg_container_block block;
 *
 *         if (tg_container_init(&file, bytes, error) < 0)
 *                 return -1;
 *         while ((answer = tg_container_next(&file, &block, error)) == 0)
 *                 ... block.count records in block.data ...
 *         tg_container_deinit(&file);
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"
#include "base/span.h"

enum tg_codec { TG_CODEC_NULL, TG_CODEC_DEFLATE, TG_CODEC_SNAPPY };

enum {
        TG_CONTAINER_SYNC_SIZE = 16,
        TG_CONTAINER_BLOCK_MAX = 1 << 26, /* bytes of a block once decompressed */
};

struct tg_container {
        struct tg_span file;        /* borrowed: the whole file */
        struct tg_span schema_json; /* borrowed from the file: the writer's schema */
        enum tg_codec codec;
        uint8_t sync[TG_CONTAINER_SYNC_SIZE]; /* what ends every block */
        size_t offset;                        /* of the next block in the file */
        struct tg_buffer plain;               /* owned: the block last decompressed */
};

struct tg_container_block {
        struct tg_span data; /* the records; valid until the next block is read */
        uint64_t count;      /* of records, at most one a byte */
        size_t offset;       /* of the block in the file, for messages */
};

/* Reads the header of FILE, which must outlive the reader. Returns 0 or -1. */
int tg_container_init(struct tg_container *ret_container, struct tg_span file,
                      struct tg_error *error);

/* Also after a failed init, if the struct was zeroed before. */
void tg_container_deinit(struct tg_container *container);

/* Returns 0 and a block, 1 behind the last one, or -1. */
int tg_container_next(struct tg_container *container, struct tg_container_block *ret_block,
                      struct tg_error *error);

/* Appends the header of a file. */
void tg_container_put_header(struct tg_buffer *buffer, struct tg_span schema_json,
                             enum tg_codec codec,
                             const uint8_t sync[static TG_CONTAINER_SYNC_SIZE]);

/*
 * Appends one block of COUNT records, compressed by CODEC. DATA is present, no larger than a block
 * may be, and doesn't lie in BUFFER.
 */
void tg_container_put_block(struct tg_buffer *buffer, uint64_t count, struct tg_span data,
                            enum tg_codec codec, const uint8_t sync[static TG_CONTAINER_SYNC_SIZE]);

/* "null", "deflate", "snappy" to a codec and back; -1 if there is no such codec here. */
int tg_codec_parse(struct tg_span name, enum tg_codec *ret_codec);
const char *tg_codec_name(enum tg_codec codec);
