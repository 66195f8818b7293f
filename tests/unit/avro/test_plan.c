/* SPDX-License-Identifier: Apache-2.0 */
/* Resolution by Avro's rules, one rule a test. */
#include "avro/plan.h"

#include <math.h>
#include <stdlib.h>

#include "avro/support.h"

struct event {
        struct tg_span id;
        int64_t time_ms;
        double price;
        int32_t count;
        uint8_t kind;
        uint8_t flag;
};

static const struct tg_slot event_slots[] = {
        TG_SLOT_SPAN(struct event, id, "id"),
        TG_SLOT_LONG(struct event, time_ms, "time"),
};
static const struct tg_layout event_layout = TG_LAYOUT(struct event, event_slots);

#define RECORD(name, fields) "{'type':'record','name':'" name "','fields':[" fields "]}"
#define EVENT(fields) RECORD("Event", fields)
#define ID "{'name':'id','type':'string'}"
#define TIME "{'name':'time','type':'long'}"

static struct tg_buffer buffer;

static struct event decode_event(const char *writer, const char *reader,
                                 const struct tg_layout *layout)
{
        static struct tg_plan *plan; /* kept until the next, as defaults point into it */
        struct event event;

        tg_plan_free(plan);
        memset(&event, 0xa5, sizeof event);
        plan = plan_of(writer, reader, layout);
        decode(plan, &buffer, &event);
        return event;
}

static void put_id_and_time(void)
{
        tg_buffer_reset(&buffer);
        tg_put_text(&buffer, "e1");
        tg_put_long(&buffer, 1488326400123);
}

static void expect_id_and_time(struct event event)
{
        expect_text(event.id, "e1");
        cr_expect_eq(event.time_ms, 1488326400123);
}

Test(plan, equal_schemas_decode_every_field)
{
        put_id_and_time();
        expect_id_and_time(decode_event(EVENT(ID "," TIME), EVENT(ID "," TIME), &event_layout));
}

Test(plan, reordered_fields_are_found_by_name)
{
        put_id_and_time();
        expect_id_and_time(decode_event(EVENT(ID "," TIME), EVENT(TIME "," ID), &event_layout));
}

#define EVERYTHING                                                                               \
        "{'name':'a','type':'boolean'},{'name':'b','type':'int'},{'name':'c','type':'long'},"    \
        "{'name':'d','type':'float'},{'name':'e','type':'double'},{'name':'f','type':'bytes'},"  \
        "{'name':'g','type':'string'},{'name':'h','type':{'type':'fixed','name':'H','size':3}}," \
        "{'name':'i','type':{'type':'enum','name':'I','symbols':['X']}},"                        \
        "{'name':'j','type':['null','string','long']},"                                          \
        "{'name':'k','type':{'type':'array','items':['null','int']}},"                           \
        "{'name':'l','type':{'type':'map','values':'H'}},"                                       \
        "{'name':'m','type':{'type':'record','name':'M','fields':[{'name':'x','type':'I'}]}},"   \
        "{'name':'n','type':['M','null']},{'name':'o','type':'null'}"

static void put_everything(void)
{
        tg_buffer_reset(&buffer);
        tg_put_bool(&buffer, true);
        tg_put_int(&buffer, -5);
        tg_put_long(&buffer, INT64_MIN);
        tg_put_fixed(&buffer, "\0\0\0\0", 4);
        put_double(&buffer, 1.5);
        tg_put_text(&buffer, "bytes");
        tg_put_text(&buffer, "string");
        tg_put_fixed(&buffer, "abc", 3);
        tg_put_enum(&buffer, 0);
        tg_put_long(&buffer, 1); /* j: string */
        tg_put_text(&buffer, "branch");
        tg_put_items_begin(&buffer, 2); /* k */
        tg_put_null(&buffer);
        tg_put_present(&buffer);
        tg_put_int(&buffer, 7);
        tg_put_items_end(&buffer);
        tg_put_long(&buffer, -1); /* l: one entry, with the block's size */
        tg_put_long(&buffer, 5);
        tg_put_text(&buffer, "k");
        tg_put_fixed(&buffer, "xyz", 3);
        tg_put_items_end(&buffer);
        tg_put_enum(&buffer, 0); /* m */
        tg_put_long(&buffer, 0); /* n: M */
        tg_put_enum(&buffer, 0);
}

Test(plan, a_removed_field_is_skipped_whatever_its_type)
{
        put_everything();
        tg_put_text(&buffer, "e1");
        tg_put_long(&buffer, 1488326400123);
        expect_id_and_time(
                decode_event(EVENT(EVERYTHING "," ID "," TIME), EVENT(ID "," TIME), &event_layout));
}

