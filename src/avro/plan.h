/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A decoder compiled for one writer's schema, one reader's schema and one C struct.
 *
 * Compiling resolves the two schemas by Avro's rules (fields added, removed, reordered, promoted
 * and defaulted; enums by symbol; unions; aliases) and says at once what could never be decoded. It
 * allocates and takes microseconds; it is done once a writer's schema. Decoding runs a flat list of
 * operations over the bytes: no allocation, no recursion but for nested arrays and maps, spans into
 * the payload, 1.0 to 1.4 times what a decoder written by hand takes. A plan is immutable: any
 * number of threads may decode with it. It borrows nothing from the schemas and the layout it was
 * compiled from.
 *
 * Data is hostile: no byte behind the span is read, lengths are bounded by what remains, counts by
 * what remains and TG_ITEMS_MAX, depth by TG_DECODE_DEPTH_MAX; time is linear in the bytes given.
 * Strings are not checked to be UTF-8.
 *
 * Names of records, enums and fixed types match if they are equal without their namespace, or if an
 * alias of the reader's names the writer's. A reader's array or map default must be empty.
 */
#pragma once

#include "avro/layout.h"
#include "avro/schemas.h"
#include "base/error.h"
#include "base/span.h"

enum {
        TG_ITEMS_MAX = 1 << 20,     /* items of one array or map */
        TG_DECODE_DEPTH_MAX = 32,   /* arrays, maps and recursive types inside one another */
        TG_PLAN_SIZE_MAX = 1 << 16, /* operations; a schema that needs more is refused */
};

enum tg_decode_error {
        TG_DECODE_TRUNCATED = -1,   /* the bytes end inside a value */
        TG_DECODE_BAD_VARINT = -2,  /* a number over 64 bits, or over 32 where an int is due */
        TG_DECODE_BAD_LENGTH = -3,  /* a negative length or size, or a block that isn't its size */
        TG_DECODE_BAD_BRANCH = -4,  /* no such branch in the writer's union */
        TG_DECODE_BAD_SYMBOL = -5,  /* no such symbol in the writer's enum */
        TG_DECODE_BAD_BOOLEAN = -6, /* neither 0 nor 1 */
        TG_DECODE_UNRESOLVED = -7,  /* a branch or symbol the reader has no place for */
        TG_DECODE_TOO_DEEP = -8,    /* over TG_DECODE_DEPTH_MAX */
        TG_DECODE_TOO_MANY_ITEMS = -9 /* over TG_ITEMS_MAX, or more than the bytes can hold */
};

struct tg_plan;

/* Returns 0 and a plan for tg_plan_free, or -1 with the field that can't be resolved and why. */
int tg_plan_compile(const struct tg_schema *writer, const struct tg_schema *reader,
                    const struct tg_layout *layout, struct tg_plan **ret_plan,
                    struct tg_error *error);

/* NULL is fine. Defaults of decoded records are spans into the plan. */
void tg_plan_free(struct tg_plan *plan);
void tg_plan_free_pointer(struct tg_plan **plan); /* for tg_cleanup() */

/*
 * Decodes the record at the beginning of DATA into RET_RECORD (of the layout's size) and says how
 * many bytes it took; whether bytes may follow is the caller's business. Returns 0 or an enum
 * tg_decode_error, after which RET_RECORD's content is unspecified. Spans borrow DATA and PLAN.
 */
int tg_plan_decode(const struct tg_plan *plan, struct tg_span data, void *ret_record,
                   size_t *ret_consumed);

/* What a tg_decode_error means, as a constant text for a dead letter ("truncated"). */
const char *tg_decode_error_text(int decode_error);
