/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a plan over bytes that may be anything.
 *
 * One loop over the operations; each reads what its type takes, checked against the end of the
 * data, and stores it. Any failure leaves at once with a tg_decode_error. Arrays, maps and
 * recursive types run a program of their own, with depth counted; an array's items are decoded into
 * a scratch struct first, so that walking them later (tg_items_next) can't fail. Nothing is
 * allocated.
 */
#include <math.h>
#include <stdalign.h>

#include "avro/program.h"
#include "avro/values.h"

const uint8_t tg_no_items[1] = {0};

struct cursor {
        const uint8_t *next;
        const uint8_t *end;
};

static int run(const struct tg_plan *plan, uint32_t entry, struct cursor *cursor, uint8_t *record,
               unsigned depth);

static int cursor_long(struct cursor *cursor, int64_t *ret_value)
{
        const uint8_t *behind = tg_read_long(cursor->next, cursor->end, ret_value);

        if (!behind)
                return tg_varint_error(cursor->next, cursor->end);
        cursor->next = behind;
        return 0;
}

static int cursor_span(struct cursor *cursor, struct tg_span *ret_span)
{
        int64_t size;
        int answer = cursor_long(cursor, &size);

        if (answer < 0)
                return answer;
        if (size < 0)
                return TG_DECODE_BAD_LENGTH;
        if (size > cursor->end - cursor->next)
                return TG_DECODE_TRUNCATED;
        *ret_span = tg_span_of(cursor->next, (size_t)size);
        cursor->next += size;
        return 0;
}

/* A block's count, and its end if the writer gave its size (otherwise NULL). */
static int cursor_block(struct cursor *cursor, int64_t *ret_count, const uint8_t **ret_end)
{
        int64_t count, size;
        int answer = cursor_long(cursor, &count);

        *ret_end = NULL;
        if (answer == 0 && count < 0) {
                answer = cursor_long(cursor, &size);
                if (answer == 0 && (size < 0 || count < -(int64_t)TG_ITEMS_MAX))
                        answer = size < 0 ? TG_DECODE_BAD_LENGTH : TG_DECODE_TOO_MANY_ITEMS;
                if (answer == 0 && size > cursor->end - cursor->next)
                        answer = TG_DECODE_TRUNCATED;
                if (answer < 0)
                        return answer;
                count = -count;
                *ret_end = cursor->next + size;
        }
        *ret_count = count;
        return answer;
}

/* One item, with its key in front if it is a map's. */
static int run_item(const struct tg_item_plan *item, struct cursor *cursor, uint8_t *record,
                    unsigned depth, struct tg_span *ret_key)
{
        int answer = 0;

        *ret_key = TG_SPAN_ABSENT;
        if (item->map)
                answer = cursor_span(cursor, ret_key);
        if (answer < 0)
                return answer;
        return run(item->plan, item->entry, cursor, record, depth);
}

static int run_block(const struct tg_item_plan *item, int64_t count, struct cursor *cursor,
                     uint8_t *record, unsigned depth)
{
        struct tg_span key;
        int answer = 0;

        if (item->empty)
                return 0;
        if (count > (cursor->end - cursor->next) / item->size_min)
                return TG_DECODE_TOO_MANY_ITEMS;
        for (int64_t i = 0; i < count && answer == 0; i++)
                answer = run_item(item, cursor, record, depth, &key);
        return answer;
}

/* Checks all blocks of an array or map; items go to RECORD, one over the other. */
static int run_blocks(const struct tg_item_plan *item, struct cursor *cursor, uint8_t *record,
                      unsigned depth, uint32_t *ret_count)
{
        uint32_t total = 0;

        if (depth >= TG_DECODE_DEPTH_MAX)
                return TG_DECODE_TOO_DEEP;
        for (;;) {
                const uint8_t *block_end;
                int64_t count;
                int answer = cursor_block(cursor, &count, &block_end);

                if (answer < 0)
                        return answer;
                if (count == 0)
                        break;
                if (count > TG_ITEMS_MAX - (int64_t)total)
                        return TG_DECODE_TOO_MANY_ITEMS;
                total += (uint32_t)count;
                answer = run_block(item, count, cursor, record, depth + 1);
                if (answer < 0)
                        return answer;
                if (block_end && block_end != cursor->next)
                        return TG_DECODE_BAD_LENGTH;
        }
        *ret_count = total;
        return 0;
}

/* Kept out of run(), so that only arrays pay for the scratch struct. */
static __attribute__((noinline)) int run_items(const struct tg_item_plan *item,
                                               struct cursor *cursor, unsigned depth,
                                               struct tg_items *ret_items)
{
        alignas(max_align_t) uint8_t scratch[TG_LAYOUT_ITEM_SIZE_MAX];
        const uint8_t *first = cursor->next;
        uint32_t count;
        int answer = run_blocks(item, cursor, scratch, depth, &count);

