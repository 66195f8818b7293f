/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every change scans the cell, chooses a slot and swaps it in; when another thread was faster, it
 * scans again. A scan ends in one of four ways: the touch is there already; it takes a slot that is
 * free or whose window has passed; it takes the place of the oldest of its counter's N; or the cell
 * needs a further line, after which it scans again: so two threads that bring the same touch to a
 * full cell meet in one slot.
 *
 * Slots are read with relaxed order: a slot says all in one word and orders nothing else, but for
 * what seen_before() asks. (A line is empty before its key or link is seen; what was copied into it
 * is seen with its segment, tg_segment_of() in inside.h.)
 */
#include "customer/touches.h"

#include <assert.h>

#include "customer/inside.h"

/* Time and tag: what names a permit in all its counters. */
#define PERMIT_NAME_MASK                                                          \
        (TG_SLOT_TIME_MASK << TG_SLOT_TAG_BITS | (tg_slot_word)TG_PERMIT_TAG_MASK \
                                                         << TG_PERMIT_STATE_BITS)

static bool swap(_Atomic tg_slot_word *slot, tg_slot_word expected, tg_slot_word word)
{
        /* Release, pairs with the acquire in tg_slots_next_held(): a guest's touch tells of it. */
        return atomic_compare_exchange_strong_explicit(slot, &expected, word, memory_order_release,
                                                       memory_order_relaxed);
}

/* The order in which the N latest are: total, so that any order of recording leaves the same. */
static bool later(int64_t a_ms, tg_slot_word a, int64_t b_ms, tg_slot_word b)
{
        return a_ms != b_ms ? a_ms > b_ms : a > b;
}

/* What a scan found for one counter. */
struct scan {
        _Atomic tg_slot_word *free; /* empty or expired; NULL: none */
        tg_slot_word free_word;     /* what it held */
        _Atomic tg_slot_word *same; /* the touch or permit looked for; NULL: none */
        tg_slot_word same_word;
        _Atomic tg_slot_word *oldest; /* of the counter; NULL: none */
        tg_slot_word oldest_word;
        int64_t oldest_ms;
        uint32_t count; /* of the counter, unexpired */
};

static inline void note_free(struct scan *scan, _Atomic tg_slot_word *slot, tg_slot_word held)
{
        if (!scan->free) {
                scan->free = slot;
                scan->free_word = held;
        }
}

/*
 * Scans for WORD; bits in IGNORED do not tell it from others. Inlined, so that each caller reckons
 * only what it asks for.
 */
static inline __attribute__((always_inline)) struct scan scan_cell(const struct tg_cell_view *view,
                                                                   tg_slot_word word,
                                                                   tg_slot_word ignored)
{
        const unsigned counter = tg_slot_counter(word);
        const int64_t end_ms = tg_slots_end(view, counter);
        struct scan scan = {0};

        for (struct tg_line *line = view->cell; line; line = tg_line_next(view->table, line)) {
                for (int i = 0; i < TG_LINE_SLOTS; i++) {
                        _Atomic tg_slot_word *slot = &line->slots[i];
                        tg_slot_word held = atomic_load_explicit(slot, memory_order_relaxed);
                        int64_t time_ms;

                        if (held == TG_SLOT_EMPTY) {
                                note_free(&scan, slot, held);
                                continue;
                        }
                        if (tg_slot_counter(held) != counter) {
                                if (!scan.free && tg_slot_expired(view, held))
                                        note_free(&scan, slot, held);
                                continue;
                        }
                        time_ms = tg_slot_time(held, view->horizon_ms);
                        if (time_ms <= end_ms) {
                                note_free(&scan, slot, held);
                                continue;
                        }
                        if (((held ^ word) & ~ignored) == 0) {
                                scan.same = slot;
                                scan.same_word = held;
                        }
                        scan.count++;
                        if (!scan.oldest ||
                            later(scan.oldest_ms, scan.oldest_word, time_ms, held)) {
                                scan.oldest = slot;
                                scan.oldest_word = held;
                                scan.oldest_ms = time_ms;
                        }
                }
        }
        return scan;
}

static bool join_touch(const struct tg_cell_view *view, tg_slot_word word)
{
        const struct tg_keeping *keeping = &view->layout->counters[tg_slot_counter(word)];
        int64_t time_ms = tg_slot_time(word, view->horizon_ms);

        for (;;) {
                struct scan scan = scan_cell(view, word, 0);

                if (scan.same)
                        return true;
                if (scan.count >= keeping->keep) {
                        if (!later(time_ms, word, scan.oldest_ms, scan.oldest_word) ||
                            swap(scan.oldest, scan.oldest_word, word))
                                return true;
                } else if (!scan.free) {
                        if (!tg_table_extend(view->table, view->cell))
                                return false;
                } else if (swap(scan.free, scan.free_word, word)) {
                        return true;
                }
        }
}

