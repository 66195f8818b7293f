/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching the writer's types to the reader's by Avro's rules, and the operations that follow.
 *
 * Everything is driven by slots: a reader's field that no slot wants is not resolved at all. A
 * union's branch that the reader has no place for becomes an operation that fails when it is met;
 * only if no branch fits is the schema refused. Logical types that differ are refused (microseconds
 * would be read as milliseconds), which Avro leaves to the reader.
 */
#include "avro/compile.h"
#include "base/memory.h"

/* Which operation reads the writer's type as the reader's into a kind of slot. */
static const struct {
        enum tg_slot_kind kind;
        enum tg_type reader, writer;
        enum tg_op_code code;
} conversions[] = {
        {TG_SLOT_KIND_SPAN, TG_TYPE_STRING, TG_TYPE_STRING, TG_OP_SPAN},
        {TG_SLOT_KIND_SPAN, TG_TYPE_STRING, TG_TYPE_BYTES, TG_OP_SPAN},
        {TG_SLOT_KIND_SPAN, TG_TYPE_BYTES, TG_TYPE_BYTES, TG_OP_SPAN},
        {TG_SLOT_KIND_SPAN, TG_TYPE_BYTES, TG_TYPE_STRING, TG_OP_SPAN},
        {TG_SLOT_KIND_LONG, TG_TYPE_LONG, TG_TYPE_LONG, TG_OP_LONG},
        {TG_SLOT_KIND_LONG, TG_TYPE_LONG, TG_TYPE_INT, TG_OP_INT_TO_LONG},
        {TG_SLOT_KIND_LONG, TG_TYPE_INT, TG_TYPE_INT, TG_OP_INT_TO_LONG},
        {TG_SLOT_KIND_INT, TG_TYPE_INT, TG_TYPE_INT, TG_OP_INT},
        {TG_SLOT_KIND_BOOL, TG_TYPE_BOOLEAN, TG_TYPE_BOOLEAN, TG_OP_BOOL},
        {TG_SLOT_KIND_DOUBLE, TG_TYPE_DOUBLE, TG_TYPE_DOUBLE, TG_OP_DOUBLE},
        {TG_SLOT_KIND_DOUBLE, TG_TYPE_DOUBLE, TG_TYPE_FLOAT, TG_OP_FLOAT_TO_DOUBLE},
        {TG_SLOT_KIND_DOUBLE, TG_TYPE_DOUBLE, TG_TYPE_LONG, TG_OP_LONG_TO_DOUBLE},
        {TG_SLOT_KIND_DOUBLE, TG_TYPE_DOUBLE, TG_TYPE_INT, TG_OP_INT_TO_DOUBLE},
        {TG_SLOT_KIND_DOUBLE, TG_TYPE_FLOAT, TG_TYPE_FLOAT, TG_OP_FLOAT_TO_DOUBLE},
        {TG_SLOT_KIND_DOUBLE, TG_TYPE_FLOAT, TG_TYPE_LONG, TG_OP_LONG_TO_FLOAT},
        {TG_SLOT_KIND_DOUBLE, TG_TYPE_FLOAT, TG_TYPE_INT, TG_OP_INT_TO_FLOAT},
};

static int mismatch(struct tg_compiler *compiler, const struct tg_node *writer,
                    const struct tg_node *reader)
{
        tg_fail(compiler->error, EX_DATAERR, "the writer's %.200s can't be read as %.200s",
                tg_node_name(writer), tg_node_name(reader));
        return TG_MISMATCH;
}

/* Equal without the namespace, or the reader's alias: with a namespace, or without. */
static bool names_match(const struct tg_node *writer, const struct tg_node *reader)
{
        if (strcmp(tg_name_base(writer->name), tg_name_base(reader->name)) == 0)
                return true;
        for (size_t i = 0; i < json_array_size(reader->aliases); i++) {
                const char *alias = json_string_value(json_array_get(reader->aliases, i));
                const char *name = strchr(alias, '.') ? writer->name : tg_name_base(writer->name);

                if (strcmp(alias, name) == 0)
                        return true;
        }
        return false;
}

static int resolve_null(struct tg_compiler *compiler, const struct tg_slot *slot, size_t offset)
{
        if (slot->kind == TG_SLOT_KIND_RECORD && slot->present == TG_ALWAYS_PRESENT)
                return tg_fail(compiler->error, EX_SOFTWARE,
                               "a record may be null, but its slot can't tell");
        if (!tg_preset_is_null(slot, compiler->image, offset))
                tg_emit(compiler, tg_preset_null_op(slot, offset));
        return 0;
}

