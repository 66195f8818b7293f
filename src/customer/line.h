/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A line of the customer table: one cache line, the first of a cell or a further one of its chain.
 *
 * A cell of touches is a chain of lines of slots, with a line of stamps among them if it has any. A
 * register is a cell of one line that holds 16-byte words instead. For the folder alone, but for
 * the pointer that callers carry.
 */
#pragma once

#include <stdatomic.h>

#include "customer/slot.h"

enum { TG_LINE_SLOTS = 6, TG_LINE_REGISTERS = 3 };

typedef unsigned __int128 tg_register_word;

struct tg_line {
        _Atomic uint64_t key_low;  /* or one of the marks below */
        _Atomic uint32_t key_high; /* 0: being claimed; never 0 afterwards */
        _Atomic uint32_t head;     /* next 16 | kind plus 1, 8 | marks of a first line 8 */
        union {
                _Atomic tg_slot_word slots[TG_LINE_SLOTS];
                _Atomic tg_register_word registers[TG_LINE_REGISTERS];
        };
};
_Static_assert(sizeof(struct tg_line) == 64, "a cell of one line is one cache miss");

/* In key_low; keys of cells are TG_KEY_MIN or more. */
#define TG_LINE_FREE UINT64_C(0)
#define TG_LINE_FURTHER UINT64_C(1) /* of slots */
#define TG_LINE_STAMPS UINT64_C(2)  /* a further line too: slots[i] is the stamp i */
#define TG_KEY_MIN UINT64_C(3)

/* In head: the next line's position in the segment plus 1, or 0. */
#define TG_HEAD_NEXT UINT32_C(0xffff)
enum { TG_HEAD_KIND_SHIFT = 16 };
#define TG_HEAD_KIND UINT32_C(0xff0000)          /* 0: its claimer hasn't said it yet */
#define TG_HEAD_LOST UINT32_C(0x80000000)        /* something found no room in this cell, lately */
#define TG_HEAD_LOST_BEFORE UINT32_C(0x40000000) /* the same, before it was last looked at */
#define TG_HEAD_LOST_FOR_GOOD UINT32_C(0x20000000) /* a stamp, which has no window */
#define TG_HEAD_INCOMPLETE (TG_HEAD_LOST | TG_HEAD_LOST_BEFORE | TG_HEAD_LOST_FOR_GOOD)
#define TG_HEAD_STAMPED UINT32_C(0x10000000) /* there may be a line of stamps in the chain */

static inline uint32_t tg_head_of_kind(unsigned kind)
{
        return (uint32_t)(kind + 1) << TG_HEAD_KIND_SHIFT;
}
