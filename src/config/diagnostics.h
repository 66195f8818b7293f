/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Mistakes in files that people write, collected so that all of them are told at once, each with
 * its place, the excerpt and what was probably meant:
 *
 *     policy.yaml:12:30: error: unknown key "at_mots" in cap
 *        12 |     cap: {count: impression, at_mots: 10, per: 7d}
 *                                          ^~~~~~~
 *        did you mean "at_most"?
 *
 * The first TG_DIAGNOSTICS_MAX are kept, later ones only counted. Everything told is copied, so the
 * document may go first; characters that could steer a terminal, and bytes that are no UTF-8, come
 * out as '?'. A line that looks as if a secret stood in it is not shown. Start from {0}. One owner,
 * one thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/span.h"

struct json_t;
struct tg_node;

enum { TG_DIAGNOSTICS_MAX = 100 };

enum tg_severity { TG_ERROR, TG_WARNING };

/* Where in which file; what tg_diagnose() takes from a node. */
struct tg_place {
        const char *file;    /* as the person named it */
        uint32_t line;       /* from 1; 0: the file as a whole, without an excerpt */
        uint32_t column;     /* from 1, in characters (not bytes) */
        uint32_t length;     /* characters to underline, at least 1 */
        struct tg_span text; /* the whole line, without its end; absent: no excerpt */
};

struct tg_diagnostic {
        enum tg_severity severity;
        uint32_t line;           /* as in tg_place */
        uint32_t column;         /* likewise */
        uint32_t length;         /* likewise */
        uint32_t order;          /* told as the how-manieth: keeps the order within one place */
        uint32_t excerpt_column; /* where the underlining begins in the excerpt, from 1 */
        char *file;              /* owned */
        char *message;           /* owned */
        char *advice;            /* owned; NULL: none */
        char *excerpt;           /* owned; a long line is cut around the place; NULL: none */
};

struct tg_diagnostics {
        struct tg_diagnostic *items; /* owned; in the order they were told */
        size_t count;                /* items kept */
        size_t errors;               /* told, kept or not */
        size_t warnings;             /* told, kept or not */
};

/* No more is kept, so there is no sense in finding out places and advice. */
static inline bool tg_diagnostics_full(const struct tg_diagnostics *diagnostics)
{
        return diagnostics->count == TG_DIAGNOSTICS_MAX;
}

void tg_diagnostics_deinit(struct tg_diagnostics *diagnostics);

/*
 * Tells a mistake at NODE. ADVICE (or NULL) is a sentence without a full stop that says what to
 * write instead; FORMAT says what is wrong, without a full stop. NODE NULL: nothing is told,
 * because what is not there was already told as missing.
 */
void tg_diagnose(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                 enum tg_severity severity, const char *advice, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

/* The same for a place that is no node. */
void tg_diagnose_place(struct tg_diagnostics *diagnostics, const struct tg_place *place,
                       enum tg_severity severity, const char *advice, const char *format, ...)
        __attribute__((format(printf, 5, 6)));

/* Prints all, by file, line and column, then "and N more" if not all were kept. */
void tg_diagnostics_print(const struct tg_diagnostics *diagnostics, FILE *file, bool colours);

/*
 * The same order as a JSON array of {file, line, column, severity, message, advice}; line and
 * column are null for a file as a whole, advice is null where there is none. Returns a new
 * reference.
 */
struct json_t *tg_diagnostics_json(const struct tg_diagnostics *diagnostics);
