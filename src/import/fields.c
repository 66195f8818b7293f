/* SPDX-License-Identifier: Apache-2.0 */
#include "import/fields.h"

#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "avro/encode.h"
#include "base/memory.h"

static const struct {
        const char *name;
        enum tg_field_type type;
} primitives[] = {
        {"string", TG_FIELD_TEXT}, {"bytes", TG_FIELD_BYTES},  {"int", TG_FIELD_INT},
        {"long", TG_FIELD_LONG},   {"boolean", TG_FIELD_BOOL},
};

static void field_type(struct tg_field *field, const json_t *type, json_t *names);

static const char *text_of(const json_t *object, const char *key)
{
        return json_string_value(json_object_get(object, key));
}

static void named_type(struct tg_field *field, const char *name, json_t *names)
{
        for (size_t i = 0; i < sizeof primitives / sizeof primitives[0]; i++) {
                if (strcmp(primitives[i].name, name) == 0) {
                        field->type = primitives[i].type;
                        return;
                }
        }
        assert(json_object_get(names, name));
        field_type(field, json_object_get(names, name), names);
}

static void enum_type(struct tg_field *field, const json_t *type)
{
        const json_t *symbols = json_object_get(type, "symbols");
        size_t count = json_array_size(symbols);

        field->type = TG_FIELD_WORD;
        field->words = tg_allocate_zeroed(count + 1, sizeof *field->words);
        for (size_t i = 0; i < count; i++)
                field->words[i] = json_string_value(json_array_get(symbols, i));
}

/* The default as libavro's readers would see it; ours are null, scalars, and empty lists. */
static void put_default(struct tg_field *field, const json_t *value)
{
        struct tg_buffer *buffer = &field->absent;

        if (field->optional) {
                assert(json_is_null(value));
                tg_put_null(buffer);
        } else if (field->type == TG_FIELD_TEXT || field->type == TG_FIELD_BYTES) {
                tg_put_text(buffer, json_string_value(value));
        } else if (field->type == TG_FIELD_WORD) {
                unsigned word = 0;

                while (strcmp(field->words[word], json_string_value(value)) != 0)
                        word++;
                tg_put_enum(buffer, word);
        } else if (field->type == TG_FIELD_BOOL) {
                tg_put_bool(buffer, json_is_true(value));
        } else if (field->type == TG_FIELD_LIST || field->type == TG_FIELD_MAP) {
                tg_put_items_end(buffer);
        } else {
                tg_put_long(buffer, json_integer_value(value));
        }
}

static void record_type(struct tg_field *field, const json_t *type, json_t *names)
{
        const json_t *members = json_object_get(type, "fields");

        field->type = TG_FIELD_RECORD;
        field->count = json_array_size(members);
        field->inner = tg_allocate_zeroed(field->count, sizeof *field->inner);
        for (size_t i = 0; i < field->count; i++) {
                const json_t *member = json_array_get(members, i);
                const json_t *value = json_object_get(member, "default");
                struct tg_field *inner = &field->inner[i];

                inner->name = text_of(member, "name");
                field_type(inner, json_object_get(member, "type"), names);
                inner->required = !value;
                if (value)
                        put_default(inner, value);
        }
}

static void item_type(struct tg_field *field, enum tg_field_type type, const json_t *item,
                      json_t *names)
{
        field->type = type;
        field->count = 1;
        field->inner = tg_allocate_zeroed(1, sizeof *field->inner);
        field->inner->name = field->name;
        field->inner->required = true;
        field_type(field->inner, item, names);
}

static void object_type(struct tg_field *field, const json_t *type, json_t *names)
{
        const char *kind = text_of(type, "type");
        const char *logical = text_of(type, "logicalType");

        if (text_of(type, "name"))
                json_object_set(names, text_of(type, "name"), (json_t *)type);
        if (strcmp(kind, "record") == 0)
                record_type(field, type, names);
        else if (strcmp(kind, "enum") == 0)
                enum_type(field, type);
        else if (strcmp(kind, "array") == 0)
                item_type(field, TG_FIELD_LIST, json_object_get(type, "items"), names);
        else if (strcmp(kind, "map") == 0)
                item_type(field, TG_FIELD_MAP, json_object_get(type, "values"), names);
        else
                named_type(field, kind, names);
        if (logical && strcmp(logical, "timestamp-millis") == 0)
                field->type = TG_FIELD_TIME;
}

static void field_type(struct tg_field *field, const json_t *type, json_t *names)
{
        if (json_is_string(type)) {
                named_type(field, json_string_value(type), names);
        } else if (json_is_array(type)) {
                /* Our unions are all ["null", X]; a test keeps it so. */
                assert(json_array_size(type) == 2);
                field_type(field, json_array_get(type, 1), names);
                field->optional = true;
        } else {
                object_type(field, type, names);
        }
}

struct tg_fields *tg_fields_new(enum tg_shipped schema)
{
        struct tg_span text = tg_shipped_text(schema);
        struct tg_fields *fields = tg_allocate_zeroed(1, sizeof *fields);
        json_t *names = json_object();

        fields->json = json_loadb((const char *)text.data, text.size, 0, NULL);
        assert(fields->json);
        fields->record.name = tg_shipped_name(schema);
        fields->record.required = true;
        field_type(&fields->record, fields->json, names);
        json_decref(names);
        return fields;
}

static void field_deinit(struct tg_field *field)
{
        for (size_t i = 0; i < field->count; i++)
                field_deinit(&field->inner[i]);
        free(field->inner);
        free(field->words);
        tg_buffer_deinit(&field->absent);
}

void tg_fields_free(struct tg_fields *fields)
{
        if (!fields)
                return;
        field_deinit(&fields->record);
        json_decref(fields->json);
        free(fields);
}