        if (answer == 0)
                *ret_items = (struct tg_items){
                        .raw = tg_span_of(first, (size_t)(cursor->next - first)),
                        .plan = item,
                        .count = count,
                };
        return answer;
}

static __attribute__((noinline)) int run_call(const struct tg_plan *plan, uint32_t call,
                                              struct cursor *cursor, uint8_t *record,
                                              unsigned depth)
{
        if (depth >= TG_DECODE_DEPTH_MAX)
                return TG_DECODE_TOO_DEEP;
        return run(plan, plan->calls[call], cursor, record, depth + 1);
}

/* What needs more than the bytes: the operation, and the plan's tables. */
static inline const uint8_t *read_enum(const uint8_t *p, const uint8_t *end,
                                       const struct tg_plan *plan, const struct tg_op *op,
                                       uint8_t *slot)
{
        int64_t symbol;

        p = tg_read_long(p, end, &symbol);
        if (!p || (uint64_t)symbol >= op->b)
                return NULL;
        *slot = plan->symbols[op->a + (uint64_t)symbol];
        return *slot == TG_SYMBOL_UNRESOLVED ? NULL : p;
}

/* Whether a two-branch union is null; branch numbers of more than one byte are valid, if silly. */
static inline const uint8_t *read_optional(const uint8_t *p, const uint8_t *end,
                                           const struct tg_op *op, bool *ret_null)
{
        int64_t branch;

        if (TG_LIKELY(p < end && !(*p & 0xfd))) {
                *ret_null = *p >> 1 == op->null_branch;
                return p + 1;
        }

        p = tg_read_long(p, end, &branch);
        *ret_null = p && branch == op->null_branch;
        return (uint64_t)branch <= 1 ? p : NULL;
}

static inline const uint8_t *read_branch(const uint8_t *p, const uint8_t *end,
                                         const struct tg_op *op, uint64_t *ret_branch)
{
        int64_t branch;

        p = tg_read_long(p, end, &branch);
        *ret_branch = (uint64_t)branch;
        return (uint64_t)branch < op->b ? p : NULL;
}

/* memcpy of a constant size is one store; slots may lie at any offset. */
static inline void store_long(uint8_t *slot, int64_t value)
{
        memcpy(slot, &value, sizeof value);
}

static inline void store_int(uint8_t *slot, int32_t value)
{
        memcpy(slot, &value, sizeof value);
}

static inline void store_double(uint8_t *slot, double value)
{
        memcpy(slot, &value, sizeof value);
}

static inline void store_span(uint8_t *slot, struct tg_span value)
{
        memcpy(slot, &value, sizeof value);
}

