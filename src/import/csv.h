/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads a CSV table record by record, plain or gzipped, from a file or standard input
 * (import/input.h).
 *
 * RFC 4180: fields may be quoted, a quote inside is doubled, quoted fields may hold separators and
 * line ends; lines end in LF or CRLF, and a byte order mark and empty lines are skipped. Outside of
 * a quoted field a quote is a letter like any other. A record is at most TG_CSV_RECORD_MAX
 * bytes, none of them NUL, and TG_CSV_FIELDS_MAX fields; memory stays at two records, however long
 * the table or one of its lines. One owner, one thread.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"

enum {
        TG_CSV_RECORD_MAX = 1 << 20, /* bytes; beyond it, a quote is taken as never closed */
        TG_CSV_FIELDS_MAX = 4096,
};

struct tg_csv;

struct tg_csv_field {
        struct tg_span text; /* without its quotes; never absent */
        struct tg_span raw;  /* as it stands in the table */
};

/* Borrowed from the reader until the next record is asked for. */
struct tg_csv_row {
        const struct tg_csv_field *fields;
        size_t count;         /* fields */
        uint64_t line;        /* of its first byte, from 1 */
        struct tg_span raw;   /* the whole record without its line end */
        const char *problem;  /* why it is no record; NULL: it is one */
        const uint8_t *where; /* in raw: where the problem begins */
};

/* PATH "-" is standard input. Returns 0, or -1 (EX_NOINPUT). */
int tg_csv_open(const char *path, char separator, struct tg_csv **ret_csv, struct tg_error *error);

void tg_csv_close(struct tg_csv *csv); /* NULL is allowed */

/*
 * Returns 0 and a row, 1 behind the last one, or -1 if the table can't be read on (as
 * tg_input_read(); EX_DATAERR for UTF-16 or no lines at all, too). A row with a problem has no
 * fields, and the next one begins on the next line.
 */
int tg_csv_next(struct tg_csv *csv, struct tg_csv_row *ret_row, struct tg_error *error);
