/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fuzzes decoding: the input's first byte chooses one of two plans, the rest is a record. Every
 * item of what decodes is walked.
 */
#include <stdlib.h>

#include "avro/plan.h"

struct row {
        struct tg_span text;
        struct tg_span code;
        int64_t time_ms;
        double price;
        struct tg_items list;
        struct tg_items map;
        int32_t count;
        uint8_t kind;
        uint8_t flag;
};

static const struct tg_slot text_slots[] = {TG_SLOT_SPAN(struct row, text, NULL)};
static const struct tg_layout text_layout = TG_LAYOUT(struct row, text_slots);
static const struct tg_slot list_slots[] = {TG_SLOT_ITEMS(struct row, list, NULL, &text_layout)};
static const struct tg_layout list_layout = TG_LAYOUT(struct row, list_slots);

static const struct tg_slot row_slots[] = {
        TG_SLOT_SPAN(struct row, text, "text"),
        TG_SLOT_SPAN(struct row, code, "code"),
        TG_SLOT_LONG(struct row, time_ms, "time"),
        TG_SLOT_DOUBLE(struct row, price, "price"),
        TG_SLOT_ITEMS(struct row, list, "list", &text_layout),
        TG_SLOT_ITEMS(struct row, map, "map", &list_layout),
        TG_SLOT_INT(struct row, count, "count", -1),
        TG_SLOT_ENUM(struct row, kind, "kind", 9),
        TG_SLOT_BOOL(struct row, flag, "flag", 9),
};
static const struct tg_layout row_layout = TG_LAYOUT(struct row, row_slots);
static const struct tg_layout head_layout = {sizeof(struct row), row_slots, 3};

#define FIELD(name, type) "{\"name\":\"" name "\",\"type\":" type "}"
#define RECORD(name, fields) "{\"type\":\"record\",\"name\":\"" name "\",\"fields\":[" fields "]}"
#define FIXED "{\"type\":\"fixed\",\"name\":\"F\",\"size\":3}"
#define ARRAY(items) "{\"type\":\"array\",\"items\":" items "}"
#define MAP(values) "{\"type\":\"map\",\"values\":" values "}"
#define ENUM(rest) "{\"type\":\"enum\",\"name\":\"K\"," rest "}"

/* clang-format off */
static const char schema_json[] = RECORD("R",
        FIELD("text", "\"string\"") ","
        FIELD("tree", RECORD("T", FIELD("all", ARRAY("\"T\"")))) ","
        FIELD("code", FIXED) ","
        FIELD("time", "[\"null\",\"long\"]") ","
        FIELD("price", "[\"int\",\"float\",\"double\"]") ","
        FIELD("list", "[" ARRAY("[\"null\",\"string\"]") ",\"null\"]") ","
        FIELD("skipped", "[\"int\",\"string\"," MAP("[\"F\",\"boolean\"]") "]") ","
        FIELD("nulls", ARRAY("\"null\"")) ","
        FIELD("map", MAP(ARRAY("\"bytes\""))) ","
        FIELD("count", "\"int\"") ","
        FIELD("kind", ENUM("\"symbols\":[\"A\",\"B\"]")) ","
        FIELD("flag", "\"boolean\""));

static const char reader_json[] = RECORD("R",
        FIELD("text", "\"bytes\"") ","
        FIELD("code", FIXED) ","
        FIELD("time", "[\"null\",\"long\"]") ","
        FIELD("price", "[\"null\",\"double\"]") ","
        FIELD("list", "[\"null\"," ARRAY("[\"null\",\"string\"]") "]") ","
        FIELD("map", MAP(ARRAY("\"bytes\""))) ","
        FIELD("count", "\"int\"") ","
        FIELD("kind", ENUM("\"symbols\":[\"B\"],\"default\":\"B\"")) ","
        FIELD("flag", "\"boolean\""));
/* clang-format on */

static struct tg_plan *full, *head;

static void compile(void)
{
        struct tg_schema *writer, *reader;
        struct tg_error error;

        if (tg_schema_parse(tg_span_text(schema_json), &writer, &error) < 0 ||
            tg_schema_parse(tg_span_text(reader_json), &reader, &error) < 0 ||
            tg_plan_compile(writer, reader, &row_layout, &full, &error) < 0 ||
            tg_plan_compile(writer, reader, &head_layout, &head, &error) < 0)
                abort();
        tg_schema_free(writer);
        tg_schema_free(reader);
}

static void touch(struct tg_span span)
{
        static volatile uint8_t sink;

        for (size_t i = 0; i < span.size; i++)
                sink = (uint8_t)(sink ^ span.data[i]);
}

static void walk(const struct tg_items *items, int depth)
{
        struct tg_items_walk walker = tg_items_walk(items);
        struct tg_span key;
        struct row item;
        uint32_t count = 0;

        for (; tg_items_next(&walker, &key, &item); count++) {
                touch(key);
                if (depth == 0)
                        touch(item.text);
                else
                        walk(&item.list, depth - 1);
        }
        if (count != items->count)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
        struct row row;
        size_t consumed;

        if (!full)
                compile();
        if (size == 0)
                return 0;
        if (tg_plan_decode(data[0] & 1 ? full : head, tg_span_of(data + 1, size - 1), &row,
                           &consumed) < 0)
                return 0;
        if (consumed > size - 1)
                abort();
        touch(row.text);
        touch(row.code);
        if (data[0] & 1) {
                walk(&row.list, 0);
                walk(&row.map, 1);
        }
        return 0;
}
