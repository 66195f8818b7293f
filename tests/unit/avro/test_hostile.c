/* SPDX-License-Identifier: Apache-2.0 */
/* Bytes from someone who means harm: always an error, never a byte behind the end, never much work.
 */
#include <stdio.h>

#include "avro/support.h"

struct row {
        struct tg_span text;
        struct tg_span code;
        int64_t time_ms;
        double price;
        struct tg_items list;
        int32_t count;
        uint8_t kind;
        uint8_t flag;
};

static const struct tg_slot item_slots[] = {TG_SLOT_SPAN(struct row, text, NULL)};
static const struct tg_layout item_layout = TG_LAYOUT(struct row, item_slots);

static const struct tg_slot row_slots[] = {
        TG_SLOT_SPAN(struct row, text, "text"),
        TG_SLOT_SPAN(struct row, code, "code"),
        TG_SLOT_LONG(struct row, time_ms, "time"),
        TG_SLOT_DOUBLE(struct row, price, "price"),
        TG_SLOT_ITEMS(struct row, list, "list", &item_layout),
        TG_SLOT_INT(struct row, count, "count", -1),
        TG_SLOT_ENUM(struct row, kind, "kind", 9),
        TG_SLOT_BOOL(struct row, flag, "flag", 9),
};
static const struct tg_layout row_layout = TG_LAYOUT(struct row, row_slots);

#define RECORD(fields) "{'type':'record','name':'R','fields':[" fields "]}"
#define TEXT "{'name':'text','type':'string'}"
#define LIST "{'name':'list','type':['null',{'type':'array','items':'string'}]}"

static const char row_schema[] =
        RECORD(TEXT ",{'name':'code','type':{'type':'fixed','name':'F','size':3}},"
                    "{'name':'time','type':['null','long']},{'name':'price','type':'double'}," LIST
                    ",{'name':'count','type':'int'},"
                    "{'name':'kind','type':{'type':'enum','name':'K','symbols':['A','B']}},"
                    "{'name':'skipped','type':['int','string',{'type':'map','values':'F'}]},"
                    "{'name':'flag','type':'boolean'}");

static struct tg_buffer buffer;

static void put_row(void)
{
        tg_put_text(&buffer, "text");
        tg_put_fixed(&buffer, "abc", 3);
        tg_put_optional_time(&buffer, 1488326400123);
        put_double(&buffer, 1.5);
        tg_put_present(&buffer);
        tg_put_long(&buffer, -1);
        tg_put_long(&buffer, 2);
        tg_put_text(&buffer, "x");
        tg_put_long(&buffer, 1);
        tg_put_text(&buffer, "yy");
        tg_put_items_end(&buffer);
        tg_put_int(&buffer, -300);
        tg_put_enum(&buffer, 1);
        tg_put_long(&buffer, 2);
        tg_put_items_begin(&buffer, 1);
        tg_put_text(&buffer, "key");
        tg_put_fixed(&buffer, "abc", 3);
        tg_put_items_end(&buffer);
        tg_put_bool(&buffer, true);
}

Test(hostile, every_truncation_is_an_error)
{
        struct tg_plan *plan = plan_of(row_schema, row_schema, &row_layout);
        struct row row;

        put_row();
        cr_assert_eq(decode_guarded(plan, buffer.data, buffer.size, &row), 0);
        cr_expect_eq(row.count, -300);
        for (size_t size = 0; size < buffer.size; size++) {
                int answer = decode_guarded(plan, buffer.data, size, &row);

                cr_expect(answer == TG_DECODE_TRUNCATED || answer == TG_DECODE_TOO_MANY_ITEMS,
                          "%zu bytes: %d", size, answer);
        }
        tg_plan_free(plan);
}

Test(hostile, no_bytes_at_all_is_truncated)
{
        struct tg_plan *plan = plan_of(row_schema, row_schema, &row_layout);
        struct row row;
        size_t consumed;

        cr_expect_eq(tg_plan_decode(plan, TG_SPAN_ABSENT, &row, &consumed), TG_DECODE_TRUNCATED);
        tg_plan_free(plan);
}