static int resolve_fixed(struct tg_compiler *compiler, const struct tg_node *writer,
                         const struct tg_node *reader, size_t offset)
{
        if (writer->type != TG_TYPE_FIXED || !names_match(writer, reader) ||
            writer->size_min != reader->size_min)
                return mismatch(compiler, writer, reader);
        tg_emit(compiler, (struct tg_op){.code = TG_OP_FIXED,
                                         .offset = (uint32_t)offset,
                                         .a = writer->size_min});
        return 0;
}

static int resolve_enum(struct tg_compiler *compiler, const struct tg_node *writer,
                        const struct tg_node *reader, size_t offset)
{
        int preset = reader->preset ? tg_node_symbol(reader, reader->preset) : TG_SYMBOL_UNRESOLVED;
        uint32_t first;

        if (writer->type != TG_TYPE_ENUM || !names_match(writer, reader))
                return mismatch(compiler, writer, reader);
        first = tg_emit_symbols(compiler, writer->count);
        for (size_t i = 0; i < writer->count; i++) {
                int symbol = tg_node_symbol(reader, writer->symbols[i]);

                compiler->plan->symbols[first + i] = (uint8_t)(symbol >= 0 ? symbol : preset);
        }
        tg_emit(compiler, (struct tg_op){.code = TG_OP_ENUM,
                                         .offset = (uint32_t)offset,
                                         .a = first,
                                         .b = (uint32_t)writer->count});
        return 0;
}

/* The image of one item, and the program that fills it. */
static int resolve_item(struct tg_compiler *compiler, const struct tg_node *writer,
                        const struct tg_node *reader, const struct tg_layout *layout, uint32_t item)
{
        const uint8_t *outer_image = compiler->image;
        uint8_t *image = tg_plan_constant(compiler->plan, layout->size);
        struct tg_slot whole = tg_slot_whole(layout);
        int answer;

        compiler->plan->items[item].entry = tg_emit_here(compiler);
        compiler->plan->items[item].size = (uint32_t)layout->size;
        compiler->plan->items[item].image = image;
        if (compiler->plan->items[item].map)
                tg_emit(compiler, (struct tg_op){.code = TG_OP_SKIP_SPAN});
        answer = tg_preset_fill(compiler, reader, layout, image);
        compiler->image = image;
        if (answer == 0)
                answer = tg_resolve(compiler, writer, reader, &whole, 0);
        compiler->image = outer_image;
        return answer;
}

static int resolve_items(struct tg_compiler *compiler, const struct tg_node *writer,
                         const struct tg_node *reader, const struct tg_slot *slot, size_t offset)
{
        struct tg_op op = {.code = TG_OP_ITEMS, .offset = (uint32_t)offset};
        uint32_t index;
        int answer;

        if (writer->type != reader->type)
                return mismatch(compiler, writer, reader);
        if (!slot->inner || slot->inner->size > TG_LAYOUT_ITEM_SIZE_MAX)
                return tg_fail(compiler->error, EX_SOFTWARE, "an item's layout has over %d bytes",
                               TG_LAYOUT_ITEM_SIZE_MAX);
        op.a = tg_emit_item(compiler, writer);
        index = tg_emit(compiler, op);
        answer = resolve_item(compiler, writer->types[0], reader->types[0], slot->inner, op.a);
        if (answer != 0)
                return answer;
        tg_emit(compiler, (struct tg_op){.code = TG_OP_END});
        compiler->plan->ops[index].b = tg_emit_here(compiler);
        return 0;
}

/* The writer's field that becomes FIELD of the reader: by its name, otherwise by an alias. */
static const struct tg_field *writers_field(const struct tg_node *writer,
                                            const struct tg_field *field)
{
        const struct tg_field *found = tg_node_field(writer, field->name);

        for (size_t i = 0; !found && i < json_array_size(field->aliases); i++)
                found = tg_node_field(writer, json_string_value(json_array_get(field->aliases, i)));
        return found;
}

static void emit_present(struct tg_compiler *compiler, const struct tg_slot *slot, size_t offset)
{
        struct tg_op op;

        if (slot->present == TG_ALWAYS_PRESENT)
                return;
        op = tg_preset_null_op(slot, offset);
        op.a = true;
        tg_emit(compiler, op);
}

/* A field that the writer lacks: its default is in the image already, but for records. */
static int resolve_missing(struct tg_compiler *compiler, const struct tg_field *field,
                           const struct tg_slot *slot, size_t offset)
{
        uint8_t *image;

        if (!field->preset) {
                tg_fail(compiler->error, EX_DATAERR,
                        "the writer has no such field, and it has no "
                        "default");
                return TG_MISMATCH;
        }
        if (slot->kind != TG_SLOT_KIND_RECORD || json_is_null(field->preset))
                return 0;
        image = tg_plan_constant(compiler->plan, slot->inner->size);
        if (tg_preset_record(compiler, field->type, field->preset, slot->inner, image) < 0)
                return -1;
        tg_emit(compiler, (struct tg_op){.code = TG_OP_COPY,
                                         .offset = (uint32_t)offset,
                                         .a = tg_emit_image(compiler, image),
                                         .b = (uint32_t)slot->inner->size});
        emit_present(compiler, slot, offset);
        return 0;
}

