/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inside of a filler: what filler_compile.c builds and filler.c runs. Private to the two.
 */
#pragma once

#include "import/filler.h"

enum tg_filler_kind {
        TG_FILLER_CONSTANT, /* `constant`, as it is */
        TG_FILLER_TEXT,     /* `text`, through `words` and `fallback` */
        TG_FILLER_AFTER,    /* the record's time + after_ms */
        TG_FILLER_ROW_TIME, /* the record's time, which inner[0] gives */
        TG_FILLER_RECORD,   /* inner, in the order of the fields */
        TG_FILLER_ITEMS,    /* inner, a list's or (with keys) a map's */
};

struct tg_filler_word {
        struct tg_span from; /* a text of the table */
        struct tg_span to;   /* what it stands for; empty: the default */
};

struct tg_filler {
        const struct tg_field *field;
        enum tg_filler_kind kind;
        struct tg_buffer constant; /* encoded */
        int64_t time_ms;           /* of a constant that is a time */
        struct tg_template text;
        struct tg_filler_word *words; /* owned; sorted by `from` */
        size_t word_count;
        struct tg_span fallback; /* absent: none; empty: the field's default */
        struct tg_time_format format;
        int64_t after_ms;
        struct tg_filler **inner; /* owned */
        struct tg_span *keys;     /* owned: a map's; NULL: a list */
        size_t count;             /* of inner */
};

/* The word that TEXT stands for, or NULL. */
const struct tg_filler_word *tg_filler_word(const struct tg_filler *filler, struct tg_span text);

/* Orders words by `from`, for qsort() and bsearch(). */
int tg_filler_word_compare(const void *a, const void *b);
