/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Events become nodes. What is refused (anchors, tags, merge keys) is told at its place and read as
 * something harmless, so that one mistake isn't told twice.
 */
#include "config/build.h"

#include <stdlib.h>

#include "config/mistakes.h"

static void tell(struct tg_builder *builder, size_t offset, size_t size, const char *advice,
                 const char *message)
{
        struct tg_place place = {0};

        if (!tg_diagnostics_full(builder->diagnostics))
                place = tg_tree_place(builder->document, offset, size);
        tg_diagnose_place(builder->diagnostics, &place, TG_ERROR, advice, "%s", message);
}

void tg_build_stop(struct tg_builder *builder, size_t offset, size_t size, const char *advice,
                   const char *message)
{
        tell(builder, offset, size, advice, message);
        builder->fatal = true;
}

struct tg_level *tg_build_innermost(struct tg_builder *builder)
{
        return builder->depth ? &builder->levels[builder->depth - 1] : NULL;
}

/* What is written with no character at all stands at the '-' before it, or as a key at the ':'. */
static size_t find_mark(const struct tg_builder *builder, char mark)
{
        const struct tg_document *document = builder->document;
        bool comment = false;

        for (size_t i = builder->read_until; i < document->size; i++) {
                if (document->text[i] == mark && !comment)
                        return i;
                comment = document->text[i] == '#' || (comment && document->text[i] != '\n');
        }
        return document->size;
}

/* The parser's marks leave the quotes out. */
static bool is_quoted(const struct tg_document *document, size_t begin, size_t end)
{
        const uint8_t *text = document->text;

        return begin > 0 && end < document->size && text[begin - 1] == text[end] &&
               (text[end] == '"' || text[end] == '\'');
}

/* Since libfyaml 0.8 even a value that was left out has marks, with nothing between them. */
static bool is_left_out(struct fy_event *event)
{
        return event->type == FYET_SCALAR &&
               fy_scalar_token_get_style(event->scalar.value) == FYSS_PLAIN &&
               fy_token_get_text_length(event->scalar.value) == 0;
}

static void place_node(struct tg_builder *builder, struct tg_node *node, struct fy_event *event)
{
        const struct tg_level *level = tg_build_innermost(builder);
        const struct fy_mark *start = fy_event_start_mark(event);
        const struct fy_mark *end = fy_event_end_mark(event);

        if (start && end && !is_left_out(event)) {
                bool quoted = node->kind == TG_NODE_SCALAR &&
                              is_quoted(builder->document, start->input_pos, end->input_pos);

                node->offset = (uint32_t)(start->input_pos - quoted);
                node->size = (uint32_t)(end->input_pos - start->input_pos + 2 * quoted);
                builder->read_until = end->input_pos;
        } else if (level && level->key) {
                node->offset = level->key->offset;
                node->size = level->key->size;
        } else {
                node->offset = (uint32_t)find_mark(
                        builder, level && level->node->kind == TG_NODE_MAPPING ? ':' : '-');
                node->size = 1;
                builder->read_until = node->offset + (node->offset < builder->document->size);
        }
}

/* NULL once there are too many. */
static struct tg_node *new_node(struct tg_builder *builder, enum tg_node_kind kind,
                                struct fy_event *event)
{
        struct tg_document *document = builder->document;
        struct tg_node *node;

        if (++document->node_count > TG_DOCUMENT_NODES_MAX) {
                tg_build_stop(builder, builder->read_until, 1, "split it into several files",
                              "the file holds more than 131072 values");
                return NULL;
        }
        node = tg_tree_allocate(document, sizeof *node);
        node->document = document;
        node->kind = kind;
        place_node(builder, node, event);
        return node;
}

static void append_child(struct tg_node *parent, struct tg_node *child)
{
        if (parent->last)
                parent->last->next = child;
        else
                parent->first = child;
        parent->last = child;
        parent->count++;
}

static bool is_merge(const struct tg_node *key)
{
        return key && key->plain && tg_span_equal(key->text, tg_span_text("<<"));
}

