/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A segment is an open-addressed array (linear probing from the last bits of the key); further
 * lines of busy cells are claimed from the same array, away from their cell, so that they don't
 * crowd the neighbours. Lines are never freed one by one: a segment is built anew (rebuild.c).
 *
 * Claiming a first line takes two words, the key's low and high part, without a lock: whoever finds
 * key_low free swaps its own in; whoever then finds its own key_low there (its own doing or not)
 * swaps its key_high in if that is still 0. The line belongs to whoever's key_high is there in the
 * end; the other walks on. Two writers of one key walk the same lines in the same order, so they
 * end in the same one.
 */
#include "customer/table.h"

#include <stdlib.h>
#include <sys/mman.h>

#include "base/memory.h"
#include "customer/inside.h"

enum {
        MEMORY_MIN = 64 * 1024,
        SEGMENTS_MIN = 8,         /* in a small table: its segments are smaller instead */
        DIRECTORY_SPARE_BITS = 2, /* segments don't divide quite evenly */
        PREFAULT_PART = 16,       /* ahead of growth: this part of the segments begun, */
        PREFAULT_LEAST = 4,       /* or a huge page (in a table that has begun one), */
        PREFAULT_MOST = 32,
};

static const size_t huge_page = 2 << 20;

/* Segments of as many lines as possible up to TG_SEGMENT_LINES. */
static uint32_t lines_of_segment(size_t memory_bytes)
{
        uint32_t lines = TG_SEGMENT_LINES;

        while ((size_t)lines * SEGMENTS_MIN * sizeof(struct tg_line) > memory_bytes)
                lines /= 2;
        return lines;
}

/*
 * The first segment lies before the first huge page, so that an idle table takes little; the others
 * in huge pages.
 */
static void *map_lines(size_t lines_bytes, size_t first_bytes, size_t *ret_mapped_bytes,
                       void **ret_mapped)
{
        size_t bytes = lines_bytes + huge_page;
        uintptr_t others;
        void *mapped;

        if (bytes < lines_bytes)
                return NULL;
        mapped = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (mapped == MAP_FAILED)
                return NULL;
        others = ((uintptr_t)mapped + first_bytes + huge_page - 1) & ~(huge_page - 1);
        /* Advice: a kernel without huge pages may refuse. */
        madvise((void *)others, lines_bytes - first_bytes, MADV_HUGEPAGE);
        *ret_mapped = mapped;
        *ret_mapped_bytes = bytes;
        return (void *)(others - first_bytes);
}

static uint32_t bits_for(uint32_t count)
{
        uint32_t bits = 0;

        while (UINT64_C(1) << bits < count)
                bits++;
        return bits;
}

static void arrays_init(struct tg_table *table)
{
        table->depth_max = bits_for(table->segments_max) + DIRECTORY_SPARE_BITS;
        table->directory =
                tg_allocate_zeroed((size_t)2 << table->depth_max, sizeof table->directory[0]);
        table->segments = tg_allocate_zeroed(table->segments_max, sizeof table->segments[0]);
        table->queue = tg_allocate_zeroed(table->segments_max, sizeof table->queue[0]);
        table->segments[0].state = TG_SEGMENT_LIVE; /* the directory says 0 */
        table->segments[0].aged_ms = TG_NO_TIME;
        table->segments[0].crowded_lines = tg_crowded_lines(table, 0);
        table->segments_begun = 1;
        table->spare = table->segments_max - 1;
        table->free = table->retired_first = table->retired_last = TG_NO_SEGMENT;
        table->epoch = 1;
        table->now_ms = table->sweep_next_ms = TG_NO_TIME;
}

int tg_table_new(size_t memory_bytes, const struct tg_hash_key *key, struct tg_table **ret_table,
                 struct tg_error *error)
{
        uint32_t lines = lines_of_segment(memory_bytes);
        size_t segment_bytes = lines * sizeof(struct tg_line);
        size_t segments = memory_bytes / segment_bytes + 1; /* one to build in */
        size_t mapped_bytes;
        struct tg_table *table;
        void *mapped, *memory = NULL;

