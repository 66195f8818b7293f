/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A borrowed run of bytes: the way text and payloads travel without being copied.
 *
 * A span never owns what it points at; whoever fills one says how long the bytes live. An absent
 * value (an Avro null) has data == NULL; an empty string has size 0 and data != NULL.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct tg_span {
        const uint8_t *data; /* NULL: absent */
        size_t size;         /* bytes */
};

#define TG_SPAN_ABSENT ((struct tg_span){NULL, 0})

/* For printf's "%.*s". */
#define TG_SPAN_FORMAT(span) (int)(span).size, (const char *)(span).data

static inline struct tg_span tg_span_of(const void *data, size_t size)
{
        return (struct tg_span){data, size};
}

/* Borrows a string; NULL gives the absent span. */
static inline struct tg_span tg_span_text(const char *text)
{
        return (struct tg_span){(const uint8_t *)text, text ? strlen(text) : 0};
}

static inline bool tg_span_present(struct tg_span span)
{
        return span.data != NULL;
}

/* Equal bytes; an absent span equals only an absent one. */
static inline bool tg_span_equal(struct tg_span a, struct tg_span b)
{
        return a.size == b.size && (a.data == NULL) == (b.data == NULL) &&
               (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}
