/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random schemas and values, written by libavro, read by our plan with another schema: fields
 * dropped, added, promoted, reordered, wrapped in unions. What each slot must hold is read off
 * libavro's value. Whatever the bytes, the plan's shortcuts must not change an answer.
 */
#include <avro.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "avro/program.h"
#include "avro/support.h"

enum {
        FIELDS_MAX = 24,
        SLOT_SIZE = 64,
        SCHEMAS = 400,
        VALUES = 20,
        CHANGES = 20,
        TEXT_SIZE = 1 << 14
};

static uint64_t state;
static bool sparse; /* values are mostly null, empty, false or 0 */

static unsigned random_below(unsigned limit)
{
        state += UINT64_C(0x9e3779b97f4a7c15);
        uint64_t z = state;
        z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
        z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
        return (unsigned)((z ^ z >> 31) >> 8) % limit;
}

/* What a writer's type may be read as. Names in %d are made unique by the field's number. */
static const struct kind {
        const char *writer;
        const char *readers[4];
        enum tg_slot_kind slots[4];
} kinds[] = {
        {"'int'",
         {"'int'", "'long'", "'float'", "'double'"},
         {TG_SLOT_KIND_INT, TG_SLOT_KIND_LONG, TG_SLOT_KIND_DOUBLE, TG_SLOT_KIND_DOUBLE}},
        {"'long'", {"'long'", "'double'"}, {TG_SLOT_KIND_LONG, TG_SLOT_KIND_DOUBLE}},
        {"'float'", {"'float'", "'double'"}, {TG_SLOT_KIND_DOUBLE, TG_SLOT_KIND_DOUBLE}},
        {"'double'", {"'double'"}, {TG_SLOT_KIND_DOUBLE}},
        {"'boolean'", {"'boolean'"}, {TG_SLOT_KIND_BOOL}},
        {"'string'", {"'string'", "'bytes'"}, {TG_SLOT_KIND_SPAN, TG_SLOT_KIND_SPAN}},
        {"'bytes'", {"'bytes'", "'string'"}, {TG_SLOT_KIND_SPAN, TG_SLOT_KIND_SPAN}},
        {"{'type':'fixed','name':'F%d','size':5}",
         {"{'type':'fixed','name':'x.F%d','size':5}"},
         {TG_SLOT_KIND_SPAN}},
        {"{'type':'enum','name':'E%d','symbols':['A','B','C']}",
         {"{'type':'enum','name':'E%d','symbols':['Z','C','B','A']}"},
         {TG_SLOT_KIND_ENUM}},
        {"{'type':'array','items':['null','long']}",
         {"{'type':'array','items':['long','null']}"},
         {TG_SLOT_KIND_ITEMS}},
        {"{'type':'map','values':'int'}", {"{'type':'map','values':'long'}"}, {TG_SLOT_KIND_ITEMS}},
        {"{'type':'record','name':'R%d','fields':[{'name':'a','type':['string','double','null']},"
         "{'name':'b','type':{'type':'map','values':{'type':'array','items':'bytes'}}},"
         "{'name':'v','type':'int'}]}",
         {"{'type':'record','name':'R%d','fields':[{'name':'w','type':'int','default':3},"
          "{'name':'v','type':['null','long']}]}"},
         {TG_SLOT_KIND_RECORD}},
};

static const struct tg_slot item_slots[] = {{.kind = TG_SLOT_KIND_LONG}};
static const struct tg_layout item_layout = {SLOT_SIZE, item_slots, 1};
static const struct tg_slot inner_slots[] = {{.name = "v", .kind = TG_SLOT_KIND_LONG, .offset = 8}};
static const struct tg_layout inner_layout = {16, inner_slots, 1};

struct trial {
        char writer[TEXT_SIZE], reader[TEXT_SIZE];
        char names[FIELDS_MAX][8];
        struct tg_slot slots[FIELDS_MAX];
        struct tg_layout layout;
};

enum union_form { PLAIN, NULL_FIRST, NULL_LAST, UNION_FORMS };

