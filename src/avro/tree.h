/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A parsed schema from the inside: what resolving and the canonical form walk. Private to this
 * folder.
 *
 * Types form a graph: a named type is one node however often it is used, and a recursive one leads
 * back to itself. Text is borrowed from the JSON tree that the schema keeps. Immutable once parsed.
 */
#pragma once

#include <jansson.h>

#include "avro/schemas.h"

enum tg_type {
        TG_TYPE_NULL,
        TG_TYPE_BOOLEAN,
        TG_TYPE_INT,
        TG_TYPE_LONG,
        TG_TYPE_FLOAT,
        TG_TYPE_DOUBLE,
        TG_TYPE_BYTES,
        TG_TYPE_STRING,
        TG_TYPE_RECORD,
        TG_TYPE_ENUM,
        TG_TYPE_FIXED,
        TG_TYPE_ARRAY,
        TG_TYPE_MAP,
        TG_TYPE_UNION,
};

struct tg_node;

struct tg_field {
        const char *name;
        const struct tg_node *type;
        const json_t *aliases; /* an array of texts, or NULL */
        const json_t *preset;  /* the default, or NULL */
};

struct tg_node {
        enum tg_type type;
        bool open;           /* a record whose fields are being parsed */
        bool recursive;      /* a record that contains itself */
        bool constant;       /* every value takes exactly size_min bytes */
        uint32_t size_min;   /* no value takes fewer bytes; saturates at TG_NODE_SIZE_MAX */
        char *name;          /* owned: the full name of a named type, or NULL */
        const char *logical; /* its logicalType, or NULL */
        const json_t *aliases;
        const char *preset;           /* an enum's default symbol, or NULL */
        size_t count;                 /* of fields, symbols or branches; 1 for array and map */
        struct tg_field *fields;      /* owned: a record's */
        const char **symbols;         /* owned: an enum's */
        const struct tg_node **types; /* owned: a union's branches, an array's or map's one */
};

enum { TG_NODE_SIZE_MAX = 1 << 30 };

struct tg_schema {
        json_t *json;
        char *canonical;
        size_t canonical_size;
        uint64_t fingerprint;
        const struct tg_node *root;
        struct tg_node **nodes; /* owned */
        size_t node_count;
        size_t use_count; /* nodes and references to them */
};

/* "null", "record" and so on. */
const char *tg_type_name(enum tg_type type);

/* The full name of a named type, otherwise its type's name. */
const char *tg_node_name(const struct tg_node *node);

/* A full name without its namespace. */
const char *tg_name_base(const char *full_name);

/* The index of a symbol, or -1. */
int tg_node_symbol(const struct tg_node *node, const char *symbol);

/* A record's field, or NULL. */
const struct tg_field *tg_node_field(const struct tg_node *node, const char *name);

/* [null, X] or [X, null]. */
bool tg_node_optional(const struct tg_node *node);

/* Builds the nodes of SCHEMA from its JSON; what is built is freed with the schema. */
int tg_tree_build(struct tg_schema *schema, struct tg_error *error);

/* Fills canonical and fingerprint of SCHEMA from its nodes. */
void tg_canonical_build(struct tg_schema *schema);
