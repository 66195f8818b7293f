/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the tests of avro/ share: plans from two JSON texts, and bytes that end where memory ends.
 */
#pragma once

#include <criterion/criterion.h>

#include "avro/encode.h"
#include "avro/plan.h"

/* Parses a schema that must be right; JSON may use ' for ". */
struct tg_schema *schema_of(const char *json);

/* Compiles a plan that must compile. */
struct tg_plan *plan_of(const char *writer, const char *reader, const struct tg_layout *layout);

/* Compiles a plan that must not, and checks that the error holds TEXT. */
void refused(const char *writer, const char *reader, const struct tg_layout *layout,
             const char *text);

/* A copy of SIZE bytes right in front of a page that can't be read; for guarded_free(). */
struct guarded {
        uint8_t *data;
        size_t size;
        void *pages;
        size_t pages_size;
};

struct guarded guarded_copy(const void *data, size_t size);
void guarded_free(struct guarded *guarded);

/* Decodes a guarded copy of what BUFFER holds; returns what decoding does. Spans are not kept. */
int decode_guarded(const struct tg_plan *plan, const void *data, size_t size, void *ret_record);

/* Decodes BUFFER whole, successfully; spans point into it. */
void decode(const struct tg_plan *plan, const struct tg_buffer *buffer, void *ret_record);

/* Of these, touchgate itself writes none. */
static inline void put_double(struct tg_buffer *buffer, double value)
{
        uint64_t bits;

        memcpy(&bits, &value, sizeof bits);
        for (size_t i = 0; i < sizeof bits; i++)
                tg_put_byte(buffer, (uint8_t)(bits >> 8 * i));
}

#define expect_text(span, text)                                                        \
        cr_expect(tg_span_equal((span), tg_span_text(text)), "\"%.*s\" is not \"%s\"", \
                  TG_SPAN_FORMAT(span), (text))
