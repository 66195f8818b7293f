/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment is never changed in place: its cells are copied into one or two empty segments, without
 * what has expired and with their chains drawn together; these take its place in the directory.
 * Growing and sweeping are both this. The owner alone does it, so that what it reads is never
 * behind; guests may still record in the old segment, which retire.c joins in.
 *
 * A place in a segment is given by the last bits of a key, so copying reads and writes from front
 * to back.
 */
#include <string.h>

#include "customer/inside.h"
#include "customer/stamps.h"
#include "customer/touches.h"

enum {
        WORTH = 64,         /* a full table is swept for this part of a segment's lines */
        FETCHED_AHEAD = 16, /* lines, while copying */
        SAMPLE = 1024,      /* lines that say whether a segment becomes one or two */
};

/* A cell to be copied. */
struct source {
        struct tg_line *base; /* of its segment */
        struct tg_line *cell;
        const struct tg_cell_layout *layout; /* NULL: it isn't known, and nothing expires */
        int64_t horizon_ms;
        int64_t skew_ms;
        int64_t erased_age_ms; /* before the horizon: what is so old or older was erased */
        bool is_register;
        uint32_t head;
};

/* The segments that are built, chosen by a bit of the key. */
struct build {
        struct tg_line *lines[2];
        uint32_t used[2];
        unsigned ways;
        unsigned shift; /* of the bit */
        size_t cells;
};

static inline struct source source_of(struct tg_table *table, struct tg_line *base,
                                      struct tg_line *cell)
{
        uint32_t head = atomic_load_explicit(&cell->head, memory_order_relaxed);
        unsigned kind = tg_head_kind(head);
        struct source source = {
                .base = base,
                .cell = cell,
                .erased_age_ms = INT64_MAX,
                .is_register = kind == TG_KIND_REGISTER,
                .head = head,
        };

        if (kind >= table->care.kinds || table->now_ms == TG_NO_TIME)
                return source;
        source.layout = &table->care.layouts[kind];
        source.skew_ms = table->care.skew_ms;
        source.horizon_ms = table->now_ms + source.skew_ms;
        if (head & TG_HEAD_STAMPED) {
                int64_t erased_ms = tg_stamp_read(table, cell, TG_STAMP_ERASED);

                if (erased_ms != TG_NO_TIME)
                        source.erased_age_ms = source.horizon_ms - erased_ms;
        }
        return source;
}

/* Whether a slot is to be copied: tg_slot_expired() by age, with less to reckon. */
static inline bool alive(const struct source *source, tg_slot_word word)
{
        int64_t age_ms, end_ms;

        if (word == TG_SLOT_EMPTY)
                return false;
        if (!source->layout)
                return true;
        age_ms = source->horizon_ms - tg_slot_time(word, source->horizon_ms);
        end_ms = source->layout->counters[tg_slot_counter(word)].window_ms + source->skew_ms;
        return age_ms < end_ms && age_ms < source->erased_age_ms;
}

/* Takes the slots of LINE that live, in their order; returns how many. */
static inline unsigned gather(const struct source *source, const struct tg_line *line,
                              tg_slot_word ret_words[static TG_LINE_SLOTS])
{
        unsigned count = 0;

        for (int i = 0; i < TG_LINE_SLOTS; i++) {
                tg_slot_word word = atomic_load_explicit(&line->slots[i], memory_order_relaxed);

                if (alive(source, word))
                        ret_words[count++] = word;
        }
        return count;
}

/* Whether it is copied even if no slot of it lives. */
static inline bool source_stays(const struct source *source)
{
        return !source->layout || source->head & (TG_HEAD_INCOMPLETE | TG_HEAD_STAMPED);
}

/*
 * How many lines the cell needs, once copied; 0: nothing of it lives. A guest that hasn't said yet
 * of which kind its cell is may be writing it: retire.c joins that in, when it is known what it is.
 */
static inline uint32_t lines_needed(const struct source *source)
{
        tg_slot_word words[TG_LINE_SLOTS];
        uint32_t slots = 0, stamps = 0;

        if (!(source->head & TG_HEAD_KIND))
                return 0;
        if (source->is_register)
                return !tg_register_empty(source->cell);
        for (struct tg_line *line = source->cell; line; line = tg_chain_next(source->base, line)) {
                if (atomic_load_explicit(&line->key_low, memory_order_relaxed) == TG_LINE_STAMPS)
                        stamps = 1;
                else
                        slots += gather(source, line, words);
        }
        if (!slots)
                return source_stays(source) ? 1 + stamps : 0;
        return (slots + TG_LINE_SLOTS - 1) / TG_LINE_SLOTS + stamps;
}

