/* SPDX-License-Identifier: Apache-2.0 */
/*
 * JSON as an Avro datum, field by field as a schema of ours says: so what may be asked over HTTP is
 * what the schema has, and nothing else.
 *
 * A field that is left out has its default; null stands for a null; enums are their words; bytes
 * are text; a time is UTC milliseconds, or text as in 2017-03-01T12:00:00.000Z. Unknown fields,
 * words and wrong types are told with their path and what was probably meant. Only for what our own
 * schemas use (unions are ["null", X]). Microseconds; any thread.
 */
#pragma once

#include <jansson.h>

#include "base/buffer.h"
#include "base/error.h"

/*
 * Appends VALUE, a record as SCHEMA (the schema's own JSON) says, to DATUM. Returns 0, or -1 with
 * what is wrong and where: then DATUM holds a piece of it.
 */
int tg_json_datum(const json_t *schema, const json_t *value, struct tg_buffer *datum,
                  struct tg_error *error);

/*
 * What the argument NAME of an address is in a record by SCHEMA: TEXT, which is UTF-8, as JSON
 * where the field is not text and it is some, else as it is.
 */
json_t *tg_json_argument(const json_t *schema, const char *name, struct tg_span text);