        if (memory_bytes < MEMORY_MIN)
                return tg_fail(error, EX_CONFIG,
                               "a customer table of %zu bytes is too small: give it at least %d",
                               memory_bytes, MEMORY_MIN);
        if (segments < TG_NO_SEGMENT / 8)
                memory = map_lines(segments * segment_bytes, segment_bytes, &mapped_bytes, &mapped);
        if (!memory)
                return tg_fail(error, EX_OSERR,
                               "cannot reserve %zu bytes for a customer table: lower the memory of "
                               "the configuration",
                               memory_bytes);
        table = aligned_alloc(_Alignof(struct tg_table), sizeof *table);
        if (!table) {
                munmap(mapped, mapped_bytes);
                return tg_fail(error, EX_OSERR, "out of memory for a customer table");
        }
        *table = (struct tg_table){
                .lines = memory,
                .line_mask = lines - 1,
                .full_lines = lines / 8 * 7,
                .segments_max = (uint32_t)segments,
                .key = *key,
                .mapped = mapped,
                .mapped_bytes = mapped_bytes,
        };
        arrays_init(table);
        *ret_table = table;
        return 0;
}

void tg_table_free(struct tg_table *table)
{
        if (!table)
                return;
        munmap(table->mapped, table->mapped_bytes);
        free(table->directory);
        free(table->segments);
        free(table->queue);
        free(table);
}

const struct tg_hash_key *tg_table_key(const struct tg_table *table)
{
        return &table->key;
}

struct tg_line *tg_table_find(const struct tg_table *table, struct tg_identity identity)
{
        struct tg_identity key = tg_key_of(identity);
        struct tg_line *base = tg_segment_lines(table, tg_segment_of(table, key.low));

        for (uint64_t position = key.low;; position++) {
                struct tg_line *line = &base[position & table->line_mask];
                /*
                 * Relaxed: a slot says all in one word and a line is empty until then, so that
                 * seeing the key before or after its slots makes no difference.
                 */
                uint64_t low = atomic_load_explicit(&line->key_low, memory_order_relaxed);

                if (low == TG_LINE_FREE)
                        return NULL;
                if (low == key.low &&
                    atomic_load_explicit(&line->key_high, memory_order_relaxed) == key.high)
                        return line;
        }
}

/* Tells the owner of a crowded segment: once, until it was built anew. */
static void queue_crowded(struct tg_table *table, uint32_t segment)
{
        uint64_t place;

        /*
         * Acquire, pairs with the release in unqueue_first() of upkeep.c: the owner emptied the
         * place taken here before. Without it, it could empty it afterwards.
         */
        if (atomic_load_explicit(&table->segments[segment].queued, memory_order_relaxed) ||
            atomic_exchange_explicit(&table->segments[segment].queued, true, memory_order_acquire))
                return;
        place = atomic_fetch_add_explicit(&table->queue_tail, 1, memory_order_relaxed);
        /* Relaxed: the owner reads nothing of the segment but lines, which are atomic. */
        atomic_store_explicit(&table->queue[place % table->segments_max], segment + 1,
                              memory_order_relaxed);
}

void tg_segment_press(struct tg_table *table, uint32_t segment)
{
        /* Who finds another pressed presses again with its next line: none is forgotten. */
        if (atomic_load_explicit(&table->pressed, memory_order_relaxed) == 0)
                atomic_store_explicit(&table->pressed, segment + 1, memory_order_relaxed);
}

bool tg_segment_take_line(struct tg_table *table, uint32_t segment)
{
        /* Relaxed: a bound, which orders nothing. */
        uint32_t used =
                atomic_fetch_add_explicit(&table->segments[segment].used, 1, memory_order_relaxed);
        uint32_t crowded =
                atomic_load_explicit(&table->segments[segment].crowded_lines, memory_order_relaxed);

        if (used >= crowded) {
                queue_crowded(table, segment);
                if (used >= crowded + tg_sixteenth(table))
                        tg_segment_press(table, segment);
        }
        if (used < table->full_lines)
                return true;
        atomic_fetch_sub_explicit(&table->segments[segment].used, 1, memory_order_relaxed);
        return false;
}