/* The lines that the cells which begin in the first COUNT lines of a segment need. */
static uint32_t live_lines(struct tg_table *table, struct tg_line *base, uint32_t count)
{
        uint32_t live = 0;

        for (uint32_t i = 0; i < count; i++) {
                if (tg_line_starts_cell(&base[i])) {
                        struct source source = source_of(table, base, &base[i]);

                        live += lines_needed(&source);
                }
        }
        return live;
}

/* The same of all lines, about: by the first of them, as cells lie where their hash says. */
static uint32_t estimate_live_lines(struct tg_table *table, struct tg_line *base)
{
        uint32_t lines = table->line_mask + 1;
        uint32_t looked_at = lines < SAMPLE ? lines : SAMPLE;

        return live_lines(table, base, looked_at) * (lines / looked_at);
}

/* Nobody else sees the segments yet: stores are relaxed, and published by direct(). */
static void store64(_Atomic uint64_t *to, uint64_t value)
{
        atomic_store_explicit(to, value, memory_order_relaxed);
}

/* A free line of a segment that nobody else sees yet. */
static inline struct tg_line *take_line(const struct tg_table *table, struct build *build,
                                        unsigned way, uint64_t hint, uint64_t mark)
{
        struct tg_line *base = build->lines[way];
        uint64_t position = hint & table->line_mask;

        while (atomic_load_explicit(&base[position].key_low, memory_order_relaxed) != TG_LINE_FREE)
                position = (position + 1) & table->line_mask;
        store64(&base[position].key_low, mark);
        build->used[way]++;
        return &base[position];
}

/* Chains a line to LAST, the last of a cell that is being copied. */
static struct tg_line *append_line(const struct tg_table *table, struct build *build, unsigned way,
                                   struct tg_line *last, uint64_t mark)
{
        struct tg_line *base = build->lines[way];
        uint64_t half = (table->line_mask + 1) / 2;
        struct tg_line *line = take_line(table, build, way, (uint64_t)(last - base) + half, mark);
        uint32_t head = atomic_load_explicit(&last->head, memory_order_relaxed);

        atomic_store_explicit(&last->head, head | ((uint32_t)(line - base) + 1),
                              memory_order_relaxed);
        return line;
}

static void copy_stamps(const struct tg_table *table, struct build *build, unsigned way,
                        const struct source *source, struct tg_line *last)
{
        struct tg_line *line = NULL;

        for (unsigned stamp = 0; stamp < TG_STAMPS; stamp++) {
                int64_t time_ms = tg_stamp_get(table, source->cell, (enum tg_stamp)stamp);

                if (time_ms == TG_NO_TIME)
                        continue;
                if (!line)
                        line = append_line(table, build, way, last, TG_LINE_STAMPS);
                store64(&line->slots[stamp], (uint64_t)time_ms ^ UINT64_C(1) << 63);
        }
}

/* The first line of the copy, without what it holds. */
static inline struct tg_line *begin_cell(const struct tg_table *table, struct build *build,
                                         unsigned way, const struct source *source)
{
        uint64_t low = atomic_load_explicit(&source->cell->key_low, memory_order_relaxed);
        uint32_t high = atomic_load_explicit(&source->cell->key_high, memory_order_relaxed);
        struct tg_line *to = take_line(table, build, way, low, low);

        atomic_store_explicit(&to->key_high, high, memory_order_relaxed);
        atomic_store_explicit(&to->head, source->head & ~TG_HEAD_NEXT, memory_order_relaxed);
        build->cells++;
        return to;
}

/* As most are: a cell without further lines. */
static void copy_line(const struct tg_table *table, struct build *build, unsigned way,
                      const struct source *source)
{
        tg_slot_word words[TG_LINE_SLOTS];
        unsigned count = gather(source, source->cell, words);
        struct tg_line *to;

        if (count == 0 && !source_stays(source))
                return;
        to = begin_cell(table, build, way, source);
        for (unsigned i = 0; i < count; i++)
                store64(&to->slots[i], words[i]);
}

