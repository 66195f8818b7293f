/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rows of fields that are a byte 0: stepping over them at once means what reading them one by one
 * means, wherever the row is cut, broken or encoded in more bytes than it takes.
 */
#include <stdio.h>

#include "avro/program.h"
#include "avro/support.h"

enum { FIELDS = 20, JSON_SIZE = 4096 };

struct row {
        int64_t numbers[FIELDS];
        struct tg_span last;
};

static struct tg_slot slots[FIELDS + 1];
static char names[FIELDS][8];
static const struct tg_layout layout = {sizeof(struct row), slots, FIELDS + 1};
static char schema[JSON_SIZE];

/* FIELDS optional longs, all of them bound, all written as TYPE, and a string. */
static struct tg_plan *numbers_plan(const char *type)
{
        int size = snprintf(schema, sizeof schema, "{'type':'record','name':'R','fields':[");

        for (size_t i = 0; i < FIELDS; i++) {
                snprintf(names[i], sizeof names[i], "n%zu", i);
                slots[i] = (struct tg_slot){
                        .name = names[i], .kind = TG_SLOT_KIND_LONG, .offset = i * sizeof(int64_t)};
                size += snprintf(schema + size, sizeof schema - (size_t)size,
                                 "{'name':'%s','type':%s},", names[i], type);
        }
        slots[FIELDS] = (struct tg_slot)TG_SLOT_SPAN(struct row, last, "last");
        snprintf(schema + size, sizeof schema - (size_t)size, "{'name':'last','type':'string'}]}");
        return plan_of(schema, schema, &layout);
}

static uint32_t shortcuts(const struct tg_plan *plan)
{
        uint32_t count = 0;

        for (uint32_t i = 0; i < plan->op_count; i++)
                count += plan->ops[i].code == TG_OP_ZEROS;
        return count;
}

/* Decodes the bytes in BUFFER; all numbers are null but the one AT, if any, which is VALUE. */
static void expect_numbers(const struct tg_plan *plan, const struct tg_buffer *buffer, size_t at,
                           int64_t value)
{
        struct row row;

        memset(&row, 0xa5, sizeof row);
        decode(plan, buffer, &row);
        for (size_t i = 0; i < FIELDS; i++)
                cr_expect_eq(row.numbers[i], i == at ? value : TG_NO_TIME, "field %zu, not %zu", i,
                             at);
        expect_text(row.last, "the end");
}

Test(zeros, a_row_longer_than_eight_bytes_is_stepped_over_whole)
{
        struct tg_plan *plan = numbers_plan("['null','long']");
        struct tg_buffer buffer = {0};

        cr_expect_eq(shortcuts(plan), FIELDS / TG_ZEROS_MAX);
        for (size_t i = 0; i < FIELDS; i++)
                tg_put_null(&buffer);
        tg_put_text(&buffer, "the end");
        expect_numbers(plan, &buffer, FIELDS, 0);
        tg_buffer_deinit(&buffer);
        tg_plan_free(plan);
}

Test(zeros, a_value_in_the_middle_of_a_row_is_read)
{
        struct tg_plan *plan = numbers_plan("['null','long']");

        for (size_t at = 0; at < FIELDS; at++) {
                struct tg_buffer buffer = {0};

                for (size_t i = 0; i < FIELDS; i++)
                        tg_put_optional_long(&buffer, i == at ? 0 : TG_NO_TIME, TG_NO_TIME);
                tg_put_text(&buffer, "the end");
                expect_numbers(plan, &buffer, at, 0);
                tg_buffer_deinit(&buffer);
        }
        tg_plan_free(plan);
}

/* In such a union a byte 0 says that a long follows, and 1, as it is encoded, that none does. */
Test(zeros, a_null_that_is_the_second_branch_is_no_zero)
{
        struct tg_plan *plan = numbers_plan("['long','null']");

        cr_expect_eq(shortcuts(plan), 0);
        for (size_t at = 0; at < FIELDS; at++) {
                struct tg_buffer buffer = {0};

                for (size_t i = 0; i < FIELDS; i++) {
                        tg_put_long(&buffer, i != at);
                        if (i == at)
                                tg_put_long(&buffer, 0);
                }
                tg_put_text(&buffer, "the end");
                expect_numbers(plan, &buffer, at, 0);
                tg_buffer_deinit(&buffer);
        }
        tg_plan_free(plan);
}

Test(zeros, a_null_in_two_bytes_is_a_null)
{
        struct tg_plan *plan = numbers_plan("['null','long']");

        for (size_t at = 0; at < FIELDS; at++) {
                struct tg_buffer buffer = {0};

                for (size_t i = 0; i < FIELDS; i++)
                        tg_buffer_append(&buffer, i == at ? "\x80" : "", 1 + (i == at));
                tg_put_text(&buffer, "the end");
                expect_numbers(plan, &buffer, FIELDS, 0);
                tg_buffer_deinit(&buffer);
        }
        tg_plan_free(plan);
}

Test(zeros, a_row_cut_off_by_the_end_of_the_data_is_truncated)
{
        static const uint8_t zeros[FIELDS + 1];
        struct tg_plan *plan = numbers_plan("['null','long']");
        struct row row;

        for (size_t size = 0; size <= FIELDS; size++)
                cr_expect_eq(decode_guarded(plan, zeros, size, &row), TG_DECODE_TRUNCATED,
                             "%zu bytes", size);
        cr_expect_eq(decode_guarded(plan, zeros, FIELDS + 1, &row), 0);
        tg_plan_free(plan);
}