void tg_table_lose(struct tg_table *table, bool for_good)
{
        if (for_good)
                atomic_store_explicit(&table->lost_for_good, true, memory_order_relaxed);
        atomic_store_explicit(&table->overflowed, true, memory_order_relaxed);
        /*
         * Release, pairs with the acquire in note_loss() of upkeep.c: whoever takes this mark sees
         * the one above it, and doesn't end an overflow that has just begun.
         */
        atomic_store_explicit(&table->lost, true, memory_order_release);
}

/* What was lost of LINE's cell, or may have been: for good, if what was lost ever has no window. */
static void mark_lost(const struct tg_table *table, struct tg_line *line)
{
        bool for_good = atomic_load_explicit(&table->lost_for_good, memory_order_relaxed);

        atomic_fetch_or_explicit(&line->head, for_good ? TG_HEAD_LOST_FOR_GOOD : TG_HEAD_LOST,
                                 memory_order_relaxed);
}

/*
 * A new cell. While the table overflows it is born incomplete: something of it may have been lost
 * before.
 */
static void count_cell(struct tg_table *table, struct tg_line *line)
{
        /*
         * Acquire and release, pairs with the same in refuse(): whichever of the two counts first,
         * either the overflow is seen here, or the cell there. Without it both could be missed, and
         * a cell that lacks a fact would look complete.
         */
        atomic_fetch_add_explicit(&table->cells, 1, memory_order_acq_rel);
        if (atomic_load_explicit(&table->overflowed, memory_order_relaxed))
                mark_lost(table, line);
}

/* No room for a cell of KEY: remembered, also in one that somebody else has just begun. */
static struct tg_line *refuse(struct tg_table *table, struct tg_identity key, unsigned kind)
{
        struct tg_line *line;

        tg_table_lose(table, kind == TG_KIND_REGISTER);
        atomic_fetch_add_explicit(&table->cells, 0, memory_order_acq_rel); /* see count_cell() */
        line = tg_table_find(table, key);
        if (line)
                mark_lost(table, line);
        return NULL;
}

enum claim { CLAIM_FULL, CLAIM_ANOTHERS, CLAIM_OURS };

/* Makes LINE the first of KEY's cell if it is free, or is so already. */
static enum claim claim(struct tg_table *table, uint32_t segment, struct tg_line *line,
                        struct tg_identity key)
{
        uint64_t low = atomic_load_explicit(&line->key_low, memory_order_relaxed);
        uint32_t high = 0;

        if (low == TG_LINE_FREE) {
                if (!tg_segment_take_line(table, segment))
                        return CLAIM_FULL;
                if (atomic_compare_exchange_strong_explicit(&line->key_low, &low, key.low,
                                                            memory_order_relaxed,
                                                            memory_order_relaxed))
                        low = key.low;
                else
                        atomic_fetch_sub_explicit(&table->segments[segment].used, 1,
                                                  memory_order_relaxed);
        }
        if (low != key.low)
                return CLAIM_ANOTHERS;
        if (atomic_load_explicit(&line->key_high, memory_order_relaxed) == key.high)
                return CLAIM_OURS;
        if (atomic_compare_exchange_strong_explicit(&line->key_high, &high, key.high,
                                                    memory_order_relaxed, memory_order_relaxed)) {
                count_cell(table, line);
                return CLAIM_OURS;
        }
        return high == key.high ? CLAIM_OURS : CLAIM_ANOTHERS;
}

/* Whether LINE begins KEY's cell, whose kind is said: nothing is left to be claimed. */
static inline bool is_cell(const struct tg_line *line, struct tg_identity key)
{
        return atomic_load_explicit(&line->key_low, memory_order_relaxed) == key.low &&
               atomic_load_explicit(&line->key_high, memory_order_relaxed) == key.high &&
               atomic_load_explicit(&line->head, memory_order_relaxed) & TG_HEAD_KIND;
}

