/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A YAML file as a tree that remembers where everything stood.
 *
 * One document a file, UTF-8, at most TG_DOCUMENT_SIZE_MAX bytes, TG_DOCUMENT_DEPTH_MAX levels and
 * TG_DOCUMENT_NODES_MAX nodes. Anchors, aliases, tags and keys that are no text are refused: a
 * reader of the file should see what it says, and nothing can grow beyond what was written. A
 * scalar is text until somebody asks for a type (config/value.h).
 *
 * Costs one pass and about 100 bytes a node. Nodes belong to their document; their texts are
 * borrowed from it, and are followed by a NUL byte. Immutable once loaded, so any number of threads
 * may read.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buffer.h"
#include "base/span.h"
#include "config/diagnostics.h"

struct tg_document;
struct tg_node;

enum {
        TG_DOCUMENT_SIZE_MAX = 4 << 20,
        TG_DOCUMENT_DEPTH_MAX = 32,
        TG_DOCUMENT_NODES_MAX = 1 << 17,
};

enum tg_node_kind { TG_NODE_SCALAR, TG_NODE_SEQUENCE, TG_NODE_MAPPING };

/*
 * Reads PATH. Returns 0, or -1 if there is no tree to read on (no such file, no YAML, a limit); the
 * mistakes are told to DIAGNOSTICS. After 0 there may be mistakes too (a key given twice, an
 * alias): the tree is whole enough to find the others, and diagnostics->errors decides whether it
 * is used.
 */
int tg_document_load(const char *path, struct tg_diagnostics *diagnostics,
                     struct tg_document **ret_document);

/* The same from TEXT, which is copied; NAME stands for the file in what is told. */
int tg_document_parse(const char *name, struct tg_span text, struct tg_diagnostics *diagnostics,
                      struct tg_document **ret_document);

void tg_document_free(struct tg_document *document);          /* NULL is allowed */
void tg_document_free_pointer(struct tg_document **document); /* for tg_cleanup() */

const struct tg_node *tg_document_root(const struct tg_document *document); /* never NULL */

/*
 * Appends what the document says, independent of comments, whitespace, quoting and the order of
 * keys: compact JSON with sorted keys and every scalar a string (one that says nothing is null).
 * Equal bytes mean equal content, so a hash of them identifies it.
 */
void tg_document_canonical(const struct tg_document *document, struct tg_buffer *buffer);

enum tg_node_kind tg_node_kind(const struct tg_node *node);

/* A scalar's text, unquoted; the absent span for other kinds. */
struct tg_span tg_node_text(const struct tg_node *node);

/* Says nothing: `key:`, `key: null` or `key: ~` (not `key: ""`). */
bool tg_node_is_null(const struct tg_node *node);

/* Was written without quotes, so that it may be a number or a truth. */
bool tg_node_is_plain(const struct tg_node *node);

/*
 * Children in the order of the file: `for (child = tg_node_first(node); child; child =
 * tg_node_next(child))`. Those of a mapping are its values, tg_node_key() gives their keys. NULL:
 * no (more) child.
 */
const struct tg_node *tg_node_first(const struct tg_node *node);
const struct tg_node *tg_node_next(const struct tg_node *node);
size_t tg_node_count(const struct tg_node *node); /* children; 0 for a scalar */

/* The key that this is the value of (for an item, the key of its list); NULL at the root. */
const struct tg_node *tg_node_key(const struct tg_node *node);

/* The value of KEY in a mapping, or NULL; also NULL if NODE is NULL or no mapping. O(log n). */
const struct tg_node *tg_node_find(const struct tg_node *node, const char *key);

/* Where it stands; borrows from the document. A mapping stands where its first key or brace does.
 */
struct tg_place tg_node_place(const struct tg_node *node);