/* Each byte changed to each value: an answer of some kind, and items that can be walked. */
Test(hostile, every_changed_byte_is_survived)
{
        struct tg_plan *plan = plan_of(row_schema, row_schema, &row_layout);
        struct row row, item;
        size_t consumed;

        put_row();
        for (size_t at = 0; at < buffer.size; at++)
                for (int value = 0; value < 256; value++) {
                        struct guarded copy = guarded_copy(buffer.data, buffer.size);
                        struct tg_span data = tg_span_of(copy.data, copy.size);

                        copy.data[at] = (uint8_t)value;
                        if (tg_plan_decode(plan, data, &row, &consumed) == 0) {
                                struct tg_items_walk walk = tg_items_walk(&row.list);
                                uint32_t count = 0;

                                while (tg_items_next(&walk, NULL, &item))
                                        count++;
                                cr_expect_eq(count, row.list.count);
                        }
                        guarded_free(&copy);
                }
        tg_plan_free(plan);
}

struct attack {
        const char *bytes;
        size_t size;
        int answer;
};

#define ATTACK(text, error)                  \
        {                                    \
                text, sizeof text - 1, error \
        }

static void expect_attacks(const char *schema, const struct tg_layout *layout,
                           const struct attack *attacks, size_t count)
{
        struct tg_plan *plan = plan_of(schema, schema, layout);
        struct row row;

        for (size_t i = 0; i < count; i++)
                cr_expect_eq(decode_guarded(plan, attacks[i].bytes, attacks[i].size, &row),
                             attacks[i].answer, "attack %zu", i);
        tg_plan_free(plan);
}

static const struct tg_layout text_layout = {sizeof(struct row), row_slots, 1};
static const struct tg_layout time_layout = {sizeof(struct row), row_slots + 2, 1};
static const struct tg_layout list_layout = {sizeof(struct row), row_slots + 4, 1};
static const struct tg_layout count_layout = {sizeof(struct row), row_slots + 5, 1};
static const struct tg_layout flag_layout = {sizeof(struct row), row_slots + 7, 1};
static const struct tg_layout no_layout = {sizeof(struct row), row_slots, 0};

static const struct attack text_attacks[] = {
        ATTACK("\x06xy", TG_DECODE_TRUNCATED),
        ATTACK("\x01xy", TG_DECODE_BAD_LENGTH),                                   /* -1 */
        ATTACK("\x80\x80\x80\x80\x10xy", TG_DECODE_TRUNCATED),                    /* 2^31 */
        ATTACK("\xff\xff\xff\xff\x0fxy", TG_DECODE_BAD_LENGTH),                   /* -2^31 */
        ATTACK("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", TG_DECODE_TRUNCATED),  /* 2^63 - 1 */
        ATTACK("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", TG_DECODE_BAD_LENGTH), /* -2^63 */
        ATTACK("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", TG_DECODE_BAD_VARINT), /* 65 bits */
        ATTACK("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80", TG_DECODE_BAD_VARINT),
        ATTACK("\x80\x80\x80\x80\x80\x80\x80\x80\x80", TG_DECODE_TRUNCATED),
        ATTACK("\x80", TG_DECODE_TRUNCATED),
        ATTACK("\x80\x00", 0), /* a zero in two bytes is silly, but a number */
};

Test(hostile, lengths_are_bounded_by_what_remains)
{
        size_t count = sizeof text_attacks / sizeof *text_attacks;

        expect_attacks(RECORD(TEXT), &text_layout, text_attacks, count);
        expect_attacks(RECORD(TEXT), &no_layout, text_attacks, count); /* skipped */
}