struct tg_line *tg_table_obtain(struct tg_table *table, struct tg_identity identity, unsigned kind)
{
        struct tg_identity key = tg_key_of(identity);
        uint32_t segment = tg_segment_of(table, key.low);
        struct tg_line *base = tg_segment_lines(table, segment);

        assert(kind <= TG_KIND_REGISTER);
        for (uint64_t position = key.low;; position++) {
                struct tg_line *line = &base[position & table->line_mask];

                if (is_cell(line, key))
                        return line;
                switch (claim(table, segment, line, key)) {
                case CLAIM_FULL:
                        return refuse(table, key, kind);
                case CLAIM_ANOTHERS:
                        continue;
                case CLAIM_OURS:
                        if (!(atomic_load_explicit(&line->head, memory_order_relaxed) &
                              TG_HEAD_KIND))
                                atomic_fetch_or_explicit(&line->head, tg_head_of_kind(kind),
                                                         memory_order_relaxed);
                        return line;
                }
        }
}

struct tg_search tg_table_search(const struct tg_table *table, struct tg_identity identity)
{
        struct tg_identity key = tg_key_of(identity);

        return (struct tg_search){tg_segment_lines(table, tg_segment_of(table, key.low)), key.low};
}

/* The line that a search looks at after NUMBER others, unless it has come to its end. */
static inline uint64_t position_of(const struct tg_table *table, const struct tg_search *search,
                                   uint64_t number)
{
        return (search->key_low + number) & table->line_mask;
}

static inline void prefetch_line(const struct tg_search *search, uint64_t position)
{
        __builtin_prefetch(&search->base[position], 1, 3);
}

/* Three of four searches end in the first two lines. */
void tg_table_prefetch(const struct tg_table *table, const struct tg_search *searches, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                prefetch_line(&searches[i], position_of(table, &searches[i], 0));
                prefetch_line(&searches[i], position_of(table, &searches[i], 1));
        }
}

/*
 * What is looked at behind the line at POSITION: what is chained to it if it is the one that is
 * searched, nothing else if it is free, the line at NEXT if it is another's.
 */
static inline uint64_t position_behind(const struct tg_search *search, uint64_t position,
                                       uint64_t next)
{
        const struct tg_line *line = &search->base[position];
        /* Relaxed: what is seen here is only fetched. */
        uint64_t low = atomic_load_explicit(&line->key_low, memory_order_relaxed);
        uint64_t chained = atomic_load_explicit(&line->head, memory_order_relaxed) & TG_HEAD_NEXT;

        if (low != search->key_low)
                return low == TG_LINE_FREE ? position : next;
        return chained ? chained - 1 : position;
}

void tg_table_prefetch_further(const struct tg_table *table, const struct tg_search *searches,
                               size_t count)
{
        for (size_t i = 0; i < count; i++) {
                const struct tg_search *search = &searches[i];
                uint64_t third = position_of(table, search, 2);
                uint64_t next = position_behind(search, position_of(table, search, 1), third);

                next = position_behind(search, position_of(table, search, 0), next);
                prefetch_line(search, next);
                if (next == third)
                        prefetch_line(search, position_of(table, search, 3));
        }
}

bool tg_table_overflowed(const struct tg_table *table)
{
        return atomic_load_explicit(&table->overflowed, memory_order_relaxed);
}

bool tg_cell_incomplete(const struct tg_line *cell)
{
        return atomic_load_explicit(&cell->head, memory_order_relaxed) & TG_HEAD_INCOMPLETE;
}

struct tg_line *tg_line_base(const struct tg_table *table, const struct tg_line *line)
{
        size_t index = (size_t)(line - table->lines);

        return &table->lines[index & ~(size_t)table->line_mask];
}

struct tg_line *tg_line_chained(const struct tg_table *table, const struct tg_line *line)
{
        struct tg_line *base = tg_line_base(table, line), *next = tg_chain_next(base, line);

