/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A reader's defaults as the bytes of its struct, and what null looks like in each kind of slot.
 *
 * A decode begins by copying an image of the struct that holds all defaults, so that a field which
 * the writer lacks costs nothing. Texts go into the plan's constants.
 */
#include <assert.h>
#include <math.h>

#include "avro/compile.h"

struct tg_slot tg_slot_whole(const struct tg_layout *layout)
{
        if (layout->count == 1 && !layout->slots[0].name)
                return layout->slots[0];
        return (struct tg_slot){
                .kind = TG_SLOT_KIND_RECORD, .present = TG_ALWAYS_PRESENT, .inner = layout};
}

bool tg_slot_holds(const struct tg_slot *slot, enum tg_type type)
{
        switch (slot->kind) {
        case TG_SLOT_KIND_SPAN:
                return type == TG_TYPE_STRING || type == TG_TYPE_BYTES || type == TG_TYPE_FIXED;
        case TG_SLOT_KIND_LONG:
                return type == TG_TYPE_LONG || type == TG_TYPE_INT;
        case TG_SLOT_KIND_INT:
                return type == TG_TYPE_INT;
        case TG_SLOT_KIND_BOOL:
                return type == TG_TYPE_BOOLEAN;
        case TG_SLOT_KIND_DOUBLE:
                return type == TG_TYPE_DOUBLE || type == TG_TYPE_FLOAT;
        case TG_SLOT_KIND_ENUM:
                return type == TG_TYPE_ENUM;
        case TG_SLOT_KIND_RECORD:
                return type == TG_TYPE_RECORD && slot->inner;
        case TG_SLOT_KIND_ITEMS:
                return (type == TG_TYPE_ARRAY || type == TG_TYPE_MAP) && slot->inner;
        }
        return false;
}

/* Where a record's bool lies, given where the record does. */
static size_t present_offset(const struct tg_slot *slot, size_t offset)
{
        assert(slot->kind == TG_SLOT_KIND_RECORD && slot->present != TG_ALWAYS_PRESENT);
        return offset - slot->offset + slot->present;
}

struct tg_op tg_preset_null_op(const struct tg_slot *slot, size_t offset)
{
        struct tg_op op = {.offset = (uint32_t)offset};

        switch (slot->kind) {
        case TG_SLOT_KIND_SPAN:
                op.code = TG_OP_CLEAR_SPAN;
                break;
        case TG_SLOT_KIND_LONG:
                op.code = TG_OP_SET_NO_TIME;
                break;
        case TG_SLOT_KIND_INT:
                op.code = TG_OP_SET_INT;
                op.a = (uint32_t)slot->absent;
                break;
        case TG_SLOT_KIND_BOOL:
        case TG_SLOT_KIND_ENUM:
                op.code = TG_OP_SET_BYTE;
                op.a = (uint8_t)slot->absent;
                break;
        case TG_SLOT_KIND_DOUBLE:
                op.code = TG_OP_SET_NAN;
                break;
        case TG_SLOT_KIND_RECORD:
                op.code = TG_OP_SET_BYTE;
                op.offset = (uint32_t)present_offset(slot, offset);
                break;
        case TG_SLOT_KIND_ITEMS:
                op.code = TG_OP_CLEAR_ITEMS;
                break;
        }
        return op;
}

/* The image begins zeroed, which is null for spans, items and records already. */
static void write_null(const struct tg_slot *slot, uint8_t *image, size_t offset)
{
        const int64_t no_time = TG_NO_TIME;
        const double nan = NAN;

        switch (slot->kind) {
        case TG_SLOT_KIND_LONG:
                memcpy(image + offset, &no_time, sizeof no_time);
                break;
        case TG_SLOT_KIND_INT:
                memcpy(image + offset, &slot->absent, sizeof slot->absent);
                break;
        case TG_SLOT_KIND_BOOL:
        case TG_SLOT_KIND_ENUM:
                image[offset] = (uint8_t)slot->absent;
                break;
        case TG_SLOT_KIND_DOUBLE:
                memcpy(image + offset, &nan, sizeof nan);
                break;
        case TG_SLOT_KIND_SPAN:
        case TG_SLOT_KIND_RECORD:
        case TG_SLOT_KIND_ITEMS:
                break;
        }
}

