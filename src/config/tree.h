/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a document: what config/parse.c builds and config/document.c reads. Private to
 * config/.
 */
#pragma once

#include "config/document.h"

struct tg_node {
        const struct tg_document *document; /* whose text it points into */
        const struct tg_node *key;          /* as tg_node_key() */
        struct tg_node *first;              /* child */
        struct tg_node *last;               /* child: where the next one is appended */
        struct tg_node *next;               /* sibling */
        const struct tg_node **sorted;      /* a mapping's values, by the bytes of their keys */
        struct tg_span text;                /* of a scalar, in the document's memory */
        struct tg_span written;             /* the text before variables were put in, or absent */
        uint32_t offset;                    /* bytes from the start of the file's text */
        uint32_t size;                      /* bytes to underline */
        uint32_t count;                     /* children */
        enum tg_node_kind kind;
        bool plain;   /* a scalar without quotes */
        bool unknown; /* names variables that were not looked up: says nothing, not even wrong */
};

struct tg_document {
        char *name;              /* owned */
        uint8_t *text;           /* owned, without a byte order mark */
        size_t size;             /* of the text */
        uint32_t *lines;         /* owned: where each line begins */
        size_t line_count;       /* at least 1 */
        struct tg_chunk *chunks; /* owned: nodes and texts */
        struct tg_node *root;    /* NULL only while it is built */
        size_t node_count;       /* nodes allocated, against the limit */
};

/* A document without a tree over a copy of TEXT. */
struct tg_document *tg_tree_new(const char *name, struct tg_span text);

/* SIZE zeroed bytes that live as long as the document. */
void *tg_tree_allocate(struct tg_document *document, size_t size);

/* The place of SIZE bytes from OFFSET, cut at the end of the line. */
struct tg_place tg_tree_place(const struct tg_document *document, size_t offset, size_t size);

/* As memcmp, a beginning before what it begins. */
int tg_tree_compare(struct tg_span a, struct tg_span b);