        while (next && atomic_load_explicit(&next->key_low, memory_order_relaxed) == TG_LINE_STAMPS)
                next = tg_chain_next(base, next);
        return next;
}

struct tg_line *tg_line_claim(const struct tg_table *table, struct tg_line *base, uint64_t hint,
                              uint64_t mark)
{
        for (uint64_t position = hint;; position++) {
                struct tg_line *line = &base[position & table->line_mask];
                uint64_t low = TG_LINE_FREE;

                if (atomic_load_explicit(&line->key_low, memory_order_relaxed) == TG_LINE_FREE &&
                    atomic_compare_exchange_strong_explicit(
                            &line->key_low, &low, mark, memory_order_relaxed, memory_order_relaxed))
                        return line;
        }
}

/* Links FURTHER to the end of the chain of CELL. */
static void link_line(struct tg_line *base, struct tg_line *cell, const struct tg_line *further)
{
        uint32_t position = (uint32_t)(further - base) + 1;
        struct tg_line *line = cell;

        for (;;) {
                uint32_t head = atomic_load_explicit(&line->head, memory_order_acquire);

                if (head & TG_HEAD_NEXT)
                        line = &base[(head & TG_HEAD_NEXT) - 1];
                /*
                 * Release, pairs with the acquire in tg_chain_next(): without it a line of stamps
                 * could be taken for one of slots.
                 */
                else if (atomic_compare_exchange_weak_explicit(&line->head, &head, head | position,
                                                               memory_order_release,
                                                               memory_order_relaxed))
                        return;
        }
}

struct tg_line *tg_cell_chain(struct tg_table *table, struct tg_line *cell, uint64_t mark)
{
        struct tg_line *base = tg_line_base(table, cell), *line;
        uint32_t segment = (uint32_t)((size_t)(base - table->lines) / (table->line_mask + 1));
        uint64_t half = (table->line_mask + 1) / 2;

        if (!tg_segment_take_line(table, segment)) {
                atomic_fetch_or_explicit(&cell->head, TG_HEAD_LOST, memory_order_relaxed);
                return NULL;
        }
        line = tg_line_claim(table, base, (uint64_t)(cell - base) + half, mark);
        link_line(base, cell, line);
        return line;
}

bool tg_table_extend(struct tg_table *table, struct tg_line *cell)
{
        return tg_cell_chain(table, cell, TG_LINE_FURTHER);
}

size_t tg_table_cells(const struct tg_table *table)
{
        return atomic_load_explicit(&table->cells, memory_order_relaxed);
}

size_t tg_table_memory_bytes(const struct tg_table *table)
{
        return (size_t)atomic_load_explicit(&table->segments_begun, memory_order_relaxed) *
               (table->line_mask + 1) * sizeof(struct tg_line);
}

/* How many segments are faulted in before a table needs them that has begun so many. */
static uint32_t segments_ahead(uint32_t begun)
{
        if (begun / PREFAULT_PART > PREFAULT_MOST)
                return PREFAULT_MOST;
        if (begun / PREFAULT_PART > PREFAULT_LEAST)
                return begun / PREFAULT_PART;
        return begun < PREFAULT_LEAST ? 0 : PREFAULT_LEAST;
}

bool tg_table_prefault(struct tg_table *table)
{
        uint32_t begun = atomic_load_explicit(&table->segments_begun, memory_order_relaxed);
        uint32_t from = atomic_load_explicit(&table->segments_faulted, memory_order_relaxed);
        uint32_t ahead = segments_ahead(begun);

        if (ahead > table->segments_max - begun)
                ahead = table->segments_max - begun;
        if (from < begun)
                from = begun;
        if (begun + ahead <= from + ahead / 2)
                return false;
        /* Changes no byte; refused before Linux 5.14: the owner then faults for itself. */
        madvise(tg_segment_lines(table, from),
                (size_t)(begun + ahead - from) * (table->line_mask + 1) * sizeof(struct tg_line),
                MADV_POPULATE_WRITE);
        atomic_store_explicit(&table->segments_faulted, begun + ahead, memory_order_relaxed);
        return true;
}
