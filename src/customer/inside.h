/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a customer table, for the files of this folder alone.
 *
 * The directory is indexed by the first bits of a key, as many as its deepest segment needs: a
 * segment of depth d stands in all entries that share its d bits. It deepens by doubling. Those of
 * all depths lie one after the other in one array, which never moves: a guest that still looks into
 * a shallower one finds what was right when it entered. So it is no larger than the table is at
 * present, and stays in the cache. Pages of all arrays here come into being when they are written.
 */
#pragma once

#include <assert.h>

#include "customer/guests.h"
#include "customer/table.h"

enum tg_segment_state { TG_SEGMENT_FREE, TG_SEGMENT_LIVE, TG_SEGMENT_RETIRED };

#define TG_NO_SEGMENT UINT32_MAX
#define TG_HOPELESS UINT32_MAX /* full in a full table: not to be built anew, but swept */

struct tg_segment {
        _Atomic uint32_t used;          /* lines claimed */
        _Atomic bool queued;            /* in the queue of the crowded */
        _Atomic uint32_t crowded_lines; /* from so many on it is to be built anew, or the below */
        /* The owner's: */
        uint8_t state;
        uint8_t depth;
        uint32_t first;         /* of its entries in the deepest directory */
        uint32_t next;          /* in the list of the free or of the retired */
        int64_t aged_ms;        /* when its marks TG_HEAD_LOST were last looked at */
        size_t cells;           /* retired: so many were seen when it was built anew */
        uint64_t retired_epoch; /* guests of this epoch or earlier may be in it */
};

struct tg_guest {
        _Alignas(64) _Atomic uint64_t epoch; /* of the table when it entered; 0: it is outside */
        _Atomic bool joined;
};

struct tg_table {
        struct tg_line *lines;       /* of all segments, one after the other */
        _Atomic uint32_t *directory; /* that of depth d begins at 2^d */
        struct tg_segment *segments;
        uint32_t depth_max;
        _Atomic uint32_t depth; /* of the directory at present; owner writes */
        uint32_t line_mask;     /* lines of a segment - 1, a power of two */
        uint32_t full_lines;    /* so many at most: probing stays short */
        uint32_t segments_max;
        struct tg_hash_key key;
        void *mapped;
        size_t mapped_bytes;

        /* Of any thread: */
        _Alignas(64) _Atomic size_t cells;
        _Atomic uint32_t segments_begun;   /* fewer were ever used; owner writes */
        _Atomic uint32_t segments_faulted; /* so many were faulted in ahead */
        _Atomic bool lost;                 /* a cell, since the owner last looked */
        _Atomic bool lost_for_good;        /* a register or stamp */
        _Atomic bool overflowed;
        _Atomic(uint32_t) *queue; /* of the crowded: segment plus 1; segments_max places */
        _Atomic uint64_t queue_tail;
        _Atomic uint32_t pressed; /* segment plus 1 that can't wait for its turn in it; 0: none */
        _Atomic bool full;        /* a segment found no room since the sweep last began anew */
        struct tg_guest guests[TG_GUESTS_MAX];
        _Atomic bool visited;   /* a guest joined once */
        _Atomic uint64_t epoch; /* from 1; the owner raises it when it retires a segment */

        /* The owner's: */
        uint32_t queue_first;                 /* a place in it */
        uint32_t free;                        /* a list */
        uint32_t retired_first, retired_last; /* a list in order of their epochs */
        uint32_t spare;                       /* segments that are free or not begun */
        uint32_t rest; /* upkeep calls until the next segment may be built anew without need */
        uint32_t sweep_cursor;
        struct tg_table_care care; /* layouts NULL: none taken */
        int64_t now_ms;            /* the latest of tg_table_maintain; TG_NO_TIME: none */
        int64_t overflow_end_ms;
        int64_t sweep_next_ms;
};

/*
 * A segment is crowded from 10/16 to 12/16 of its lines on (tg_crowded_lines), and full at 14/16.
 * It may wait for its turn to be built anew while it fills by a sixteenth; where the owner has no
 * step meanwhile, guests leave the last sixteenth to it.
 */
static inline uint32_t tg_sixteenth(const struct tg_table *table)
{
        return (table->line_mask + 1) / 16;
}

/* What marks a line as free would make a key unfindable: keys avoid it. */
static inline struct tg_identity tg_key_of(struct tg_identity identity)
{
        if (identity.low < TG_KEY_MIN)
                identity.low += TG_KEY_MIN;
        identity.high += identity.high == 0;
        return identity;
}