Test(plan, an_added_field_takes_the_readers_default)
{
        struct event event;

        tg_buffer_reset(&buffer);
        tg_put_text(&buffer, "e1");
        event = decode_event(EVENT(ID), EVENT(ID ",{'name':'time','type':'long','default':-7}"),
                             &event_layout);
        expect_text(event.id, "e1");
        cr_expect_eq(event.time_ms, -7);
}

Test(plan, an_added_field_without_a_default_is_refused)
{
        refused(EVENT(ID), EVENT(ID "," TIME), &event_layout, "field \"time\"");
}

Test(plan, defaults_of_every_kind_reach_their_slots)
{
        static const struct tg_slot slots[] = {
                TG_SLOT_SPAN(struct event, id, "id"),
                TG_SLOT_LONG(struct event, time_ms, "time"),
                TG_SLOT_DOUBLE(struct event, price, "price"),
                TG_SLOT_INT(struct event, count, "count", -1),
                TG_SLOT_ENUM(struct event, kind, "kind", 9),
                TG_SLOT_BOOL(struct event, flag, "flag", 9),
        };
        static const struct tg_layout layout = TG_LAYOUT(struct event, slots);
        struct event event;

        tg_buffer_reset(&buffer);
        event = decode_event(
                EVENT(""),
                EVENT("{'name':'id','type':'bytes','default':'a\\u00ffb'},"
                      "{'name':'time','type':'long','default':5},"
                      "{'name':'price','type':'double','default':2.5},"
                      "{'name':'count','type':'int','default':6},"
                      "{'name':'kind','type':{'type':'enum','name':'K','symbols':['A','B']},"
                      "'default':'B'},"
                      "{'name':'flag','type':'boolean','default':true}"),
                &layout);
        expect_text(event.id, "a\xff"
                              "b");
        cr_expect_eq(event.time_ms, 5);
        cr_expect_eq(event.price, 2.5);
        cr_expect_eq(event.count, 6);
        cr_expect_eq(event.kind, 1);
        cr_expect_eq(event.flag, 1);

        event = decode_event(EVENT(""),
                             EVENT("{'name':'id','type':['null','string'],'default':null},"
                                   "{'name':'time','type':['null','long'],'default':null},"
                                   "{'name':'price','type':['null','double'],'default':null},"
                                   "{'name':'count','type':['null','int'],'default':null},"
                                   "{'name':'kind','type':['null',{'type':'enum','name':'K',"
                                   "'symbols':['A','B']}],'default':null},"
                                   "{'name':'flag','type':['null','boolean'],'default':null}"),
                             &layout);
        cr_expect_null(event.id.data);
        cr_expect_eq(event.time_ms, TG_NO_TIME);
        cr_expect(isnan(event.price));
        cr_expect_eq(event.count, -1);
        cr_expect_eq(event.kind, 9);
        cr_expect_eq(event.flag, 9);
}

Test(plan, a_default_of_the_wrong_type_is_refused)
{
        refused(EVENT(ID), EVENT(ID ",{'name':'time','type':'long','default':'soon'}"),
                &event_layout, "its default is no long");
        refused(EVENT(TIME), EVENT(TIME ",{'name':'id','type':'string','default':null}"),
                &event_layout, "its default is no string");
}

static const struct tg_slot price_slots[] = {TG_SLOT_DOUBLE(struct event, price, "price")};
static const struct tg_layout price_layout = TG_LAYOUT(struct event, price_slots);

#define PRICE(type) EVENT("{'name':'price','type':'" type "'}")

Test(plan, ints_longs_and_floats_are_promoted)
{
        const float third = 1.0f / 3;

        tg_buffer_reset(&buffer);
        tg_put_int(&buffer, INT32_MIN);
        cr_expect_eq(decode_event(PRICE("int"), PRICE("double"), &price_layout).price, INT32_MIN);
        cr_expect_eq(decode_event(PRICE("int"), PRICE("float"), &price_layout).price, INT32_MIN);
        tg_buffer_reset(&buffer);
        tg_put_long(&buffer, (1 << 24) + 1);
        cr_expect_eq(decode_event(PRICE("long"), PRICE("double"), &price_layout).price,
                     (1 << 24) + 1);
        cr_expect_eq(decode_event(PRICE("long"), PRICE("float"), &price_layout).price, 1 << 24);
        tg_buffer_reset(&buffer);
        tg_put_fixed(&buffer, &third, 4);
        cr_expect_eq(decode_event(PRICE("float"), PRICE("double"), &price_layout).price,
                     (double)third);
        cr_expect_eq(decode_event(PRICE("float"), PRICE("float"), &price_layout).price,
                     (double)third);
        tg_buffer_reset(&buffer);
        tg_put_text(&buffer, "e1");
        tg_put_int(&buffer, -77);
        cr_expect_eq(decode_event(EVENT(ID ",{'name':'time','type':'int'}"), EVENT(ID "," TIME),
                                  &event_layout)
                             .time_ms,
                     -77);
}

