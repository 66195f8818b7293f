/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/answer.h"

#include <jansson.h>
#include <stdio.h>

#include "base/memory.h"
#include "base/utf8.h"

static void free_json(json_t **json)
{
        json_decref(*json);
}

static json_t *parse(struct tg_span body)
{
        return json_loadb((const char *)body.data, body.size, JSON_REJECT_DUPLICATES, NULL);
}

static int garbage(struct tg_error *error)
{
        return tg_fail(error, EX_PROTOCOL, "its answer is not that of a schema registry");
}

static int references(const json_t *list, struct tg_error *error)
{
        const char *name = json_string_value(json_object_get(json_array_get(list, 0), "name"));

        tg_fail(error, EX_DATAERR,
                "the schema refers to another one (%.100s), and references are not "
                "followed: register it with that type written out in it",
                name ? name : "without a name");
        tg_utf8_tame(error->message);
        return -1;
}

int tg_answer_schema(struct tg_span body, struct tg_buffer *ret_json, struct tg_error *error)
{
        tg_cleanup(free_json) json_t *json = parse(body);
        const json_t *schema = json_object_get(json, "schema");
        const json_t *kind = json_object_get(json, "schemaType");
        const json_t *list = json_object_get(json, "references");

        if (!json_is_string(schema))
                return garbage(error);
        if (json_is_string(kind) && strcmp(json_string_value(kind), "AVRO") != 0) {
                tg_fail(error, EX_DATAERR, "the schema is %.20s, not Avro",
                        json_string_value(kind));
                tg_utf8_tame(error->message);
                return -1;
        }
        if (json_array_size(list) > 0)
                return references(list, error);
        tg_buffer_append(ret_json, json_string_value(schema), json_string_length(schema));
        return 0;
}

int tg_answer_id(struct tg_span body, uint32_t *ret_id, struct tg_error *error)
{
        tg_cleanup(free_json) json_t *json = parse(body);
        const json_t *id = json_object_get(json, "id");

        if (!json_is_integer(id) || json_integer_value(id) < 0 ||
            json_integer_value(id) > UINT32_MAX)
                return garbage(error);
        *ret_id = (uint32_t)json_integer_value(id);
        return 0;
}

int tg_answer_failure(struct tg_span body, char text[static TG_ANSWER_TEXT_SIZE])
{
        tg_cleanup(free_json) json_t *json = parse(body);
        const json_t *code = json_object_get(json, "error_code");
        const char *message = json_string_value(json_object_get(json, "message"));

        text[0] = '\0';
        if (!json_is_integer(code) || json_integer_value(code) <= 0 ||
            json_integer_value(code) > 99999)
                return 0;
        snprintf(text, TG_ANSWER_TEXT_SIZE, "%.250s (%d)", message ? message : "no reason given",
                 (int)json_integer_value(code));
        tg_utf8_tame(text);
        return (int)json_integer_value(code);
}
