/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tree of a document while it grows, event by event. Private to config/.
 *
 * There are two kinds of mistake: those after which there is no sense in reading on (`fatal`), and
 * those after which the tree is still whole enough to find the others.
 */
#pragma once

#include <libfyaml.h>

#include "config/tree.h"

/* A mapping or sequence that isn't closed yet. */
struct tg_level {
        struct tg_node *node;
        const struct tg_node *key; /* of a mapping: read, its value is next; NULL: a key is next */
        bool flow;                 /* in brackets or braces */
};

struct tg_builder {
        struct tg_document *document;
        struct tg_diagnostics *diagnostics;
        struct tg_level levels[TG_DOCUMENT_DEPTH_MAX];
        size_t depth;
        size_t read_until; /* offset behind the last event that had a place */
        bool ended;        /* the one document is complete */
        bool fatal;
};

/* Takes one event in; the caller frees it. Not to be called once builder->fatal is set. */
void tg_build_event(struct tg_builder *builder, struct fy_event *event);

/* Tells what is wrong with SIZE bytes at OFFSET, and that there is no reading on. */
void tg_build_stop(struct tg_builder *builder, size_t offset, size_t size, const char *advice,
                   const char *message);

/* What isn't closed yet, or NULL at the root. */
struct tg_level *tg_build_innermost(struct tg_builder *builder);