/* The loop. Longer than a function should be: it is the one list of what each operation does. */
static int run(const struct tg_plan *plan, uint32_t entry, struct cursor *cursor, uint8_t *record,
               unsigned depth)
{
        const struct tg_op *op = plan->ops + entry;
        const uint8_t *p = cursor->next, *end = cursor->end;
        struct tg_span span = TG_SPAN_ABSENT;
        struct tg_items items;
        int64_t number;
        uint64_t branch;
        double real = 0;
        bool null;
        int answer;

        for (;; op++) {
                const uint8_t *at = p;
                uint8_t *slot = record + op->offset;

                switch ((enum tg_op_code)op->code) {
                case TG_OP_END:
                        cursor->next = p;
                        return 0;
                case TG_OP_SKIP_LONG:
                        p = tg_read_long(p, end, &number);
                        break;
                case TG_OP_SKIP_SPAN:
                        p = tg_read_span(p, end, &span);
                        break;
                case TG_OP_SKIP_BYTES:
                        p = tg_read_bytes(p, end, op->a);
                        break;
                case TG_OP_SPAN:
                        p = tg_read_span(p, end, &span);
                        store_span(slot, span);
                        break;
                case TG_OP_FIXED:
                        store_span(slot, tg_span_of(p, op->a));
                        p = tg_read_bytes(p, end, op->a);
                        break;
                case TG_OP_LONG:
                        p = tg_read_long(p, end, &number);
                        store_long(slot, number);
                        break;
                case TG_OP_INT:
                        p = tg_read_int(p, end, &number);
                        store_int(slot, (int32_t)number);
                        break;
                case TG_OP_INT_TO_LONG:
                        p = tg_read_int(p, end, &number);
                        store_long(slot, number);
                        break;
                case TG_OP_BOOL:
                        p = tg_read_bool(p, end, slot);
                        break;
                case TG_OP_DOUBLE:
                        p = tg_read_double(p, end, &real);
                        store_double(slot, real);
                        break;
                case TG_OP_FLOAT_TO_DOUBLE:
                        p = tg_read_float(p, end, &real);
                        store_double(slot, real);
                        break;
                case TG_OP_LONG_TO_DOUBLE:
                        p = tg_read_long(p, end, &number);
                        store_double(slot, (double)number);
                        break;
                case TG_OP_INT_TO_DOUBLE:
                        p = tg_read_int(p, end, &number);
                        store_double(slot, (double)number);
                        break;
                case TG_OP_LONG_TO_FLOAT:
                        p = tg_read_long(p, end, &number);
                        store_double(slot, (double)(float)number);
                        break;
                case TG_OP_INT_TO_FLOAT:
                        p = tg_read_int(p, end, &number);
                        store_double(slot, (double)(float)number);
                        break;
                case TG_OP_ENUM:
                        p = read_enum(p, end, plan, op, slot);
                        break;
                case TG_OP_OPTIONAL:
                        p = read_optional(p, end, op, &null);
                        if (null)
                                op = plan->ops + op->a - 1;
                        break;
                case TG_OP_OPTIONAL_SPAN:
                        p = read_optional(p, end, op, &null);
                        if (null) {
                                op = plan->ops + op->a - 1;
                        } else if (TG_LIKELY(p)) {
                                p = tg_read_span(p, end, &span);
                                store_span(slot, span);
                        }
                        break;
                case TG_OP_OPTIONAL_LONG:
                        p = read_optional(p, end, op, &null);
                        if (null) {
                                op = plan->ops + op->a - 1;
                        } else if (TG_LIKELY(p)) {
                                p = tg_read_long(p, end, &number);
                                store_long(slot, number);
                        }
                        break;
                case TG_OP_BRANCH:
                        p = read_branch(p, end, op, &branch);
                        if (p)
                                op = plan->ops + plan->targets[op->a + branch] - 1;
                        break;
                case TG_OP_JUMP:
                        op = plan->ops + op->a - 1;
                        break;
                case TG_OP_SKIP_ITEMS:
                case TG_OP_ITEMS:
                        cursor->next = p;
                        answer = run_items(&plan->items[op->a], cursor, depth, &items);
                        if (answer < 0)
                                return answer;
                        if (op->code == TG_OP_ITEMS)
                                memcpy(slot, &items, sizeof items);
                        p = cursor->next;
                        op = plan->ops + op->b - 1;
                        break;
                case TG_OP_CALL:
                        cursor->next = p;
                        answer = run_call(plan, op->a, cursor, record, depth);
                        if (answer < 0)
                                return answer;
                        p = cursor->next;
                        break;
                case TG_OP_FAIL:
                        return -(int)op->a;
                case TG_OP_SET_BYTE:
                        *slot = (uint8_t)op->a;
                        break;
                case TG_OP_SET_INT:
                        store_int(slot, (int32_t)op->a);
                        break;
                case TG_OP_SET_NO_TIME:
                        store_long(slot, TG_NO_TIME);
                        break;
                case TG_OP_SET_NAN:
                        store_double(slot, NAN);
                        break;
                case TG_OP_CLEAR_SPAN:
                        store_span(slot, TG_SPAN_ABSENT);
                        break;
                case TG_OP_CLEAR_ITEMS:
                        memset(slot, 0, sizeof items);
                        break;
                case TG_OP_COPY:
                        memcpy(slot, plan->images[op->a], op->b);
                        break;
                default:
                        __builtin_unreachable(); /* the compiler made the program */
                }
                if (__builtin_expect(!p, 0))
                        return tg_decode_explain(plan, op, at, end);
        }
}

int tg_plan_decode(const struct tg_plan *plan, struct tg_span data, void *ret_record,
                   size_t *ret_consumed)
{
        const uint8_t *first = data.data ? data.data : tg_no_items; /* NULL means failure inside */
        struct cursor cursor = {first, first + data.size};
        int answer;

        memcpy(ret_record, plan->image, plan->size);
        answer = run(plan, 0, &cursor, ret_record, 0);
        if (answer == 0)
                *ret_consumed = (size_t)(cursor.next - first);
        return answer;
}

/* Decoding checked all this once; what fails here is a bug, or bytes changed behind our back. */
bool tg_items_next(struct tg_items_walk *walk, struct tg_span *ret_key, void *ret_item)
{
        struct cursor cursor = {walk->next, walk->end};
        struct tg_span key;
        int answer;

        if (walk->left == 0)
                return false;
        while (walk->in_block == 0) {
                const uint8_t *block_end;
                int64_t count;

                answer = cursor_block(&cursor, &count, &block_end);
                assert(answer == 0 && count <= walk->left);
                walk->in_block = (uint32_t)count;
        }
        if (walk->plan->size)
                memcpy(ret_item, walk->plan->image, walk->plan->size);
        answer = run_item(walk->plan, &cursor, ret_item, 0, &key);
        assert(answer == 0);
        walk->next = cursor.next;
        walk->in_block--;
        walk->left--;
        if (ret_key)
                *ret_key = key;
        return true;
}