Test(plan, nothing_is_demoted)
{
        refused(PRICE("double"), PRICE("float"), &price_layout, "double can't be read as float");
        refused(EVENT(TIME), EVENT("{'name':'time','type':'int'}"),
                &(struct tg_layout){sizeof(struct event), event_slots + 1, 1},
                "long can't be read as int");
        refused(PRICE("string"), PRICE("double"), &price_layout, "field \"price\"");
}

Test(plan, strings_and_bytes_are_read_as_each_other)
{
        static const char bytes[] = EVENT("{'name':'id','type':'bytes'}," TIME);

        put_id_and_time();
        expect_id_and_time(decode_event(bytes, EVENT(ID "," TIME), &event_layout));
        expect_id_and_time(decode_event(EVENT(ID "," TIME), bytes, &event_layout));
}

Test(plan, a_timestamp_in_microseconds_is_not_read_as_milliseconds)
{
        refused(EVENT(ID
                      ",{'name':'time','type':{'type':'long','logicalType':'timestamp-micros'}}"),
                EVENT(ID
                      ",{'name':'time','type':{'type':'long','logicalType':'timestamp-millis'}}"),
                &event_layout, "timestamp-micros is no timestamp-millis");
}

static const struct tg_slot kind_slots[] = {TG_SLOT_ENUM(struct event, kind, "kind", 77)};
static const struct tg_layout kind_layout = TG_LAYOUT(struct event, kind_slots);

#define KIND(name, rest) EVENT("{'name':'kind','type':{'type':'enum','name':'" name "'," rest "}}")

static uint8_t decode_kind(const char *writer, const char *reader, uint32_t symbol)
{
        tg_buffer_reset(&buffer);
        tg_put_enum(&buffer, symbol);
        return decode_event(writer, reader, &kind_layout).kind;
}

Test(plan, enums_are_matched_by_symbol_not_by_index)
{
        static const char writer[] = KIND("Kind", "'symbols':['A','B','C']");
        static const char reader[] = KIND("Kind", "'symbols':['C','B','A']");

        cr_expect_eq(decode_kind(writer, reader, 0), 2);
        cr_expect_eq(decode_kind(writer, reader, 1), 1);
        cr_expect_eq(decode_kind(writer, reader, 2), 0);
}

Test(plan, an_unknown_symbol_becomes_the_readers_default)
{
        static const char writer[] = KIND("Kind", "'symbols':['NEW','A'],'default':'A'");
        static const char reader[] = KIND("Kind", "'symbols':['A','OTHER'],'default':'OTHER'");

        cr_expect_eq(decode_kind(writer, reader, 0), 1);
        cr_expect_eq(decode_kind(writer, reader, 1), 0);
}

Test(plan, an_unknown_symbol_without_a_default_is_an_error_when_met)
{
        struct tg_plan *plan = plan_of(KIND("Kind", "'symbols':['NEW','A'],'default':'A'"),
                                       KIND("Kind", "'symbols':['A']"), &kind_layout);
        struct event event;

        cr_expect_eq(decode_guarded(plan, "\0", 1, &event), TG_DECODE_UNRESOLVED);
        cr_expect_eq(decode_guarded(plan, "\2", 1, &event), 0);
        cr_expect_eq(event.kind, 0);
        cr_expect_eq(decode_guarded(plan, "\4", 1, &event), TG_DECODE_BAD_SYMBOL);
        cr_expect_eq(decode_guarded(plan, "\1", 1, &event), TG_DECODE_BAD_SYMBOL);
        tg_plan_free(plan);
}

