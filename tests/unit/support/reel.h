/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stream of a small recording: records listed in the test, then written as one file or several,
 * in blocks as short as a test wants them.
 */
#pragma once

#include "avro/container.h"
#include "shard/twin.h"
#include "support/folder.h"

enum { REEL_MAX = 4096 };

#define REEL_START_MS INT64_C(1500000000000)

struct reel {
        enum tg_stream stream;
        struct tg_buffer bytes;     /* owned: all records */
        size_t ends[REEL_MAX];      /* of each, in `bytes` */
        int64_t times_ms[REEL_MAX]; /* of each */
        size_t count;
};

/* On the heap: it is large. */
struct reel *reel_new(enum tg_stream stream);
void reel_free(struct reel **reel);

#define REEL(name, of) __attribute__((cleanup(reel_free))) struct reel *name = reel_new(of)

/* An impression of an ad, or the request for one, so long after REEL_START_MS. */
void reel_add(struct reel *reel, const char *id, const char *customer, int64_t after_ms);

/* Bytes that stand for a record. */
void reel_add_bytes(struct reel *reel, const void *data, size_t size);

/* The I-th record. */
struct tg_span reel_record(const struct reel *reel, size_t i);

/* Writes records FIRST up to END (excluded) to NAME, so many in a block. */
void reel_write(const struct reel *reel, const struct folder *folder, const char *name,
                enum tg_codec codec, size_t first, size_t end, size_t per_block);

/* Appends a block that claims COUNT records and holds FIRST up to END. */
void reel_put_block(const struct reel *reel, struct tg_buffer *file, uint64_t count, size_t first,
                    size_t end);

/* The header before such blocks, and the file of them; uncompressed. */
void reel_put_header(const struct reel *reel, struct tg_buffer *file);
void reel_put_file(const struct folder *folder, const char *name, struct tg_span bytes);
