/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes writers' schemas: the input is the JSON of one up to a NUL byte, then a record by it. What
 * parses is resolved against a reader with a field of every kind; the canonical form of a schema is
 * a schema, the same one.
 */
#include <stdlib.h>

#include "avro/plan.h"

struct row {
        struct tg_span text;
        struct tg_items list;
        struct tg_items map;
        int64_t time_ms;
        double price;
        uint8_t kind;
        uint8_t flag;
};

static const struct tg_slot text_slots[] = {TG_SLOT_SPAN(struct row, text, NULL)};
static const struct tg_layout text_layout = TG_LAYOUT(struct row, text_slots);
static const struct tg_slot time_slots[] = {TG_SLOT_LONG(struct row, time_ms, NULL)};
static const struct tg_layout time_layout = TG_LAYOUT(struct row, time_slots);

static const struct tg_slot row_slots[] = {
        TG_SLOT_SPAN(struct row, text, "text"),
        TG_SLOT_LONG(struct row, time_ms, "time"),
        TG_SLOT_DOUBLE(struct row, price, "price"),
        TG_SLOT_ITEMS(struct row, list, "list", &text_layout),
        TG_SLOT_ITEMS(struct row, map, "map", &time_layout),
        TG_SLOT_ENUM(struct row, kind, "kind", 9),
        TG_SLOT_BOOL(struct row, flag, "flag", 9),
};
static const struct tg_layout row_layout = TG_LAYOUT(struct row, row_slots);

static const char reader_json[] =
        "{\"type\":\"record\",\"name\":\"R\",\"aliases\":[\"Q\"],\"fields\":["
        "{\"name\":\"text\",\"type\":\"string\",\"default\":\"x\"},"
        "{\"name\":\"time\",\"type\":[\"null\",\"long\"],\"default\":null},"
        "{\"name\":\"price\",\"type\":\"double\",\"aliases\":[\"cost\"],\"default\":0.5},"
        "{\"name\":\"list\",\"type\":{\"type\":\"array\",\"items\":\"string\"},\"default\":[]},"
        "{\"name\":\"map\",\"type\":{\"type\":\"map\",\"values\":\"long\"},\"default\":{}},"
        "{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"K\",\"symbols\":[\"A\",\"B\"],"
        "\"default\":\"A\"},\"default\":\"B\"},"
        "{\"name\":\"flag\",\"type\":\"boolean\",\"default\":true}]}";

static void check_canonical(const struct tg_schema *schema)
{
        struct tg_schema *again;
        struct tg_error error;

        if (tg_schema_parse(tg_schema_canonical(schema), &again, &error) < 0)
                abort();
        if (!tg_span_equal(tg_schema_canonical(schema), tg_schema_canonical(again)) ||
            tg_schema_fingerprint(schema) != tg_schema_fingerprint(again))
                abort();
        tg_schema_free(again);
}

static void walk(const struct tg_items *items)
{
        struct tg_items_walk walker = tg_items_walk(items);
        struct tg_span key;
        struct row item;
        uint32_t count = 0;

        while (tg_items_next(&walker, &key, &item))
                count++;
        if (count != items->count)
                abort();
}

static void resolve(const struct tg_schema *writer, const struct tg_schema *reader,
                    struct tg_span data)
{
        struct tg_plan *plan;
        struct tg_error error;
        struct row row;
        size_t consumed;

        if (tg_plan_compile(writer, reader, &row_layout, &plan, &error) < 0)
                return;
        if (tg_plan_decode(plan, data, &row, &consumed) == 0) {
                if (consumed > data.size)
                        abort();
                walk(&row.list);
                walk(&row.map);
        }
        tg_plan_free(plan);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        static struct tg_schema *reader;
        const uint8_t *end = size ? memchr(data, '\0', size) : NULL;
        size_t json_size = end ? (size_t)(end - data) : size;
        struct tg_span record = end ? tg_span_of(end + 1, size - json_size - 1) : TG_SPAN_ABSENT;
        struct tg_schema *writer;
        struct tg_error error;

        if (!reader && tg_schema_parse(tg_span_text(reader_json), &reader, &error) < 0)
                abort();
        if (tg_schema_parse(tg_span_of(data, json_size), &writer, &error) < 0)
                return 0;
        check_canonical(writer);
        resolve(writer, reader, record);
        tg_schema_free(writer);
        return 0;
}