Test(hostile, an_int_has_32_bits)
{
        static const struct attack attacks[] = {
                ATTACK("\xfe\xff\xff\xff\x0f", 0),
                ATTACK("\xff\xff\xff\xff\x0f", 0),
                ATTACK("\x80\x80\x80\x80\x10", TG_DECODE_BAD_VARINT),
                ATTACK("\x81\x80\x80\x80\x10", TG_DECODE_BAD_VARINT),
        };

        expect_attacks(RECORD("{'name':'count','type':'int'}"), &count_layout, attacks, 4);
}

Test(hostile, a_boolean_is_0_or_1)
{
        static const struct attack attacks[] = {
                ATTACK("\x00", 0),
                ATTACK("\x01", 0),
                ATTACK("\x02", TG_DECODE_BAD_BOOLEAN),
                ATTACK("", TG_DECODE_TRUNCATED),
        };

        expect_attacks(RECORD("{'name':'flag','type':'boolean'}"), &flag_layout, attacks, 4);
}

static const struct attack union_attacks[] = {
        ATTACK("\x00", 0),
        ATTACK("\x02\x02", 0),
        ATTACK("\x04", TG_DECODE_BAD_BRANCH),
        ATTACK("\x01", TG_DECODE_BAD_BRANCH),
        ATTACK("\x80\x80\x80\x80\x10", TG_DECODE_BAD_BRANCH),
        ATTACK("\x82\x00\x02", 0),
        ATTACK("", TG_DECODE_TRUNCATED),
        ATTACK("\x02", TG_DECODE_TRUNCATED),
};

Test(hostile, a_union_has_only_its_branches)
{
        size_t count = sizeof union_attacks / sizeof *union_attacks;

        expect_attacks(RECORD("{'name':'time','type':['null','long']}"), &time_layout,
                       union_attacks, count);
        expect_attacks(RECORD("{'name':'time','type':['null','long']}"), &no_layout, union_attacks,
                       count);
}

static const struct attack list_attacks[] = {
        ATTACK("\x02\x00", 0),
        ATTACK("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", TG_DECODE_BAD_BRANCH), /* -2^63 */
        ATTACK("\xfd\xff\xff\xff\xff\xff\xff\xff\xff\x01", TG_DECODE_BAD_BRANCH), /* -2^63+1 */
        ATTACK("\x02\x02\x02x\x00", 0),
        ATTACK("\x02\x80\x80\x80\x80\x10", TG_DECODE_TOO_MANY_ITEMS), /* 2^31 items */
        ATTACK("\x02\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01", TG_DECODE_TOO_MANY_ITEMS),
        ATTACK("\x02\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", TG_DECODE_TOO_MANY_ITEMS),
        ATTACK("\x02\x06\x02x", TG_DECODE_TOO_MANY_ITEMS),     /* three items in two bytes */
        ATTACK("\x02\x01\x04\x02x\x00", 0),                    /* -1, 2 bytes */
        ATTACK("\x02\x01\x05\x02x\x00", TG_DECODE_BAD_LENGTH), /* -1, -3 bytes */
        ATTACK("\x02\x01\x06\x02x\x00", TG_DECODE_BAD_LENGTH), /* -1, 3 bytes: it takes 2 */
        ATTACK("\x02\x01\x08\x02x\x00", TG_DECODE_TRUNCATED),  /* -1, 4 bytes */
        ATTACK("\x02\x02\x02x", TG_DECODE_TRUNCATED),          /* no end */
};

Test(hostile, counts_are_bounded_by_what_remains)
{
        size_t count = sizeof list_attacks / sizeof *list_attacks;

        expect_attacks(RECORD(LIST), &list_layout, list_attacks, count);
        expect_attacks(RECORD(LIST), &no_layout, list_attacks, count);
}

#define ITEMS_OF(type) RECORD("{'name':'list','type':{'type':'array','items':" type "}}")

