/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes container files: the input is one. Its blocks are read as a recording's are, by its own
 * schema against each of the shipped inputs; what was read is written anew, and must read the same.
 */
#include <stdlib.h>

#include "avro/container.h"
#include "avro/plan.h"
#include "records/event.h"
#include "records/schemas.h"

/* One way to read the records: a shipped schema. */
static struct way {
        enum tg_shipped shipped;
        const struct tg_layout *layout;
        struct tg_schema *reader;
        struct tg_plan *head;
        struct tg_plan *full;
} ways[] = {
        {.shipped = TG_SCHEMA_TOUCHPOINT, .layout = &tg_touchpoint_layout},
        {.shipped = TG_SCHEMA_REQUEST, .layout = &tg_request_layout},
};

enum { WAYS = sizeof ways / sizeof ways[0] };

static void parse_shipped(void)
{
        struct tg_error error;

        for (size_t i = 0; i < WAYS; i++) {
                if (tg_schema_parse(tg_shipped_text(ways[i].shipped), &ways[i].reader, &error) < 0)
                        abort();
        }
}

static void compile(struct tg_span schema_json)
{
        struct tg_schema *writer;
        struct tg_error error;

        if (tg_schema_parse(schema_json, &writer, &error) < 0)
                return;
        for (size_t i = 0; i < WAYS; i++) {
                struct way *way = &ways[i];

                if (tg_plan_compile(writer, way->reader, &tg_head_layout, &way->head, &error) < 0)
                        way->head = NULL;
                if (tg_plan_compile(writer, way->reader, way->layout, &way->full, &error) < 0)
                        way->full = NULL;
        }
        tg_schema_free(writer);
}

static void forget(void)
{
        for (size_t i = 0; i < WAYS; i++) {
                tg_plan_free(ways[i].head);
                tg_plan_free(ways[i].full);
                ways[i].head = ways[i].full = NULL;
        }
}

/* Record by record, as far as they can be told apart. */
static void decode(const struct way *way, const struct tg_container_block *block)
{
        union tg_event record;
        struct tg_span rest = block->data;
        struct tg_head head;
        size_t size, head_size;

        for (uint64_t i = 0; way->full && i < block->count; i++) {
                if (tg_plan_decode(way->full, rest, &record, &size) < 0)
                        return;
                /* What can be read can be walked over just as far, head first. */
                if (size > rest.size || !way->head ||
                    tg_plan_decode(way->head, rest, &head, &head_size) < 0 || head_size != size ||
                    head.time_ms != record.head.time_ms)
                        abort();
                rest = tg_span_of(rest.data + size, rest.size - size);
        }
}

static void put_again(const struct tg_container *from, const struct tg_container_block *block)
{
        struct tg_container again = {0};
        struct tg_container_block same;
        struct tg_buffer file = {0};
        struct tg_error error;

        tg_container_put_header(&file, from->schema_json, from->codec, from->sync);
        tg_container_put_block(&file, block->count, block->data, from->codec, from->sync);
        if (tg_container_init(&again, tg_buffer_span(&file), &error) < 0 ||
            tg_container_next(&again, &same, &error) != 0 || same.count != block->count ||
            !tg_span_equal(same.data, block->data) || tg_container_next(&again, &same, &error) != 1)
                abort();
        tg_container_deinit(&again);
        tg_buffer_deinit(&file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct tg_container file = {0};
        struct tg_container_block block;
        struct tg_error error;

        if (!ways[0].reader)
                parse_shipped();
        if (tg_container_init(&file, tg_span_of(data, size), &error) < 0)
                return 0;
        compile(file.schema_json);
        while (tg_container_next(&file, &block, &error) == 0) {
                for (size_t i = 0; i < WAYS; i++)
                        decode(&ways[i], &block);
                if (tg_span_present(block.data))
                        put_again(&file, &block);
        }
        forget();
        tg_container_deinit(&file);
        return 0;
}
