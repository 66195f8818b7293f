/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The customer table of one partition: cells of touches and registers, found by keyed hash.
 *
 * A cell belongs to a customer, or to a pair (a customer with a campaign, subject …), and is a
 * cache line of six slots that chains further lines when it is busy. Nothing names a customer: a
 * cell knows 96 bits of a keyed hash. Lines live in segments of TG_SEGMENT_LINES (fewer in a small
 * table), which a directory finds by the first bits of the hash; a segment that is crowded is built
 * anew as one or two, without what has expired.
 *
 * Cost: one cache miss for a cell of one line (and a look into the directory, 8 to 16 bytes for
 * each segment). Building a segment anew takes about 0.3 ms, again only after 2,500 new lines, and
 * as a rule once in 1,024 steps of tg_table_maintain.
 *
 * Memory: lines of 64 bytes for at most the MEMORY_BYTES given, plus one segment (512 KiB) to build
 * in, plus 0.02 %. Only addresses are reserved at once: an idle table takes less than 1 MiB, and
 * grows by segments, which are between 5/16 and 3/4 full; so a cell of one line takes 85 to 205
 * bytes. All but the first segment in huge pages.
 *
 * Thread-safety: one thread, the owner, may do everything. Any other may find, obtain, record and
 * read while it is a guest (guests.h). A `struct tg_line *` is the owner's until its next
 * tg_table_maintain, a guest's until it leaves. All is done without a lock, by loads and one
 * compare-and-swap for what is added. What a guest records while the owner builds the segment anew
 * is seen once the owner has joined it in, which later calls of tg_table_maintain do.
 *
 * Full: no room in a segment, and no segment to grow into. What doesn't fit is remembered
 * (tg_table_overflowed, tg_cell_incomplete), so that deciders can refuse instead of guessing.
 */
#pragma once

#include "base/error.h"
#include "base/hash.h"
#include "customer/layout.h"
#include "customer/line.h"

enum {
        TG_SEGMENT_LINES = 8192,
        TG_KINDS_MAX = 254,             /* kinds of cells of touches: 0 to 253 */
        TG_KIND_REGISTER = TG_KINDS_MAX /* registers.h */
};

struct tg_table; /* opaque: segments, directory, guests */

/*
 * A table that may take MEMORY_BYTES (at least 64 KiB) of lines. Borrows nothing. Returns 0 or -1.
 */
int tg_table_new(size_t memory_bytes, const struct tg_hash_key *key, struct tg_table **ret_table,
                 struct tg_error *error);
void tg_table_free(struct tg_table *table); /* NULL is fine */

const struct tg_hash_key *tg_table_key(const struct tg_table *table);

/* The cell of this identity, or NULL. */
struct tg_line *tg_table_find(const struct tg_table *table, struct tg_identity identity);

/*
 * The same, added as a cell of KIND (by which its layout is known) if it is not there; NULL if
 * there is no room (and remembered).
 */
struct tg_line *tg_table_obtain(struct tg_table *table, struct tg_identity identity, unsigned kind);

/*
 * Where the search for a cell begins, reckoned for those who fetch ahead. A segment that is built
 * anew meanwhile costs them a wait, nothing else.
 */
struct tg_search {
        struct tg_line *base; /* the lines of its segment */
        uint64_t key_low;
};
struct tg_search tg_table_search(const struct tg_table *table, struct tg_identity identity);

/*
 * Starts to fetch the lines where COUNT searches begin; once they have come, the second one the
 * next of each cell, or of the search for it. The cells are then found without a wait.
 */
void tg_table_prefetch(const struct tg_table *table, const struct tg_search *searches,
                       size_t count);
void tg_table_prefetch_further(const struct tg_table *table, const struct tg_search *searches,
                               size_t count);

/*
 * Something was not stored because there was no room for its cell: who isn't found may be known.
 * Ends when the longest window has passed since the last loss; never after the loss of a register
 * or stamp.
 */
bool tg_table_overflowed(const struct tg_table *table);

/*
 * Something was not stored because there was no room for a further line of this cell. Ends one to
 * two longest windows later; never after the loss of a stamp.
 */
bool tg_cell_incomplete(const struct tg_line *cell);

/* The next line of slots behind one that is chained, or NULL. */
struct tg_line *tg_line_chained(const struct tg_table *table, const struct tg_line *line);

/* The next line of slots of a cell, or NULL:
 * `for (line = cell; line; line = tg_line_next(table, line))`. */
static inline struct tg_line *tg_line_next(const struct tg_table *table, const struct tg_line *line)
{
        /* Relaxed: that there is another is all it says, and who follows reads it again. */
        if (!(atomic_load_explicit(&line->head, memory_order_relaxed) & TG_HEAD_NEXT))
                return NULL;
        return tg_line_chained(table, line);
}

/*
 * Chains a further, empty line to CELL (its first line). Returns false, and marks CELL incomplete,
 * if there is no line left.
 */
bool tg_table_extend(struct tg_table *table, struct tg_line *cell);

/* What says how long cells matter. */
struct tg_table_care {
        const struct tg_cell_layout *layouts; /* by kind; borrowed until the next care is taken */
        unsigned kinds;
        int64_t window_max_ms; /* the longest of all */
        int64_t skew_ms;       /* how far in the future an event may be */
};

/*
 * The owner says how cells are read from now on: before the first guest, and when the policy
 * changes. Until then nothing expires and overflow never ends.
 */
void tg_table_care(struct tg_table *table, const struct tg_table_care *care);

/*
 * Empties all slots of counters whose numbers are to be used anew (bit = number, by kind, of KINDS
 * kinds; NULL: all numbers). The owner's; reads every line.
 */
void tg_table_purge(struct tg_table *table, const uint64_t *numbers, unsigned kinds);

/*
 * The owner's upkeep, to be called between any two records, with the partition's clock. Does one of
 * these at most, when it is due: gives back a segment that no guest can be in any more, joining in
 * what guests left there; builds a crowded segment anew; sweeps one (all of them in half a longest
 * window; in a sixteenth while the table is full). Costs a few loads otherwise. When the clock
 * leaps by years, and so beyond all windows, every slot is emptied at once.
 *
 * Between two calls a segment has room for a sixteenth of its lines (512; fewer in a small table):
 * what the owner adds beyond that may be lost, though there be memory. (Guests: see guests.h.)
 */
void tg_table_maintain(struct tg_table *table, int64_t now_ms);

/*
 * Faults in the memory of the segments that come next (a sixteenth of those begun: 4 to 32, of 512
 * KiB), so that growing costs the owner no page faults. For a helper, one thread at a time, beside
 * owner and guests; it changes nothing else. Returns whether there was anything to do: a few loads
 * if not, so that it may be called every few milliseconds for each table.
 */
bool tg_table_prefault(struct tg_table *table);

size_t tg_table_cells(const struct tg_table *table);        /* taken */
size_t tg_table_memory_bytes(const struct tg_table *table); /* of the lines taken up so far */
