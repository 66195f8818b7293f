/* SPDX-License-Identifier: Apache-2.0 */
/* Records inside records, and arrays and maps that are walked later. */
#include "avro/items.h"

#include "avro/support.h"

struct inner {
        struct tg_span name;
        int64_t value;
};

struct outer {
        struct inner inner;
        struct tg_items list;
        struct tg_items map;
        bool has_inner;
};

static const struct tg_slot inner_slots[] = {
        TG_SLOT_SPAN(struct inner, name, "name"),
        TG_SLOT_LONG(struct inner, value, "value"),
};
static const struct tg_layout inner_layout = TG_LAYOUT(struct inner, inner_slots);

static const struct tg_slot text_slots[] = {TG_SLOT_SPAN(struct inner, name, NULL)};
static const struct tg_layout text_layout = TG_LAYOUT(struct inner, text_slots);

static const struct tg_slot record_slots[] = {
        TG_SLOT_OPTIONAL_RECORD(struct outer, inner, has_inner, "inner", &inner_layout)};
static const struct tg_layout record_layout = TG_LAYOUT(struct outer, record_slots);

static const struct tg_slot items_slots[] = {
        TG_SLOT_ITEMS(struct outer, list, "list", &inner_layout),
        TG_SLOT_ITEMS(struct outer, map, "map", &text_layout),
};
static const struct tg_layout items_layout = TG_LAYOUT(struct outer, items_slots);

#define OUTER(fields) "{'type':'record','name':'Outer','fields':[" fields "]}"
#define INNER(fields) "{'type':'record','name':'Inner','fields':[" fields "]}"
#define NAME "{'name':'name','type':'string'}"
#define VALUE "{'name':'value','type':'long','default':7}"
#define FIELD(name, type) "{'name':'" name "','type':" type "}"

static struct tg_buffer buffer;

Test(records_inside, an_optional_record_is_present_or_not)
{
        static const char schema[] = OUTER(FIELD("inner", "['null'," INNER(NAME "," VALUE) "]"));
        struct tg_plan *plan = plan_of(schema, schema, &record_layout);
        struct outer outer;

        tg_put_null(&buffer);
        decode(plan, &buffer, &outer);
        cr_expect_not(outer.has_inner);
        tg_buffer_reset(&buffer);
        tg_put_present(&buffer);
        tg_put_text(&buffer, "n");
        tg_put_long(&buffer, 3);
        decode(plan, &buffer, &outer);
        cr_expect(outer.has_inner);
        expect_text(outer.inner.name, "n");
        cr_expect_eq(outer.inner.value, 3);
        tg_plan_free(plan);
}

Test(records_inside, fields_of_a_nested_record_are_added_and_removed)
{
        struct tg_plan *plan = plan_of(
                OUTER(FIELD("inner", INNER("{'name':'old','type':'string'}," NAME))),
                OUTER(FIELD("inner", "['null'," INNER(VALUE "," NAME) "]")), &record_layout);
        struct outer outer;

        tg_put_text(&buffer, "old");
        tg_put_text(&buffer, "n");
        decode(plan, &buffer, &outer);
        cr_expect(outer.has_inner);
        expect_text(outer.inner.name, "n");
        cr_expect_eq(outer.inner.value, 7);
        tg_plan_free(plan);
}

Test(records_inside, a_missing_record_takes_its_default)
{
        struct tg_plan *plan = plan_of(
                OUTER(""),
                OUTER("{'name':'inner','type':" INNER(NAME "," VALUE) ",'default':{'name':'d'}}"),
                &record_layout);
        struct outer outer;

        tg_buffer_reset(&buffer);
        decode(plan, &buffer, &outer);
        cr_expect(outer.has_inner);
        expect_text(outer.inner.name, "d");
        cr_expect_eq(outer.inner.value, 7);
        tg_plan_free(plan);
}

static const char items_schema[] =
        OUTER(FIELD("list", "{'type':'array','items':" INNER(NAME "," VALUE) "}") "," FIELD(
                "map", "['null',{'type':'map','values':'string'}]"));

static void put_inner(const char *name, int64_t value)
{
        tg_put_text(&buffer, name);
        tg_put_long(&buffer, value);
}

Test(items, an_array_in_several_blocks_is_walked_in_order)
{
        struct tg_plan *plan = plan_of(items_schema, items_schema, &items_layout);
        struct tg_items_walk walk;
        struct outer outer;
        struct inner inner;
        struct tg_span key = tg_span_text("untouched");

        tg_put_long(&buffer, 2);
        put_inner("a", 0);
        put_inner("b", 1);
        tg_put_long(&buffer, -1); /* a block that says its size */
        tg_put_long(&buffer, 3);
        put_inner("c", 2);
        tg_put_items_end(&buffer);
        tg_put_null(&buffer);
        decode(plan, &buffer, &outer);
        cr_expect_eq(outer.list.count, 3);
        cr_expect_null(outer.map.raw.data);
        walk = tg_items_walk(&outer.list);
        for (int64_t i = 0; i < 3; i++) {
                cr_assert(tg_items_next(&walk, &key, &inner));
                cr_expect_eq(inner.value, i);
                cr_expect_eq(inner.name.data[0], 'a' + i);
                cr_expect_null(key.data);
        }
        cr_expect_not(tg_items_next(&walk, NULL, &inner));
        walk = tg_items_walk(&outer.map);
        cr_expect_not(tg_items_next(&walk, NULL, &inner));
        tg_plan_free(plan);
}

