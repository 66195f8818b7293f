/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The Parsing Canonical Form of a schema (full names, no attributes but those that matter to data,
 * no white space) and CRC-64-AVRO over it, by which single-object framing names a schema.
 */
#include "avro/tree.h"

#include <stdio.h>

#include "base/buffer.h"
#include "base/memory.h"

static const uint64_t CRC_EMPTY = UINT64_C(0xc15d213aa4d7a795);

/* Bit by bit: a schema is short and seen once, so a table would only be one more thing. */
static uint64_t crc64_avro(const uint8_t *data, size_t size)
{
        uint64_t crc = CRC_EMPTY;

        for (size_t i = 0; i < size; i++) {
                crc ^= data[i];
                for (int bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ (CRC_EMPTY & -(crc & 1));
        }
        return crc;
}

static void put(struct tg_buffer *out, const char *text)
{
        tg_buffer_append(out, text, strlen(text));
}

static void put_quoted(struct tg_buffer *out, const char *text)
{
        put(out, "\"");
        put(out, text);
        put(out, "\"");
}

/* Named types that have been written once are referred to by name from then on. */
struct writer {
        struct tg_buffer out;
        const struct tg_node **written;
        size_t written_count;
};

static bool written_before(struct writer *writer, const struct tg_node *node)
{
        for (size_t i = 0; i < writer->written_count; i++)
                if (writer->written[i] == node)
                        return true;
        writer->written[writer->written_count++] = node;
        return false;
}

static void put_type(struct writer *writer, const struct tg_node *node);

static void put_fields(struct writer *writer, const struct tg_node *node)
{
        put(&writer->out, ",\"fields\":[");
        for (size_t i = 0; i < node->count; i++) {
                put(&writer->out, i ? ",{\"name\":" : "{\"name\":");
                put_quoted(&writer->out, node->fields[i].name);
                put(&writer->out, ",\"type\":");
                put_type(writer, node->fields[i].type);
                put(&writer->out, "}");
        }
        put(&writer->out, "]");
}

static void put_symbols(struct writer *writer, const struct tg_node *node)
{
        put(&writer->out, ",\"symbols\":[");
        for (size_t i = 0; i < node->count; i++) {
                put(&writer->out, i ? "," : "");
                put_quoted(&writer->out, node->symbols[i]);
        }
        put(&writer->out, "]");
}

static void put_size(struct writer *writer, const struct tg_node *node)
{
        char text[32];

        snprintf(text, sizeof text, ",\"size\":%u", node->size_min);
        put(&writer->out, text);
}

static void put_named(struct writer *writer, const struct tg_node *node)
{
        if (written_before(writer, node)) {
                put_quoted(&writer->out, node->name);
                return;
        }
        put(&writer->out, "{\"name\":");
        put_quoted(&writer->out, node->name);
        put(&writer->out, ",\"type\":");
        put_quoted(&writer->out, tg_type_name(node->type));
        if (node->type == TG_TYPE_RECORD)
                put_fields(writer, node);
        else if (node->type == TG_TYPE_ENUM)
                put_symbols(writer, node);
        else
                put_size(writer, node);
        put(&writer->out, "}");
}

static void put_union(struct writer *writer, const struct tg_node *node)
{
        put(&writer->out, "[");
        for (size_t i = 0; i < node->count; i++) {
                put(&writer->out, i ? "," : "");
                put_type(writer, node->types[i]);
        }
        put(&writer->out, "]");
}

static void put_type(struct writer *writer, const struct tg_node *node)
{
        if (node->name) {
                put_named(writer, node);
        } else if (node->type == TG_TYPE_UNION) {
                put_union(writer, node);
        } else if (node->type == TG_TYPE_ARRAY || node->type == TG_TYPE_MAP) {
                put(&writer->out, "{\"type\":");
                put_quoted(&writer->out, tg_type_name(node->type));
                put(&writer->out, node->type == TG_TYPE_ARRAY ? ",\"items\":" : ",\"values\":");
                put_type(writer, node->types[0]);
                put(&writer->out, "}");
        } else {
                put_quoted(&writer->out, tg_type_name(node->type));
        }
}

void tg_canonical_build(struct tg_schema *schema)
{
        tg_cleanup(tg_free_pointer) const struct tg_node **written =
                tg_allocate_zeroed(schema->node_count, sizeof(struct tg_node *));
        struct writer writer = {.written = written};

        put_type(&writer, schema->root);
        schema->canonical = tg_duplicate((const char *)writer.out.data, writer.out.size);
        schema->canonical_size = writer.out.size;
        schema->fingerprint = crc64_avro(writer.out.data, writer.out.size);
        tg_buffer_deinit(&writer.out);
}
