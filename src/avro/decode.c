/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Runs a plan over bytes that may be anything.
 *
 * Each operation reads what its type takes, checked against the end of the data, stores it, and
 * goes on to the next by its own jump. Any failure leaves at once with a tg_decode_error. Arrays,
 * maps and recursive types run a program of their own, with depth counted; an array's items are
 * decoded into a scratch struct first, so that walking them later (tg_items_next) can't fail.
 * Nothing is allocated.
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

static int run(const struct tg_plan *plan, uint32_t entry, uint32_t count, struct cursor *cursor,
               uint8_t *record, unsigned depth);

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

static int run_block(const struct tg_item_plan *item, uint32_t count, struct cursor *cursor,
                     uint8_t *record, unsigned depth)
{
        if (item->empty)
                return 0;
        if ((uint64_t)count * item->size_min > (uint64_t)(cursor->end - cursor->next))
                return TG_DECODE_TOO_MANY_ITEMS;
        return run(item->plan, item->entry, count, cursor, record, depth);
}

/*
 * Checks all blocks of an array or map; items go to RECORD, one over the other. An empty one holds
 * nothing, and so is never too deep.
 */
static int run_blocks(const struct tg_item_plan *item, struct cursor *cursor, uint8_t *record,
                      unsigned depth, uint32_t *ret_count)
{
        uint32_t total = 0;

        for (;;) {
                const uint8_t *block_end;
                int64_t count;
                int answer = cursor_block(cursor, &count, &block_end);

                if (answer < 0)
                        return answer;
                if (count == 0)
                        break;
                if (depth >= TG_DECODE_DEPTH_MAX)
                        return TG_DECODE_TOO_DEEP;
                if (count > TG_ITEMS_MAX - (int64_t)total)
                        return TG_DECODE_TOO_MANY_ITEMS;
                total += (uint32_t)count;
                answer = run_block(item, (uint32_t)count, cursor, record, depth + 1);
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
        return run(plan, plan->calls[call], 1, cursor, record, depth + 1);
}

/* What needs more than the bytes: the operation, and the plan's tables. */
static inline const uint8_t *read_enum(const uint8_t *p, const uint8_t *end,
                                       const struct tg_plan *plan, const struct tg_op *op,
                                       uint8_t *slot)
{
        int64_t symbol;

        if (TG_LIKELY(tg_room(p, end, 1) && !(*p & 0x81)))
                symbol = *p++ >> 1;
        else
                p = tg_read_long(p, end, &symbol);
        if (!p || (uint64_t)symbol >= op->b)
                return NULL;
        *slot = plan->symbols[op->a + (uint64_t)symbol];
        return TG_LIKELY(*slot != TG_SYMBOL_UNRESOLVED) ? p : NULL;
}

/* Whether a two-branch union is null; branch numbers of more than one byte are valid, if silly. */
static inline const uint8_t *read_optional(const uint8_t *p, const uint8_t *end,
                                           const struct tg_op *op, bool *ret_null)
{
        int64_t branch;

        if (TG_LIKELY(tg_room(p, end, 1) && !(*p & 0xfd))) {
                *ret_null = *p == op->null_branch;
                return p + 1;
        }
        p = tg_read_long(p, end, &branch);
        if ((uint64_t)branch > 1)
                p = NULL;
        *ret_null = p && 2 * branch == op->null_branch;
        return p;
}

static inline const uint8_t *read_branch(const uint8_t *p, const uint8_t *end,
                                         const struct tg_op *op, uint64_t *ret_branch)
{
        int64_t branch;

        p = tg_read_long(p, end, &branch);
        *ret_branch = (uint64_t)branch;
        return (uint64_t)branch < op->b ? p : NULL;
}

/* How many bytes of the row are 0, up to one that isn't; none near the end of the data. */
static inline uint32_t count_zeros(const uint8_t *p, const uint8_t *end,
                                   const struct tg_zeros *zeros)
{
        uint64_t word;

        if (!TG_LIKELY(tg_room(p, end, sizeof word)))
                return 0;
        word = tg_load_le64(p) & zeros->mask;
        return TG_LIKELY(word == 0) ? zeros->size : (uint32_t)__builtin_ctzll(word) >> 3;
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

/*
 * How an operation ends: by a jump of its own to the next, which processors predict better, and
 * faster, than one jump for all of them.
 */
#define START() goto *labels[op->code]
#define NEXT() goto *labels[(++op)->code]
/* The same behind the value that was read, if there was one. */
#define NEXT_BEHIND()                             \
        do {                                      \
                if (__builtin_expect(!behind, 0)) \
                        goto failed;              \
                p = behind;                       \
                NEXT();                           \
        } while (0)
#define SLOT (record + op->offset)

/*
 * Runs the program at ENTRY over COUNT values behind one another, each into RECORD. Longer than a
 * function should be: it is the one list of what each operation does.
 */
static int run(const struct tg_plan *plan, uint32_t entry, uint32_t count, struct cursor *cursor,
               uint8_t *record, unsigned depth)
{
        static const void *const labels[] = {
                [TG_OP_END] = &&end_,
                [TG_OP_SKIP_LONGS] = &&skip_longs_,
                [TG_OP_SKIP_SPAN] = &&skip_span_,
                [TG_OP_SKIP_BYTES] = &&skip_bytes_,
                [TG_OP_SKIP_ITEMS] = &&skip_items_,
                [TG_OP_SPAN] = &&span_,
                [TG_OP_FIXED] = &&fixed_,
                [TG_OP_LONG] = &&long_,
                [TG_OP_INT] = &&int_,
                [TG_OP_INT_TO_LONG] = &&int_to_long_,
                [TG_OP_BOOL] = &&bool_,
                [TG_OP_DOUBLE] = &&double_,
                [TG_OP_FLOAT_TO_DOUBLE] = &&float_to_double_,
                [TG_OP_LONG_TO_DOUBLE] = &&long_to_double_,
                [TG_OP_INT_TO_DOUBLE] = &&int_to_double_,
                [TG_OP_LONG_TO_FLOAT] = &&long_to_float_,
                [TG_OP_INT_TO_FLOAT] = &&int_to_float_,
                [TG_OP_ENUM] = &&enum_,
                [TG_OP_ITEMS] = &&items_,
                [TG_OP_OPTIONAL] = &&optional_,
                [TG_OP_OPTIONAL_SPAN] = &&optional_span_,
                [TG_OP_OPTIONAL_LONG] = &&optional_long_,
                [TG_OP_OPTIONAL_ENUM] = &&optional_enum_,
                [TG_OP_OPTIONAL_SKIP_LONG] = &&optional_skip_long_,
                [TG_OP_OPTIONAL_SKIP_SPAN] = &&optional_skip_span_,
                [TG_OP_ZEROS] = &&zeros_,
                [TG_OP_BRANCH] = &&branch_,
                [TG_OP_JUMP] = &&jump_,
                [TG_OP_CALL] = &&call_,
                [TG_OP_FAIL] = &&fail_,
                [TG_OP_SET_BYTE] = &&set_byte_,
                [TG_OP_SET_INT] = &&set_int_,
                [TG_OP_SET_NO_TIME] = &&set_no_time_,
                [TG_OP_SET_NAN] = &&set_nan_,
                [TG_OP_CLEAR_SPAN] = &&clear_span_,
                [TG_OP_CLEAR_ITEMS] = &&clear_items_,
                [TG_OP_COPY] = &&copy_,
        };
        const struct tg_op *op = plan->ops + entry;
        const uint8_t *p = cursor->next, *end = cursor->end, *behind;
        const struct tg_zeros *zeros;
        struct tg_span span;
        struct tg_items items;
        int64_t number;
        uint64_t branch;
        uint32_t length;
        double real;
        bool null;
        int answer;

        START();

end_:
        if (--count > 0) {
                op = plan->ops + entry;
                START();
        }
        cursor->next = p;
        return 0;
skip_longs_:
        behind = tg_skip_longs(p, end, op->a);
        NEXT_BEHIND();
skip_span_:
        behind = tg_read_span(p, end, &span);
        NEXT_BEHIND();
skip_bytes_:
        behind = tg_read_bytes(p, end, op->a);
        NEXT_BEHIND();
span_:
        behind = tg_read_span(p, end, &span);
        store_span(SLOT, span);
        NEXT_BEHIND();
fixed_:
        behind = tg_read_bytes(p, end, op->a);
        store_span(SLOT, tg_span_of(p, op->a));
        NEXT_BEHIND();
long_:
        behind = tg_read_long(p, end, &number);
        store_long(SLOT, number);
        NEXT_BEHIND();
int_:
        behind = tg_read_int(p, end, &number);
        store_int(SLOT, (int32_t)number);
        NEXT_BEHIND();
int_to_long_:
        behind = tg_read_int(p, end, &number);
        store_long(SLOT, number);
        NEXT_BEHIND();
bool_:
        behind = tg_read_bool(p, end, SLOT);
        NEXT_BEHIND();
double_:
        behind = tg_read_double(p, end, &real);
        store_double(SLOT, real);
        NEXT_BEHIND();
float_to_double_:
        behind = tg_read_float(p, end, &real);
        store_double(SLOT, real);
        NEXT_BEHIND();
long_to_double_:
        behind = tg_read_long(p, end, &number);
        store_double(SLOT, (double)number);
        NEXT_BEHIND();
int_to_double_:
        behind = tg_read_int(p, end, &number);
        store_double(SLOT, (double)number);
        NEXT_BEHIND();
long_to_float_:
        behind = tg_read_long(p, end, &number);
        store_double(SLOT, (double)(float)number);
        NEXT_BEHIND();
int_to_float_:
        behind = tg_read_int(p, end, &number);
        store_double(SLOT, (double)(float)number);
        NEXT_BEHIND();
enum_:
        behind = read_enum(p, end, plan, op, SLOT);
        NEXT_BEHIND();
optional_:
        behind = read_optional(p, end, op, &null);
        if (null)
                op = plan->ops + op->a - 1;
        NEXT_BEHIND();
optional_span_:
        behind = read_optional(p, end, op, &null);
        if (!null && TG_LIKELY(behind)) {
                behind = tg_read_span(behind, end, &span);
                store_span(SLOT, span);
        }
        NEXT_BEHIND();
optional_skip_span_:
        behind = read_optional(p, end, op, &null);
        if (!null && TG_LIKELY(behind))
                behind = tg_read_span(behind, end, &span);
        NEXT_BEHIND();
optional_long_:
        behind = read_optional(p, end, op, &null);
        if (!null && TG_LIKELY(behind)) {
                behind = tg_read_long(behind, end, &number);
                store_long(SLOT, number);
        }
        NEXT_BEHIND();
optional_enum_:
        behind = read_optional(p, end, op, &null);
        if (!null && TG_LIKELY(behind))
                behind = read_enum(behind, end, plan, op, SLOT);
        NEXT_BEHIND();
optional_skip_long_:
        behind = read_optional(p, end, op, &null);
        if (!null && TG_LIKELY(behind))
                behind = tg_read_long(behind, end, &number);
        NEXT_BEHIND();
zeros_:
        zeros = &plan->zeros[op->a];
        length = count_zeros(p, end, zeros);
        p += length;
        op = plan->ops + zeros->targets[length];
        START();
branch_:
        behind = read_branch(p, end, op, &branch);
        if (behind)
                op = plan->ops + plan->targets[op->a + branch] - 1;
        NEXT_BEHIND();
jump_:
        op = plan->ops + op->a;
        START();
skip_items_:
        if (tg_room(p, end, 1) && *p == 0) {
                p++;
                op = plan->ops + op->b;
                START();
        }
items_:
        cursor->next = p;
        answer = run_items(&plan->items[op->a], cursor, depth, &items);
        if (answer < 0)
                return answer;
        if (op->code == TG_OP_ITEMS)
                memcpy(SLOT, &items, sizeof items);
        p = cursor->next;
        op = plan->ops + op->b;
        START();
call_:
        cursor->next = p;
        answer = run_call(plan, op->a, cursor, record, depth);
        if (answer < 0)
                return answer;
        p = cursor->next;
        NEXT();
fail_:
        return -(int)op->a;
set_byte_:
        *SLOT = (uint8_t)op->a;
        NEXT();
set_int_:
        store_int(SLOT, (int32_t)op->a);
        NEXT();
set_no_time_:
        store_long(SLOT, TG_NO_TIME);
        NEXT();
set_nan_:
        store_double(SLOT, NAN);
        NEXT();
clear_span_:
        store_span(SLOT, TG_SPAN_ABSENT);
        NEXT();
clear_items_:
        memset(SLOT, 0, sizeof items);
        NEXT();
copy_:
        memcpy(SLOT, plan->images[op->a], op->b);
        NEXT();
failed:
        return tg_decode_explain(plan, op, p, end);
}

int tg_plan_decode(const struct tg_plan *plan, struct tg_span data, void *ret_record,
                   size_t *ret_consumed)
{
        const uint8_t *first = data.data ? data.data : tg_no_items; /* NULL means failure inside */
        struct cursor cursor = {first, first + data.size};
        int answer;

        memcpy(ret_record, plan->image, plan->size);
        answer = run(plan, 0, 1, &cursor, ret_record, 0);
        if (answer == 0)
                *ret_consumed = (size_t)(cursor.next - first);
        return answer;
}

/* Decoding checked all this once; what fails here is a bug, or bytes changed behind our back. */
bool tg_items_next(struct tg_items_walk *walk, struct tg_span *ret_key, void *ret_item)
{
        struct cursor cursor = {walk->next, walk->end};
        struct tg_span key = TG_SPAN_ABSENT;
        int answer = 0;

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
        if (walk->plan->map)
                answer = cursor_span(&cursor, &key);
        assert(answer == 0);
        answer =
                run(walk->plan->plan, walk->plan->entry + walk->plan->map, 1, &cursor, ret_item, 0);
        assert(answer == 0);
        walk->next = cursor.next;
        walk->in_block--;
        walk->left--;
        if (ret_key)
                *ret_key = key;
        return true;
}
