/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Parsing a schema: our own walk over the JSON first (it keeps what libavro drops: aliases,
 * defaults, logical types), then libavro as a second judge of what came from outside.
 */
#include "avro/schemas.h"

#include <avro.h>
#include <pthread.h>
#include <stdlib.h>

#include "avro/tree.h"
#include "base/memory.h"

/* libavro keeps its last error in one global: the parse and the reading of its text go together. */
static pthread_mutex_t libavro_lock = PTHREAD_MUTEX_INITIALIZER;

static int ask_libavro(struct tg_span json, struct tg_error *error)
{
        avro_schema_t parsed;
        int answer = 0;

        pthread_mutex_lock(&libavro_lock);
        if (avro_schema_from_json_length((const char *)json.data, json.size, &parsed) == 0)
                avro_schema_decref(parsed);
        else
                answer = tg_fail(error, EX_DATAERR, "Avro schema refused by libavro: %s",
                                 avro_strerror());
        pthread_mutex_unlock(&libavro_lock);
        return answer;
}

static int load_json(struct tg_schema *schema, struct tg_span json, struct tg_error *error)
{
        json_error_t where;

        schema->json = json_loadb((const char *)json.data, json.size,
                                  JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &where);
        if (schema->json)
                return 0;
        return tg_fail(error, EX_DATAERR, "Avro schema is no JSON: line %d column %d: %s",
                       where.line, where.column, where.text);
}

int tg_schema_parse(struct tg_span json, struct tg_schema **ret_schema, struct tg_error *error)
{
        tg_cleanup(tg_schema_free_pointer) struct tg_schema *schema = NULL;

        if (json.size > TG_SCHEMA_JSON_MAX)
                return tg_fail(error, EX_DATAERR, "Avro schema has %zu bytes, more than %d",
                               json.size, TG_SCHEMA_JSON_MAX);
        schema = tg_allocate_zeroed(1, sizeof *schema);
        if (load_json(schema, json, error) < 0)
                return -1;
        if (tg_tree_build(schema, error) < 0)
                return tg_fail_context(error, "Avro schema");
        if (ask_libavro(json, error) < 0)
                return -1;
        tg_canonical_build(schema);
        *ret_schema = schema;
        schema = NULL;
        return 0;
}

static void node_free(struct tg_node *node)
{
        free(node->name);
        free(node->fields);
        free(node->symbols);
        free(node->types);
        free(node);
}

void tg_schema_free(struct tg_schema *schema)
{
        if (!schema)
                return;
        for (size_t i = 0; i < schema->node_count; i++)
                node_free(schema->nodes[i]);
        free(schema->nodes);
        free(schema->canonical);
        json_decref(schema->json);
        free(schema);
}

void tg_schema_free_pointer(struct tg_schema **schema)
{
        tg_schema_free(*schema);
}

struct tg_span tg_schema_canonical(const struct tg_schema *schema)
{
        return tg_span_of(schema->canonical, schema->canonical_size);
}

uint64_t tg_schema_fingerprint(const struct tg_schema *schema)
{
        return schema->fingerprint;
}

const char *tg_schema_name(const struct tg_schema *schema)
{
        return tg_node_name(schema->root);
}
