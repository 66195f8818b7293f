/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where the fields of a reader's record go in a C struct.
 *
 * A layout is a constant table written beside its struct; a plan is compiled against it once.
 * Reader fields that no slot names are skipped. Null is told like this:
 *
 *   SPAN    data == NULL                 (string, bytes, fixed)
 *   LONG    TG_NO_TIME, INT64_MIN        (long, int, and timestamps)
 *   INT, BOOL, ENUM   the slot's `absent`
 *   DOUBLE  NaN                          (float, double)
 *   RECORD  the bool at `present`        (a record in place; its members are then unspecified)
 *   ITEMS   raw.data == NULL             (array, map; see items.h)
 *
 * An item of an array or a map has a layout of its own (`inner`): the record's slots, or, if the
 * item is no record, exactly one slot without a name.
 *
 *         static const struct tg_slot click_slots[] = {
 *                 TG_SLOT_SPAN(struct click, customer, "customer"),
 *                 TG_SLOT_LONG(struct click, time_ms, "time"),
 *                 TG_SLOT_ENUM(struct click, kind, "kind", CLICK_UNKNOWN),
 *         };
 *         static const struct tg_layout click_layout = TG_LAYOUT(struct click, click_slots);
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "avro/items.h"
#include "base/span.h"
#include "base/time.h"

enum tg_slot_kind {
        TG_SLOT_KIND_SPAN,   /* struct tg_span */
        TG_SLOT_KIND_LONG,   /* int64_t */
        TG_SLOT_KIND_INT,    /* int32_t */
        TG_SLOT_KIND_BOOL,   /* uint8_t: 0, 1 or `absent` (a bool if the field can't be null) */
        TG_SLOT_KIND_DOUBLE, /* double */
        TG_SLOT_KIND_ENUM,   /* uint8_t: an index into the READER's symbols, or `absent` */
        TG_SLOT_KIND_RECORD, /* a struct in place */
        TG_SLOT_KIND_ITEMS,  /* struct tg_items */
};

struct tg_slot {
        const char *name; /* the reader's field; NULL: the item itself */
        enum tg_slot_kind kind;
        int32_t absent;                /* INT, BOOL, ENUM: stands for null */
        size_t offset;                 /* in the enclosing struct */
        size_t present;                /* RECORD: offset of its bool in the enclosing struct */
        const struct tg_layout *inner; /* RECORD: its slots; ITEMS: one item's */
};

struct tg_layout {
        size_t size; /* of the struct, which is zeroed but for defaults before a decode fills it */
        const struct tg_slot *slots;
        size_t count;
};

enum {
        TG_LAYOUT_ITEM_SIZE_MAX = 1024, /* bytes of the struct of one item */
        TG_LAYOUT_SIZE_MAX = 1 << 16,   /* bytes of a record's struct */
};

/* For a record that can't be null: nobody reads whether it is present. */
#define TG_ALWAYS_PRESENT SIZE_MAX

#define TG_LAYOUT(type, table)                                            \
        {                                                                 \
                sizeof(type), (table), sizeof(table) / sizeof((table)[0]) \
        }

#define TG_SLOT_SPAN(type, member, field)                                                    \
        {                                                                                    \
                .name = (field), .kind = TG_SLOT_KIND_SPAN, .offset = offsetof(type, member) \
        }
#define TG_SLOT_LONG(type, member, field)                                                    \
        {                                                                                    \
                .name = (field), .kind = TG_SLOT_KIND_LONG, .offset = offsetof(type, member) \
        }
#define TG_SLOT_DOUBLE(type, member, field)                                                    \
        {                                                                                      \
                .name = (field), .kind = TG_SLOT_KIND_DOUBLE, .offset = offsetof(type, member) \
        }
#define TG_SLOT_INT(type, member, field, absent_value)                               \
        {                                                                            \
                .name = (field), .kind = TG_SLOT_KIND_INT, .absent = (absent_value), \
                .offset = offsetof(type, member)                                     \
        }
#define TG_SLOT_BOOL(type, member, field, absent_value)                               \
        {                                                                             \
                .name = (field), .kind = TG_SLOT_KIND_BOOL, .absent = (absent_value), \
                .offset = offsetof(type, member)                                      \
        }
#define TG_SLOT_ENUM(type, member, field, absent_value)                               \
        {                                                                             \
                .name = (field), .kind = TG_SLOT_KIND_ENUM, .absent = (absent_value), \
                .offset = offsetof(type, member)                                      \
        }
#define TG_SLOT_RECORD(type, member, field, layout)                                             \
        {                                                                                       \
                .name = (field), .kind = TG_SLOT_KIND_RECORD, .offset = offsetof(type, member), \
                .present = TG_ALWAYS_PRESENT, .inner = (layout)                                 \
        }
/* A record that may be null; PRESENT_MEMBER is a bool of the enclosing struct. */
#define TG_SLOT_OPTIONAL_RECORD(type, member, present_member, field, layout)                    \
        {                                                                                       \
                .name = (field), .kind = TG_SLOT_KIND_RECORD, .offset = offsetof(type, member), \
                .present = offsetof(type, present_member), .inner = (layout)                    \
        }
#define TG_SLOT_ITEMS(type, member, field, item_layout)                                        \
        {                                                                                      \
                .name = (field), .kind = TG_SLOT_KIND_ITEMS, .offset = offsetof(type, member), \
                .inner = (item_layout)                                                         \
        }
