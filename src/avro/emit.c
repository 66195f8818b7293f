/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A plan under construction: its tables, its life, and the two ways to compile one.
 *
 * Tables grow one entry at a time; that happens once a schema. An overlong program is not refused
 * where it grows but at the next type visited, so that emitting needs no error.
 */
#include <stdlib.h>

#include "avro/compile.h"
#include "base/memory.h"

uint32_t tg_emit(struct tg_compiler *compiler, struct tg_op op)
{
        struct tg_plan *plan = compiler->plan;

        plan->ops = tg_reallocate(plan->ops, (plan->op_count + 1) * sizeof *plan->ops);
        plan->ops[plan->op_count] = op;
        return plan->op_count++;
}

uint32_t tg_emit_here(struct tg_compiler *compiler)
{
        compiler->label = compiler->plan->op_count;
        return compiler->label;
}

/* Neighbours that are skipped become one, unless something jumps in between. */
void tg_emit_skip_bytes(struct tg_compiler *compiler, uint32_t size)
{
        struct tg_plan *plan = compiler->plan;
        struct tg_op *last = plan->op_count ? &plan->ops[plan->op_count - 1] : NULL;

        if (size == 0)
                return;
        if (last && plan->op_count > compiler->label && last->code == TG_OP_SKIP_BYTES &&
            last->a < TG_NODE_SIZE_MAX)
                last->a += size;
        else
                tg_emit(compiler, (struct tg_op){.code = TG_OP_SKIP_BYTES, .a = size});
}

/* Neighbours are skipped at once, too. */
void tg_emit_skip_long(struct tg_compiler *compiler)
{
        struct tg_plan *plan = compiler->plan;
        struct tg_op *last = plan->op_count ? &plan->ops[plan->op_count - 1] : NULL;

        if (last && plan->op_count > compiler->label && last->code == TG_OP_SKIP_LONGS)
                last->a++;
        else
                tg_emit(compiler, (struct tg_op){.code = TG_OP_SKIP_LONGS, .a = 1});
}

uint32_t tg_emit_optional(struct tg_compiler *compiler, bool null_last)
{
        return tg_emit(compiler,
                       (struct tg_op){.code = TG_OP_OPTIONAL, .null_branch = null_last ? 2 : 0});
}

static enum tg_op_code optional_code(const struct tg_op *value)
{
        switch (value->code) {
        case TG_OP_SPAN:
                return TG_OP_OPTIONAL_SPAN;
        case TG_OP_LONG:
                return TG_OP_OPTIONAL_LONG;
        case TG_OP_ENUM:
                return TG_OP_OPTIONAL_ENUM;
        case TG_OP_SKIP_SPAN:
                return TG_OP_OPTIONAL_SKIP_SPAN;
        case TG_OP_SKIP_LONGS:
                return value->a == 1 ? TG_OP_OPTIONAL_SKIP_LONG : TG_OP_OPTIONAL;
        default:
                return TG_OP_OPTIONAL;
        }
}

void tg_emit_fused(struct tg_compiler *compiler, uint32_t optional)
{
        struct tg_plan *plan = compiler->plan;
        struct tg_op *op = &plan->ops[optional];
        enum tg_op_code code;

        if (plan->op_count != optional + 2)
                return;
        code = optional_code(&op[1]);
        if (code == TG_OP_OPTIONAL)
                return;
        op[1].code = (uint8_t)code;
        op[1].null_branch = op->null_branch;
        *op = op[1];
        plan->op_count--;
        tg_emit_here(compiler);
}

uint32_t tg_emit_targets(struct tg_compiler *compiler, size_t count)
{
        struct tg_plan *plan = compiler->plan;
        uint32_t first = plan->target_count;

        plan->target_count += (uint32_t)count;
        plan->targets = tg_reallocate(plan->targets, plan->target_count * sizeof *plan->targets);
        return first;
}

uint32_t tg_emit_symbols(struct tg_compiler *compiler, size_t count)
{
        struct tg_plan *plan = compiler->plan;
        uint32_t first = plan->symbol_count;

        plan->symbol_count += (uint32_t)count;
        plan->symbols = tg_reallocate(plan->symbols, plan->symbol_count);
        return first;
}

uint32_t tg_emit_item(struct tg_compiler *compiler, const struct tg_node *writer)
{
        const struct tg_node *type = writer->types[0];
        struct tg_plan *plan = compiler->plan;
        bool map = writer->type == TG_TYPE_MAP;
        uint32_t size_min = type->size_min + map;

        plan->items = tg_reallocate(plan->items, (plan->item_count + 1) * sizeof *plan->items);
        plan->items[plan->item_count] = (struct tg_item_plan){
                .plan = plan,
                .map = map,
                .empty = !map && type->constant && type->size_min == 0,
                .size_min = size_min ? size_min : 1,
        };
        return plan->item_count++;
}

