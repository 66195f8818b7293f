/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The canonical form of a document. Not meant to be read by people: stability is all that counts,
 * so escapes are only those that JSON demands. Recursion is bounded by TG_DOCUMENT_DEPTH_MAX.
 */
#include <stdio.h>

#include "config/tree.h"

static void append_character(struct tg_buffer *buffer, char c)
{
        tg_buffer_append(buffer, &c, 1);
}

static void append_string(struct tg_buffer *buffer, struct tg_span text)
{
        append_character(buffer, '"');
        for (size_t i = 0; i < text.size; i++) {
                char escape[8];

                if (text.data[i] == '"' || text.data[i] == '\\')
                        append_character(buffer, '\\');
                if (text.data[i] >= 0x20) {
                        append_character(buffer, (char)text.data[i]);
                        continue;
                }
                snprintf(escape, sizeof escape, "\\u%04x", text.data[i]);
                tg_buffer_append(buffer, escape, strlen(escape));
        }
        append_character(buffer, '"');
}

static void append_node(struct tg_buffer *buffer, const struct tg_node *node);

static void append_mapping(struct tg_buffer *buffer, const struct tg_node *node)
{
        append_character(buffer, '{');
        for (size_t i = 0; i < node->count; i++) {
                if (i > 0)
                        append_character(buffer, ',');
                append_string(buffer, node->sorted[i]->key->text);
                append_character(buffer, ':');
                append_node(buffer, node->sorted[i]);
        }
        append_character(buffer, '}');
}

static void append_sequence(struct tg_buffer *buffer, const struct tg_node *node)
{
        append_character(buffer, '[');
        for (const struct tg_node *item = node->first; item; item = item->next) {
                if (item != node->first)
                        append_character(buffer, ',');
                append_node(buffer, item);
        }
        append_character(buffer, ']');
}

static void append_node(struct tg_buffer *buffer, const struct tg_node *node)
{
        switch (node->kind) {
        case TG_NODE_MAPPING:
                append_mapping(buffer, node);
                break;
        case TG_NODE_SEQUENCE:
                append_sequence(buffer, node);
                break;
        case TG_NODE_SCALAR:
                if (tg_node_is_null(node))
                        tg_buffer_append(buffer, "null", 4);
                else
                        append_string(buffer, node->text);
                break;
        }
}

void tg_document_canonical(const struct tg_document *document, struct tg_buffer *buffer)
{
        append_node(buffer, document->root);
}
