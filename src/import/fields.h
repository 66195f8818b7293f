/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a record of a shipped schema has room for, as a tree that a mapping is checked against.
 *
 * Read from the schema itself, so that a mapping can set every field there is, and a new field
 * needs no line here. Built once; immutable from then on, so any number of threads may read.
 */
#pragma once

#include "base/buffer.h"
#include "records/schemas.h"

enum tg_field_type {
        TG_FIELD_TEXT,  /* string */
        TG_FIELD_BYTES, /* bytes */
        TG_FIELD_INT,
        TG_FIELD_LONG,
        TG_FIELD_TIME, /* timestamp-millis */
        TG_FIELD_BOOL,
        TG_FIELD_WORD,   /* enum */
        TG_FIELD_RECORD, /* of `inner`, in order */
        TG_FIELD_LIST,   /* array of inner[0] */
        TG_FIELD_MAP,    /* map of inner[0] */
};

struct tg_field {
        const char *name; /* of an item: its list's */
        enum tg_field_type type;
        bool optional;           /* ["null", X] */
        bool required;           /* has no default */
        struct tg_buffer absent; /* the default, encoded; unless required */
        const char **words;      /* of an enum, NULL behind the last */
        struct tg_field *inner;
        size_t count; /* of inner */
};

struct tg_fields {
        struct tg_field record;
        struct json_t *json; /* owns names and words */
};

struct tg_fields *tg_fields_new(enum tg_shipped schema);
void tg_fields_free(struct tg_fields *fields); /* NULL is allowed */