static inline uint32_t tg_segment_of(const struct tg_table *table, uint64_t key_low)
{
        /*
         * Acquire, pairs with the release in deepen() of rebuild.c: the directory of this depth is
         * filled. Without it segments could be missing there.
         */
        uint32_t depth = atomic_load_explicit(&table->depth, memory_order_acquire);
        /* The first bits of the key, as many as the depth, after a bit 1. */
        uint64_t entry = (UINT64_C(1) << 63 | key_low >> 1) >> (63 - depth);

        /*
         * Acquire, pairs with the release in direct() of rebuild.c: whoever finds a segment finds
         * its lines as they were copied. Without it a new segment could look empty.
         */
        return atomic_load_explicit(&table->directory[entry], memory_order_acquire);
}

static inline struct tg_line *tg_segment_lines(const struct tg_table *table, uint32_t segment)
{
        return &table->lines[(size_t)segment * (table->line_mask + 1)];
}

/* The next line of a chain, stamps included; NULL: none. BASE: the lines of its segment. */
static inline struct tg_line *tg_chain_next(struct tg_line *base, const struct tg_line *line)
{
        /* Acquire, pairs with the release in link_line(): the mark of a line is seen with it. */
        uint32_t head = atomic_load_explicit(&line->head, memory_order_acquire);

        return head & TG_HEAD_NEXT ? &base[(head & TG_HEAD_NEXT) - 1] : NULL;
}

static inline unsigned tg_head_kind(uint32_t head) /* TG_KINDS_MAX + 1: not said */
{
        return ((head & TG_HEAD_KIND) >> TG_HEAD_KIND_SHIFT) - 1;
}

/* Whether LINE is the first of a cell. A guest may still be claiming one that isn't yet. */
static inline bool tg_line_starts_cell(const struct tg_line *line)
{
        return atomic_load_explicit(&line->key_low, memory_order_relaxed) >= TG_KEY_MIN &&
               atomic_load_explicit(&line->key_high, memory_order_relaxed) != 0;
}

/* The lines of the segment that LINE is in. */
struct tg_line *tg_line_base(const struct tg_table *table, const struct tg_line *line);

/* Tells the owner of a segment that can't wait for its turn. */
void tg_segment_press(struct tg_table *table, uint32_t segment);

/* Counts one more line of a segment as used; false if it is full. Queues it when crowded. */
bool tg_segment_take_line(struct tg_table *table, uint32_t segment);

/* Claims a free line of MARK from BASE, after its segment counted it; starts looking at HINT. */
struct tg_line *tg_line_claim(const struct tg_table *table, struct tg_line *base, uint64_t hint,
                              uint64_t mark);

/* Chains a further line marked MARK to CELL, or marks that incomplete and returns NULL. */
struct tg_line *tg_cell_chain(struct tg_table *table, struct tg_line *cell, uint64_t mark);

/* Something found no cell: remembered, for good if it has no window. */
void tg_table_lose(struct tg_table *table, bool for_good);

enum tg_relief {
        TG_RELIEF_DONE,
        TG_RELIEF_LATER, /* no segment is free, but one is retired */
        TG_RELIEF_NONE,  /* the table is full */
};

/* Builds a crowded segment anew, as one or two. */
enum tg_relief tg_segment_relieve(struct tg_table *table, uint32_t segment);

/*
 * From how many lines on a segment is crowded: 5/8 to 3/4 of them, by its place in the directory,
 * so that segments that grow alike are not crowded all at once.
 */
static inline uint32_t tg_crowded_lines(const struct tg_table *table, uint32_t first)
{
        uint32_t lines = table->line_mask + 1;

        return lines / 8 * 5 + (first * UINT32_C(0x9e3779b1) >> 16) % (lines / 8);
}

/* Builds a segment anew without what has expired, if anything has, and ages its marks. */
void tg_segment_sweep(struct tg_table *table, uint32_t segment);

/* A segment that no directory entry names any more waits for the guests in it to leave. */
void tg_segment_retire(struct tg_table *table, uint32_t segment);

/*
 * Frees the segment retired first (there is one) if every guest that may be in it has left; whether
 * it did.
 */
bool tg_segments_reclaim(struct tg_table *table);

/* Whether every guest is outside or entered after EPOCH. */
bool tg_guests_gone(struct tg_table *table, uint64_t epoch);

/* Whether a register holds nothing (any more). */
bool tg_register_empty(const struct tg_line *cell);

/* Joins a register's word into a place of one. */
void tg_register_join(_Atomic tg_register_word *place, tg_register_word word);
