/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Avro datum as one line of JSON, for people to look at.
 *
 * A union is its branch, an enum its word, bytes are text (what is no UTF-8 comes out as U+FFFD), a
 * timestamp is written as in 2017-03-01T12:00:00.000Z. Uses libavro, which is slow and trusts its
 * input: for what we have written ourselves.
 */
#pragma once

#include <avro.h>
#include <stdio.h>

#include "base/error.h"
#include "base/span.h"

/* What libavro reads data of one schema by. Start from {0}. */
struct tg_datum_kind {
        avro_schema_t schema;      /* owned, as the next */
        avro_value_iface_t *class; /* for avro_generic_value_new() */
};

/* Returns 0 or -1; KIND is to be deinited in both cases. */
int tg_datum_kind_init(struct tg_datum_kind *kind, struct tg_span schema_json,
                       struct tg_error *error);
void tg_datum_kind_deinit(struct tg_datum_kind *kind);

void tg_datum_json(FILE *file, avro_value_t *value);