bool tg_preset_is_null(const struct tg_slot *slot, const uint8_t *image, size_t offset)
{
        static const size_t sizes[] = {
                [TG_SLOT_KIND_SPAN] = sizeof(struct tg_span),
                [TG_SLOT_KIND_LONG] = sizeof(int64_t),
                [TG_SLOT_KIND_INT] = sizeof(int32_t),
                [TG_SLOT_KIND_BOOL] = 1,
                [TG_SLOT_KIND_DOUBLE] = sizeof(double),
                [TG_SLOT_KIND_ENUM] = 1,
                [TG_SLOT_KIND_ITEMS] = sizeof(struct tg_items),
        };
        uint8_t null[sizeof(struct tg_items)] = {0};

        if (slot->kind == TG_SLOT_KIND_RECORD)
                return !image[present_offset(slot, offset)];
        write_null(slot, null, 0);
        return memcmp(null, image + offset, sizes[slot->kind]) == 0;
}

static int unfit(struct tg_compiler *compiler, const struct tg_node *reader)
{
        return tg_fail(compiler->error, EX_SOFTWARE, "its default is no %.200s",
                       tg_node_name(reader));
}

static int write_text(struct tg_compiler *compiler, const json_t *value, uint8_t *slot)
{
        size_t size = json_string_length(value);
        uint8_t *copy = tg_plan_constant(compiler->plan, size + 1);
        struct tg_span span = tg_span_of(copy, size);

        memcpy(copy, json_string_value(value), size);
        memcpy(slot, &span, sizeof span);
        return 0;
}

/* Bytes stand in JSON as the characters U+0000 to U+00FF: one or two bytes of UTF-8 each. */
static int write_bytes(struct tg_compiler *compiler, const struct tg_node *reader,
                       const json_t *value, uint8_t *slot)
{
        size_t size = json_string_length(value);
        const uint8_t *text = (const uint8_t *)json_string_value(value);
        struct tg_span span = {tg_plan_constant(compiler->plan, size + 1), 0};
        uint8_t *copy = (uint8_t *)span.data;

        for (size_t i = 0; i < size; i++) {
                unsigned character = text[i];

                if (character > 0xc3)
                        return unfit(compiler, reader);
                if (character >= 0x80)
                        character = (character & 3) << 6 | (text[++i] & 0x3f);
                copy[span.size++] = (uint8_t)character;
        }
        if (reader->type == TG_TYPE_FIXED && span.size != reader->size_min)
                return unfit(compiler, reader);
        memcpy(slot, &span, sizeof span);
        return 0;
}

static int write_integer(struct tg_compiler *compiler, const struct tg_node *reader,
                         const json_t *value, const struct tg_slot *slot, uint8_t *at)
{
        int64_t number = json_integer_value(value);
        int32_t small = (int32_t)number;

        if (!json_is_integer(value) || (reader->type == TG_TYPE_INT && number != small))
                return unfit(compiler, reader);
        if (slot->kind == TG_SLOT_KIND_LONG)
                memcpy(at, &number, sizeof number);
        else
                memcpy(at, &small, sizeof small);
        return 0;
}

static int write_real(struct tg_compiler *compiler, const struct tg_node *reader,
                      const json_t *value, uint8_t *at)
{
        double number = json_number_value(value);

        if (!json_is_number(value))
                return unfit(compiler, reader);
        if (reader->type == TG_TYPE_FLOAT)
                number = (double)(float)number;
        memcpy(at, &number, sizeof number);
        return 0;
}

static int write_items(struct tg_compiler *compiler, const struct tg_node *reader,
                       const json_t *value, uint8_t *at)
{
        struct tg_items items = {.raw = tg_span_of(tg_no_items, sizeof tg_no_items)};
        bool fits = reader->type == TG_TYPE_ARRAY ? json_is_array(value) : json_is_object(value);

        if (!fits || json_array_size(value) || json_object_size(value))
                return tg_fail(compiler->error, EX_SOFTWARE,
                               "the default of an array or map must be empty");
        memcpy(at, &items, sizeof items);
        return 0;
}

static int write_symbol(struct tg_compiler *compiler, const struct tg_node *reader,
                        const json_t *value, uint8_t *at)
{
        int symbol = tg_node_symbol(reader, json_string_value(value));

        if (symbol < 0)
                return unfit(compiler, reader);
        *at = (uint8_t)symbol;
        return 0;
}

