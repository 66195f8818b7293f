/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From JSON to the graph of types. Walks the JSON once, depth bounded; whatever Avro's
 * specification forbids is refused here with the name of the type it stands in, before libavro sees
 * it.
 */
#include "avro/tree.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

enum { NAME_SIZE_MAX = 512 };

struct builder {
        struct tg_schema *schema;
        struct tg_error *error;
        unsigned depth; /* types around the one being parsed */
};

static const char *const type_names[] = {
        [TG_TYPE_NULL] = "null",   [TG_TYPE_BOOLEAN] = "boolean", [TG_TYPE_INT] = "int",
        [TG_TYPE_LONG] = "long",   [TG_TYPE_FLOAT] = "float",     [TG_TYPE_DOUBLE] = "double",
        [TG_TYPE_BYTES] = "bytes", [TG_TYPE_STRING] = "string",   [TG_TYPE_RECORD] = "record",
        [TG_TYPE_ENUM] = "enum",   [TG_TYPE_FIXED] = "fixed",     [TG_TYPE_ARRAY] = "array",
        [TG_TYPE_MAP] = "map",     [TG_TYPE_UNION] = "union",
};

static const uint32_t primitive_sizes[] = {
        [TG_TYPE_NULL] = 0,  [TG_TYPE_BOOLEAN] = 1, [TG_TYPE_INT] = 1,   [TG_TYPE_LONG] = 1,
        [TG_TYPE_FLOAT] = 4, [TG_TYPE_DOUBLE] = 8,  [TG_TYPE_BYTES] = 1, [TG_TYPE_STRING] = 1,
};

const char *tg_type_name(enum tg_type type)
{
        return type_names[type];
}

const char *tg_node_name(const struct tg_node *node)
{
        return node->name ? node->name : tg_type_name(node->type);
}

const char *tg_name_base(const char *full_name)
{
        const char *dot = strrchr(full_name, '.');

        return dot ? dot + 1 : full_name;
}

int tg_node_symbol(const struct tg_node *node, const char *symbol)
{
        for (size_t i = 0; i < node->count; i++)
                if (strcmp(node->symbols[i], symbol) == 0)
                        return (int)i;
        return -1;
}

const struct tg_field *tg_node_field(const struct tg_node *node, const char *name)
{
        for (size_t i = 0; i < node->count; i++)
                if (strcmp(node->fields[i].name, name) == 0)
                        return &node->fields[i];
        return NULL;
}

bool tg_node_optional(const struct tg_node *node)
{
        return node->type == TG_TYPE_UNION && node->count == 2 &&
               (node->types[0]->type == TG_TYPE_NULL || node->types[1]->type == TG_TYPE_NULL);
}

static uint32_t size_sum(uint32_t a, uint32_t b)
{
        return a + b < TG_NODE_SIZE_MAX ? a + b : TG_NODE_SIZE_MAX;
}

/* A name, or with DOTS a full name: letters, digits and underscores, no digit first. */
static bool name_valid(const char *name, bool dots)
{
        bool first = true;

        for (; *name; name++) {
                unsigned char c = (unsigned char)*name;

                if (c == '.' && dots && !first) {
                        first = true;
                        continue;
                }
                if (c >= 0x80 || !(isalpha(c) || c == '_' || (isdigit(c) && !first)))
                        return false;
                first = false;
        }
        return !first;
}

static int count_use(struct builder *builder)
{
        if (++builder->schema->use_count <= TG_SCHEMA_NODES_MAX)
                return 0;
        return tg_fail(builder->error, EX_DATAERR, "the schema uses more than %d types",
                       TG_SCHEMA_NODES_MAX);
}

static struct tg_node *node_new(struct builder *builder, enum tg_type type)
{
        struct tg_schema *schema = builder->schema;
        struct tg_node *node = tg_allocate_zeroed(1, sizeof *node);

        schema->nodes =
                tg_reallocate(schema->nodes, (schema->node_count + 1) * sizeof(struct tg_node *));
        schema->nodes[schema->node_count++] = node;
        node->type = type;
        return node;
}

static struct tg_node *named_find(const struct tg_schema *schema, const char *full_name)
{
        for (size_t i = 0; i < schema->node_count; i++) {
                struct tg_node *node = schema->nodes[i];

                if (node->name && strcmp(node->name, full_name) == 0)
                        return node;
        }
        return NULL;
}

static int parse_type(struct builder *builder, const json_t *json, const char *space,
                      const struct tg_node **ret_node);