static void copy_chain(const struct tg_table *table, struct build *build, unsigned way,
                       const struct source *source)
{
        tg_slot_word words[TG_LINE_SLOTS];
        struct tg_line *to = NULL;
        unsigned filled = 0, count;

        if (source_stays(source))
                to = begin_cell(table, build, way, source);
        for (struct tg_line *line = source->cell; line; line = tg_chain_next(source->base, line)) {
                if (atomic_load_explicit(&line->key_low, memory_order_relaxed) == TG_LINE_STAMPS)
                        continue;
                count = gather(source, line, words);
                for (unsigned i = 0; i < count; i++) {
                        if (!to)
                                to = begin_cell(table, build, way, source);
                        if (filled == TG_LINE_SLOTS) {
                                to = append_line(table, build, way, to, TG_LINE_FURTHER);
                                filled = 0;
                        }
                        store64(&to->slots[filled++], words[i]);
                }
        }
        if (source->head & TG_HEAD_STAMPED)
                copy_stamps(table, build, way, source, to);
}

static void copy_register(const struct tg_table *table, struct build *build, unsigned way,
                          const struct source *source)
{
        struct tg_line *to;

        if (tg_register_empty(source->cell))
                return;
        to = begin_cell(table, build, way, source);
        for (int i = 0; i < TG_LINE_REGISTERS; i++)
                tg_register_join(
                        &to->registers[i],
                        atomic_load_explicit(&source->cell->registers[i], memory_order_relaxed));
}

static inline void copy_cell(const struct tg_table *table, struct build *build,
                             const struct source *source)
{
        uint64_t low = atomic_load_explicit(&source->cell->key_low, memory_order_relaxed);
        unsigned way = build->ways == 2 ? (unsigned)(low >> build->shift & 1) : 0;

        if (source->is_register)
                copy_register(table, build, way, source);
        else if (source->head & (TG_HEAD_NEXT | TG_HEAD_STAMPED) && source->head & TG_HEAD_KIND)
                copy_chain(table, build, way, source);
        else if (source->head & TG_HEAD_KIND)
                copy_line(table, build, way, source);
}

static uint32_t take_segment(struct tg_table *table)
{
        uint32_t segment = table->free;
        size_t bytes = (table->line_mask + 1) * sizeof(struct tg_line);

        assert(table->spare > 0);
        table->spare--;
        if (segment == TG_NO_SEGMENT)
                return atomic_fetch_add_explicit(&table->segments_begun, 1, memory_order_relaxed);
        table->free = table->segments[segment].next;
        memset((void *)tg_segment_lines(table, segment), 0, bytes);
        return segment;
}

/* Doubles the directory. */
static void deepen(struct tg_table *table)
{
        uint32_t depth = atomic_load_explicit(&table->depth, memory_order_relaxed);
        uint32_t count = UINT32_C(1) << depth;

        assert(depth < table->depth_max);
        for (uint32_t i = count; i < 2 * count; i++) {
                uint32_t segment = atomic_load_explicit(&table->directory[i], memory_order_relaxed);

                atomic_store_explicit(&table->directory[2 * i], segment, memory_order_relaxed);
                atomic_store_explicit(&table->directory[2 * i + 1], segment, memory_order_relaxed);
        }
        /* Release, pairs with the acquire in tg_segment_of(). */
        atomic_store_explicit(&table->depth, depth + 1, memory_order_release);
}

/* Puts a segment that is built into its entries of the directory. */
static void direct(struct tg_table *table, uint32_t number)
{
        const struct tg_segment *segment = &table->segments[number];
        uint32_t depth, first, count;

        if (segment->depth > atomic_load_explicit(&table->depth, memory_order_relaxed))
                deepen(table);
        depth = atomic_load_explicit(&table->depth, memory_order_relaxed);
        first = (UINT32_C(1) << depth) + (segment->first >> (table->depth_max - depth));
        count = UINT32_C(1) << (depth - segment->depth);
        /* Release, pairs with the acquire in tg_segment_of(). */
        for (uint32_t i = first; i < first + count; i++)
                atomic_store_explicit(&table->directory[i], number, memory_order_release);
}

/* Makes way WAY of a build a segment that lives. */
static void finish(struct tg_table *table, const struct build *build, unsigned way,
                   uint32_t segment, const struct tg_segment *old)
{
        struct tg_segment *new = &table->segments[segment];
        unsigned depth = old->depth + build->ways - 1;

        atomic_store_explicit(&new->used, build->used[way], memory_order_relaxed);
        new->state = TG_SEGMENT_LIVE;
        new->depth = (uint8_t)depth;
        new->first = old->first + (way ? UINT32_C(1) << (table->depth_max - depth) : 0);
        new->aged_ms = old->aged_ms;
        atomic_store_explicit(&new->crowded_lines, tg_crowded_lines(table, new->first),
                              memory_order_relaxed);
        direct(table, segment);
}