/* What becomes of a writer's field. */
struct want {
        const struct tg_field *field; /* the reader's; NULL: skip it */
        const struct tg_slot *slot;
};

static int want_slot(struct tg_compiler *compiler, const struct tg_node *writer,
                     const struct tg_node *reader, const struct tg_slot *slot, size_t base,
                     struct want *wants)
{
        const struct tg_field *field = slot->name ? tg_node_field(reader, slot->name) : NULL;
        const struct tg_field *source;

        if (!field)
                return tg_fail(compiler->error, EX_SOFTWARE,
                               "the reader's schema lacks a field that its struct has");
        source = writers_field(writer, field);
        if (!source)
                return resolve_missing(compiler, field, slot, base + slot->offset);
        if (wants[source - writer->fields].field) {
                tg_fail(compiler->error, EX_DATAERR,
                        "the writer's field \"%.200s\" would fill two fields", source->name);
                return TG_MISMATCH;
        }
        wants[source - writer->fields] = (struct want){field, slot};
        return 0;
}

static int resolve_fields(struct tg_compiler *compiler, const struct tg_node *writer,
                          const struct want *wants, size_t base)
{
        int answer = 0;

        for (size_t i = 0; i < writer->count && answer == 0; i++) {
                const struct want *want = &wants[i];

                if (!want->field) {
                        answer = tg_skip(compiler, writer->fields[i].type);
                        continue;
                }
                answer = tg_resolve(compiler, writer->fields[i].type, want->field->type, want->slot,
                                    base + want->slot->offset);
                if (answer != 0)
                        tg_fail_context(compiler->error, "field \"%.100s\"", want->field->name);
        }
        return answer;
}

static int resolve_record(struct tg_compiler *compiler, const struct tg_node *writer,
                          const struct tg_node *reader, const struct tg_slot *slot, size_t base)
{
        const struct tg_layout *layout = slot->inner;
        tg_cleanup(tg_free_pointer) struct want *wants =
                tg_allocate_zeroed(writer->count + 1, sizeof *wants);

        if (writer->type != TG_TYPE_RECORD || !names_match(writer, reader))
                return mismatch(compiler, writer, reader);
        for (size_t i = 0; i < layout->count; i++) {
                int answer = want_slot(compiler, writer, reader, &layout->slots[i], base, wants);

                if (answer != 0) {
                        tg_fail_context(compiler->error, "field \"%.100s\"",
                                        layout->slots[i].name ? layout->slots[i].name : "");
                        return answer;
                }
        }
        emit_present(compiler, slot, base);
        return resolve_fields(compiler, writer, wants, base);
}

static int resolve_simple(struct tg_compiler *compiler, const struct tg_node *writer,
                          const struct tg_node *reader, const struct tg_slot *slot, size_t offset)
{
        if (writer->logical && reader->logical && strcmp(writer->logical, reader->logical) != 0) {
                tg_fail(compiler->error, EX_DATAERR,
                        "the writer's %.100s is no %.100s; convert it where it is written",
                        writer->logical, reader->logical);
                return TG_MISMATCH;
        }
        for (size_t i = 0; i < sizeof conversions / sizeof *conversions; i++)
                if (conversions[i].kind == slot->kind && conversions[i].reader == reader->type &&
                    conversions[i].writer == writer->type) {
                        tg_emit(compiler, (struct tg_op){.code = (uint8_t)conversions[i].code,
                                                         .offset = (uint32_t)offset,
                                                         .a = compiler->image[offset] == 0});
                        return 0;
                }
        return mismatch(compiler, writer, reader);
}

/* Neither is a union. */
static int resolve_plain(struct tg_compiler *compiler, const struct tg_node *writer,
                         const struct tg_node *reader, const struct tg_slot *slot, size_t offset)
{
        if (reader->type == TG_TYPE_NULL)
                return writer->type == TG_TYPE_NULL ? resolve_null(compiler, slot, offset)
                                                    : mismatch(compiler, writer, reader);
        if (!tg_slot_holds(slot, reader->type))
                return tg_fail(compiler->error, EX_SOFTWARE, "its slot can't hold %.100s",
                               tg_type_name(reader->type));
        switch (reader->type) {
        case TG_TYPE_FIXED:
                return resolve_fixed(compiler, writer, reader, offset);
        case TG_TYPE_ENUM:
                return resolve_enum(compiler, writer, reader, offset);
        case TG_TYPE_ARRAY:
        case TG_TYPE_MAP:
                return resolve_items(compiler, writer, reader, slot, offset);
        case TG_TYPE_RECORD:
                return resolve_record(compiler, writer, reader, slot, offset);
        default:
                return resolve_simple(compiler, writer, reader, slot, offset);
        }
}

