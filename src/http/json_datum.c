/* SPDX-License-Identifier: Apache-2.0 */
#include "http/json_datum.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>

#include "avro/encode.h"
#include "config/nearest.h"

enum { PATH_SIZE = 128, CHOICE_SIZE = 400, WORDS_MAX = 64 };

/* What is being written, and where in it we are. */
struct writer {
        const json_t *root; /* of the schema: named types are looked up there */
        struct tg_buffer *datum;
        struct tg_error *error;
};

static int write(const struct writer *writer, const json_t *type, const json_t *value,
                 const char *path);

/* What is wrong at PATH; "" is the whole. */
static int wrong(const struct writer *writer, const char *path, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static int wrong(const struct writer *writer, const char *path, const char *format, ...)
{
        char text[512];
        va_list arguments;

        va_start(arguments, format);
        vsnprintf(text, sizeof text, format, arguments);
        va_end(arguments);
        if (!*path)
                return tg_fail(writer->error, EX_DATAERR, "the request %s", text);
        return tg_fail(writer->error, EX_DATAERR, "`%s` %s", path, text);
}

/* The definition of a named type, wherever in the schema it stands. */
static const json_t *find_named(const json_t *schema, const char *name)
{
        const char *own = json_string_value(json_object_get(schema, "name"));
        const json_t *found = NULL, *child;
        const char *key;
        size_t i;

        if (own && strcmp(own, name) == 0 && !json_is_null(json_object_get(schema, "type")) &&
            (json_object_get(schema, "symbols") || json_object_get(schema, "fields")))
                return schema;
        json_array_foreach(schema, i, child)
        {
                if (!found)
                        found = find_named(child, name);
        }
        json_object_foreach((json_t *)schema, key, child)
        {
                if (!found && (json_is_object(child) || json_is_array(child)))
                        found = find_named(child, name);
        }
        return found;
}

/* ", did you mean "channel"?" for what is written like one of WORDS; "" if nothing is. */
static const char *guess(const char *written, const char *const *words, size_t count,
                         char text[static PATH_SIZE])
{
        ptrdiff_t nearest = tg_nearest(tg_span_text(written), words, count);

        text[0] = '\0';
        if (nearest >= 0)
                snprintf(text, PATH_SIZE, "; did you mean \"%s\"?", words[nearest]);
        return text;
}

/* The same; or, where nothing is written like it, "; write one of ads, email". */
static const char *choices(const char *written, const char *const *words, size_t count,
                           char text[static CHOICE_SIZE])
{
        const char *separator = "; write one of ";
        char hint[PATH_SIZE];
        size_t used = (size_t)snprintf(text, CHOICE_SIZE, "%s", guess(written, words, count, hint));

        for (size_t i = 0; !hint[0] && i < count && used < CHOICE_SIZE; i++) {
                if (strcmp(words[i], "unknown") == 0) /* is for readers of newer schemas */
                        continue;
                used += (size_t)snprintf(text + used, CHOICE_SIZE - used, "%s%s", separator,
                                         words[i]);
                separator = ", ";
        }
        return text;
}

static const char *below(const char *path, const char *name, char text[static PATH_SIZE])
{
        snprintf(text, PATH_SIZE, "%s%s%s", path, *path ? "." : "", name);
        return text;
}

static int check_fields(const struct writer *writer, const json_t *fields, const json_t *value,
                        const char *path)
{
        const char *names[WORDS_MAX], *key;
        char inner[PATH_SIZE], hint[PATH_SIZE];
        const json_t *field;
        size_t i, count = 0;

        json_array_foreach(fields, i, field)
        {
                assert(count < WORDS_MAX);
                names[count++] = json_string_value(json_object_get(field, "name"));
        }
        json_object_foreach((json_t *)value, key, field)
        {
                for (i = 0; i < count && strcmp(names[i], key) != 0; i++)
                        continue;
                if (i == count)
                        return wrong(writer, below(path, key, inner),
                                     "is not a field of a request%s",
                                     guess(key, names, count, hint));
        }
        return 0;
}

static int write_record(const struct writer *writer, const json_t *type, const json_t *value,
                        const char *path)
{
        const json_t *fields = json_object_get(type, "fields"), *field;
        char inner[PATH_SIZE];
        size_t i;

        if (!json_is_object(value))
                return wrong(writer, path, "must be an object");
        if (check_fields(writer, fields, value, path) < 0)
                return -1;
        json_array_foreach(fields, i, field)
        {
                const char *name = json_string_value(json_object_get(field, "name"));
                const json_t *given = json_object_get(value, name);

                if (!given)
                        given = json_object_get(field, "default");
                if (!given)
                        return wrong(writer, path, "lacks `%s`", name);
                if (write(writer, json_object_get(field, "type"), given, below(path, name, inner)) <
                    0)
                        return -1;
        }
        return 0;
}

static int write_word(const struct writer *writer, const json_t *type, const json_t *value,
                      const char *path)
{
        const json_t *symbols = json_object_get(type, "symbols"), *symbol;
        const char *words[WORDS_MAX];
        char choice[CHOICE_SIZE];
        size_t i, count = 0;

        json_array_foreach(symbols, i, symbol)
        {
                assert(count < WORDS_MAX);
                words[count++] = json_string_value(symbol);
                if (json_is_string(value) && strcmp(words[i], json_string_value(value)) == 0) {
                        tg_put_enum(writer->datum, (uint32_t)i);
                        return 0;
                }
        }
        if (!json_is_string(value))
                return wrong(writer, path, "must be a word, such as \"%s\"", words[count - 1]);
        return wrong(writer, path, "can't be \"%.64s\"%s", json_string_value(value),
                     choices(json_string_value(value), words, count, choice));
}

static int write_list(const struct writer *writer, const json_t *type, const json_t *value,
                      const char *path)
{
        char inner[PATH_SIZE], place[32];
        const json_t *item;
        size_t i;

        if (!json_is_array(value))
                return wrong(writer, path, "must be a list");
        if (json_array_size(value))
                tg_put_items_begin(writer->datum, json_array_size(value));
        json_array_foreach(value, i, item)
        {
                snprintf(place, sizeof place, "%zu", i);
                if (write(writer, json_object_get(type, "items"), item, below(path, place, inner)) <
                    0)
                        return -1;
        }
        tg_put_items_end(writer->datum);
        return 0;
}

static int write_number(const struct writer *writer, const json_t *type, const json_t *value,
                        const char *path)
{
        bool is_time = json_object_get(type, "logicalType") != NULL;
        bool is_int = json_is_string(type) && strcmp(json_string_value(type), "int") == 0;
        int64_t number;

        if (is_time && json_is_string(value)) {
                if (tg_time_parse(json_string_value(value), json_string_length(value), &number) < 0)
                        return wrong(writer, path,
                                     "is no time; write it as 2017-03-01T12:00:00.000Z, or in "
                                     "milliseconds");
        } else if (!json_is_integer(value)) {
                return wrong(writer, path, "must be %s",
                             is_time ? "a time: UTC milliseconds, or text such as "
                                       "2017-03-01T12:00:00.000Z"
                                     : "a whole number");
        } else {
                number = json_integer_value(value);
        }
        if (is_time && !tg_time_in_calendar(number))
                return wrong(writer, path, "is not within the years 0 to 9999");
        if (is_int && (number < INT32_MIN || number > INT32_MAX))
                return wrong(writer, path, "must be a whole number of 32 bits");
        tg_put_long(writer->datum, number);
        return 0;
}

static int write_text(const struct writer *writer, const json_t *value, const char *path)
{
        if (!json_is_string(value))
                return wrong(writer, path, "must be text");
        tg_put_span(writer->datum, tg_span_of(json_string_value(value), json_string_length(value)));
        return 0;
}

static int write_truth(const struct writer *writer, const json_t *value, const char *path)
{
        if (!json_is_boolean(value))
                return wrong(writer, path, "must be true or false");
        tg_put_bool(writer->datum, json_is_true(value));
        return 0;
}

/* TYPE is text: a type of Avro's own, or the name of another. */
static int write_named(const struct writer *writer, const json_t *type, const char *name,
                       const json_t *value, const char *path)
{
        if (strcmp(name, "record") == 0)
                return write_record(writer, type, value, path);
        if (strcmp(name, "enum") == 0)
                return write_word(writer, type, value, path);
        if (strcmp(name, "array") == 0)
                return write_list(writer, type, value, path);
        if (strcmp(name, "long") == 0 || strcmp(name, "int") == 0)
                return write_number(writer, type, value, path);
        if (strcmp(name, "string") == 0 || strcmp(name, "bytes") == 0)
                return write_text(writer, value, path);
        if (strcmp(name, "boolean") == 0)
                return write_truth(writer, value, path);
        type = find_named(writer->root, name);
        assert(type); /* a shipped schema names nothing that it does not define */
        return write(writer, type, value, path);
}

static int write_union(const struct writer *writer, const json_t *type, const json_t *value,
                       const char *path)
{
        assert(json_array_size(type) == 2);
        tg_put_long(writer->datum, json_is_null(value) ? 0 : 1);
        return json_is_null(value) ? 0 : write(writer, json_array_get(type, 1), value, path);
}

static int write(const struct writer *writer, const json_t *type, const json_t *value,
                 const char *path)
{
        const json_t *kind = json_is_object(type) ? json_object_get(type, "type") : type;

        if (json_is_array(kind))
                return write_union(writer, kind, value, path);
        if (json_is_object(kind))
                return write(writer, kind, value, path);
        return write_named(writer, type, json_string_value(kind), value, path);
}

int tg_json_datum(const json_t *schema, const json_t *value, struct tg_buffer *datum,
                  struct tg_error *error)
{
        const struct writer writer = {schema, datum, error};

        return write(&writer, schema, value, "");
}

/* "long", "record", …: what TYPE is at last, where it may also be null, or named. */
static const char *kind_of(const json_t *schema, const json_t *type)
{
        const json_t *named;

        while (!json_is_string(type))
                type = json_is_array(type) ? json_array_get(type, 1)
                                           : json_object_get(type, "type");
        named = find_named(schema, json_string_value(type));
        return json_string_value(named ? json_object_get(named, "type") : type);
}

static bool is_text(const char *kind)
{
        return strcmp(kind, "string") == 0 || strcmp(kind, "bytes") == 0 ||
               strcmp(kind, "enum") == 0;
}

json_t *tg_json_argument(const json_t *schema, const char *name, struct tg_span text)
{
        const json_t *fields = json_object_get(schema, "fields"), *field;
        json_t *value = NULL;
        size_t i;

        json_array_foreach(fields, i, field)
        {
                if (strcmp(json_string_value(json_object_get(field, "name")), name) == 0 &&
                    !is_text(kind_of(schema, json_object_get(field, "type"))))
                        value = json_loadb((const char *)text.data, text.size,
                                           JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
        }
        return value ? value : json_stringn((const char *)text.data, text.size);
}