#define RECORD(fields) "{'type':'record','name':'R','fields':[" fields "]}"
#define ARRAY "{'type':'array','items':'string'}"
#define INNER "{'type':'record','name':'I','fields':[{'name':'x','type':'string'}]}"

struct mixed {
        struct tg_span last;
        uint8_t flag;
};

static const struct tg_slot mixed_slots[] = {
        TG_SLOT_BOOL(struct mixed, flag, "flag", 9),
        TG_SLOT_SPAN(struct mixed, last, "last"),
};
static const struct tg_layout mixed_layout = TG_LAYOUT(struct mixed, mixed_slots);

static const char mixed_schema[] =
        RECORD("{'name':'skipped','type':'boolean'},{'name':'flag','type':'boolean'},"
               "{'name':'array','type':" ARRAY "},{'name':'inner','type':['null'," INNER "]},"
               "{'name':'map','type':{'type':'map','values':['null','I']}},"
               "{'name':'wide','type':['null','int','I']},"
               "{'name':'last','type':'string'}");

static void expect_mixed(const char *bytes, size_t size, int flag)
{
        struct tg_plan *plan = plan_of(mixed_schema, mixed_schema, &mixed_layout);
        struct tg_buffer buffer = {0};
        struct mixed mixed;

        cr_expect_eq(shortcuts(plan), 1);
        tg_buffer_append(&buffer, bytes, size);
        tg_put_text(&buffer, "the end");
        decode(plan, &buffer, &mixed);
        cr_expect_eq(mixed.flag, flag);
        expect_text(mixed.last, "the end");
        tg_buffer_deinit(&buffer);
        tg_plan_free(plan);
}

Test(zeros, arrays_maps_booleans_and_wide_unions_end_a_row_where_they_are_not_zero)
{
        expect_mixed("\0\0\0\0\0\0", 6, 0);
        expect_mixed("\1\0\0\0\0\0", 6, 0); /* skipped, whatever it is */
        expect_mixed("\0\1\0\0\0\0", 6, 1);
        expect_mixed("\1\1\2\2a\0\0\0\0", 9, 1);
        expect_mixed("\0\0\0\2\2b\0\0", 8, 0);
        expect_mixed("\0\0\0\0\2\2k\2\2c\0\0", 12, 0);
        expect_mixed("\0\0\0\0\0\2\4", 7, 0);
        expect_mixed("\0\0\0\0\0\4\0", 7, 0);
}

/* What the image doesn't say already must be stored, so no shortcut may step over it. */
Test(zeros, a_null_where_the_default_is_not_null_is_stored)
{
        static const char reader[] = RECORD("{'name':'a','type':['long','null'],'default':5},"
                                            "{'name':'b','type':['long','null'],'default':6},"
                                            "{'name':'last','type':'string'}");
        static const char writer[] = RECORD("{'name':'a','type':['null','long']},"
                                            "{'name':'b','type':['null','long']},"
                                            "{'name':'last','type':'string'}");
        static const struct tg_slot row_slots[] = {
                TG_SLOT_LONG(struct row, numbers[0], "a"),
                TG_SLOT_LONG(struct row, numbers[1], "b"),
                TG_SLOT_SPAN(struct row, last, "last"),
        };
        static const struct tg_layout row_layout = TG_LAYOUT(struct row, row_slots);
        struct tg_plan *plan = plan_of(writer, reader, &row_layout);
        struct tg_buffer buffer = {0};
        struct row row;

        tg_put_null(&buffer);
        tg_put_null(&buffer);
        tg_put_text(&buffer, "the end");
        decode(plan, &buffer, &row);
        cr_expect_eq(row.numbers[0], TG_NO_TIME);
        cr_expect_eq(row.numbers[1], TG_NO_TIME);
        expect_text(row.last, "the end");
        tg_buffer_deinit(&buffer);
        tg_plan_free(plan);
}

/* Numbers that are skipped together: each of one byte or of more, near the end of the data or not.
 */
Test(zeros, neighbouring_numbers_are_skipped_one_by_one_or_together)
{
        static const char writer[] =
                RECORD("{'name':'a','type':'int'},{'name':'b','type':'long'},"
                       "{'name':'c','type':'long'},{'name':'last','type':'string'}");
        static const struct tg_slot last_slots[] = {TG_SLOT_SPAN(struct row, last, "last")};
        static const struct tg_layout last_layout = TG_LAYOUT(struct row, last_slots);
        static const int64_t numbers[] = {0, -1, 100, 1 << 20, INT64_MAX, INT64_MIN};
        struct tg_plan *plan = plan_of(writer, writer, &last_layout);
        size_t count = sizeof numbers / sizeof *numbers;
        struct row row;

        for (size_t i = 0; i < count * count * count; i++) {
                struct tg_buffer buffer = {0};

                tg_put_long(&buffer, numbers[i % count]);
                tg_put_long(&buffer, numbers[i / count % count]);
                tg_put_long(&buffer, numbers[i / count / count]);
                tg_put_text(&buffer, "the end");
                decode(plan, &buffer, &row);
                expect_text(row.last, "the end");
                for (size_t size = 0; size < buffer.size; size++)
                        cr_expect_eq(decode_guarded(plan, buffer.data, size, &row),
                                     TG_DECODE_TRUNCATED);
                tg_buffer_deinit(&buffer);
        }
        tg_plan_free(plan);
}