Test(plan, named_types_match_without_their_namespace_or_by_alias)
{
        cr_expect_eq(decode_kind(KIND("a.b.Kind", "'symbols':['A']"),
                                 KIND("c.Kind", "'symbols':['Z','A']"), 0),
                     1);
        cr_expect_eq(decode_kind(KIND("a.b.Sort", "'symbols':['A']"),
                                 KIND("Kind", "'aliases':['a.b.Sort'],'symbols':['Z','A']"), 0),
                     1);
        cr_expect_eq(decode_kind(KIND("a.b.Sort", "'symbols':['A']"),
                                 KIND("Kind", "'aliases':['Sort'],'symbols':['Z','A']"), 0),
                     1);
        refused(KIND("a.b.Sort", "'symbols':['A']"),
                KIND("Kind", "'aliases':['c.Sort'],'symbols':['A']"), &kind_layout,
                "a.b.Sort can't be read as Kind");
        refused(RECORD("Click", ID "," TIME), EVENT(ID "," TIME), &event_layout,
                "Click can't be read as Event");
}

Test(plan, a_renamed_field_is_found_by_the_readers_alias)
{
        put_id_and_time();
        expect_id_and_time(
                decode_event(EVENT("{'name':'key','type':'string'}," TIME),
                             EVENT("{'name':'id','type':'string','aliases':['other','key']}," TIME),
                             &event_layout));
}

Test(plan, a_field_of_the_name_itself_goes_before_an_alias)
{
        put_id_and_time();
        tg_put_text(&buffer, "not this");
        expect_id_and_time(decode_event(
                EVENT(ID "," TIME ",{'name':'key','type':'string'}"),
                EVENT("{'name':'id','type':'string','aliases':['key']}," TIME), &event_layout));
}

#define OPTIONAL_TIME(branches) EVENT(ID ",{'name':'time','type':[" branches "]}")

static int64_t decode_optional_time(const char *writer, const char *reader, int branch,
                                    int64_t value)
{
        tg_buffer_reset(&buffer);
        tg_put_text(&buffer, "e1");
        if (branch >= 0)
                tg_put_long(&buffer, branch);
        if (value != TG_NO_TIME)
                tg_put_long(&buffer, value);
        return decode_event(writer, reader, &event_layout).time_ms;
}

Test(plan, a_union_with_null_is_read_in_either_order)
{
        static const char *const unions[] = {OPTIONAL_TIME("'null','long'"),
                                             OPTIONAL_TIME("'long','null'")};

        for (int w = 0; w < 2; w++)
                for (int r = 0; r < 2; r++) {
                        cr_expect_eq(decode_optional_time(unions[w], unions[r], !w, 42), 42);
                        cr_expect_eq(decode_optional_time(unions[w], unions[r], w, TG_NO_TIME),
                                     TG_NO_TIME);
                }
}

Test(plan, a_plain_value_is_read_into_a_union)
{
        cr_expect_eq(
                decode_optional_time(EVENT(ID "," TIME), OPTIONAL_TIME("'null','long'"), -1, 42),
                42);
        cr_expect_eq(decode_optional_time(EVENT(ID ",{'name':'time','type':'null'}"),
                                          OPTIONAL_TIME("'null','long'"), -1, TG_NO_TIME),
                     TG_NO_TIME);
}

Test(plan, a_union_is_read_into_a_plain_value_unless_it_is_null)
{
        static const char writer[] = OPTIONAL_TIME("'null','long'");
        struct tg_plan *plan = plan_of(writer, EVENT(ID "," TIME), &event_layout);
        struct event event;

        cr_expect_eq(decode_optional_time(writer, EVENT(ID "," TIME), 1, 42), 42);
        cr_expect_eq(decode_guarded(plan, "\0\0", 2, &event), TG_DECODE_UNRESOLVED);
        tg_plan_free(plan);
}

Test(plan, a_wide_union_is_resolved_branch_by_branch)
{
        static const char writer[] = OPTIONAL_TIME("'int','string','null','long'");
        static const char reader[] = OPTIONAL_TIME("'null','long'");
        struct tg_plan *plan = plan_of(writer, reader, &event_layout);
        struct event event;

        cr_expect_eq(decode_optional_time(writer, reader, 0, -3), -3);
        cr_expect_eq(decode_optional_time(writer, reader, 2, TG_NO_TIME), TG_NO_TIME);
        cr_expect_eq(decode_optional_time(writer, reader, 3, 42), 42);
        cr_expect_eq(decode_guarded(plan, "\0\2\0", 3, &event), TG_DECODE_UNRESOLVED);
        cr_expect_eq(decode_guarded(plan, "\0\10\0", 3, &event), TG_DECODE_BAD_BRANCH);
        cr_expect_eq(decode_guarded(plan, "\0\1\0", 3, &event), TG_DECODE_BAD_BRANCH);
        tg_plan_free(plan);
}

