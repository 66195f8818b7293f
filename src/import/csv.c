/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A window slides over the table. A record is scanned where it lies in the window; if the window
 * ends first, more is read behind it and the scan starts again, so the scanner needs no memory of
 * half a record. Fields point into the window; only those with doubled quotes are copied.
 */
#include "import/csv.h"

#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "import/input.h"

enum {
        READ_SIZE = 1 << 16,
        KEPT_SIZE = 4096, /* of a line that is too long: what can be shown of it */
};

enum scan {
        COMPLETE, /* a field or record was found */
        CUT,      /* the window ends first */
        BROKEN,   /* csv->problem says why */
};

struct tg_csv {
        struct tg_input *input;      /* owned */
        char separator;              /* between fields */
        bool ended;                  /* nothing behind the window */
        uint8_t *window;             /* owned */
        size_t begin;                /* of the next record in the window */
        size_t end;                  /* of what has been read */
        size_t capacity;             /* of the window */
        size_t at;                   /* the scanner's place */
        uint64_t line;               /* of the next record */
        struct tg_csv_field *fields; /* owned: of the last record */
        size_t field_count;          /* found so far */
        struct tg_buffer unescaped;  /* fields that had doubled quotes */
        const char *problem;         /* of a BROKEN record */
        size_t problem_at;           /* in the window */
};

int tg_csv_open(const char *path, char separator, struct tg_csv **ret_csv, struct tg_error *error)
{
        struct tg_input *input;
        struct tg_csv *csv;

        if (tg_input_open(path, &input, error) < 0)
                return -1;
        csv = tg_allocate_zeroed(1, sizeof *csv);
        csv->input = input;
        csv->separator = separator;
        csv->line = 1;
        csv->fields = tg_allocate(TG_CSV_FIELDS_MAX * sizeof *csv->fields);
        *ret_csv = csv;
        return 0;
}

void tg_csv_close(struct tg_csv *csv)
{
        if (!csv)
                return;
        tg_input_close(csv->input);
        tg_buffer_deinit(&csv->unescaped);
        free(csv->window);
        free(csv->fields);
        free(csv);
}

/* Moves the record that has begun to the front of the window and reads more behind it. */
static int fill(struct tg_csv *csv, struct tg_error *error)
{
        ssize_t size;

        if (csv->begin > 0)
                memmove(csv->window, csv->window + csv->begin, csv->end - csv->begin);
        csv->end -= csv->begin;
        csv->begin = 0;
        if (csv->capacity - csv->end < READ_SIZE) {
                csv->capacity = csv->capacity ? 2 * csv->capacity : 2 * READ_SIZE;
                csv->window = tg_reallocate(csv->window, csv->capacity);
        }
        size = tg_input_read(csv->input, csv->window + csv->end, csv->capacity - csv->end, error);
        if (size < 0)
                return -1;
        csv->ended = size == 0;
        csv->end += (size_t)size;
        return 0;
}

static enum scan broken(struct tg_csv *csv, const char *problem, size_t at)
{
        csv->problem = problem;
        csv->problem_at = at;
        return BROKEN;
}

/* A line end at the scanner's place: its size, 0 if there is none. */
static size_t line_end_size(const struct tg_csv *csv)
{
        size_t left = csv->end - csv->at;
        const uint8_t *at = csv->window + csv->at;

        if (left > 0 && at[0] == '\n')
                return 1;
        if (left > 1 && at[0] == '\r' && at[1] == '\n')
                return 2;
        return left == 1 && at[0] == '\r' && csv->ended ? 1 : 0;
}

static bool field_ends(const struct tg_csv *csv)
{
        return csv->window[csv->at] == (uint8_t)csv->separator || line_end_size(csv) > 0;
}

static enum scan scan_bare(struct tg_csv *csv, struct tg_csv_field *field)
{
        size_t begin = csv->at;

        while (csv->at < csv->end && !field_ends(csv))
                csv->at++;
        if (csv->at == csv->end && !csv->ended)
                return CUT;
        field->raw = tg_span_of(csv->window + begin, csv->at - begin);
        field->text = field->raw;
        return COMPLETE;
}

/* TEXT with its doubled quotes made single; never outgrows what scan_record() has reserved. */
static struct tg_span unescape(struct tg_csv *csv, struct tg_span text)
{
        size_t begin = csv->unescaped.size;

        for (size_t i = 0; i < text.size; i++) {
                tg_buffer_append(&csv->unescaped, text.data + i, 1);
                if (text.data[i] == '"')
                        i++;
        }
        return tg_span_of(csv->unescaped.data + begin, csv->unescaped.size - begin);
}

static enum scan scan_quoted(struct tg_csv *csv, struct tg_csv_field *field)
{
        size_t begin = csv->at;
        bool doubled = false;

        for (csv->at++; csv->at < csv->end; csv->at++) {
                if (csv->window[csv->at] != '"')
                        continue;
                if (csv->at + 1 == csv->end || csv->window[csv->at + 1] != '"')
                        break;
                doubled = true;
                csv->at++;
        }
        if (csv->at == csv->end)
                return csv->ended ? broken(csv, "this quote is never closed", begin) : CUT;
        csv->at++;
        if (csv->at + 1 >= csv->end && !csv->ended)
                return CUT;
        if (csv->at < csv->end && !field_ends(csv))
                return broken(csv, "text behind the closing quote", csv->at);
        field->raw = tg_span_of(csv->window + begin, csv->at - begin);
        field->text = tg_span_of(csv->window + begin + 1, csv->at - begin - 2);
        if (doubled)
                field->text = unescape(csv, field->text);
        return COMPLETE;
}

