/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was wrong with bytes that would not decode. The loop in decode.c only learns that an
 * operation failed; this reads the value once more, slowly, and says why.
 */
#include <assert.h>

#include "avro/program.h"
#include "avro/values.h"

static int explain_number(const struct tg_plan *plan, const struct tg_op *op, int64_t number)
{
        switch (op->code) {
        case TG_OP_ENUM:
                if ((uint64_t)number >= op->b)
                        return TG_DECODE_BAD_SYMBOL;
                assert(plan->symbols[op->a + (uint64_t)number] == TG_SYMBOL_UNRESOLVED);
                return TG_DECODE_UNRESOLVED;
        case TG_OP_BRANCH:
        case TG_OP_OPTIONAL:
                return TG_DECODE_BAD_BRANCH;
        case TG_OP_SKIP_SPAN:
        case TG_OP_SPAN:
                return number < 0 ? TG_DECODE_BAD_LENGTH : TG_DECODE_TRUNCATED;
        default:
                return TG_DECODE_BAD_VARINT;
        }
}

/* What is read behind the branch; TG_OP_END for everything but OPTIONAL_... */
static enum tg_op_code value_code(enum tg_op_code code)
{
        switch (code) {
        case TG_OP_OPTIONAL_SPAN:
                return TG_OP_SPAN;
        case TG_OP_OPTIONAL_LONG:
                return TG_OP_LONG;
        case TG_OP_OPTIONAL_ENUM:
                return TG_OP_ENUM;
        case TG_OP_OPTIONAL_SKIP_LONG:
                return TG_OP_SKIP_LONGS;
        case TG_OP_OPTIONAL_SKIP_SPAN:
                return TG_OP_SKIP_SPAN;
        default:
                return TG_OP_END;
        }
}

static int explain_value(const struct tg_plan *plan, const struct tg_op *op, const uint8_t *p,
                         const uint8_t *end)
{
        const uint8_t *behind;
        int64_t number;

        switch (op->code) {
        case TG_OP_SKIP_BYTES:
        case TG_OP_FIXED:
        case TG_OP_DOUBLE:
        case TG_OP_FLOAT_TO_DOUBLE:
                return TG_DECODE_TRUNCATED;
        case TG_OP_BOOL:
                return p == end ? TG_DECODE_TRUNCATED : TG_DECODE_BAD_BOOLEAN;
        case TG_OP_SKIP_LONGS:
                while ((behind = tg_read_long(p, end, &number)))
                        p = behind;
                return tg_varint_error(p, end);
        default:
                break;
        }
        if (!tg_read_long(p, end, &number))
                return tg_varint_error(p, end);
        return explain_number(plan, op, number);
}

int tg_decode_explain(const struct tg_plan *plan, const struct tg_op *op, const uint8_t *p,
                      const uint8_t *end)
{
        struct tg_op part = *op;
        enum tg_op_code value = value_code((enum tg_op_code)op->code);
        const uint8_t *behind;
        int64_t branch;

        if (value == TG_OP_END)
                return explain_value(plan, op, p, end);
        behind = tg_read_long(p, end, &branch);
        part.code = (uint8_t)(behind && (uint64_t)branch <= 1 ? value : TG_OP_OPTIONAL);
        return explain_value(plan, &part, part.code == TG_OP_OPTIONAL ? p : behind, end);
}

const char *tg_decode_error_text(int decode_error)
{
        switch ((enum tg_decode_error)decode_error) {
        case TG_DECODE_TRUNCATED:
                return "truncated: the bytes end inside a value";
        case TG_DECODE_BAD_VARINT:
                return "a number has too many bits";
        case TG_DECODE_BAD_LENGTH:
                return "a length is negative or wrong";
        case TG_DECODE_BAD_BRANCH:
                return "a union has no such branch";
        case TG_DECODE_BAD_SYMBOL:
                return "an enum has no such symbol";
        case TG_DECODE_BAD_BOOLEAN:
                return "a boolean is neither 0 nor 1";
        case TG_DECODE_UNRESOLVED:
                return "a value the reader's schema has no place for";
        case TG_DECODE_TOO_DEEP:
                return "values too deep inside one another";
        case TG_DECODE_TOO_MANY_ITEMS:
                return "an array or map claims too many items";
        }
        return "no decode error";
}