uint32_t tg_emit_image(struct tg_compiler *compiler, const uint8_t *image)
{
        struct tg_plan *plan = compiler->plan;

        plan->images = tg_reallocate(plan->images, (plan->image_count + 1) * sizeof *plan->images);
        plan->images[plan->image_count] = image;
        return plan->image_count++;
}

uint32_t tg_emit_call(struct tg_compiler *compiler, const struct tg_node *node)
{
        struct tg_plan *plan = compiler->plan;
        uint32_t call = 0;

        while (call < plan->call_count && compiler->called[call] != node)
                call++;
        if (call == plan->call_count) {
                plan->call_count++;
                plan->calls = tg_reallocate(plan->calls, (call + 1) * sizeof *plan->calls);
                compiler->called =
                        tg_reallocate(compiler->called, (call + 1) * sizeof *compiler->called);
                compiler->called[call] = node;
        }
        return tg_emit(compiler, (struct tg_op){.code = TG_OP_CALL, .a = call});
}

struct tg_compile_mark tg_compile_mark(const struct tg_compiler *compiler)
{
        const struct tg_plan *plan = compiler->plan;

        return (struct tg_compile_mark){
                .ops = plan->op_count,
                .targets = plan->target_count,
                .symbols = plan->symbol_count,
                .items = plan->item_count,
                .images = plan->image_count,
                .label = compiler->label,
        };
}

void tg_compile_rewind(struct tg_compiler *compiler, struct tg_compile_mark mark)
{
        struct tg_plan *plan = compiler->plan;

        plan->op_count = mark.ops;
        plan->target_count = mark.targets;
        plan->symbol_count = mark.symbols;
        plan->item_count = mark.items;
        plan->image_count = mark.images;
        compiler->label = mark.label;
}

int tg_compile_enter(struct tg_compiler *compiler)
{
        if (++compiler->steps > TG_COMPILE_STEPS_MAX || compiler->plan->op_count > TG_PLAN_SIZE_MAX)
                return tg_fail(compiler->error, EX_DATAERR,
                               "the writer's schema repeats its types too often; use fewer or "
                               "flatter ones");
        if (++compiler->depth > TG_COMPILE_DEPTH_MAX)
                return tg_fail(compiler->error, EX_DATAERR,
                               "the schemas have more than %d types inside one another",
                               TG_COMPILE_DEPTH_MAX);
        return 0;
}

void tg_compile_leave(struct tg_compiler *compiler)
{
        compiler->depth--;
}

uint8_t *tg_plan_constant(struct tg_plan *plan, size_t size)
{
        struct tg_constant *constant = tg_allocate_zeroed(1, sizeof *constant + size);

        constant->next = plan->constants;
        plan->constants = constant;
        return constant->bytes;
}

void tg_plan_free(struct tg_plan *plan)
{
        if (!plan)
                return;
        while (plan->constants) {
                struct tg_constant *next = plan->constants->next;

                free(plan->constants);
                plan->constants = next;
        }
        free(plan->ops);
        free(plan->targets);
        free(plan->symbols);
        free(plan->calls);
        free(plan->items);
        free(plan->images);
        free(plan->zeros);
        free(plan);
}

void tg_plan_free_pointer(struct tg_plan **plan)
{
        tg_plan_free(*plan);
}

static int compile_root(struct tg_compiler *compiler, const struct tg_node *writer,
                        const struct tg_node *reader, const struct tg_layout *layout)
{
        struct tg_plan *plan = compiler->plan;
        struct tg_slot root = tg_slot_whole(layout);
        int answer;

        plan->size = layout->size;
        plan->image = tg_plan_constant(plan, layout->size);
        compiler->image = plan->image;
        answer = tg_preset_fill(compiler, reader, layout, plan->image);
        if (answer == 0)
                answer = tg_resolve(compiler, writer, reader, &root, 0);
        if (answer != 0)
                return answer;
        tg_emit(compiler, (struct tg_op){.code = TG_OP_END});
        return tg_skip_called(compiler);
}

int tg_plan_compile(const struct tg_schema *writer, const struct tg_schema *reader,
                    const struct tg_layout *layout, struct tg_plan **ret_plan,
                    struct tg_error *error)
{
        struct tg_error reason = {0};
        struct tg_compiler compiler = {.error = &reason};
        int answer;

        if (layout->size > TG_LAYOUT_SIZE_MAX)
                return tg_fail(error, EX_SOFTWARE, "a layout has %zu bytes, more than %d",
                               layout->size, TG_LAYOUT_SIZE_MAX);
        compiler.plan = tg_allocate_zeroed(1, sizeof *compiler.plan);
        answer = compile_root(&compiler, writer->root, reader->root, layout);
        free(compiler.called);
        if (answer == 0) {
                tg_zeros_insert(compiler.plan);
                *ret_plan = compiler.plan;
                return 0;
        }
        tg_plan_free(compiler.plan);
        return tg_fail(error, reason.exit_code, "schema %.100s can't be read as %.100s: %.700s",
                       tg_schema_name(writer), tg_schema_name(reader), reason.message);
}