/* A block mapping has no place but that of its first key. */
static void take_key(struct tg_builder *builder, struct tg_level *level, const struct tg_node *key)
{
        if (key->kind != TG_NODE_SCALAR || (key->plain && key->text.size == 0)) {
                tg_build_stop(builder, key->offset, key->size,
                              "a key is text, followed by ':' and its value",
                              "the key of this mapping is no text");
                return;
        }
        if (is_merge(key))
                tell(builder, key->offset, key->size, "write the keys out",
                     "merge keys are not understood here");
        if (!level->flow && level->node->count == 0) {
                level->node->offset = key->offset;
                level->node->size = key->size;
        }
        level->key = key;
}

/* Puts a complete or just opened node where it belongs. What is merged is read, then left out. */
static void attach(struct tg_builder *builder, struct tg_node *node)
{
        struct tg_level *level = tg_build_innermost(builder);

        if (!level) {
                builder->document->root = node;
        } else if (level->node->kind == TG_NODE_SEQUENCE) {
                node->key = level->node->key;
                append_child(level->node, node);
        } else if (!level->key) {
                take_key(builder, level, node);
        } else {
                node->key = level->key;
                if (!is_merge(level->key))
                        append_child(level->node, node);
                level->key = NULL;
        }
}

static void refuse_decoration(struct tg_builder *builder, struct fy_token *token, bool tag)
{
        const struct fy_mark *start = token ? fy_token_start_mark(token) : NULL;
        const struct fy_mark *end = token ? fy_token_end_mark(token) : NULL;
        size_t offset = start ? start->input_pos : builder->read_until;
        size_t size;

        if (!token)
                return;
        if (!tag && offset > 0 && strchr("&*", builder->document->text[offset - 1]))
                offset--; /* the token is the name alone */
        size = end ? end->input_pos - offset : 1;
        if (tag)
                tell(builder, offset, size, "leave it out; quotes make text of anything",
                     "tags are not understood here");
        else
                tell(builder, offset, size, "write the value out at each place",
                     "anchors and aliases are not understood here");
}

static void open_level(struct tg_builder *builder, enum tg_node_kind kind, struct fy_event *event)
{
        struct tg_node *node = new_node(builder, kind, event);

        if (!node)
                return;
        if (builder->depth == TG_DOCUMENT_DEPTH_MAX) {
                tg_build_stop(builder, node->offset, 1, NULL, "nested more than 32 levels deep");
                return;
        }
        attach(builder, node);
        builder->levels[builder->depth++] = (struct tg_level){
                .node = node,
                .flow = node->size > 0,
        };
}

static int compare_values(const void *left, const void *right)
{
        const struct tg_node *a = *(const struct tg_node *const *)left;
        const struct tg_node *b = *(const struct tg_node *const *)right;
        int order = tg_tree_compare(a->key->text, b->key->text);

        return order ? order
                     : (a->key->offset > b->key->offset) - (a->key->offset < b->key->offset);
}

static void tell_duplicate(struct tg_builder *builder, const struct tg_node *first,
                           const struct tg_node *again)
{
        struct tg_place first_place = {0};

        if (!tg_diagnostics_full(builder->diagnostics))
                first_place = tg_node_place(first);
        tg_diagnose(builder->diagnostics, again, TG_ERROR, "keep one of the two",
                    "key \"%.*s\" is given twice; the first is at %s:%u:%u",
                    tg_mistake_quoted(again->text), again->text.data, first_place.file,
                    first_place.line, first_place.column);
}

