/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the rows of a table mean: a YAML file that turns each into touchpoints and requests.
 *
 *     mapping: shop
 *     csv: {separator: ";"}                       # a comma if not given
 *     id: "shop-{row}"                            # id, customer and time may be given for all
 *     customer: "{household}"
 *     time: {column: day, format: "%d.%m.%Y"}
 *     rows:
 *       - row: sale
 *         when: {event: [sale, web sale]}         # every column must hold (one of) its values
 *         touchpoint: {type: purchase, subject: "{article}"}
 *       - row: mailing
 *         when: {event: mailing}
 *         request: {channel: email, kind: promotion, expires: {after: 72h}}
 *
 * All fields of the schemas can be set (filler.h says how). A row of the table makes one record
 * for every entry that it matches. Compiled against the header of a table, so that a column that
 * isn't there is told with its place. Borrows the document; immutable once compiled.
 */
#pragma once

#include "import/filler.h"
#include "records/schemas.h"

enum { TG_MAPPING_KINDS_MAX = 256, TG_MAPPING_CONDITIONS_MAX = 16 };

struct tg_row_condition {
        size_t column;
        const struct tg_node *values; /* a text or a list; the cell is one of them */
};

/* One entry of `rows`. */
struct tg_row_kind {
        struct tg_span name;
        enum tg_shipped schema; /* TG_SCHEMA_TOUCHPOINT or TG_SCHEMA_REQUEST */
        struct tg_row_condition conditions[TG_MAPPING_CONDITIONS_MAX];
        size_t condition_count;
        struct tg_filler *record;     /* owned */
        const struct tg_filler *time; /* inside of record */
};

struct tg_mapping {
        struct tg_span name;
        struct tg_columns columns;   /* owned copies of the header */
        struct tg_fields *fields[2]; /* owned: of touchpoints and of requests */
        struct tg_row_kind *kinds;   /* owned */
        size_t count;                /* of kinds */
        struct tg_buffer scratch;    /* for texts built while a row is mapped */
};

/* How the table is written; needed before its header can be read. Mistakes are told later. */
char tg_mapping_separator(const struct tg_document *document);

/*
 * Returns 0, or -1 with mistakes told to DIAGNOSTICS. HEADER is copied; DOCUMENT must outlive the
 * mapping.
 */
int tg_mapping_compile(const struct tg_document *document, const struct tg_csv_row *header,
                       struct tg_diagnostics *diagnostics, struct tg_mapping **ret_mapping);

void tg_mapping_free(struct tg_mapping *mapping); /* NULL is allowed */

bool tg_row_kind_matches(const struct tg_row_kind *kind, const struct tg_csv_row *row);

/*
 * Appends the record that KIND makes of ROW, which has as many fields as the header. Returns 0, or
 * -1 with a problem told and the buffer's end undefined.
 */
int tg_mapping_put(struct tg_mapping *mapping, const struct tg_row_kind *kind,
                   const struct tg_csv_row *row, struct tg_buffer *buffer, int64_t *ret_time_ms,
                   struct tg_row_problem *problem);
