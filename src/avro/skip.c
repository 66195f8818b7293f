/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Operations for what the writer wrote and the reader doesn't want.
 *
 * Types of constant size melt into one SKIP_BYTES. A recursive record becomes a program that is
 * called, with its depth counted; everything else lies in line.
 */
#include <assert.h>

#include "avro/compile.h"

static int skip_union(struct tg_compiler *compiler, const struct tg_node *writer)
{
        struct tg_plan *plan = compiler->plan;
        uint32_t first = tg_emit_targets(compiler, writer->count);
        uint32_t jumps = tg_emit_targets(compiler, writer->count);

        tg_emit(compiler,
                (struct tg_op){.code = TG_OP_BRANCH, .a = first, .b = (uint32_t)writer->count});
        for (size_t i = 0; i < writer->count; i++) {
                plan->targets[first + i] = tg_emit_here(compiler);
                if (tg_skip(compiler, writer->types[i]) < 0)
                        return -1;
                plan->targets[jumps + i] = tg_emit(compiler, (struct tg_op){.code = TG_OP_JUMP});
        }
        for (size_t i = 0; i < writer->count; i++)
                plan->ops[plan->targets[jumps + i]].a = tg_emit_here(compiler);
        return 0;
}

/* [null, X] and [X, null]: a byte that says whether X is skipped. */
static int skip_optional(struct tg_compiler *compiler, const struct tg_node *writer)
{
        bool null_last = writer->types[1]->type == TG_TYPE_NULL;
        uint32_t op = tg_emit_optional(compiler, null_last);

        if (tg_skip(compiler, writer->types[!null_last]) < 0)
                return -1;
        compiler->plan->ops[op].a = tg_emit_here(compiler);
        tg_emit_fused(compiler, op);
        return 0;
}

static int skip_items(struct tg_compiler *compiler, const struct tg_node *writer)
{
        struct tg_plan *plan = compiler->plan;
        uint32_t item = tg_emit_item(compiler, writer);
        uint32_t op = tg_emit(compiler, (struct tg_op){.code = TG_OP_SKIP_ITEMS, .a = item});

        plan->items[item].entry = tg_emit_here(compiler);
        if (plan->items[item].map)
                tg_emit(compiler, (struct tg_op){.code = TG_OP_SKIP_SPAN});
        if (tg_skip(compiler, writer->types[0]) < 0)
                return -1;
        tg_emit(compiler, (struct tg_op){.code = TG_OP_END});
        plan->ops[op].b = tg_emit_here(compiler);
        return 0;
}

static int skip_fields(struct tg_compiler *compiler, const struct tg_node *writer)
{
        for (size_t i = 0; i < writer->count; i++)
                if (tg_skip(compiler, writer->fields[i].type) < 0)
                        return -1;
        return 0;
}

static int skip_inline(struct tg_compiler *compiler, const struct tg_node *writer)
{
        switch (writer->type) {
        case TG_TYPE_INT:
        case TG_TYPE_LONG:
        case TG_TYPE_ENUM:
                tg_emit_skip_long(compiler);
                return 0;
        case TG_TYPE_BYTES:
        case TG_TYPE_STRING:
                tg_emit(compiler, (struct tg_op){.code = TG_OP_SKIP_SPAN});
                return 0;
        case TG_TYPE_RECORD:
                return skip_fields(compiler, writer);
        case TG_TYPE_ARRAY:
        case TG_TYPE_MAP:
                return skip_items(compiler, writer);
        case TG_TYPE_UNION:
                return tg_node_optional(writer) ? skip_optional(compiler, writer)
                                                : skip_union(compiler, writer);
        default:
                assert(writer->constant);
                return 0;
        }
}

int tg_skip(struct tg_compiler *compiler, const struct tg_node *writer)
{
        int answer;

        if (tg_compile_enter(compiler) < 0)
                return -1;
        answer = 0;
        if (writer->constant)
                tg_emit_skip_bytes(compiler, writer->size_min);
        else if (writer->recursive)
                tg_emit_call(compiler, writer);
        else
                answer = skip_inline(compiler, writer);
        tg_compile_leave(compiler);
        return answer;
}

int tg_skip_called(struct tg_compiler *compiler)
{
        for (uint32_t call = 0; call < compiler->plan->call_count; call++) {
                compiler->plan->calls[call] = tg_emit_here(compiler);
                if (skip_fields(compiler, compiler->called[call]) < 0)
                        return -1;
                tg_emit(compiler, (struct tg_op){.code = TG_OP_END});
        }
        return 0;
}