/* What is copied goes to about the same place. */
static void fetch_ahead(const struct tg_table *table, const struct build *build,
                        const struct tg_line *base, uint32_t position)
{
        uint32_t ahead = (position + FETCHED_AHEAD) & table->line_mask;

        __builtin_prefetch(&base[ahead], 0, 3);
        for (unsigned way = 0; way < build->ways; way++)
                __builtin_prefetch(&build->lines[way][ahead], 1, 3);
}

static void rebuild(struct tg_table *table, uint32_t segment, unsigned ways)
{
        struct tg_segment *old = &table->segments[segment];
        struct tg_line *base = tg_segment_lines(table, segment);
        struct build build = {.ways = ways, .shift = 63 - old->depth};
        uint32_t built[2];
        size_t cells = 0;

        for (unsigned way = 0; way < ways; way++) {
                built[way] = take_segment(table);
                build.lines[way] = tg_segment_lines(table, built[way]);
        }
        for (uint32_t i = 0; i <= table->line_mask; i++) {
                fetch_ahead(table, &build, base, i);
                if (tg_line_starts_cell(&base[i])) {
                        struct source source = source_of(table, base, &base[i]);

                        copy_cell(table, &build, &source);
                        cells++;
                }
        }
        old->cells = cells;
        atomic_fetch_sub_explicit(&table->cells, cells - build.cells, memory_order_relaxed);
        for (unsigned way = 0; way < ways; way++)
                finish(table, &build, way, built[way], old);
        tg_segment_retire(table, segment);
}

enum tg_relief tg_segment_relieve(struct tg_table *table, uint32_t segment)
{
        const struct tg_segment *old = &table->segments[segment];
        struct tg_line *base = tg_segment_lines(table, segment);
        uint32_t lines = table->line_mask + 1;
        uint32_t used = atomic_load_explicit(&old->used, memory_order_relaxed);
        bool deeper = old->depth < table->depth_max && table->spare >= 2;
        unsigned ways = 0;

        if (deeper) {
                ways = estimate_live_lines(table, base) > lines / 2 ? 2 : 1;
        } else if (table->spare > 0) {
                uint32_t live = live_lines(table, base, lines);

                if (live <= lines / 2 || live + lines / WORTH < used)
                        ways = 1;
        }
        if (ways == 0)
                return table->retired_first != TG_NO_SEGMENT ? TG_RELIEF_LATER : TG_RELIEF_NONE;
        rebuild(table, segment, ways);
        return TG_RELIEF_DONE;
}

/* A mark that was there a longest window ago says nothing any more. */
static void age_marks(const struct tg_table *table, struct tg_line *base)
{
        for (uint32_t i = 0; i <= table->line_mask; i++) {
                uint32_t head = atomic_load_explicit(&base[i].head, memory_order_relaxed), aged;

                if (!tg_line_starts_cell(&base[i]))
                        continue;
                do {
                        aged = head & ~(TG_HEAD_LOST | TG_HEAD_LOST_BEFORE);
                        if (head & TG_HEAD_LOST)
                                aged |= TG_HEAD_LOST_BEFORE;
                } while (aged != head && !atomic_compare_exchange_weak_explicit(
                                                 &base[i].head, &head, aged, memory_order_relaxed,
                                                 memory_order_relaxed));
        }
}

void tg_segment_sweep(struct tg_table *table, uint32_t segment)
{
        struct tg_segment *old = &table->segments[segment];
        struct tg_line *base = tg_segment_lines(table, segment);
        int64_t age_ms = table->care.window_max_ms + table->care.skew_ms;

        if (old->aged_ms == TG_NO_TIME) {
                old->aged_ms = table->now_ms;
        } else if (table->now_ms - old->aged_ms >= age_ms) {
                age_marks(table, base);
                old->aged_ms = table->now_ms;
        }
        if (live_lines(table, base, table->line_mask + 1) <
                    atomic_load_explicit(&old->used, memory_order_relaxed) &&
            table->spare >= 1)
                rebuild(table, segment, 1);
        /* If it found no room since: it is tried again. */
        atomic_store_explicit(&old->crowded_lines, tg_crowded_lines(table, old->first),
                              memory_order_relaxed);
}
