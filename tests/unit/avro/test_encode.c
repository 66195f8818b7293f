/* SPDX-License-Identifier: Apache-2.0 */
/* What the encoders write, read by libavro. */
#include "avro/encode.h"

#include <avro.h>

#include "avro/support.h"

static const char schema_json[] =
        "{\"type\":\"record\",\"name\":\"R\",\"fields\":["
        "{\"name\":\"number\",\"type\":\"long\"},"
        "{\"name\":\"flag\",\"type\":\"boolean\"},"
        "{\"name\":\"real\",\"type\":\"double\"},"
        "{\"name\":\"text\",\"type\":[\"null\",\"string\"]},"
        "{\"name\":\"time\",\"type\":[\"null\",\"long\"]},"
        "{\"name\":\"list\",\"type\":{\"type\":\"array\",\"items\":\"string\"}}]}";

struct row {
        int64_t number, time_ms;
        const char *text;
        size_t items;
};

static void put(struct tg_buffer *buffer, const struct row *row)
{
        tg_put_long(buffer, row->number);
        tg_put_bool(buffer, row->number < 0);
        put_double(buffer, (double)row->number / 2);
        tg_put_optional_text(buffer, row->text);
        tg_put_optional_time(buffer, row->time_ms);
        tg_put_items_begin(buffer, row->items);
        for (size_t i = 0; i < row->items; i++)
                tg_put_text(buffer, "item");
        tg_put_items_end(buffer);
}

static avro_value_t field_of(avro_value_t *value, const char *name)
{
        avro_value_t field, branch = {0};

        cr_assert_eq(avro_value_get_by_name(value, name, &field, NULL), 0);
        if (avro_value_get_type(&field) != AVRO_UNION)
                return field;
        avro_value_get_current_branch(&field, &branch);
        return branch;
}

static void expect_row(avro_value_t *value, const struct row *row)
{
        avro_value_t number = field_of(value, "number"), flag = field_of(value, "flag");
        avro_value_t real = field_of(value, "real"), text = field_of(value, "text");
        avro_value_t time = field_of(value, "time"), list = field_of(value, "list");
        const char *text_read = NULL;
        int64_t number_read = 0, time_read = TG_NO_TIME;
        double real_read = 0;
        size_t size, items = 0;
        int flag_read = -1;

        avro_value_get_long(&number, &number_read);
        avro_value_get_boolean(&flag, &flag_read);
        avro_value_get_double(&real, &real_read);
        avro_value_get_string(&text, &text_read, &size);
        avro_value_get_long(&time, &time_read);
        avro_value_get_size(&list, &items);
        cr_expect_eq(number_read, row->number);
        cr_expect_eq(flag_read, row->number < 0);
        cr_expect_eq(real_read, (double)row->number / 2);
        cr_expect(row->text ? text_read && strcmp(text_read, row->text) == 0 : !text_read);
        cr_expect_eq(time_read, row->time_ms);
        cr_expect_eq(items, row->items);
}

Test(encode, libavro_reads_what_is_put)
{
        static const struct row rows[] = {
                {0, TG_NO_TIME, NULL, 0},
                {-1, 0, "", 1},
                {63, 1, "text", 2},
                {64, -1, "more text", 100},
                {INT64_MAX, INT64_MAX, "x", 3},
                {INT64_MIN, 1488326400123, NULL, 0},
        };
        struct tg_buffer buffer = {0};
        avro_schema_t schema;
        avro_value_iface_t *iface;
        avro_value_t value;

        cr_assert_eq(avro_schema_from_json_literal(schema_json, &schema), 0);
        iface = avro_generic_class_from_schema(schema);
        avro_generic_value_new(iface, &value);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
                avro_reader_t reader;

                tg_buffer_reset(&buffer);
                put(&buffer, &rows[i]);
                reader = avro_reader_memory((const char *)buffer.data, (int64_t)buffer.size);
                cr_assert_eq(avro_value_read(reader, &value), 0, "%s", avro_strerror());
                expect_row(&value, &rows[i]);
                cr_expect_neq(avro_skip(reader, 1), 0, "bytes are left");
                avro_reader_free(reader);
        }
        avro_value_decref(&value);
        avro_value_iface_decref(iface);
        avro_schema_decref(schema);
        tg_buffer_deinit(&buffer);
}