/* Sorts a mapping that is complete, and takes out the later ones of equal keys. */
static void sort_mapping(struct tg_builder *builder, struct tg_node *mapping)
{
        struct tg_node *child = mapping->first;
        struct tg_node **link = &mapping->first;
        const struct tg_node **sorted;
        uint32_t count = 0;

        if (!child)
                return;
        sorted = tg_tree_allocate(builder->document, mapping->count * sizeof *sorted);
        for (uint32_t i = 0; i < mapping->count; i++, child = child->next)
                sorted[i] = child;
        qsort(sorted, mapping->count, sizeof *sorted, compare_values);
        for (uint32_t i = 0; i < mapping->count; i++) {
                if (count && tg_span_equal(sorted[count - 1]->key->text, sorted[i]->key->text))
                        tell_duplicate(builder, sorted[count - 1]->key, sorted[i]->key);
                else
                        sorted[count++] = sorted[i];
        }
        mapping->sorted = sorted;
        mapping->count = count;
        for (child = mapping->first; child; child = child->next) {
                if (tg_node_find(mapping, (const char *)child->key->text.data) != child)
                        continue;
                *link = child;
                link = &child->next;
                mapping->last = child;
        }
        *link = NULL;
}

static void close_level(struct tg_builder *builder)
{
        struct tg_node *node = builder->levels[--builder->depth].node;

        if (node->kind == TG_NODE_MAPPING)
                sort_mapping(builder, node);
}

static void copy_text(struct tg_builder *builder, struct tg_node *node, const char *text,
                      size_t size)
{
        uint8_t *copy;

        if (size && memchr(text, '\0', size)) {
                tell(builder, node->offset, node->size, "leave it out",
                     "text holds a NUL character");
                size = 0;
        }
        copy = tg_tree_allocate(builder->document, size + 1);
        if (size)
                memcpy(copy, text, size);
        node->text = tg_span_of(copy, size);
}

static void take_scalar(struct tg_builder *builder, struct fy_event *event)
{
        struct fy_token *value = event->scalar.value;
        struct tg_node *node = new_node(builder, TG_NODE_SCALAR, event);
        enum fy_scalar_style style;
        const char *text;
        size_t size = 0;

        if (!node)
                return;
        text = value ? fy_token_get_text(value, &size) : NULL;
        style = value ? fy_scalar_token_get_style(value) : FYSS_ANY;
        node->plain = style == FYSS_ANY || style == FYSS_PLAIN;
        copy_text(builder, node, text, text ? size : 0);
        attach(builder, node);
}

/* Read as a text, so that only this one mistake is told of it. */
static void take_alias(struct tg_builder *builder, struct fy_event *event)
{
        const struct tg_level *level = tg_build_innermost(builder);
        struct tg_node *node = new_node(builder, TG_NODE_SCALAR, event);

        if (!node)
                return;
        if (!level || !is_merge(level->key))
                refuse_decoration(builder, event->alias.anchor, false);
        copy_text(builder, node, "alias", 5);
        attach(builder, node);
}

void tg_build_event(struct tg_builder *builder, struct fy_event *event)
{
        const struct fy_mark *mark = fy_event_start_mark(event);

        if (builder->ended && mark && event->type != FYET_STREAM_END) {
                tg_build_stop(builder, mark->input_pos, 3,
                              "one file holds one document; take the --- out",
                              "a second document begins here");
                return;
        }
        switch (event->type) {
        case FYET_DOCUMENT_END:
                builder->ended = true;
                break;
        case FYET_MAPPING_START:
                refuse_decoration(builder, event->mapping_start.anchor, false);
                refuse_decoration(builder, event->mapping_start.tag, true);
                open_level(builder, TG_NODE_MAPPING, event);
                break;
        case FYET_SEQUENCE_START:
                refuse_decoration(builder, event->sequence_start.anchor, false);
                refuse_decoration(builder, event->sequence_start.tag, true);
                open_level(builder, TG_NODE_SEQUENCE, event);
                break;
        case FYET_MAPPING_END:
        case FYET_SEQUENCE_END:
                close_level(builder);
                break;
        case FYET_SCALAR:
                refuse_decoration(builder, event->scalar.anchor, false);
                refuse_decoration(builder, event->scalar.tag, true);
                take_scalar(builder, event);
                break;
        case FYET_ALIAS:
                take_alias(builder, event);
                break;
        default:
                break;
        }
}