static int primitive_of(const char *name)
{
        for (int type = TG_TYPE_NULL; type <= TG_TYPE_STRING; type++)
                if (strcmp(type_names[type], name) == 0)
                        return type;
        return -1;
}

/* Writes "space.name", or NAME alone if it has a namespace or SPACE is empty. */
static int full_name_of(struct builder *builder, const char *name, const char *space,
                        char full_name[static NAME_SIZE_MAX])
{
        bool qualified = strchr(name, '.') || !*space;
        int size = snprintf(full_name, NAME_SIZE_MAX, "%s%s%s", qualified ? "" : space,
                            qualified ? "" : ".", name);

        if (size < NAME_SIZE_MAX && name_valid(full_name, true))
                return 0;
        return tg_fail(builder->error, EX_DATAERR,
                       "\"%.100s\" is no name of a type (letters, digits and _; at most %d bytes "
                       "with its namespace)",
                       name, NAME_SIZE_MAX - 1);
}

static int parse_reference(struct builder *builder, const char *name, const char *space,
                           const struct tg_node **ret_node)
{
        char full_name[NAME_SIZE_MAX];
        struct tg_node *node;

        if (full_name_of(builder, name, space, full_name) < 0)
                return -1;
        node = named_find(builder->schema, full_name);
        if (!node)
                node = named_find(builder->schema, name);
        if (!node)
                return tg_fail(builder->error, EX_DATAERR, "type \"%.200s\" is not defined", name);
        node->recursive |= node->open;
        *ret_node = node;
        return 0;
}

static int parse_word(struct builder *builder, const char *word, const char *space,
                      const struct tg_node **ret_node)
{
        int primitive = primitive_of(word);
        struct tg_node *node;

        if (primitive < 0)
                return parse_reference(builder, word, space, ret_node);
        node = node_new(builder, (enum tg_type)primitive);
        node->size_min = primitive_sizes[primitive];
        node->constant = primitive != TG_TYPE_INT && primitive != TG_TYPE_LONG &&
                         primitive != TG_TYPE_BYTES && primitive != TG_TYPE_STRING;
        *ret_node = node;
        return 0;
}

/* A branch that can't be told from an earlier one: same name, or same unnamed type. */
static bool branch_repeats(const struct tg_node *node, const struct tg_node *branch)
{
        for (size_t i = 0; i < node->count; i++)
                if (strcmp(tg_node_name(node->types[i]), tg_node_name(branch)) == 0)
                        return true;
        return false;
}

static int parse_union(struct builder *builder, const json_t *json, const char *space,
                       const struct tg_node **ret_node)
{
        struct tg_node *node = node_new(builder, TG_TYPE_UNION);
        size_t count = json_array_size(json);

        if (count == 0)
                return tg_fail(builder->error, EX_DATAERR, "a union has no branches");
        node->types = tg_allocate_zeroed(count, sizeof *node->types);
        node->size_min = TG_NODE_SIZE_MAX;
        for (size_t i = 0; i < count; i++) {
                const struct tg_node *branch;

                if (parse_type(builder, json_array_get(json, i), space, &branch) < 0)
                        return -1;
                if (branch->type == TG_TYPE_UNION || branch_repeats(node, branch))
                        return tg_fail(builder->error, EX_DATAERR,
                                       "a union may not hold a union or \"%.200s\" twice",
                                       tg_node_name(branch));
                node->types[node->count++] = branch;
                if (branch->size_min < node->size_min)
                        node->size_min = branch->size_min;
        }
        node->size_min = size_sum(node->size_min, 1);
        *ret_node = node;
        return 0;
}

static int parse_items(struct builder *builder, const json_t *json, const char *space,
                       enum tg_type type, const struct tg_node **ret_node)
{
        const char *key = type == TG_TYPE_ARRAY ? "items" : "values";
        struct tg_node *node = node_new(builder, type);
        const json_t *inner = json_object_get(json, key);

        if (!inner)
                return tg_fail(builder->error, EX_DATAERR, "a type \"%s\" lacks \"%s\"",
                               tg_type_name(type), key);
        node->types = tg_allocate_zeroed(1, sizeof *node->types);
        node->count = 1;
        node->size_min = 1;
        *ret_node = node;
        return parse_type(builder, inner, space, &node->types[0]);
}

/* ["a", "b"] under KEY of JSON, or NULL if there is none. */
static int parse_texts(struct builder *builder, const json_t *json, const char *key,
                       const char *owner, const json_t **ret_texts)
{
        const json_t *texts = json_object_get(json, key);

        for (size_t i = 0; texts && i < json_array_size(texts); i++)
                if (!json_is_string(json_array_get(texts, i)))
                        return tg_fail(builder->error, EX_DATAERR,
                                       "\"%s\" of \"%.200s\" must hold texts", key, owner);
        if (texts && !json_is_array(texts))
                return tg_fail(builder->error, EX_DATAERR, "\"%s\" of \"%.200s\" must be a list",
                               key, owner);
        *ret_texts = texts;
        return 0;
}