Test(items, a_map_gives_keys_and_values)
{
        struct tg_plan *plan = plan_of(items_schema, items_schema, &items_layout);
        struct tg_items_walk walk;
        struct outer outer;
        struct inner inner;
        struct tg_span key;

        tg_put_items_end(&buffer);
        tg_put_present(&buffer);
        tg_put_items_begin(&buffer, 2);
        tg_put_text(&buffer, "k1");
        tg_put_text(&buffer, "v1");
        tg_put_text(&buffer, "");
        tg_put_text(&buffer, "v2");
        tg_put_items_end(&buffer);
        decode(plan, &buffer, &outer);
        cr_expect_eq(outer.list.count, 0);
        cr_expect_not_null(outer.list.raw.data);
        walk = tg_items_walk(&outer.map);
        cr_assert(tg_items_next(&walk, &key, &inner));
        expect_text(key, "k1");
        expect_text(inner.name, "v1");
        cr_assert(tg_items_next(&walk, &key, &inner));
        expect_text(key, "");
        expect_text(inner.name, "v2");
        cr_expect_not(tg_items_next(&walk, &key, &inner));
        tg_plan_free(plan);
}

Test(items, items_are_resolved_and_defaulted_like_records)
{
        struct tg_plan *plan =
                plan_of(OUTER(FIELD("list", "{'type':'array','items':" INNER(
                                                    "{'name':'gone','type':'double'}," NAME) "}")),
                        OUTER("{'name':'map','type':['null',{'type':'map','values':'string'}],"
                              "'default':null}," FIELD("list", "{'type':'array','items':" INNER(
                                                                       NAME "," VALUE) "}")),
                        &items_layout);
        struct tg_items_walk walk;
        struct outer outer;
        struct inner inner;

        tg_put_items_begin(&buffer, 1);
        put_double(&buffer, 1.0);
        tg_put_text(&buffer, "n");
        tg_put_items_end(&buffer);
        decode(plan, &buffer, &outer);
        walk = tg_items_walk(&outer.list);
        cr_assert(tg_items_next(&walk, NULL, &inner));
        expect_text(inner.name, "n");
        cr_expect_eq(inner.value, 7);
        tg_plan_free(plan);
}

Test(items, a_missing_array_takes_its_empty_default)
{
        struct tg_plan *plan =
                plan_of(OUTER(""),
                        OUTER("{'name':'list','type':{'type':'array','items':" INNER(
                                NAME "," VALUE) "},'default':[]},"
                                                "{'name':'map','type':{'type':'map','values':"
                                                "'string'},'default':{}}"),
                        &items_layout);
        struct tg_items_walk walk;
        struct outer outer;
        struct inner inner;

        tg_buffer_reset(&buffer);
        decode(plan, &buffer, &outer);
        cr_expect_eq(outer.list.count, 0);
        cr_expect_not_null(outer.list.raw.data);
        walk = tg_items_walk(&outer.list);
        cr_expect_not(tg_items_next(&walk, NULL, &inner));
        tg_plan_free(plan);
}

struct holder {
        struct tg_items lists;
};

static const struct tg_slot list_slots[] = {
        TG_SLOT_ITEMS(struct holder, lists, NULL, &text_layout)};
static const struct tg_layout list_layout = TG_LAYOUT(struct holder, list_slots);
static const struct tg_slot lists_slots[] = {
        TG_SLOT_ITEMS(struct holder, lists, "lists", &list_layout)};
static const struct tg_layout lists_layout = TG_LAYOUT(struct holder, lists_slots);

Test(items, arrays_of_arrays_are_walked)
{
        static const char schema[] = OUTER(FIELD(
                "lists", "{'type':'array','items':{'type':'array','items':['null','string']}}"));
        struct tg_plan *plan = plan_of(schema, schema, &lists_layout);
        struct holder holder, list;
        struct tg_items_walk walk, inside;
        struct inner inner;

        tg_put_items_begin(&buffer, 2);
        tg_put_items_end(&buffer);
        tg_put_items_begin(&buffer, 2);
        tg_put_null(&buffer);
        tg_put_optional_text(&buffer, "x");
        tg_put_items_end(&buffer);
        tg_put_items_end(&buffer);
        decode(plan, &buffer, &holder);
        walk = tg_items_walk(&holder.lists);
        cr_assert(tg_items_next(&walk, NULL, &list));
        cr_expect_eq(list.lists.count, 0);
        cr_assert(tg_items_next(&walk, NULL, &list));
        cr_expect_eq(list.lists.count, 2);
        inside = tg_items_walk(&list.lists);
        cr_assert(tg_items_next(&inside, NULL, &inner));
        cr_expect_null(inner.name.data);
        cr_assert(tg_items_next(&inside, NULL, &inner));
        expect_text(inner.name, "x");
        cr_expect_not(tg_items_next(&walk, NULL, &list));
        tg_plan_free(plan);
}
