/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A growing run of bytes that is reused: encoders append to it, the owner resets it.
 *
 * Growth doubles, so a buffer that has seen its largest record allocates no more. Out of memory
 * ends the process (there is no smaller answer: outputs must not be lost). One owner, one thread.
 */
#pragma once

#include "base/span.h"

struct tg_buffer {
        uint8_t *data;   /* owned */
        size_t size;     /* bytes written */
        size_t capacity; /* bytes allocated */
};

void tg_buffer_deinit(struct tg_buffer *buffer);

/* What tg_buffer_reserve() does if there is no room yet. */
uint8_t *tg_buffer_grow(struct tg_buffer *buffer, size_t size);

/* Makes room for SIZE more bytes and returns where they begin; size is not yet moved. */
static inline uint8_t *tg_buffer_reserve(struct tg_buffer *buffer, size_t size)
{
        if (size <= buffer->capacity - buffer->size)
                return buffer->data + buffer->size;
        return tg_buffer_grow(buffer, size);
}

static inline void tg_buffer_append(struct tg_buffer *buffer, const void *data, size_t size)
{
        if (size == 0)
                return;
        memcpy(tg_buffer_reserve(buffer, size), data, size);
        buffer->size += size;
}

static inline void tg_buffer_reset(struct tg_buffer *buffer)
{
        buffer->size = 0;
}

/* Borrows what has been written; valid until the next append, reset or deinit. */
static inline struct tg_span tg_buffer_span(const struct tg_buffer *buffer)
{
        return tg_span_of(buffer->data, buffer->size);
}