bool tg_touches_record(const struct tg_cell_view *view, unsigned counter, int64_t time_ms,
                       uint32_t tag)
{
        assert(counter < view->layout->count);
        assert(!view->layout->counters[counter].permits && view->layout->counters[counter].keep);
        return time_ms <= tg_slots_end(view, counter) ||
               join_touch(view, tg_slot_pack(counter, time_ms, tag));
}

/* Joins WORD with the slot of the same permit, or gives it a slot of its own. */
static bool join_permit(const struct tg_cell_view *view, tg_slot_word word)
{
        for (;;) {
                struct scan scan = scan_cell(view, word, TG_PERMIT_STATE_MASK);

                if (scan.same) {
                        if ((scan.same_word | word) == scan.same_word ||
                            swap(scan.same, scan.same_word, scan.same_word | word))
                                return true;
                } else if (!scan.free) {
                        if (!tg_table_extend(view->table, view->cell))
                                return false;
                } else if (swap(scan.free, scan.free_word, word)) {
                        return true;
                }
        }
}

bool tg_slot_join(const struct tg_cell_view *view, tg_slot_word word)
{
        if (tg_slot_expired(view, word))
                return true;
        return view->layout->counters[tg_slot_counter(word)].permits ? join_permit(view, word)
                                                                     : join_touch(view, word);
}

/* Free slots of a cell, found in one walk. */
struct room {
        _Atomic tg_slot_word *slots[TG_LINE_SLOTS];
        tg_slot_word words[TG_LINE_SLOTS]; /* what they held */
        unsigned count;
        bool awaited; /* a settlement may be there before its permit */
};

/* Room for COUNT. */
static struct room find_room(const struct tg_cell_view *view, tg_slot_word permit, unsigned count)
{
        struct room room = {.count = 0, .awaited = false};

        if (count > TG_LINE_SLOTS)
                count = TG_LINE_SLOTS;
        for (struct tg_line *line = view->cell; line; line = tg_line_next(view->table, line)) {
                for (int i = 0; i < TG_LINE_SLOTS; i++) {
                        _Atomic tg_slot_word *slot = &line->slots[i];
                        tg_slot_word held = atomic_load_explicit(slot, memory_order_relaxed);

                        if (((held ^ permit) & PERMIT_NAME_MASK) == 0)
                                room.awaited = true;
                        if (room.count < count &&
                            (held == TG_SLOT_EMPTY || tg_slot_expired(view, held))) {
                                room.slots[room.count] = slot;
                                room.words[room.count++] = held;
                        }
                }
        }
        return room;
}

bool tg_permits_add(const struct tg_cell_view *view, uint64_t counters, int64_t time_ms,
                    uint32_t tag)
{
        struct room room = find_room(view, tg_slot_permit(0, time_ms, tag, TG_PERMIT_OPEN),
                                     (unsigned)__builtin_popcountll(counters));
        unsigned next = 0;

        for (; counters; counters &= counters - 1) {
                unsigned counter = (unsigned)__builtin_ctzll(counters);
                tg_slot_word word = tg_slot_permit(counter, time_ms, tag, TG_PERMIT_OPEN);

                assert(counter < view->layout->count && view->layout->counters[counter].permits);
                if (!room.awaited && next < room.count &&
                    swap(room.slots[next], room.words[next], word))
                        next++;
                else if (!join_permit(view, word))
                        return false;
        }
        return true;
}

void tg_permits_remove(const struct tg_cell_view *view, unsigned counter, int64_t time_ms,
                       uint32_t tag)
{
        tg_slot_word word = tg_slot_permit(counter, time_ms, tag, TG_PERMIT_OPEN);

        assert(counter < view->layout->count && view->layout->counters[counter].permits);
        for (;;) {
                struct scan scan = scan_cell(view, word, TG_PERMIT_STATE_MASK);

                if (!scan.same || !(tg_slot_permit_state(scan.same_word) & TG_PERMIT_OPEN))
                        return;
                if (swap(scan.same, scan.same_word,
                         tg_slot_permit_state(scan.same_word) == TG_PERMIT_OPEN
                                 ? TG_SLOT_EMPTY
                                 : scan.same_word & ~(tg_slot_word)TG_PERMIT_OPEN))
                        return;
        }
}

uint32_t tg_permits_kept(const struct tg_cell_view *view, unsigned counter)
{
        struct tg_slots_walk walk = tg_slots_walk(view, counter);
        tg_slot_word word;
        int64_t time_ms;
        uint32_t kept = 0;

        while (tg_slots_next(&walk, &word, &time_ms))
                kept += tg_slot_permit_state(word) == TG_PERMIT_OPEN;
        return kept;
}