Test(hostile, items_that_take_no_bytes_are_counted_not_walked)
{
        static const struct attack attacks[] = {
                ATTACK("\x80\x80\x80\x01\x00", 0), /* 2^20 */
                ATTACK("\x82\x80\x80\x01\x00", TG_DECODE_TOO_MANY_ITEMS),
                ATTACK("\x80\x80\x80\x01\x02\x00", TG_DECODE_TOO_MANY_ITEMS), /* in two blocks */
                ATTACK("\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01\x00", TG_DECODE_TOO_MANY_ITEMS),
        };

        expect_attacks(ITEMS_OF("'null'"), &no_layout, attacks, 4);
        expect_attacks(ITEMS_OF("{'type':'record','name':'E','fields':["
                                "{'name':'n','type':'null'}]}"),
                       &no_layout, attacks, 4);
        expect_attacks(ITEMS_OF("{'type':'fixed','name':'Z','size':0}"), &no_layout, attacks, 4);
}

Test(hostile, recursion_stops_at_the_limit)
{
        static const char schema[] =
                RECORD("{'name':'tree','type':{'type':'record','name':'T','fields':["
                       "{'name':'next','type':['null','T']}]}}");
        struct tg_plan *plan = plan_of(schema, schema, &no_layout);
        uint8_t bytes[1000];
        struct row row;

        memset(bytes, 2, sizeof bytes);
        cr_expect_eq(decode_guarded(plan, bytes, sizeof bytes, &row), TG_DECODE_TOO_DEEP);
        bytes[TG_DECODE_DEPTH_MAX - 1] = 0;
        cr_expect_eq(decode_guarded(plan, bytes, sizeof bytes, &row), 0);
        bytes[TG_DECODE_DEPTH_MAX - 1] = 2;
        bytes[TG_DECODE_DEPTH_MAX] = 0;
        cr_expect_eq(decode_guarded(plan, bytes, sizeof bytes, &row), TG_DECODE_TOO_DEEP);
        tg_plan_free(plan);
}

Test(hostile, recursion_through_arrays_stops_at_the_limit)
{
        static const char schema[] =
                RECORD("{'name':'tree','type':{'type':'record','name':'T','fields':["
                       "{'name':'all','type':{'type':'map','values':'T'}}]}}");
        struct tg_plan *plan = plan_of(schema, schema, &no_layout);
        uint8_t bytes[1000];
        struct row row;

        for (size_t i = 0; i < sizeof bytes; i++)
                bytes[i] = i % 2 ? 0 : 2; /* one entry, its key empty */
        cr_expect_eq(decode_guarded(plan, bytes, sizeof bytes, &row), TG_DECODE_TOO_DEEP);
        tg_plan_free(plan);
}

/* A record that directly holds itself has no finite value; it ends at the limit, too. */
Test(hostile, a_type_that_holds_itself_has_no_value)
{
        static const char schema[] = RECORD("{'name':'self','type':'R'}");
        struct tg_plan *plan = plan_of(schema, schema, &no_layout);
        struct row row;

        cr_expect_eq(decode_guarded(plan, "", 0, &row), TG_DECODE_TOO_DEEP);
        tg_plan_free(plan);
}

/* T0 is a union; every further type holds the one before it twice: 2^28 unions. */
Test(hostile, a_schema_that_doubles_at_every_level_is_refused)
{
        char json[8192];
        int size = snprintf(json, sizeof json,
                            "{'type':'record','name':'R','fields':[{'name':'f','type':"
                            "{'type':'record','name':'T0','fields':["
                            "{'name':'a','type':['null','int','string']}]}}");

        for (int level = 1; level <= 28; level++)
                size += snprintf(json + size, sizeof json - (size_t)size,
                                 ",{'name':'f%d','type':{'type':'record','name':'T%d','fields':["
                                 "{'name':'a','type':'T%d'},{'name':'b','type':'T%d'}]}}",
                                 level, level, level - 1, level - 1);
        snprintf(json + size, sizeof json - (size_t)size, "]}");
        refused(json, RECORD(""), &no_layout, "too often");
}
