/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How one field of a record is filled from the rows of a table: compiled from its value in the
 * mapping, then run for every row.
 *
 *     campaign: "{ref}"                       a text with columns in it
 *     channel: email                          the same for all rows; encoded once
 *     kind: {column: value, words: {Type A: retarget}, default: general}
 *     time: {column: day, format: "%d.%m.%Y"}
 *     expires: {after: 72h}                   so long after the time of the row
 *     about: {type: purchase, time: {column: bought_ms, format: epoch_ms}}
 *
 * Text that comes out empty leaves the field at its default; a body in which every column comes out
 * empty is left out, and so are such items of a list or a map. Compiled once; borrows the document,
 * the fields and the columns. Running allocates only in buffers.
 */
#pragma once

#include "base/buffer.h"
#include "import/cast.h"
#include "import/template.h"

struct tg_filler;

enum { TG_ROW_PROBLEM_SIZE = 400 };

/* Why a row makes no record. */
struct tg_row_problem {
        char message[TG_ROW_PROBLEM_SIZE];
        char advice[TG_CAST_TEXT_SIZE]; /* empty: none */
        size_t column;                  /* to point at; SIZE_MAX: the row as a whole */
};

/* One row on its way into a record. */
struct tg_filling {
        const struct tg_csv_row *row;   /* has as many fields as there are columns */
        const struct tg_columns *names; /* of its cells, for messages */
        int64_t time_ms;                /* of the record: what `after` counts from */
        struct tg_buffer *scratch;      /* reused from row to row */
        struct tg_row_problem *problem; /* filled by what fails */
};

/* What compiling needs, whatever the field. */
struct tg_filler_context {
        const struct tg_columns *columns;
        struct tg_diagnostics *diagnostics;
        struct tg_diagnostics *repeated; /* mistakes in a lead, which have been told already */
};

/*
 * Compiles NODE as a value of FIELD; NULL for a field that the mapping doesn't set. Always returns
 * a filler to be freed; mistakes are told to the diagnostics, and with errors it must not be run.
 */
struct tg_filler *tg_filler_compile(const struct tg_filler_context *context,
                                    const struct tg_field *field, const struct tg_node *node);

/*
 * A record's filler, of whose fields some are set by LEAD (a mapping) where NODE does not set them;
 * mistakes there go to context->repeated. Of a field called "time" the filler is handed out as
 * RET_TIME (borrowed; NULL if there is no such field), and the record takes the filling's time
 * instead.
 */
struct tg_filler *tg_filler_compile_record(const struct tg_filler_context *context,
                                           const struct tg_field *record,
                                           const struct tg_node *node, const struct tg_node *lead,
                                           const struct tg_filler **ret_time);

void tg_filler_free(struct tg_filler *filler); /* NULL is allowed */

/* Appends the field's value. Returns 0, or -1 with a problem told and the buffer's end undefined.
 */
int tg_filler_put(const struct tg_filler *filler, const struct tg_filling *filling,
                  struct tg_buffer *buffer);

/* The value of a field of times. Returns 0, or -1 with a problem told. */
int tg_filler_time(const struct tg_filler *filler, const struct tg_filling *filling,
                   int64_t *ret_time_ms);
