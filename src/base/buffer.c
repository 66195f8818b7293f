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

uint8_t *tg_buffer_grow(struct tg_buffer *buffer, size_t size)
{
        size_t needed = buffer->size + size;
        size_t capacity = buffer->capacity ? buffer->capacity : FIRST_CAPACITY;

        while (capacity < needed)
                capacity *= 2;
        buffer->data = tg_reallocate(buffer->data, capacity);
        buffer->capacity = capacity;
        return buffer->data + buffer->size;
}
