/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Shortcuts over rows of fields that are nearly always a byte 0: nulls, empty arrays and maps,
 * false.
 *
 * Schemas have many of them, and most events have none. In front of such a row in a finished
 * program, a ZEROS is put: it looks at eight bytes at once and goes on behind the zeros. The
 * operations themselves stay where they are, for a byte that isn't 0 and for the end of the data,
 * so that a shortcut never decides what bytes mean, and never fails.
 */
#include <stdlib.h>

#include "avro/compile.h"
#include "base/memory.h"

enum {
        FIELDS_MIN = 2, /* fewer are as fast one by one */
        JUMPS_MAX = 8,  /* followed to find where a field ends; more end the row */
};

/* What is stepped over: a field that is a byte 0, or bytes that are skipped whatever they are. */
struct step {
        uint32_t next; /* where to go on behind it; 0, where no program goes on: nothing is */
        uint32_t size; /* bytes */
        bool any;      /* whatever they are */
        bool single;   /* takes one operation even if it isn't 0 */
};

static struct step step_at(const struct tg_plan *plan, uint32_t at)
{
        const struct tg_op *op = &plan->ops[at];

        switch (op->code) {
        case TG_OP_OPTIONAL_SPAN:
        case TG_OP_OPTIONAL_LONG:
        case TG_OP_OPTIONAL_ENUM:
        case TG_OP_OPTIONAL_SKIP_LONG:
        case TG_OP_OPTIONAL_SKIP_SPAN:
                return (struct step){op->null_branch == 0 ? at + 1 : 0, 1, .single = true};
        case TG_OP_OPTIONAL:
                return (struct step){op->null_branch == 0 ? op->a : 0, 1};
        case TG_OP_BRANCH:
                return (struct step){plan->targets[op->a], 1};
        case TG_OP_SKIP_ITEMS:
                return (struct step){op->b, 1};
        case TG_OP_BOOL:
                return (struct step){op->a ? at + 1 : 0, 1};
        case TG_OP_SKIP_BYTES:
                return (struct step){at + 1, op->a, .any = true};
        default:
                return (struct step){0};
        }
}

/* The first operation that does something, behind a union's branch that does nothing. */
static uint32_t behind_jumps(const struct tg_plan *plan, uint32_t at)
{
        for (int jump = 0; jump < JUMPS_MAX && plan->ops[at].code == TG_OP_JUMP; jump++)
                at = plan->ops[at].a;
        return at;
}

/*
 * The row that begins at AT. False if it isn't worth a shortcut; one of fields that take one
 * operation each must be full, as often the first of them is there.
 */
static bool find_row(const struct tg_plan *plan, uint32_t at, struct tg_zeros *ret_zeros)
{
        struct tg_zeros zeros = {.targets[0] = at};
        bool single = step_at(plan, at).single;
        uint32_t fields = 0;

        for (;;) {
                struct step step = step_at(plan, at);

                if (step.next == 0 || step.size > TG_ZEROS_MAX - zeros.size)
                        break;
                if (!step.any) {
                        zeros.mask |= UINT64_C(0xff) << 8 * zeros.size;
                        fields++;
                }
                zeros.size += step.size;
                at = behind_jumps(plan, step.next);
                zeros.targets[zeros.size] = at;
        }
        *ret_zeros = zeros;
        return single ? zeros.size == TG_ZEROS_MAX : fields >= FIELDS_MIN;
}

/* Fills plan->zeros and says in ROWS which operations begin a row: one more than its index. */
static void find_rows(struct tg_plan *plan, uint32_t *rows)
{
        bool *inside = tg_allocate_zeroed(plan->op_count, sizeof *inside);

        for (uint32_t i = 0; i < plan->op_count; i++) {
                struct tg_zeros zeros;

                if (inside[i] || !find_row(plan, i, &zeros))
                        continue;
                for (uint32_t size = 1; size < zeros.size; size++)
                        inside[zeros.targets[size]] = true; /* 0 if no field ends there */
                plan->zeros = tg_reallocate(plan->zeros, (plan->zeros_count + 1) * sizeof zeros);
                plan->zeros[plan->zeros_count] = zeros;
                rows[i] = ++plan->zeros_count;
        }
        free(inside);
}

/* Whoever went to an operation goes to the shortcut in front of it. */
static void move_targets(struct tg_plan *plan, const uint32_t *moved)
{
        for (uint32_t i = 0; i < plan->op_count; i++) {
                struct tg_op *op = &plan->ops[i];

                if (op->code == TG_OP_OPTIONAL || op->code == TG_OP_JUMP)
                        op->a = moved[op->a];
                else if (op->code == TG_OP_ITEMS || op->code == TG_OP_SKIP_ITEMS)
                        op->b = moved[op->b];
        }
        for (uint32_t i = 0; i < plan->target_count; i++)
                plan->targets[i] = moved[plan->targets[i]];
        for (uint32_t i = 0; i < plan->call_count; i++)
                plan->calls[i] = moved[plan->calls[i]];
        for (uint32_t i = 0; i < plan->item_count; i++)
                plan->items[i].entry = moved[plan->items[i].entry];
        for (uint32_t i = 0; i < plan->zeros_count; i++)
                for (uint32_t size = 0; size <= TG_ZEROS_MAX; size++)
                        plan->zeros[i].targets[size] = moved[plan->zeros[i].targets[size]];
}

static void move_operations(struct tg_plan *plan, const uint32_t *rows, const uint32_t *moved)
{
        uint32_t count = plan->op_count + plan->zeros_count;
        struct tg_op *ops = tg_allocate_zeroed(count, sizeof *ops);

        for (uint32_t i = 0; i < plan->op_count; i++) {
                struct tg_op *op = ops + moved[i];

                if (rows[i]) {
                        *op++ = (struct tg_op){.code = TG_OP_ZEROS, .a = rows[i] - 1};
                        plan->zeros[rows[i] - 1].targets[0]++; /* not to itself */
                }
                *op = plan->ops[i];
        }
        free(plan->ops);
        plan->ops = ops;
        plan->op_count = count;
}

void tg_zeros_insert(struct tg_plan *plan)
{
        uint32_t *rows = tg_allocate_zeroed(plan->op_count, sizeof *rows);
        uint32_t *moved = tg_allocate_zeroed(plan->op_count, sizeof *moved);
        uint32_t before = 0;

        find_rows(plan, rows);
        for (uint32_t i = 0; i < plan->op_count; i++) {
                moved[i] = i + before;
                before += rows[i] > 0;
        }
        move_targets(plan, moved);
        move_operations(plan, rows, moved);
        free(moved);
        free(rows);
}
