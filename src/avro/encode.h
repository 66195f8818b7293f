/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Appends Avro values to a buffer, so that a record's encoder reads like its schema.
 *
 * Every union of ours is ["null", X]: null is branch 0, the value branch 1. A few nanoseconds a
 * field; the buffer grows when it must.
 */
#pragma once

#include <assert.h>

#include "base/buffer.h"
#include "base/time.h"

enum { TG_VARINT_SIZE_MAX = 10 };

static inline uint8_t *tg_put_room(struct tg_buffer *buffer, size_t size)
{
        if (__builtin_expect(buffer->capacity - buffer->size >= size, 1))
                return buffer->data + buffer->size;
        return tg_buffer_reserve(buffer, size);
}

/*
 * tg_write_x: the same as tg_put_x where there is room already; each returns where the next value
 * goes. For encoders that reserve the most their record can take at once.
 */
static inline uint8_t *tg_write_long(uint8_t *at, int64_t value)
{
        uint64_t rest = (uint64_t)value << 1 ^ (uint64_t)(value >> 63);

        for (; rest >= 0x80; rest >>= 7)
                *at++ = (uint8_t)(rest | 0x80);
        *at++ = (uint8_t)rest;
        return at;
}

static inline uint8_t *tg_write_byte(uint8_t *at, uint8_t value)
{
        *at++ = value;
        return at;
}

/* The span must be present. */
static inline uint8_t *tg_write_span(uint8_t *at, struct tg_span value)
{
        assert(tg_span_present(value));
        at = tg_write_long(at, (int64_t)value.size);
        memcpy(at, value.data, value.size);
        return at + value.size;
}

static inline uint8_t *tg_write_optional_span(uint8_t *at, struct tg_span value)
{
        return tg_span_present(value) ? tg_write_span(tg_write_byte(at, 2), value)
                                      : tg_write_byte(at, 0);
}

static inline uint8_t *tg_write_optional_long(uint8_t *at, int64_t value, int64_t absent)
{
        return value == absent ? tg_write_byte(at, 0) : tg_write_long(tg_write_byte(at, 2), value);
}

/* long, and int: they are written alike. */
static inline void tg_put_long(struct tg_buffer *buffer, int64_t value)
{
        uint8_t *out = tg_put_room(buffer, TG_VARINT_SIZE_MAX);

        buffer->size += (size_t)(tg_write_long(out, value) - out);
}

static inline void tg_put_int(struct tg_buffer *buffer, int32_t value)
{
        tg_put_long(buffer, value);
}

static inline void tg_put_byte(struct tg_buffer *buffer, uint8_t value)
{
        *tg_put_room(buffer, 1) = value;
        buffer->size++;
}

static inline void tg_put_bool(struct tg_buffer *buffer, bool value)
{
        tg_put_byte(buffer, value);
}

/* The index of a symbol. */
static inline void tg_put_enum(struct tg_buffer *buffer, uint32_t symbol)
{
        tg_put_long(buffer, symbol);
}

/* SIZE bytes as they are: the value of a fixed type. */
static inline void tg_put_fixed(struct tg_buffer *buffer, const void *data, size_t size)
{
        tg_buffer_append(buffer, data, size);
}

/* string or bytes; the span must be present. */
static inline void tg_put_span(struct tg_buffer *buffer, struct tg_span value)
{
        uint8_t *out = tg_put_room(buffer, TG_VARINT_SIZE_MAX + value.size);

        buffer->size += (size_t)(tg_write_span(out, value) - out);
}

static inline void tg_put_text(struct tg_buffer *buffer, const char *text)
{
        tg_put_span(buffer, tg_span_text(text));
}

/* Branch 0 of ["null", X]. */
static inline void tg_put_null(struct tg_buffer *buffer)
{
        tg_put_byte(buffer, 0);
}

/* Branch 1 of ["null", X]; X follows. */
static inline void tg_put_present(struct tg_buffer *buffer)
{
        tg_put_byte(buffer, 2);
}

/* ["null", string or bytes]: null if the span is absent. */
static inline void tg_put_optional_span(struct tg_buffer *buffer, struct tg_span value)
{
        if (!tg_span_present(value)) {
                tg_put_null(buffer);
                return;
        }
        tg_put_present(buffer);
        tg_put_span(buffer, value);
}

/* ["null", string]: null if TEXT is NULL. */
static inline void tg_put_optional_text(struct tg_buffer *buffer, const char *text)
{
        tg_put_optional_span(buffer, tg_span_text(text));
}

/* ["null", long], where ABSENT stands for null. */
static inline void tg_put_optional_long(struct tg_buffer *buffer, int64_t value, int64_t absent)
{
        if (value == absent) {
                tg_put_null(buffer);
                return;
        }
        tg_put_present(buffer);
        tg_put_long(buffer, value);
}

/* ["null", timestamp-millis]: null if TG_NO_TIME. */
static inline void tg_put_optional_time(struct tg_buffer *buffer, int64_t time_ms)
{
        tg_put_optional_long(buffer, time_ms, TG_NO_TIME);
}

/* An array or map: COUNT items follow (a map's each behind its key), then tg_put_items_end(). */
static inline void tg_put_items_begin(struct tg_buffer *buffer, size_t count)
{
        if (count)
                tg_put_long(buffer, (int64_t)count);
}

static inline void tg_put_items_end(struct tg_buffer *buffer)
{
        tg_put_byte(buffer, 0);
}
