/* SPDX-License-Identifier: Apache-2.0 */
#include "support/said.h"

#include <criterion/criterion.h>
#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

static avro_schema_t schema_of(enum tg_shipped shipped)
{
        struct tg_span text = tg_shipped_text(shipped);
        avro_schema_t schema = NULL;

        cr_assert_eq(avro_schema_from_json_length((const char *)text.data, text.size, &schema), 0,
                     "%s", avro_strerror());
        return schema;
}

/* {"string": x} or {"Receipt": x}: our own fields are longer or lower-case and no type's name. */
static json_t *unwrapped(json_t *value)
{
        void *only = json_object_size(value) == 1 ? json_object_iter(value) : NULL;
        const char *key = only ? json_object_iter_key(only) : "";

        if (isupper((unsigned char)key[0]) || strcmp(key, "string") == 0 ||
            strcmp(key, "long") == 0)
                return json_object_iter_value(only);
        return value;
}

static bool says_nothing(const json_t *value)
{
        const char *text = json_string_value(value);

        return json_is_null(value) || json_is_false(value) ||
               (json_is_integer(value) && json_integer_value(value) == 0) ||
               (text && (!*text || strcmp(text, "unknown") == 0 || strcmp(text, "none") == 0)) ||
               (json_is_object(value) && json_object_size(value) == 0) ||
               (json_is_array(value) && json_array_size(value) == 0);
}

static json_t *condensed(json_t *value)
{
        json_t *inner = unwrapped(value), *item, *copy;
        const char *key;
        size_t i;

        if (json_is_object(inner)) {
                copy = json_object();
                json_object_foreach(inner, key, item)
                {
                        if (!says_nothing(item))
                                json_object_set_new(copy, key, condensed(item));
                }
        } else if (json_is_array(inner)) {
                copy = json_array();
                json_array_foreach(inner, i, item) json_array_append_new(copy, condensed(item));
        } else {
                copy = json_incref(inner);
        }
        return copy;
}

static char *said_by_value(avro_value_t *value)
{
        char *text = NULL, *said;
        json_t *json, *short_json;

        cr_assert_eq(avro_value_to_json(value, 1, &text), 0, "%s", avro_strerror());
        json = json_loads(text, 0, NULL);
        cr_assert_not_null(json);
        short_json = condensed(json);
        said = json_dumps(short_json, JSON_COMPACT | JSON_PRESERVE_ORDER);
        json_decref(short_json);
        json_decref(json);
        free(text);
        return said;
}

char *said_by_bytes(enum tg_shipped shipped, struct tg_span bytes)
{
        avro_schema_t schema = schema_of(shipped);
        avro_value_iface_t *class = avro_generic_class_from_schema(schema);
        avro_reader_t reader = avro_reader_memory((const char *)bytes.data, (int64_t)bytes.size);
        avro_value_t value;
        char rest, *said;

        avro_generic_value_new(class, &value);
        if (avro_value_read(reader, &value) != 0 || avro_read(reader, &rest, 1) == 0)
                said = strdup("undecodable");
        else
                said = said_by_value(&value);
        avro_value_decref(&value);
        avro_reader_free(reader);
        avro_value_iface_decref(class);
        avro_schema_decref(schema);
        return said;
}

char *said_by_file(enum tg_shipped shipped, const char *path)
{
        avro_schema_t schema = schema_of(shipped), written;
        avro_value_iface_t *class = avro_generic_class_from_schema(schema);
        avro_file_reader_t reader;
        avro_value_t value;
        char *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        cr_assert_eq(avro_file_reader(path, &reader), 0, "%s", avro_strerror());
        written = avro_file_reader_get_writer_schema(reader);
        cr_expect(avro_schema_equal(written, schema));
        avro_generic_value_new(class, &value);
        while (avro_file_reader_read_value(reader, &value) == 0) {
                char *said = said_by_value(&value);

                fprintf(out, "%s\n", said);
                free(said);
        }
        fclose(out);
        avro_value_decref(&value);
        avro_schema_decref(written);
        avro_file_reader_close(reader);
        avro_value_iface_decref(class);
        avro_schema_decref(schema);
        return text;
}