static enum scan scan_record(struct tg_csv *csv)
{
        csv->at = csv->begin;
        csv->field_count = 0;
        tg_buffer_reset(&csv->unescaped);
        tg_buffer_reserve(&csv->unescaped, csv->end - csv->begin);
        for (;; csv->at++) {
                struct tg_csv_field *field = &csv->fields[csv->field_count];
                bool quoted = csv->at < csv->end && csv->window[csv->at] == '"';
                enum scan found;

                if (csv->field_count == TG_CSV_FIELDS_MAX)
                        return broken(csv, "more than 4096 fields", csv->at);
                found = quoted ? scan_quoted(csv, field) : scan_bare(csv, field);
                if (found != COMPLETE)
                        return found;
                csv->field_count++;
                if (csv->at == csv->end || csv->window[csv->at] != (uint8_t)csv->separator)
                        return COMPLETE;
        }
}

/* Reads to the end of a line, of which the window keeps the first bytes alone. */
static int shorten_line(struct tg_csv *csv, struct tg_error *error)
{
        uint8_t *kept_end, *newline;
        size_t rest;

        do {
                csv->end = csv->begin + KEPT_SIZE;
                if (fill(csv, error) < 0)
                        return -1;
                kept_end = csv->window + csv->begin + KEPT_SIZE;
                newline = memchr(kept_end, '\n', (size_t)(csv->window + csv->end - kept_end));
        } while (!newline && !csv->ended);
        rest = newline ? (size_t)(csv->window + csv->end - newline) : 0;
        if (rest > 0)
                memmove(kept_end, newline, rest);
        csv->end = csv->begin + KEPT_SIZE + rest;
        return 0;
}

/* A record that the window could not hold: a quote that is never closed, or no CSV at all. */
static int too_long(struct tg_csv *csv, struct tg_error *error)
{
        if (memchr(csv->window + csv->begin, '\n', csv->end - csv->begin)) {
                broken(csv, "a record of more than 1 MiB: is a quote never closed?", csv->begin);
                return 0;
        }
        if (csv->line == 1)
                return tg_fail(error, EX_DATAERR,
                               "%s:1: a line of more than 1 MiB: is this a CSV table?",
                               tg_input_name(csv->input));
        if (shorten_line(csv, error) < 0)
                return -1;
        broken(csv, "a line of more than 1 MiB", csv->begin);
        return 0;
}

/* Finds the end of the next record, reading as much as that takes. */
static int find_record(struct tg_csv *csv, enum scan *ret_scan, struct tg_error *error)
{
        for (;;) {
                enum scan found = csv->end > csv->begin ? scan_record(csv) : CUT;

                *ret_scan = found;
                if (found != CUT || (csv->ended && csv->end == csv->begin))
                        return 0;
                if (csv->end - csv->begin > TG_CSV_RECORD_MAX) {
                        *ret_scan = BROKEN;
                        return too_long(csv, error);
                }
                if (fill(csv, error) < 0)
                        return -1;
        }
}

/* What is broken ends with its first line, so that one bad quote costs one line. */
static void end_broken(struct tg_csv *csv)
{
        uint8_t *begin = csv->window + csv->begin;
        uint8_t *newline = memchr(begin, '\n', csv->end - csv->begin);

        csv->field_count = 0;
        csv->at = newline ? (size_t)(newline - csv->window) : csv->end;
        if (csv->at > csv->begin && newline && newline[-1] == '\r')
                csv->at--;
}

static void take_record(struct tg_csv *csv, bool is_broken, struct tg_csv_row *row)
{
        const uint8_t *next;

        *row = (struct tg_csv_row){
                .fields = csv->fields,
                .count = csv->field_count,
                .line = csv->line,
                .raw = tg_span_of(csv->window + csv->begin, csv->at - csv->begin),
                .problem = is_broken ? csv->problem : NULL,
                .where = is_broken ? csv->window + csv->problem_at : NULL,
        };
        csv->at += line_end_size(csv);
        for (next = csv->window + csv->begin;
             (next = memchr(next, '\n', (size_t)(csv->window + csv->at - next))); next++)
                csv->line++;
        csv->begin = csv->at;
}

/* Skips a byte order mark; one of UTF-16 ends it here. */
static int begin_table(struct tg_csv *csv, struct tg_error *error)
{
        if (csv->capacity > 0)
                return 0;
        while (!csv->ended && csv->end < 3) {
                if (fill(csv, error) < 0)
                        return -1;
        }
        if (csv->end >= 3 && memcmp(csv->window, "\xef\xbb\xbf", 3) == 0)
                csv->begin = 3;
        if (csv->end >= 2 &&
            (memcmp(csv->window, "\xff\xfe", 2) == 0 || memcmp(csv->window, "\xfe\xff", 2) == 0))
                return tg_fail(error, EX_DATAERR,
                               "%s is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8)",
                               tg_input_name(csv->input));
        return 0;
}

/* A letter that no text has. */
static void refuse_nul(struct tg_csv_row *row)
{
        const uint8_t *nul = row->problem ? NULL : memchr(row->raw.data, '\0', row->raw.size);

        if (!nul)
                return;
        row->problem = "a NUL byte: is this text?";
        row->where = nul;
        row->count = 0;
}

int tg_csv_next(struct tg_csv *csv, struct tg_csv_row *ret_row, struct tg_error *error)
{
        enum scan found;

        if (begin_table(csv, error) < 0)
                return -1;
        do {
                if (find_record(csv, &found, error) < 0)
                        return -1;
                if (found == CUT)
                        return 1;
                if (found == BROKEN)
                        end_broken(csv);
                take_record(csv, found == BROKEN, ret_row);
        } while (ret_row->raw.size == 0);
        refuse_nul(ret_row);
        return 0;
}
