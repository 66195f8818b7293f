/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The customer table of one partition: cells of touches, found by keyed hash.
 *
 * A cell belongs to a customer, or to a pair (a customer with a campaign, subject …), and is a
 * cache line of six slots that chains further lines when it is busy. Nothing names a customer: a
 * cell knows 96 bits of a keyed hash.
 *
 * Cost: one cache miss for a cell of one line. Memory is what tg_table_new was given, reserved at
 * once and taken from the system as it is touched.
 *
 * Thread-safety: any thread may find, add and record; only loads, and one compare-and-swap for what
 * is added. Lines are never freed while the table lives, so readers need no protection.
 *
 * Full: three quarters of the primary lines, or all of the further ones, are taken. What doesn't
 * fit is remembered (tg_table_overflowed, tg_cell_incomplete), so that deciders can refuse instead
 * of guessing.
 */
#pragma once

#include <stdatomic.h>

#include "base/error.h"
#include "base/hash.h"
#include "customer/slot.h"

enum { TG_LINE_SLOTS = 6 };

struct tg_line {
        _Atomic uint64_t key_low;  /* 0: the line is free */
        _Atomic uint32_t key_high; /* 0: being claimed; never 0 afterwards */
        _Atomic uint32_t next;     /* the next line of the cell; 0: none */
        _Atomic tg_slot_word slots[TG_LINE_SLOTS];
};
_Static_assert(sizeof(struct tg_line) == 64, "a cell of one line is one cache miss");

struct tg_table; /* opaque: reserve, lines, counts */

/* Reserves MEMORY_BYTES (at least 64 KiB) of lines. Returns 0 or -1. */
int tg_table_new(size_t memory_bytes, const struct tg_hash_key *key, struct tg_table **ret_table,
                 struct tg_error *error);
void tg_table_free(struct tg_table *table); /* NULL is fine */

const struct tg_hash_key *tg_table_key(const struct tg_table *table);

/* The cell of this identity, or NULL. */
struct tg_line *tg_table_find(const struct tg_table *table, struct tg_identity identity);

/* The same, added if it is not there; NULL if the table is full (and remembered). */
struct tg_line *tg_table_obtain(struct tg_table *table, struct tg_identity identity);

/* Starts to fetch the line where IDENTITY would be. */
void tg_table_prefetch(const struct tg_table *table, struct tg_identity identity);

/* Something was not stored because there was no room for its cell: who isn't found may be known. */
bool tg_table_overflowed(const struct tg_table *table);

/* A touch was not stored because there was no room for a further line of this cell. */
bool tg_cell_incomplete(const struct tg_line *cell);

/* The next line of a cell, or NULL: `for (line = cell; line; line = tg_line_next(table, line))`. */
struct tg_line *tg_line_next(const struct tg_table *table, const struct tg_line *line);

/*
 * Chains a further, empty line to CELL (its first line). Returns false, and marks CELL incomplete,
 * if there is no line left.
 */
bool tg_table_extend(struct tg_table *table, struct tg_line *cell);

size_t tg_table_cells(const struct tg_table *table); /* taken */
