/* SPDX-License-Identifier: Apache-2.0 */
#include "support/reel.h"

#include <stdio.h>
#include <stdlib.h>

#include "avro/encode.h"
#include "base/memory.h"

static const uint8_t sync_marker[TG_CONTAINER_SYNC_SIZE] = "a sync marker..";

struct reel *reel_new(enum tg_stream stream)
{
        struct reel *reel = tg_allocate_zeroed(1, sizeof *reel);

        reel->stream = stream;
        return reel;
}

void reel_free(struct reel **reel)
{
        tg_buffer_deinit(&(*reel)->bytes);
        free(*reel);
}

static void complete(struct reel *reel, int64_t time_ms)
{
        cr_assert(reel->count < REEL_MAX);
        reel->times_ms[reel->count] = time_ms;
        reel->ends[reel->count++] = reel->bytes.size;
}

void reel_add(struct reel *reel, const char *id, const char *customer, int64_t after_ms)
{
        struct tg_span id_span = tg_span_text(id), customer_span = tg_span_text(customer);
        int64_t time_ms = REEL_START_MS + after_ms;

        if (reel->stream == TG_STREAM_TOUCHPOINTS)
                tg_twin_encode_touchpoint(&reel->bytes,
                                          &(struct tg_touchpoint){.id = id_span,
                                                                  .customer = customer_span,
                                                                  .time_ms = time_ms,
                                                                  .type = TG_TYPE_IMPRESSION,
                                                                  .channel = TG_CHANNEL_ADS});
        else
                tg_twin_encode_request(&reel->bytes,
                                       &(struct tg_request){.id = id_span,
                                                            .customer = customer_span,
                                                            .time_ms = time_ms,
                                                            .expires_ms = TG_NO_TIME,
                                                            .channel = TG_CHANNEL_ADS,
                                                            .kind = TG_KIND_PROMOTION});
        complete(reel, time_ms);
}

void reel_add_bytes(struct reel *reel, const void *data, size_t size)
{
        tg_buffer_append(&reel->bytes, data, size);
        complete(reel, TG_NO_TIME);
}

static size_t begin_of(const struct reel *reel, size_t i)
{
        return i ? reel->ends[i - 1] : 0;
}

static struct tg_span records(const struct reel *reel, size_t first, size_t end)
{
        size_t begin = begin_of(reel, first);

        return tg_span_of(reel->bytes.data + begin, begin_of(reel, end) - begin);
}

struct tg_span reel_record(const struct reel *reel, size_t i)
{
        return records(reel, i, i + 1);
}

static void put_header(const struct reel *reel, struct tg_buffer *file, enum tg_codec codec)
{
        enum tg_shipped schema =
                reel->stream == TG_STREAM_TOUCHPOINTS ? TG_SCHEMA_TOUCHPOINT : TG_SCHEMA_REQUEST;

        tg_container_put_header(file, tg_shipped_text(schema), codec, sync_marker);
}

void reel_write(const struct reel *reel, const struct folder *folder, const char *name,
                enum tg_codec codec, size_t first, size_t end, size_t per_block)
{
        struct tg_buffer file = {0};

        put_header(reel, &file, codec);
        for (size_t i = first; i < end; i += per_block) {
                size_t behind = i + per_block < end ? i + per_block : end;

                tg_container_put_block(&file, behind - i, records(reel, i, behind), codec,
                                       sync_marker);
        }
        reel_put_file(folder, name, tg_buffer_span(&file));
        tg_buffer_deinit(&file);
}

void reel_put_header(const struct reel *reel, struct tg_buffer *file)
{
        put_header(reel, file, TG_CODEC_NULL);
}

void reel_put_block(const struct reel *reel, struct tg_buffer *file, uint64_t count, size_t first,
                    size_t end)
{
        struct tg_span data = records(reel, first, end);

        tg_put_long(file, (int64_t)count);
        tg_put_span(file, data);
        tg_put_fixed(file, sync_marker, sizeof sync_marker);
}

void reel_put_file(const struct folder *folder, const char *name, struct tg_span bytes)
{
        FILE *file = fopen(folder_file(folder, name), "wb");

        cr_assert_not_null(file);
        cr_assert_eq(fwrite(bytes.data, 1, bytes.size, file), bytes.size);
        fclose(file);
}