static void print_type(char *out, const char *type, unsigned number, enum union_form form)
{
        char named[512];

        /* The formats above are constants with at most one %d. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
        snprintf(named, sizeof named, type, number);
#pragma GCC diagnostic pop
        snprintf(out, 600,
                 form == NULL_FIRST  ? "['null',%s]"
                 : form == NULL_LAST ? "[%s,'null']"
                                     : "%s",
                 named);
}

static void append_field(char *json, const char *name, const char *type, const char *rest)
{
        size_t size = strlen(json);

        snprintf(json + size, TEXT_SIZE - size, "%s{'name':'%s','type':%s%s}",
                 json[size - 1] == '[' ? "" : ",", name, type, rest);
}

/* One field of the writer; with even odds, one of the reader and its slot. */
static void make_field(struct trial *trial, unsigned number, char reader_field[static 700])
{
        const struct kind *kind = &kinds[random_below(sizeof kinds / sizeof *kinds)];
        enum union_form form = random_below(UNION_FORMS);
        unsigned choices = 1, choice;
        char type[600];

        while (choices < 4 && kind->readers[choices])
                choices++;
        choice = random_below(choices);
        snprintf(trial->names[number], sizeof trial->names[number], "f%u", number);
        print_type(type, kind->writer, number, form);
        append_field(trial->writer, trial->names[number], type, "");
        reader_field[0] = '\0';
        if (random_below(2))
                return;
        print_type(type, kind->readers[choice], number,
                   form == PLAIN ? random_below(UNION_FORMS) : NULL_FIRST + random_below(2));
        snprintf(reader_field, 700, "%s", type);
        trial->slots[trial->layout.count] = (struct tg_slot){
                .name = trial->names[number],
                .kind = kind->slots[choice],
                .absent = -99,
                .offset = trial->layout.count * SLOT_SIZE,
                .present = trial->layout.count * SLOT_SIZE + SLOT_SIZE - 1,
                .inner = kind->slots[choice] == TG_SLOT_KIND_RECORD ? &inner_layout : &item_layout,
        };
        trial->layout.count++;
}

static void make_trial(struct trial *trial)
{
        char fields[FIELDS_MAX][700];
        unsigned count = 1 + random_below(FIELDS_MAX);
        unsigned first = random_below(count);

        memset(trial, 0, sizeof *trial);
        trial->layout.slots = trial->slots;
        trial->layout.size = (size_t)FIELDS_MAX * SLOT_SIZE;
        strcpy(trial->writer, "{'type':'record','name':'W','fields':[");
        strcpy(trial->reader, "{'type':'record','name':'x.y.W','fields':[");
        for (unsigned i = 0; i < count; i++)
                make_field(trial, i, fields[i]);
        append_field(trial->reader, "added", "'long'", ",'default':5");
        for (unsigned i = 0; i < count; i++) {
                unsigned field = (i + first) % count;

                if (*fields[field])
                        append_field(trial->reader, trial->names[field], fields[field], "");
        }
        strcat(trial->writer, "]}");
        strcat(trial->reader, "]}");
}

static int64_t random_long(void)
{
        uint64_t bits = (uint64_t)random_below(1U << 24) << 40 ^
                        (uint64_t)random_below(1U << 24) << 20 ^ random_below(1U << 24);

        return (int64_t)(bits >> random_below(64)) * (random_below(2) ? 1 : -1);
}

static void fill(avro_value_t *value);

/* In every second value, most of the fields. */
static bool zero_now(void)
{
        return sparse && random_below(8) > 0;
}

static void fill_items(avro_value_t *value, bool map)
{
        unsigned count = zero_now() ? 0 : random_below(2) ? random_below(4) : random_below(80);

        for (unsigned i = 0; i < count; i++) {
                avro_value_t item = {0};
                char key[16];

                snprintf(key, sizeof key, "k%u", i);
                if (map)
                        avro_value_add(value, key, &item, NULL, NULL);
                else
                        avro_value_append(value, &item, NULL);
                fill(&item);
        }
}

static void fill_fields(avro_value_t *value)
{
        size_t count = 0;

        avro_value_get_size(value, &count);
        for (size_t i = 0; i < count; i++) {
                avro_value_t field = {0};

                avro_value_get_by_index(value, i, &field, NULL);
                fill(&field);
        }
}

static void fill_text(avro_value_t *value, bool bytes)
{
        char text[100];
        size_t size = random_below(sizeof text);

        for (size_t i = 0; i < size; i++)
                text[i] = (char)('a' + random_below(26));
        text[size] = '\0';
        if (bytes)
                avro_value_set_bytes(value, text, size);
        else
                avro_value_set_string(value, text);
}

static void fill_branch(avro_value_t *value)
{
        avro_schema_t schema = avro_value_get_schema(value);
        unsigned count = (unsigned)avro_schema_union_size(schema);
        avro_value_t branch = {0};

        avro_value_set_branch(value, zero_now() ? 0 : (int)random_below(count), &branch);
        fill(&branch);
}

static void fill(avro_value_t *value)
{
        char fixed[5] = "fixed";

        switch (avro_value_get_type(value)) {
        case AVRO_INT32:
                avro_value_set_int(value, (int32_t)random_long());
                break;
        case AVRO_INT64:
                avro_value_set_long(value, random_long());
                break;
        case AVRO_FLOAT:
                avro_value_set_float(value, (float)random_long());
                break;
        case AVRO_DOUBLE:
                avro_value_set_double(value, (double)random_long() / 3);
                break;
        case AVRO_BOOLEAN:
                avro_value_set_boolean(value, zero_now() ? 0 : (int)random_below(2));
                break;
        case AVRO_STRING:
                fill_text(value, false);
                break;
        case AVRO_BYTES:
                fill_text(value, true);
                break;
        case AVRO_FIXED:
                avro_value_set_fixed(value, fixed, sizeof fixed);
                break;
        case AVRO_ENUM:
                avro_value_set_enum(value, (int)random_below(3));
                break;
        case AVRO_ARRAY:
                fill_items(value, false);
                break;
        case AVRO_MAP:
                fill_items(value, true);
                break;
        case AVRO_RECORD:
                fill_fields(value);
                break;
        case AVRO_UNION:
                fill_branch(value);
                break;
        default:
                avro_value_set_null(value);
        }
}

/* The value as a double, a long or a span, whatever it is. */
struct plain {
        bool null;
        int64_t number;
        double real;
        struct tg_span span;
};

static struct plain plain_of(avro_value_t value)
{
        struct plain plain = {0};
        const void *data;
        const char *text;
        size_t size;
        int small;
        float single;

        if (avro_value_get_type(&value) == AVRO_UNION) {
                avro_value_t branch = {0};

                avro_value_get_current_branch(&value, &branch);
                value = branch;
        }
        if (avro_value_get_type(&value) == AVRO_NULL)
                plain.null = true;
        else if (avro_value_get_int(&value, &small) == 0 ||
                 avro_value_get_boolean(&value, &small) == 0 ||
                 avro_value_get_enum(&value, &small) == 0)
                plain.number = small;
        else if (avro_value_get_long(&value, &plain.number) == 0)
                ;
        else if (avro_value_get_float(&value, &single) == 0)
                plain.real = (double)single;
        else if (avro_value_get_double(&value, &plain.real) == 0)
                ;
        else if (avro_value_get_string(&value, &text, &size) == 0)
                plain.span = tg_span_of(text, size - 1);
        else if (avro_value_get_bytes(&value, &data, &size) == 0 ||
                 avro_value_get_fixed(&value, &data, &size) == 0)
                plain.span = tg_span_of(data, size);
        if (avro_value_get_type(&value) == AVRO_INT32 || avro_value_get_type(&value) == AVRO_INT64)
                plain.real = (double)plain.number;
        return plain;
}

static void expect_long(struct plain plain, const uint8_t *at)
{
        int64_t number;

        memcpy(&number, at, sizeof number);
        cr_expect_eq(number, plain.null ? TG_NO_TIME : plain.number);
}

static void expect_items(avro_value_t value, const uint8_t *at)
{
        struct tg_items items;
        struct tg_items_walk walk;
        struct tg_span key;
        uint8_t item[SLOT_SIZE];
        size_t count = 0;

        memcpy(&items, at, sizeof items);
        cr_assert_eq(avro_value_get_size(&value, &count), 0);
        cr_expect_eq(items.count, count);
        walk = tg_items_walk(&items);
        for (size_t i = 0; i < count; i++) {
                avro_value_t expected = {0};
                const char *name = NULL;

                avro_value_get_by_index(&value, i, &expected, &name);
                cr_assert(tg_items_next(&walk, &key, item));
                expect_long(plain_of(expected), item);
                if (avro_value_get_type(&value) == AVRO_MAP)
                        expect_text(key, name);
        }
        cr_expect_not(tg_items_next(&walk, NULL, item));
}

static void expect_slot(avro_value_t value, const struct tg_slot *slot, bool single,
                        const uint8_t *record)
{
        static const uint8_t symbols[] = {3, 2, 1};
        const uint8_t *at = record + slot->offset;
        struct plain plain = plain_of(value);
        struct tg_span span;
        avro_value_t inner = {0};
        int32_t number;
        double real;

        if (avro_value_get_type(&value) == AVRO_UNION) {
                avro_value_t branch = {0};

                avro_value_get_current_branch(&value, &branch);
                value = branch;
        }
        switch (slot->kind) {
        case TG_SLOT_KIND_SPAN:
                memcpy(&span, at, sizeof span);
                cr_expect(tg_span_equal(span, plain.null ? TG_SPAN_ABSENT : plain.span));
                break;
        case TG_SLOT_KIND_LONG:
                expect_long(plain, at);
                break;
        case TG_SLOT_KIND_INT:
                memcpy(&number, at, sizeof number);
                cr_expect_eq(number, plain.null ? -99 : (int32_t)plain.number);
                break;
        case TG_SLOT_KIND_DOUBLE:
                memcpy(&real, at, sizeof real);
                if (single)
                        plain.real = (double)(float)plain.real;
                cr_expect(plain.null ? isnan(real) : real == plain.real);
                break;
        case TG_SLOT_KIND_BOOL:
                cr_expect_eq(*at, plain.null ? (uint8_t)-99 : (uint8_t)plain.number);
                break;
        case TG_SLOT_KIND_ENUM:
                cr_expect_eq(*at, plain.null ? (uint8_t)-99 : symbols[plain.number]);
                break;
        case TG_SLOT_KIND_RECORD:
                cr_expect_eq(record[slot->present], !plain.null);
                if (plain.null)
                        break;
                avro_value_get_by_name(&value, "v", &inner, NULL);
                expect_long(plain_of(inner), at + 8);
                break;
        case TG_SLOT_KIND_ITEMS:
                if (plain.null) {
                        memcpy(&span, at, sizeof span);
                        cr_expect_null(span.data);
                } else {
                        expect_items(value, at);
                }
                break;
        }
}

/* Whether the reader calls the slot's field a float. */
static bool reader_says_float(const struct trial *trial, const struct tg_slot *slot)
{
        char field[32];
        const char *type;

        snprintf(field, sizeof field, "'name':'%s','type':", slot->name);
        type = strstr(trial->reader, field) + strlen(field);
        return strncmp(type, "'float'", 7) == 0 || strncmp(type, "['float'", 8) == 0 ||
               strncmp(type, "['null','float'", 15) == 0;
}

/* PLAN's operations with each shortcut made a jump to what lies behind it; for free(). */
static struct tg_op *long_way(const struct tg_plan *plan)
{
        struct tg_op *ops = calloc(plan->op_count, sizeof *ops);

        memcpy(ops, plan->ops, plan->op_count * sizeof *ops);
        for (uint32_t i = 0; i < plan->op_count; i++)
                if (ops[i].code == TG_OP_ZEROS)
                        ops[i] = (struct tg_op){.code = TG_OP_JUMP, .a = i + 1};
        return ops;
}

static int decode_with(struct tg_plan *plan, struct tg_op *ops, struct tg_span data,
                       uint8_t *record, size_t *ret_consumed)
{
        struct tg_op *own = plan->ops;
        int answer;

        plan->ops = ops;
        answer = tg_plan_decode(plan, data, record, ret_consumed);
        plan->ops = own;
        return answer;
}

static void expect_same(struct tg_plan *plan, struct tg_op *slow, struct tg_span data)
{
        _Alignas(16) uint8_t record[FIELDS_MAX * SLOT_SIZE], other[FIELDS_MAX * SLOT_SIZE];
        size_t consumed = 0, taken = 0;
        int answer = decode_with(plan, plan->ops, data, record, &consumed);

        cr_expect_eq(decode_with(plan, slow, data, other, &taken), answer);
        cr_expect_eq(consumed, taken);
        if (answer == 0)
                cr_expect_eq(memcmp(record, other, sizeof record), 0);
}

/* The bytes as they are, cut off, and with a byte changed. */
static void try_shortcuts(struct tg_plan *plan, struct tg_op *slow, const struct guarded *copy)
{
        static const uint8_t tempting[] = {0, 1, 2, 3, 4, 0x7f, 0x80, 0xff};

        expect_same(plan, slow, tg_span_of(copy->data, copy->size));
        for (int i = 0; i < CHANGES && copy->size > 0; i++) {
                size_t at = random_below((unsigned)copy->size);
                uint8_t byte = copy->data[at];

                expect_same(plan, slow, tg_span_of(copy->data, at));
                copy->data[at] = tempting[random_below(sizeof tempting)];
                expect_same(plan, slow, tg_span_of(copy->data, copy->size));
                copy->data[at] = byte;
        }
}

static void try_value(const struct trial *trial, struct tg_plan *plan, struct tg_op *slow,
                      avro_value_t *value, char *bytes, size_t size)
{
        _Alignas(16) uint8_t record[FIELDS_MAX * SLOT_SIZE];
        avro_writer_t writer = avro_writer_memory(bytes, (int64_t)size);
        struct guarded copy;
        size_t consumed;

        fill(value);
        cr_assert_eq(avro_value_write(writer, value), 0, "%s", avro_strerror());
        copy = guarded_copy(bytes, (size_t)avro_writer_tell(writer));
        avro_writer_free(writer);
        memset(record, 0xa5, sizeof record);
        cr_assert_eq(tg_plan_decode(plan, tg_span_of(copy.data, copy.size), record, &consumed), 0);
        cr_expect_eq(consumed, copy.size);
        for (size_t i = 0; i < trial->layout.count; i++) {
                const struct tg_slot *slot = &trial->slots[i];
                avro_value_t field = {0};

                avro_value_get_by_name(value, slot->name, &field, NULL);
                expect_slot(field, slot, reader_says_float(trial, slot), record);
        }
        try_shortcuts(plan, slow, &copy);
        for (size_t cut = 0; cut < copy.size; cut += 1 + copy.size / 16)
                cr_expect_lt(decode_guarded(plan, copy.data, cut, record), 0);
        guarded_free(&copy);
}

static void run_trial(const struct trial *trial, char *bytes, size_t size)
{
        struct tg_plan *plan = plan_of(trial->writer, trial->reader, &trial->layout);
        struct tg_op *slow = long_way(plan);
        struct tg_schema *schema = schema_of(trial->writer);
        struct tg_span json = tg_schema_canonical(schema);
        avro_schema_t parsed;
        avro_value_iface_t *iface;
        avro_value_t value;

        cr_assert_eq(avro_schema_from_json_length((const char *)json.data, json.size, &parsed), 0);
        iface = avro_generic_class_from_schema(parsed);
        avro_generic_value_new(iface, &value);
        for (int i = 0; i < VALUES; i++) {
                avro_value_reset(&value);
                sparse = i % 2;
                try_value(trial, plan, slow, &value, bytes, size);
        }
        avro_value_decref(&value);
        avro_value_iface_decref(iface);
        avro_schema_decref(parsed);
        tg_schema_free(schema);
        free(slow);
        tg_plan_free(plan);
}

Test(random, what_libavro_writes_our_plans_read_with_and_without_shortcuts, .timeout = 120)
{
        const char *given = getenv("TEST_SEED");
        uint64_t seed = given ? strtoull(given, NULL, 0) : (uint64_t)time(NULL);
        size_t size = 1 << 22;
        struct trial *trial = malloc(sizeof *trial);
        char *bytes = malloc(size);

        for (int i = 0; i < SCHEMAS; i++) {
                state = seed + (uint64_t)i;
                make_trial(trial);
                run_trial(trial, bytes, size);
                if (i == 0)
                        fprintf(stderr, "random schemas: TEST_SEED=%llu\n",
                                (unsigned long long)seed);
        }
        free(bytes);
        free(trial);
}