/* Anything but null, whose slot is known to hold it. */
static int write_value(struct tg_compiler *compiler, const struct tg_node *reader,
                       const json_t *value, const struct tg_slot *slot, uint8_t *image,
                       size_t offset)
{
        uint8_t *at = image + offset;

        switch (reader->type) {
        case TG_TYPE_BOOLEAN:
                *at = json_is_true(value);
                return json_is_boolean(value) ? 0 : unfit(compiler, reader);
        case TG_TYPE_INT:
        case TG_TYPE_LONG:
                return write_integer(compiler, reader, value, slot, at);
        case TG_TYPE_FLOAT:
        case TG_TYPE_DOUBLE:
                return write_real(compiler, reader, value, at);
        case TG_TYPE_STRING:
                return json_is_string(value) ? write_text(compiler, value, at)
                                             : unfit(compiler, reader);
        case TG_TYPE_BYTES:
        case TG_TYPE_FIXED:
                return json_is_string(value) ? write_bytes(compiler, reader, value, at)
                                             : unfit(compiler, reader);
        case TG_TYPE_ENUM:
                return json_is_string(value) ? write_symbol(compiler, reader, value, at)
                                             : unfit(compiler, reader);
        case TG_TYPE_ARRAY:
        case TG_TYPE_MAP:
                return write_items(compiler, reader, value, at);
        case TG_TYPE_RECORD:
                if (slot->present != TG_ALWAYS_PRESENT)
                        image[present_offset(slot, offset)] = true;
                return tg_preset_record(compiler, reader, value, slot->inner, at);
        default:
                return unfit(compiler, reader);
        }
}

/* Writes VALUE, which must fit the first branch if READER is a union. */
static int write_preset(struct tg_compiler *compiler, const struct tg_node *reader,
                        const json_t *value, const struct tg_slot *slot, uint8_t *image,
                        size_t offset)
{
        const struct tg_node *type = reader->type == TG_TYPE_UNION ? reader->types[0] : reader;

        if (type->type != TG_TYPE_NULL && !tg_slot_holds(slot, type->type))
                return tg_fail(compiler->error, EX_SOFTWARE, "its slot can't hold its default");
        if (type->type != TG_TYPE_NULL)
                return write_value(compiler, type, value, slot, image, offset);
        if (!json_is_null(value))
                return unfit(compiler, type);
        write_null(slot, image, offset);
        return 0;
}

/* The record that READER is, or may be; NULL if there is none. */
static const struct tg_node *record_of(const struct tg_node *reader)
{
        if (reader->type == TG_TYPE_RECORD)
                return reader;
        for (size_t i = 0; reader->type == TG_TYPE_UNION && i < reader->count; i++)
                if (reader->types[i]->type == TG_TYPE_RECORD)
                        return reader->types[i];
        return NULL;
}

static int fill_slot(struct tg_compiler *compiler, const struct tg_node *record,
                     const struct tg_slot *slot, const json_t *values, uint8_t *image)
{
        const struct tg_field *field = slot->name ? tg_node_field(record, slot->name) : NULL;
        const json_t *value;
        int answer = 0;

        if (!field)
                return tg_fail(compiler->error, EX_SOFTWARE,
                               "the reader's schema lacks the field \"%.200s\"",
                               slot->name ? slot->name : "");
        value = json_object_get(values, slot->name);
        if (!value)
                value = field->preset;
        if (slot->kind == TG_SLOT_KIND_RECORD)
                answer = tg_preset_fill(compiler, field->type, slot->inner, image + slot->offset);
        if (answer == 0 && value)
                answer = write_preset(compiler, field->type, value, slot, image, slot->offset);
        else if (answer == 0)
                write_null(slot, image, slot->offset);
        if (answer < 0)
                tg_fail_context(compiler->error, "field \"%.100s\"", slot->name);
        return answer;
}

int tg_preset_record(struct tg_compiler *compiler, const struct tg_node *reader,
                     const json_t *values, const struct tg_layout *layout, uint8_t *image)
{
        const struct tg_node *record = record_of(reader);

        if (!record || (values && !json_is_object(values)))
                return tg_fail(compiler->error, EX_SOFTWARE, "%s",
                               record ? "the default of a record must be an object"
                                      : "its slots are for a record, but it can't be one");
        if (tg_compile_enter(compiler) < 0)
                return -1;
        for (size_t i = 0; i < layout->count; i++)
                if (fill_slot(compiler, record, &layout->slots[i], values, image) < 0)
                        return -1;
        tg_compile_leave(compiler);
        return 0;
}

int tg_preset_fill(struct tg_compiler *compiler, const struct tg_node *reader,
                   const struct tg_layout *layout, uint8_t *image)
{
        struct tg_slot whole = tg_slot_whole(layout);

        if (whole.kind == TG_SLOT_KIND_RECORD)
                return tg_preset_record(compiler, reader, NULL, layout, image);
        write_null(&whole, image, whole.offset);
        return 0;
}
