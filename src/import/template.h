/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A text of a mapping in which {column} stands for a cell of the row: "journey-{row}".
 *
 * {{ and }} stand for braces. Borrows the document it was compiled from. Immutable once compiled.
 */
#pragma once

#include "base/buffer.h"
#include "config/document.h"
#include "import/csv.h"

enum { TG_TEMPLATE_PARTS_MAX = 64 };

struct tg_template_part {
        struct tg_span text; /* absent: the cell of `column` */
        size_t column;
};

struct tg_template {
        struct tg_template_part *parts; /* owned */
        size_t count;
        size_t columns; /* parts that are cells */
};

/* The columns that there are: the header of the table. */
struct tg_columns {
        const char **names; /* NUL-terminated */
        size_t count;
};

/* The column called NAME; tells a mistake at NODE and returns false if there isn't exactly one. */
bool tg_columns_find(const struct tg_columns *columns, struct tg_span name,
                     struct tg_diagnostics *diagnostics, const struct tg_node *node,
                     size_t *ret_column);

/* Compiles the text of NODE, a scalar. Returns false with a mistake told. */
bool tg_template_compile(const struct tg_columns *columns, struct tg_diagnostics *diagnostics,
                         const struct tg_node *node, struct tg_template *ret_template);

/* The template that is one column alone. */
void tg_template_of_column(size_t column, struct tg_template *ret_template);

void tg_template_deinit(struct tg_template *template);

/* The text for ROW: a span into the row or the document, or built in SCRATCH (overwritten). */
struct tg_span tg_template_text(const struct tg_template *template, const struct tg_csv_row *row,
                                struct tg_buffer *scratch);

/* A cell that the template uses isn't empty. */
bool tg_template_filled(const struct tg_template *template, const struct tg_csv_row *row);

/* The first column used; only if there are any. */
size_t tg_template_column(const struct tg_template *template);