bool tg_permits_have(const struct tg_cell_view *view, int64_t time_ms, uint32_t tag)
{
        const tg_slot_word permit = tg_slot_permit(0, time_ms, tag, TG_PERMIT_OPEN);

        for (const struct tg_line *line = view->cell; line;
             line = tg_line_next(view->table, line)) {
                for (int i = 0; i < TG_LINE_SLOTS; i++) {
                        tg_slot_word held =
                                atomic_load_explicit(&line->slots[i], memory_order_relaxed);

                        if (((held ^ permit) & PERMIT_NAME_MASK) == 0 && (held & TG_PERMIT_OPEN) &&
                            view->layout->counters[tg_slot_counter(held)].permits &&
                            !tg_slot_expired(view, held))
                                return true;
                }
        }
        return false;
}

/* Settles every permit of COUNTER that has TAG. */
static void settle_by_tag(const struct tg_cell_view *view, unsigned counter, uint32_t tag)
{
        struct tg_slots_walk walk = tg_slots_walk(view, counter);
        tg_slot_word word;
        int64_t time_ms;

        while (tg_slots_next(&walk, &word, &time_ms)) {
                if (tg_slot_permit_tag(word) == tag)
                        join_permit(view, word | TG_PERMIT_WAITING);
        }
}

bool tg_permits_settle(const struct tg_cell_view *view, unsigned counter, int64_t time_ms,
                       uint32_t tag)
{
        assert(counter < view->layout->count && view->layout->counters[counter].permits);
        if (time_ms == TG_NO_TIME) {
                settle_by_tag(view, counter, tag);
                return true;
        }
        if (time_ms <= tg_slots_end(view, counter) || time_ms > view->horizon_ms)
                return true;
        return join_permit(view, tg_slot_permit(counter, time_ms, tag, TG_PERMIT_WAITING));
}

uint64_t tg_cell_lacks(const struct tg_table *table, const struct tg_line *cell)
{
        uint64_t has = 0;

        for (const struct tg_line *line = cell; line; line = tg_line_next(table, line)) {
                for (int i = 0; i < TG_LINE_SLOTS; i++) {
                        tg_slot_word held =
                                atomic_load_explicit(&line->slots[i], memory_order_relaxed);

                        has |= (uint64_t)(held != TG_SLOT_EMPTY) << tg_slot_counter(held);
                }
        }
        return ~has;
}

/*
 * A concurrent pair of writers may have put one touch into two slots: the earlier slot counts. One
 * of them is a guest: whoever has seen its slot sees that guests have come. An owner by itself, who
 * may have hundreds of permits to walk over, need not look back at each.
 */
static bool seen_before(const struct tg_slots_walk *walk, tg_slot_word word)
{
        const struct tg_line *line = walk->view->cell;

        if (!atomic_load_explicit(&walk->view->table->visited, memory_order_relaxed))
                return false;
        for (; line; line = tg_line_next(walk->view->table, line)) {
                unsigned end = line == walk->line ? walk->slot : TG_LINE_SLOTS;

                for (unsigned i = 0; i < end; i++) {
                        if (atomic_load_explicit(&line->slots[i], memory_order_relaxed) == word)
                                return true;
                }
                if (line == walk->line)
                        return false;
        }
        return false;
}

bool tg_slots_next_held(struct tg_slots_walk *walk, tg_slot_word *ret_word, int64_t *ret_time_ms)
{
        const int64_t end_ms = tg_slots_end(walk->view, walk->counter);

        do {
                for (; walk->slot < TG_LINE_SLOTS; walk->slot++) {
                        /* Acquire, pairs with the release in swap(): see seen_before(). */
                        tg_slot_word word = atomic_load_explicit(&walk->line->slots[walk->slot],
                                                                 memory_order_acquire);
                        int64_t time_ms;

                        if (tg_slot_counter(word) != walk->counter || word == TG_SLOT_EMPTY)
                                continue;
                        time_ms = tg_slot_time(word, walk->view->horizon_ms);
                        if (time_ms <= end_ms || seen_before(walk, word))
                                continue;
                        *ret_word = word;
                        *ret_time_ms = time_ms;
                        walk->slot++;
                        return true;
                }
                walk->slot = 0;
        } while ((walk->line = tg_line_next(walk->view->table, walk->line)));
        return false;
}

int64_t tg_touches_latest(const struct tg_cell_view *view, unsigned counter)
{
        struct tg_slots_walk walk = tg_slots_walk(view, counter);
        int64_t latest_ms = TG_NO_TIME;
        tg_slot_word word;
        int64_t time_ms;

        while (tg_slots_next(&walk, &word, &time_ms)) {
                if (time_ms > latest_ms)
                        latest_ms = time_ms;
        }
        return latest_ms;
}
