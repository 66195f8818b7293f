/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a plan is made of: operations in the order of the writer's bytes. Private to this folder;
 * written by the compiler (compile.h), run by decode.c.
 *
 * Offsets are relative to the struct being filled. Operations that begin with SKIP leave no trace.
 * A program ends with END; the programs of items and of recursive types lie in the same array.
 */
#pragma once

#include "avro/plan.h"

enum tg_op_code {
        TG_OP_END,
        TG_OP_SKIP_LONGS, /* a: how many, of any numbers and enums */
        TG_OP_SKIP_SPAN,  /* string, bytes */
        TG_OP_SKIP_BYTES, /* a: how many */
        TG_OP_SKIP_ITEMS, /* a: item plan; b: where to go on */
        TG_OP_SPAN,
        TG_OP_FIXED, /* a: how many bytes */
        TG_OP_LONG,
        TG_OP_INT,
        TG_OP_INT_TO_LONG,
        TG_OP_BOOL, /* a: whether the image says false already */
        TG_OP_DOUBLE,
        TG_OP_FLOAT_TO_DOUBLE,
        TG_OP_LONG_TO_DOUBLE,
        TG_OP_INT_TO_DOUBLE,
        TG_OP_LONG_TO_FLOAT, /* a reader's float, kept as a double */
        TG_OP_INT_TO_FLOAT,
        TG_OP_ENUM,          /* a: first of symbols[]; b: how many */
        TG_OP_ITEMS,         /* a: item plan; b: where to go on */
        TG_OP_OPTIONAL,      /* null_branch; a: where to go for null; otherwise the next */
        TG_OP_OPTIONAL_SPAN, /* the same with the value; for null nothing is left to be done */
        TG_OP_OPTIONAL_LONG,
        TG_OP_OPTIONAL_ENUM, /* a, b: as ENUM */
        TG_OP_OPTIONAL_SKIP_LONG,
        TG_OP_OPTIONAL_SKIP_SPAN,
        TG_OP_ZEROS,    /* a: index of zeros[]; a shortcut over operations behind it, see zeros.c */
        TG_OP_BRANCH,   /* a: first of targets[]; b: how many */
        TG_OP_JUMP,     /* a: where */
        TG_OP_CALL,     /* a: index of calls[] */
        TG_OP_FAIL,     /* a: minus the tg_decode_error */
        TG_OP_SET_BYTE, /* a: the value */
        TG_OP_SET_INT,  /* a: the value */
        TG_OP_SET_NO_TIME,
        TG_OP_SET_NAN,
        TG_OP_CLEAR_SPAN,
        TG_OP_CLEAR_ITEMS,
        TG_OP_COPY, /* a: index of images[]; b: bytes */
};

struct tg_op {
        uint8_t code;
        uint8_t null_branch; /* OPTIONAL: the byte that says null, 0 or 2 */
        uint32_t offset;     /* of the slot in the struct */
        uint32_t a, b;
};
_Static_assert(sizeof(struct tg_op) == 16, "four operations a cache line");

enum { TG_ZEROS_MAX = 8 };

/* What a ZEROS looks at, and how far it goes. */
struct tg_zeros {
        uint64_t mask;                      /* of eight bytes loaded, those that must be 0 */
        uint32_t size;                      /* bytes of the whole row */
        uint32_t targets[TG_ZEROS_MAX + 1]; /* where to go on, by the bytes stepped over */
};

struct tg_item_plan {
        const struct tg_plan *plan;
        uint32_t entry;    /* of one item's program; a map's begins with skipping the key */
        uint32_t size;     /* of one item's struct; 0 if only skipped */
        uint32_t size_min; /* bytes that one encoded item takes at least */
        bool map;          /* a key comes before each item */
        bool empty;        /* items take no bytes at all */
        uint8_t *image;    /* what an item's struct holds before it is decoded; in constants */
};

/* Bytes that live as long as the plan: texts and images of defaults. */
struct tg_constant {
        struct tg_constant *next;
        _Alignas(16) uint8_t bytes[];
};

struct tg_plan {
        struct tg_op *ops;
        uint32_t op_count;
        uint32_t *targets; /* branch tables */
        uint32_t target_count;
        uint8_t *symbols; /* writer's symbol to reader's, or TG_SYMBOL_UNRESOLVED */
        uint32_t symbol_count;
        uint32_t *calls; /* entries of recursive types */
        uint32_t call_count;
        struct tg_item_plan *items;
        uint32_t item_count;
        const uint8_t **images; /* for TG_OP_COPY */
        uint32_t image_count;
        struct tg_zeros *zeros;
        uint32_t zeros_count;
        uint8_t *image; /* what the struct holds before a decode */
        size_t size;    /* of the struct */
        struct tg_constant *constants;
};

enum { TG_SYMBOL_UNRESOLVED = 0xff };
_Static_assert((int)TG_SCHEMA_SYMBOLS_MAX <= (int)TG_SYMBOL_UNRESOLVED,
               "every symbol's index fits");

/* Why OP failed at P. */
int tg_decode_explain(const struct tg_plan *plan, const struct tg_op *op, const uint8_t *p,
                      const uint8_t *end) __attribute__((cold));

/* The encoding of an array or map without items. */
extern const uint8_t tg_no_items[1];
