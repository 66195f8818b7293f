/* SPDX-License-Identifier: Apache-2.0 */
#include "base/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static void *checked(void *memory, size_t size)
{
        if (memory || size == 0)
                return memory;
        fprintf(stderr,
                "touchgate: out of memory (%zu bytes asked for); lower the memory bounds of the "
                "configuration or give the process more\n",
                size);
        exit(EX_OSERR);
}

void *tg_allocate(size_t size)
{
        return checked(malloc(size), size);
}

void *tg_allocate_zeroed(size_t count, size_t size)
{
        return checked(calloc(count, size), count * size);
}

void *tg_reallocate(void *memory, size_t size)
{
        return checked(realloc(memory, size), size);
}

char *tg_duplicate(const char *text, size_t size)
{
        char *copy = tg_allocate(size + 1);

        if (size)
                memcpy(copy, text, size);
        copy[size] = '\0';
        return copy;
}

void tg_free_pointer(void *pointer_address)
{
        void *memory;

        memcpy(&memory, pointer_address, sizeof memory);
        free(memory);
}