/* The namespace that the names inside NODE are in; fits, as the full name did. */
static void space_of(const struct tg_node *node, char space[static NAME_SIZE_MAX])
{
        size_t size = (size_t)(tg_name_base(node->name) - node->name);

        if (size > 0)
                memcpy(space, node->name, size - 1);
        space[size ? size - 1 : 0] = '\0';
}

static int parse_name(struct builder *builder, struct tg_node *node, const json_t *json,
                      const char *space)
{
        const char *name = json_string_value(json_object_get(json, "name"));
        const char *own_space = json_string_value(json_object_get(json, "namespace"));
        char full_name[NAME_SIZE_MAX];

        if (!name)
                return tg_fail(builder->error, EX_DATAERR, "a type \"%s\" has no name",
                               tg_type_name(node->type));
        if (full_name_of(builder, name, own_space ? own_space : space, full_name) < 0)
                return -1;
        if (named_find(builder->schema, full_name) || primitive_of(full_name) >= 0)
                return tg_fail(builder->error, EX_DATAERR, "type \"%.200s\" is defined twice",
                               full_name);
        node->name = tg_duplicate(full_name, strlen(full_name));
        return parse_texts(builder, json, "aliases", node->name, &node->aliases);
}

static int parse_field(struct builder *builder, struct tg_node *node, const json_t *json,
                       const char *space)
{
        const char *name = json_string_value(json_object_get(json, "name"));
        const json_t *type = json_object_get(json, "type");
        struct tg_field *field = &node->fields[node->count];

        if (!name || !name_valid(name, false))
                return tg_fail(builder->error, EX_DATAERR,
                               "field %zu of record \"%.200s\" has no valid name", node->count + 1,
                               node->name);
        for (size_t i = 0; i < node->count; i++)
                if (strcmp(node->fields[i].name, name) == 0)
                        return tg_fail(builder->error, EX_DATAERR,
                                       "record \"%.200s\" has two fields \"%.200s\"", node->name,
                                       name);
        if (!type)
                return tg_fail(builder->error, EX_DATAERR,
                               "field \"%.200s\" of record \"%.200s\" has no type", name,
                               node->name);
        if (parse_type(builder, type, space, &field->type) < 0 ||
            parse_texts(builder, json, "aliases", name, &field->aliases) < 0)
                return -1;
        field->name = name;
        field->preset = json_object_get(json, "default");
        node->count++;
        return 0;
}

static int parse_record(struct builder *builder, const json_t *json, const char *space,
                        const struct tg_node **ret_node)
{
        struct tg_node *node = node_new(builder, TG_TYPE_RECORD);
        const json_t *fields = json_object_get(json, "fields");
        char own_space[NAME_SIZE_MAX];

        if (parse_name(builder, node, json, space) < 0)
                return -1;
        if (!json_is_array(fields))
                return tg_fail(builder->error, EX_DATAERR,
                               "record \"%.200s\" lacks the list \"fields\"", node->name);
        space_of(node, own_space);
        node->fields = tg_allocate_zeroed(json_array_size(fields) + 1, sizeof *node->fields);
        node->open = true;
        node->constant = true;
        for (size_t i = 0; i < json_array_size(fields); i++) {
                const struct tg_node *type;

                if (parse_field(builder, node, json_array_get(fields, i), own_space) < 0)
                        return -1;
                type = node->fields[i].type;
                node->constant &= type->constant && !type->open;
                node->size_min = size_sum(node->size_min, type->open ? 0 : type->size_min);
        }
        node->open = false;
        *ret_node = node;
        return 0;
}

static int parse_symbols(struct builder *builder, struct tg_node *node, const json_t *symbols)
{
        size_t count = json_array_size(symbols);

        if (count == 0 || count > TG_SCHEMA_SYMBOLS_MAX)
                return tg_fail(builder->error, EX_DATAERR,
                               "enum \"%.200s\" must have 1 to %d symbols, not %zu", node->name,
                               TG_SCHEMA_SYMBOLS_MAX, count);
        node->symbols = tg_allocate_zeroed(count, sizeof *node->symbols);
        for (size_t i = 0; i < count; i++) {
                const char *symbol = json_string_value(json_array_get(symbols, i));

                if (!name_valid(symbol, false) || tg_node_symbol(node, symbol) >= 0)
                        return tg_fail(builder->error, EX_DATAERR,
                                       "enum \"%.200s\": symbol \"%.100s\" is no name, or there "
                                       "twice",
                                       node->name, symbol);
                node->symbols[node->count++] = symbol;
        }
        return 0;
}

