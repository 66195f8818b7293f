/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Avro schema: parsed once, checked, immutable from then on.
 *
 * Parsing allocates and takes microseconds to milliseconds; it is done once a schema id, never per
 * event. A parsed schema may be read by any thread; parsing itself is serialised inside (libavro's
 * error buffer is one global). Recursive types are accepted: a writer may have them where our
 * reader skips them, with their depth bounded when data is read (plan.h).
 *
 * Limits: 1 MiB of JSON, 32 types inside one another, 4,096 type definitions and uses, sizes of
 * `fixed` and symbols of an enum as the constants below say.
 *
 * (Not called schema.h: libavro includes <avro/schema.h>, and our folder comes first on the path.)
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

enum {
        TG_SCHEMA_JSON_MAX = 1 << 20,  /* bytes of JSON */
        TG_SCHEMA_DEPTH_MAX = 32,      /* types inside one another */
        TG_SCHEMA_NODES_MAX = 4096,    /* types defined or used */
        TG_SCHEMA_FIXED_MAX = 1 << 24, /* bytes of one `fixed` */
        TG_SCHEMA_SYMBOLS_MAX = 255,   /* symbols of one enum; an index fits a byte */
};

struct tg_schema;

/*
 * Parses JSON (borrowed for the call). Returns 0 and a schema for tg_schema_free, or -1 with what
 * is wrong in which type.
 */
int tg_schema_parse(struct tg_span json, struct tg_schema **ret_schema, struct tg_error *error);

/* NULL is fine. Plans compiled from a schema don't need it afterwards. */
void tg_schema_free(struct tg_schema *schema);
void tg_schema_free_pointer(struct tg_schema **schema); /* for tg_cleanup() */

/* The Parsing Canonical Form, for tests of the fingerprint; borrowed from SCHEMA. */
struct tg_span tg_schema_canonical(const struct tg_schema *schema);

/* CRC-64-AVRO of the Parsing Canonical Form, as single-object framing carries it. */
uint64_t tg_schema_fingerprint(const struct tg_schema *schema);

/* The full name of the top-level type ("com.example.Click", "string"); borrowed from SCHEMA. */
const char *tg_schema_name(const struct tg_schema *schema);
