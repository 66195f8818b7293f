/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/datum_json.h"

#include <inttypes.h>
#include <string.h>

#include "base/time.h"
#include "telemetry/text.h"

/* Without libavro's own text of the error, which lies in a global that any thread may be writing.
 */
int tg_datum_kind_init(struct tg_datum_kind *kind, struct tg_span schema_json,
                       struct tg_error *error)
{
        if (avro_schema_from_json_length((const char *)schema_json.data, schema_json.size,
                                         &kind->schema))
                return tg_fail(error, EX_SOFTWARE, "libavro refuses a schema of ours");
        kind->class = avro_generic_class_from_schema(kind->schema);
        return 0;
}

void tg_datum_kind_deinit(struct tg_datum_kind *kind)
{
        if (kind->class)
                avro_value_iface_decref(kind->class);
        if (kind->schema)
                avro_schema_decref(kind->schema);
        *kind = (struct tg_datum_kind){0};
}

/* libavro drops logical types; in our schemas these names are those of the timestamps. */
static bool is_time(const char *field)
{
        return strcmp(field, "time") == 0 || strcmp(field, "until") == 0 ||
               strcmp(field, "expires") == 0;
}

static void write_value(FILE *file, avro_value_t *value, const char *field);

static void write_long(FILE *file, int64_t number, const char *field)
{
        char text[TG_TIME_TEXT_SIZE];

        if (is_time(field))
                fprintf(file, "\"%s\"", tg_time_text(number, text));
        else
                fprintf(file, "%" PRId64, number);
}

/* A record's fields, or an array's or a map's items. */
static void write_members(FILE *file, avro_value_t *value, bool named, const char *brackets)
{
        size_t count = 0;

        avro_value_get_size(value, &count);
        fputc(brackets[0], file);
        for (size_t i = 0; i < count; i++) {
                avro_value_t member;
                const char *name = "";

                if (avro_value_get_by_index(value, i, &member, &name))
                        break;
                if (i)
                        fputc(',', file);
                if (named) {
                        tg_text_json(file, tg_span_text(name));
                        fputc(':', file);
                }
                write_value(file, &member, named ? name : "");
        }
        fputc(brackets[1], file);
}

static void write_text(FILE *file, avro_value_t *value, avro_type_t type)
{
        const void *data = "";
        const char *text = "";
        size_t size = 0;

        if (type == AVRO_STRING) {
                avro_value_get_string(value, &text, &size);
                tg_text_json(file, tg_span_of(text, size ? size - 1 : 0));
                return;
        }
        if (type == AVRO_BYTES)
                avro_value_get_bytes(value, &data, &size);
        else
                avro_value_get_fixed(value, &data, &size);
        tg_text_json(file, tg_span_of(data, size));
}

static void write_word(FILE *file, avro_value_t *value)
{
        int symbol = 0;

        avro_value_get_enum(value, &symbol);
        tg_text_json(file,
                     tg_span_text(avro_schema_enum_get(avro_value_get_schema(value), symbol)));
}

static void write_value(FILE *file, avro_value_t *value, const char *field)
{
        avro_type_t type = avro_value_get_type(value);
        avro_value_t branch;
        int32_t small = 0;
        int64_t large = 0;
        double real = 0;
        float single = 0;
        int truth = 0;

        switch (type) {
        case AVRO_UNION:
                if (avro_value_get_current_branch(value, &branch) == 0)
                        write_value(file, &branch, field);
                return;
        case AVRO_RECORD:
        case AVRO_MAP:
                write_members(file, value, true, "{}");
                return;
        case AVRO_ARRAY:
                write_members(file, value, false, "[]");
                return;
        case AVRO_ENUM:
                write_word(file, value);
                return;
        case AVRO_INT32:
                avro_value_get_int(value, &small);
                fprintf(file, "%" PRId32, small);
                return;
        case AVRO_INT64:
                avro_value_get_long(value, &large);
                write_long(file, large, field);
                return;
        case AVRO_BOOLEAN:
                avro_value_get_boolean(value, &truth);
                fputs(truth ? "true" : "false", file);
                return;
        case AVRO_DOUBLE:
                avro_value_get_double(value, &real);
                fprintf(file, "%.17g", real);
                return;
        case AVRO_FLOAT:
                avro_value_get_float(value, &single);
                fprintf(file, "%.9g", (double)single);
                return;
        case AVRO_STRING:
        case AVRO_BYTES:
        case AVRO_FIXED:
                write_text(file, value, type);
                return;
        default:
                fputs("null", file);
        }
}

void tg_datum_json(FILE *file, avro_value_t *value)
{
        write_value(file, value, "");
}
