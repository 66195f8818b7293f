/* SPDX-License-Identifier: Apache-2.0 */
#include "base/buffer.h"

#include <stdlib.h>

#include "base/memory.h"

enum { FIRST_CAPACITY = 256 };

void tg_buffer_deinit(struct tg_buffer *buffer)
{
        free(buffer->data);
        *buffer = (struct tg_buffer){0};
}

uint8_t *tg_buffer_reserve(struct tg_buffer *buffer, size_t size)
{
        size_t needed = buffer->size + size;
        size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;

        if (needed <= buffer->capacity)
                return buffer->data + buffer->size;
        while (capacity < needed)
                capacity *= 2;
        buffer->data = tg_reallocate(buffer->data, capacity);
        buffer->capacity = capacity;
        return buffer->data + buffer->size;
}

void tg_buffer_append(struct tg_buffer *buffer, const void *data, size_t size)
{
        if (size == 0)
                return;
        memcpy(tg_buffer_reserve(buffer, size), data, size);
        buffer->size += size;
}