/* The first of the reader's branches that fits. */
static int resolve_into_union(struct tg_compiler *compiler, const struct tg_node *writer,
                              const struct tg_node *reader, const struct tg_slot *slot,
                              size_t offset)
{
        int answer = TG_MISMATCH;

        for (size_t i = 0; i < reader->count && answer == TG_MISMATCH; i++) {
                struct tg_compile_mark mark = tg_compile_mark(compiler);

                answer = tg_resolve(compiler, writer, reader->types[i], slot, offset);
                if (answer == TG_MISMATCH)
                        tg_compile_rewind(compiler, mark);
        }
        return answer;
}

/* One of the writer's branches; what doesn't fit fails when it is met. */
static int resolve_branch(struct tg_compiler *compiler, const struct tg_node *branch,
                          const struct tg_node *reader, const struct tg_slot *slot, size_t offset)
{
        struct tg_compile_mark mark = tg_compile_mark(compiler);
        int answer = tg_resolve(compiler, branch, reader, slot, offset);

        if (answer == TG_MISMATCH) {
                tg_compile_rewind(compiler, mark);
                tg_emit(compiler, (struct tg_op){.code = TG_OP_FAIL, .a = -TG_DECODE_UNRESOLVED});
        }
        return answer;
}

/* [null, X] and [X, null]: usually one operation, or one and then X, as the image says null
 * already. */
static int resolve_from_optional(struct tg_compiler *compiler, const struct tg_node *writer,
                                 const struct tg_node *reader, const struct tg_slot *slot,
                                 size_t offset)
{
        struct tg_plan *plan = compiler->plan;
        bool null_last = writer->types[1]->type == TG_TYPE_NULL;
        uint32_t op = tg_emit_optional(compiler, null_last);
        int value = resolve_branch(compiler, writer->types[!null_last], reader, slot, offset);
        struct tg_compile_mark mark;
        uint32_t jump;
        int null;

        mark = tg_compile_mark(compiler);
        jump = tg_emit(compiler, (struct tg_op){.code = TG_OP_JUMP});
        plan->ops[op].a = tg_emit_here(compiler);
        null = resolve_branch(compiler, writer->types[null_last], reader, slot, offset);
        if (value < 0 || null < 0)
                return -1;
        if (plan->op_count == jump + 1) {
                tg_compile_rewind(compiler, mark);
                plan->ops[op].a = tg_emit_here(compiler);
                tg_emit_fused(compiler, op);
        } else {
                plan->ops[jump].a = tg_emit_here(compiler);
        }
        return value == TG_MISMATCH && null == TG_MISMATCH ? TG_MISMATCH : 0;
}

static int resolve_from_union(struct tg_compiler *compiler, const struct tg_node *writer,
                              const struct tg_node *reader, const struct tg_slot *slot,
                              size_t offset)
{
        struct tg_plan *plan = compiler->plan;
        uint32_t first = tg_emit_targets(compiler, writer->count);
        uint32_t jumps = tg_emit_targets(compiler, writer->count);
        int fits = TG_MISMATCH;

        tg_emit(compiler,
                (struct tg_op){.code = TG_OP_BRANCH, .a = first, .b = (uint32_t)writer->count});
        for (size_t i = 0; i < writer->count; i++) {
                int answer;

                plan->targets[first + i] = tg_emit_here(compiler);
                answer = resolve_branch(compiler, writer->types[i], reader, slot, offset);
                if (answer < 0)
                        return -1;
                if (answer == 0)
                        fits = 0;
                plan->targets[jumps + i] = tg_emit(compiler, (struct tg_op){.code = TG_OP_JUMP});
        }
        for (size_t i = 0; i < writer->count; i++)
                plan->ops[plan->targets[jumps + i]].a = tg_emit_here(compiler);
        return fits;
}

int tg_resolve(struct tg_compiler *compiler, const struct tg_node *writer,
               const struct tg_node *reader, const struct tg_slot *slot, size_t offset)
{
        int answer;

        if (tg_compile_enter(compiler) < 0)
                return -1;
        if (tg_node_optional(writer))
                answer = resolve_from_optional(compiler, writer, reader, slot, offset);
        else if (writer->type == TG_TYPE_UNION)
                answer = resolve_from_union(compiler, writer, reader, slot, offset);
        else if (reader->type == TG_TYPE_UNION)
                answer = resolve_into_union(compiler, writer, reader, slot, offset);
        else
                answer = resolve_plain(compiler, writer, reader, slot, offset);
        tg_compile_leave(compiler);
        return answer;
}