static int parse_enum(struct builder *builder, const json_t *json, const char *space,
                      const struct tg_node **ret_node)
{
        struct tg_node *node = node_new(builder, TG_TYPE_ENUM);
        const json_t *symbols;

        node->size_min = 1;
        if (parse_name(builder, node, json, space) < 0 ||
            parse_texts(builder, json, "symbols", node->name, &symbols) < 0 ||
            parse_symbols(builder, node, symbols) < 0)
                return -1;
        node->preset = json_string_value(json_object_get(json, "default"));
        if (node->preset && tg_node_symbol(node, node->preset) < 0)
                return tg_fail(builder->error, EX_DATAERR,
                               "enum \"%.200s\": its default \"%.100s\" is not among its symbols",
                               node->name, node->preset);
        *ret_node = node;
        return 0;
}

static int parse_fixed(struct builder *builder, const json_t *json, const char *space,
                       const struct tg_node **ret_node)
{
        struct tg_node *node = node_new(builder, TG_TYPE_FIXED);
        const json_t *size = json_object_get(json, "size");

        if (parse_name(builder, node, json, space) < 0)
                return -1;
        if (!json_is_integer(size) || json_integer_value(size) < 0 ||
            json_integer_value(size) > TG_SCHEMA_FIXED_MAX)
                return tg_fail(builder->error, EX_DATAERR,
                               "fixed \"%.200s\" must have a size from 0 to %d", node->name,
                               TG_SCHEMA_FIXED_MAX);
        node->size_min = (uint32_t)json_integer_value(size);
        node->constant = true;
        *ret_node = node;
        return 0;
}

static int parse_complex(struct builder *builder, const json_t *json, const char *word,
                         const char *space, const struct tg_node **ret_node)
{
        if (strcmp(word, "record") == 0 || strcmp(word, "error") == 0)
                return parse_record(builder, json, space, ret_node);
        if (strcmp(word, "enum") == 0)
                return parse_enum(builder, json, space, ret_node);
        if (strcmp(word, "fixed") == 0)
                return parse_fixed(builder, json, space, ret_node);
        if (strcmp(word, "array") == 0)
                return parse_items(builder, json, space, TG_TYPE_ARRAY, ret_node);
        if (strcmp(word, "map") == 0)
                return parse_items(builder, json, space, TG_TYPE_MAP, ret_node);
        return parse_word(builder, word, space, ret_node);
}

static int parse_object(struct builder *builder, const json_t *json, const char *space,
                        const struct tg_node **ret_node)
{
        const json_t *type = json_object_get(json, "type");
        const char *logical = json_string_value(json_object_get(json, "logicalType"));
        size_t before = builder->schema->node_count;

        if (!type)
                return tg_fail(builder->error, EX_DATAERR, "a type lacks \"type\"");
        if (!json_is_string(type))
                return parse_type(builder, type, space, ret_node);
        if (parse_complex(builder, json, json_string_value(type), space, ret_node) < 0)
                return -1;
        /* A reference made no node; its logical type, if any, is its definition's. */
        if (builder->schema->node_count > before)
                builder->schema->nodes[before]->logical = logical;
        return 0;
}

static int parse_type(struct builder *builder, const json_t *json, const char *space,
                      const struct tg_node **ret_node)
{
        int answer;

        if (count_use(builder) < 0)
                return -1;
        if (builder->depth == TG_SCHEMA_DEPTH_MAX)
                return tg_fail(builder->error, EX_DATAERR,
                               "the schema has more than %d types inside one another",
                               TG_SCHEMA_DEPTH_MAX);
        builder->depth++;
        if (json_is_string(json))
                answer = parse_word(builder, json_string_value(json), space, ret_node);
        else if (json_is_array(json))
                answer = parse_union(builder, json, space, ret_node);
        else if (json_is_object(json))
                answer = parse_object(builder, json, space, ret_node);
        else
                answer = tg_fail(builder->error, EX_DATAERR,
                                 "a type must be a text, a list or an object");
        builder->depth--;
        return answer;
}

int tg_tree_build(struct tg_schema *schema, struct tg_error *error)
{
        struct builder builder = {.schema = schema, .error = error};

        return parse_type(&builder, schema->json, "", &schema->root);
}