Test(plan, a_union_without_a_fitting_branch_is_refused)
{
        refused(OPTIONAL_TIME("'string','bytes'"), OPTIONAL_TIME("'null','long'"), &event_layout,
                "field \"time\"");
        refused(OPTIONAL_TIME("'null','string'"), EVENT(ID "," TIME), &event_layout,
                "field \"time\"");
}

Test(plan, a_null_is_null_although_the_default_is_not)
{
        static const char reader[] =
                EVENT(ID ",{'name':'time','type':['long','null'],'default':5}");

        cr_expect_eq(decode_optional_time(OPTIONAL_TIME("'null','long'"), reader, 0, TG_NO_TIME),
                     TG_NO_TIME);
        cr_expect_eq(decode_optional_time(OPTIONAL_TIME("'null','long'"), reader, 1, 42), 42);
        cr_expect_eq(decode_optional_time(EVENT(ID), reader, -1, TG_NO_TIME), 5);
}

Test(plan, fixed_types_match_by_name_and_size)
{
        static const struct tg_slot slots[] = {TG_SLOT_SPAN(struct event, id, "id")};
        static const struct tg_layout layout = TG_LAYOUT(struct event, slots);
#define FIXED(name, size) \
        EVENT("{'name':'id','type':{'type':'fixed','name':'" name "','size':" size "}}")

        tg_buffer_reset(&buffer);
        tg_put_fixed(&buffer, "abc", 3);
        expect_text(decode_event(FIXED("F", "3"), FIXED("x.F", "3"), &layout).id, "abc");
        refused(FIXED("F", "3"), FIXED("F", "4"), &layout, "can't be read");
        refused(FIXED("F", "3"), FIXED("G", "3"), &layout, "can't be read");
        refused(EVENT(ID), FIXED("F", "3"), &layout, "can't be read");
}

Test(plan, texts_of_all_lengths_are_read_and_skipped)
{
        static const size_t sizes[] = {0, 1, 63, 64, 8191, 8192, 1 << 20, (1 << 20) + 1};
        static const char writer[] = EVENT(ID ",{'name':'skipped','type':'string'}," TIME);
        size_t count = sizeof sizes / sizeof *sizes;

        for (size_t i = 0; i < count; i++) {
                struct tg_span text = {calloc(1, sizes[i] + 1), sizes[i]};
                struct event event;

                tg_buffer_reset(&buffer);
                tg_put_span(&buffer, text);
                tg_put_span(&buffer, text);
                tg_put_long(&buffer, 1488326400123);
                event = decode_event(writer, EVENT(ID "," TIME), &event_layout);
                cr_expect(tg_span_equal(event.id, text), "%zu bytes", sizes[i]);
                cr_expect_eq(event.time_ms, 1488326400123);
                free((void *)(uintptr_t)text.data);
        }
}

Test(plan, a_recursive_field_is_skipped)
{
        static const char writer[] =
                EVENT("{'name':'tree','type':{'type':'record','name':'Tree','fields':["
                      "{'name':'label','type':'string'},"
                      "{'name':'children','type':{'type':'array','items':'Tree'}}]}},"
                      "" ID "," TIME);

        tg_buffer_reset(&buffer);
        tg_put_text(&buffer, "root");
        tg_put_items_begin(&buffer, 2);
        tg_put_text(&buffer, "left");
        tg_put_items_end(&buffer);
        tg_put_text(&buffer, "right");
        tg_put_items_begin(&buffer, 1);
        tg_put_text(&buffer, "leaf");
        tg_put_items_end(&buffer);
        tg_put_items_end(&buffer);
        tg_put_items_end(&buffer);
        tg_put_text(&buffer, "e1");
        tg_put_long(&buffer, 1488326400123);
        expect_id_and_time(decode_event(writer, EVENT(ID "," TIME), &event_layout));
}

Test(plan, a_top_level_union_is_resolved)
{
        static const char writer[] =
                "[" RECORD("Other", "{'name':'x','type':'int'}") "," EVENT(ID "," TIME) "]";
        struct tg_plan *plan = plan_of(writer, EVENT(ID "," TIME), &event_layout);
        struct event event;

        tg_buffer_reset(&buffer);
        tg_put_long(&buffer, 1);
        tg_put_text(&buffer, "e1");
        tg_put_long(&buffer, 1488326400123);
        expect_id_and_time(decode_event(writer, EVENT(ID "," TIME), &event_layout));
        cr_expect_eq(decode_guarded(plan, "\0\0", 2, &event), TG_DECODE_UNRESOLVED);
        tg_plan_free(plan);
}
