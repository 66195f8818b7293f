/* SPDX-License-Identifier: Apache-2.0 */
#include "config/document.h"

#include <stdlib.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "config/tree.h"

enum { CHUNK_SIZE = 64 << 10, ALIGNMENT = 8 };

/* Memory that is given back all at once. */
struct tg_chunk {
        struct tg_chunk *next;
        size_t used;
        size_t size;
        _Alignas(ALIGNMENT) uint8_t bytes[];
};

void *tg_tree_allocate(struct tg_document *document, size_t size)
{
        struct tg_chunk *chunk = document->chunks;
        size_t needed = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
        void *memory;

        if (!chunk || chunk->size - chunk->used < needed) {
                size_t chunk_size = needed > CHUNK_SIZE ? needed : CHUNK_SIZE;

                chunk = tg_allocate_zeroed(1, sizeof *chunk + chunk_size);
                chunk->size = chunk_size;
                chunk->next = document->chunks;
                document->chunks = chunk;
        }
        memory = chunk->bytes + chunk->used;
        chunk->used += needed;
        return memory;
}

/* A lone carriage return ends a line too, as it does for the parser. */
static bool ends_line(const struct tg_document *document, size_t i)
{
        return document->text[i] == '\n' ||
               (document->text[i] == '\r' &&
                (i + 1 == document->size || document->text[i + 1] != '\n'));
}

static void find_lines(struct tg_document *document)
{
        size_t count = 1;

        for (size_t i = 0; i < document->size; i++)
                count += ends_line(document, i);
        document->lines = tg_allocate(count * sizeof *document->lines);
        document->lines[0] = 0;
        for (size_t i = 0; i < document->size; i++) {
                if (ends_line(document, i))
                        document->lines[++document->line_count] = (uint32_t)(i + 1);
        }
        document->line_count++;
}

struct tg_document *tg_tree_new(const char *name, struct tg_span text)
{
        static const uint8_t mark[] = {0xef, 0xbb, 0xbf};
        struct tg_document *document = tg_allocate_zeroed(1, sizeof *document);

        if (text.size >= sizeof mark && memcmp(text.data, mark, sizeof mark) == 0)
                text = tg_span_of(text.data + sizeof mark, text.size - sizeof mark);
        document->name = tg_duplicate(name, strlen(name));
        document->text = (uint8_t *)tg_duplicate((const char *)text.data, text.size);
        document->size = text.size;
        find_lines(document);
        return document;
}

void tg_document_free(struct tg_document *document)
{
        if (!document)
                return;
        while (document->chunks) {
                struct tg_chunk *chunk = document->chunks;

                document->chunks = chunk->next;
                free(chunk);
        }
        free(document->lines);
        free(document->text);
        free(document->name);
        free(document);
}

void tg_document_free_pointer(struct tg_document **document)
{
        tg_document_free(*document);
}

const struct tg_node *tg_document_root(const struct tg_document *document)
{
        return document->root;
}

/* The line that holds OFFSET, from 0. */
static size_t line_at(const struct tg_document *document, size_t offset)
{
        size_t low = 0, high = document->line_count;

        while (high - low > 1) {
                size_t middle = low + (high - low) / 2;

                if (document->lines[middle] <= offset)
                        low = middle;
                else
                        high = middle;
        }
        return low;
}

static struct tg_span line_text(const struct tg_document *document, size_t line)
{
        size_t begin = document->lines[line];
        size_t end = line + 1 < document->line_count ? document->lines[line + 1] : document->size;

        while (end > begin && (document->text[end - 1] == '\n' || document->text[end - 1] == '\r'))
                end--;
        return tg_span_of(document->text + begin, end - begin);
}

struct tg_place tg_tree_place(const struct tg_document *document, size_t offset, size_t size)
{
        size_t line = line_at(document, offset);
        struct tg_span text = line_text(document, line);
        size_t before = offset - document->lines[line];
        size_t length;

        if (before > text.size) /* at the line's end itself */
                before = text.size;
        if (size > text.size - before)
                size = text.size - before;
        length = tg_utf8_count(text.data + before, size);
        return (struct tg_place){
                .file = document->name,
                .line = (uint32_t)line + 1,
                .column = (uint32_t)tg_utf8_count(text.data, before) + 1,
                .length = length ? (uint32_t)length : 1,
                .text = text,
        };
}

int tg_tree_compare(struct tg_span a, struct tg_span b)
{
        size_t common = a.size < b.size ? a.size : b.size;
        int order = common ? memcmp(a.data, b.data, common) : 0;

        return order ? order : (a.size > b.size) - (a.size < b.size);
}

enum tg_node_kind tg_node_kind(const struct tg_node *node)
{
        return node->kind;
}

struct tg_span tg_node_text(const struct tg_node *node)
{
        return node->text;
}

bool tg_node_is_plain(const struct tg_node *node)
{
        return node->plain;
}

bool tg_node_is_null(const struct tg_node *node)
{
        if (tg_span_present(node->written))
                return node->text.size == 0;
        return node->plain &&
               (node->text.size == 0 || tg_span_equal(node->text, tg_span_text("~")) ||
                tg_span_equal(node->text, tg_span_text("null")));
}

const struct tg_node *tg_node_first(const struct tg_node *node)
{
        return node->first;
}

const struct tg_node *tg_node_next(const struct tg_node *node)
{
        return node->next;
}

size_t tg_node_count(const struct tg_node *node)
{
        return node->count;
}

const struct tg_node *tg_node_key(const struct tg_node *node)
{
        return node->key;
}

const struct tg_node *tg_node_find(const struct tg_node *node, const char *key)
{
        struct tg_span wanted = tg_span_text(key);
        size_t low = 0, high = node && node->kind == TG_NODE_MAPPING ? node->count : 0;

        while (low < high) {
                size_t middle = low + (high - low) / 2;
                int order = tg_tree_compare(wanted, node->sorted[middle]->key->text);

                if (order == 0)
                        return node->sorted[middle];
                if (order < 0)
                        high = middle;
                else
                        low = middle + 1;
        }
        return NULL;
}

struct tg_place tg_node_place(const struct tg_node *node)
{
        return tg_tree_place(node->document, node->offset, node->size);
}
