/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An Avro array or map that stays encoded until somebody walks it.
 *
 * The record's decode has checked every item already, so walking can't fail and allocates nothing.
 * Items borrow the payload and the plan: valid while both live. A walk is its caller's own; any
 * number of walks may go over the same items at once.
 *
 *         struct tg_items_walk walk = tg_items_walk(&event.consents);
 *         struct consent consent;
 *         struct tg_span key;
 *
 *         while (tg_items_next(&walk, &key, &consent))
 *                 ...
 */
#pragma once

#include "base/span.h"

struct tg_item_plan;

struct tg_items {
        struct tg_span raw;              /* all blocks with their counts; absent for a null */
        const struct tg_item_plan *plan; /* how one item is decoded; borrowed from the plan */
        uint32_t count;                  /* items in all blocks */
};

struct tg_items_walk {
        const struct tg_item_plan *plan;
        const uint8_t *next; /* the next item, or the next block's count */
        const uint8_t *end;  /* behind the raw bytes */
        uint32_t in_block;   /* items left in this block */
        uint32_t left;       /* items left in all blocks */
};

/* Begins at the first item; null items are walked like empty ones. */
static inline struct tg_items_walk tg_items_walk(const struct tg_items *items)
{
        return (struct tg_items_walk){
                .plan = items->plan,
                .next = items->raw.data,
                .end = items->raw.size ? items->raw.data + items->raw.size : NULL,
                .left = items->count,
        };
}

/*
 * Decodes the next item into RET_ITEM, which has the item layout's size, and a map's key into
 * RET_KEY (may be NULL; absent for an array). Returns false, touching nothing, behind the last one.
 */
bool tg_items_next(struct tg_items_walk *walk, struct tg_span *ret_key, void *ret_item);
