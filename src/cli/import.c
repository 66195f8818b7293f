/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Two halves: import_options.c has read the command line; here the rows flow, each through every
 * entry of the mapping that it matches, into the two files. A row makes all of its records or none.
 */
#include "cli/import.h"

#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/memory.h"
#include "base/time.h"
#include "base/utf8.h"
#include "cli/import_options.h"
#include "cli/import_summary.h"
#include "cli/terminal.h"
#include "config/document.h"
#include "import/mapping.h"
#include "recording/directory.h"
#include "recording/writer.h"

enum { PROGRESS_ROWS = 100000 };

/* A record made of the row at hand, until all of them are made. */
struct made {
        enum tg_shipped schema;
        int64_t time_ms;
        size_t offset; /* in records */
        size_t size;
};

struct import {
        const struct tg_import_options *options;
        const char *table; /* its name in messages */
        struct tg_document *document;
        struct tg_csv *csv;
        struct tg_mapping *mapping;
        struct tg_writer *files[2];      /* touchpoints, requests */
        struct tg_diagnostics bad_lines; /* the first of them */
        struct tg_import_tally tally;
        struct tg_buffer records; /* of the row at hand, encoded */
        struct made made[TG_MAPPING_KINDS_MAX];
        bool progress; /* standard error is a terminal */
};

static void import_deinit(struct import *import)
{
        tg_writer_free(import->files[0]);
        tg_writer_free(import->files[1]);
        tg_mapping_free(import->mapping);
        tg_csv_close(import->csv);
        tg_document_free(import->document);
        tg_diagnostics_deinit(&import->bad_lines);
        tg_buffer_deinit(&import->records);
}

/* Counts a bad line; the first few are kept to be told. WHERE is the part of the row to show. */
static void bad_line(struct import *import, const struct tg_csv_row *row, struct tg_span where,
                     const char *advice, const char *message)
{
        struct tg_place place = {
                .file = import->table,
                .line = (uint32_t)row->line,
                .column = 1,
                .length = 1,
        };

        if (import->tally.bad_lines++ >= TG_IMPORT_BAD_LINES_TOLD)
                return;
        if (row->line > UINT32_MAX)
                place.line = UINT32_MAX;
        if (tg_span_present(where) && !memchr(row->raw.data, '\n', row->raw.size)) {
                place.text = row->raw;
                place.column = 1 + (uint32_t)tg_utf8_count(row->raw.data,
                                                           (size_t)(where.data - row->raw.data));
                place.length = (uint32_t)tg_utf8_count(where.data, where.size);
                place.length += place.length == 0;
        }
        tg_diagnose_place(&import->bad_lines, &place, TG_ERROR, advice && *advice ? advice : NULL,
                          "%s", message);
}

static void bad_row(struct import *import, const struct tg_csv_row *row,
                    const struct tg_row_problem *problem)
{
        struct tg_span where = TG_SPAN_ABSENT;

        if (problem->column < row->count)
                where = row->fields[problem->column].raw;
        bad_line(import, row, where, problem->advice, problem->message);
}

static void bad_count(struct import *import, const struct tg_csv_row *row)
{
        size_t columns = import->mapping->columns.count;
        char message[80];

        snprintf(message, sizeof message, "%zu fields, but the header has %zu", row->count,
                 columns);
        bad_line(import, row, row->raw,
                 row->count > columns ? "is a field with a separator in it without its quotes?"
                                      : NULL,
                 message);
}

/* Makes the row's records. Returns how many, or -1: a bad line, told. */
static int make_records(struct import *import, const struct tg_csv_row *row)
{
        struct tg_mapping *mapping = import->mapping;
        struct tg_row_problem problem;
        int count = 0;

        tg_buffer_reset(&import->records);
        for (size_t i = 0; i < mapping->count; i++) {
                const struct tg_row_kind *kind = &mapping->kinds[i];
                struct made *made = &import->made[count];

                if (!tg_row_kind_matches(kind, row))
                        continue;
                made->schema = kind->schema;
                made->offset = import->records.size;
                if (tg_mapping_put(mapping, kind, row, &import->records, &made->time_ms, &problem) <
                    0) {
                        bad_row(import, row, &problem);
                        return -1;
                }
                made->size = import->records.size - made->offset;
                count++;
        }
        return count;
}

static int write_records(struct import *import, int count, struct tg_error *error)
{
        const struct tg_import_options *options = import->options;

        for (const struct made *made = import->made; made < import->made + count; made++) {
                struct tg_span record = tg_span_of(import->records.data + made->offset, made->size);

                if (made->time_ms < options->from_ms || made->time_ms >= options->to_ms) {
                        import->tally.outside++;
                        continue;
                }
                if (tg_writer_append(import->files[made->schema == TG_SCHEMA_REQUEST], record,
                                     made->time_ms, error) < 0)
                        return -1;
        }
        return 0;
}

static void show_progress(const struct import *import)
{
        if (import->progress && import->tally.rows % PROGRESS_ROWS == 0)
                fprintf(stderr, "\r%s: %" PRIu64 " rows ", import->table, import->tally.rows);
}

static int take_row(struct import *import, const struct tg_csv_row *row, struct tg_error *error)
{
        int count;

        import->tally.rows++;
        show_progress(import);
        if (row->problem) {
                bad_line(import, row, tg_span_of(row->where, 1), NULL, row->problem);
                return 0;
        }
        if (row->count != import->mapping->columns.count) {
                bad_count(import, row);
                return 0;
        }
        count = make_records(import, row);
        if (count < 0)
                return 0;
        import->tally.skipped += count == 0;
        return write_records(import, count, error);
}

static int take_rows(struct import *import, struct tg_error *error)
{
        struct tg_csv_row row;
        int answer;

        while ((answer = tg_csv_next(import->csv, &row, error)) == 0) {
                if (take_row(import, &row, error) < 0)
                        return -1;
                if (import->options->strict && import->tally.bad_lines > 0)
                        return tg_fail(error, EX_DATAERR,
                                       "stopped at the first bad line (--strict)");
        }
        return answer < 0 ? -1 : 0;
}

/* Prints what is wrong with the mapping; returns -1 so that the message is its headline. */
static int fail_mapping(struct tg_diagnostics *diagnostics, const char *path,
                        struct tg_error *error)
{
        tg_diagnostics_print(diagnostics, stderr, tg_terminal_colours(stderr));
        return tg_fail(error, EX_CONFIG, "%s: %zu mistake%s", path, diagnostics->errors,
                       diagnostics->errors == 1 ? "" : "s");
}

static int load_mapping(struct import *import, struct tg_error *error)
{
        const char *path = import->options->mapping;
        struct tg_diagnostics diagnostics = {0};
        int answer = 0;

        if (tg_document_load(path, &diagnostics, &import->document) < 0 || diagnostics.errors > 0)
                answer = fail_mapping(&diagnostics, path, error);
        tg_diagnostics_deinit(&diagnostics);
        return answer;
}

/* What a header looks like whose table is not written as it was read; NULL: nothing odd. */
static const char *advise_header(const struct tg_csv_row *header)
{
        if (memchr(header->raw.data, '\r', header->raw.size))
                return "lines that end in CR alone? convert them first (tr '\\r' '\\n')";
        if (header->count > 1)
                return NULL;
        if (memchr(header->raw.data, ';', header->raw.size))
                return "one column only: does the mapping lack csv: {separator: \";\"}?";
        if (memchr(header->raw.data, '\t', header->raw.size))
                return "one column only: does the mapping lack csv: {separator: \"\\t\"}?";
        return NULL;
}

static int compile_mapping(struct import *import, struct tg_error *error)
{
        struct tg_diagnostics diagnostics = {0};
        const char *advice;
        struct tg_csv_row header;
        int answer = tg_csv_next(import->csv, &header, error);

        if (answer < 0)
                return -1;
        if (answer > 0 || header.problem)
                return tg_fail(error, EX_DATAERR, "%s: no header: %s", import->table,
                               answer > 0 ? "the table is empty" : header.problem);
        advice = advise_header(&header);
        if (tg_mapping_compile(import->document, &header, &diagnostics, &import->mapping) < 0)
                answer = fail_mapping(&diagnostics, import->options->mapping, error);
        if (answer < 0 && advice)
                fprintf(stderr, "%s: %s\n", import->table, advice);
        tg_diagnostics_deinit(&diagnostics);
        return answer;
}

static int open_stream(const struct tg_import_options *options, const char *name,
                       enum tg_shipped schema, struct tg_writer **ret_writer,
                       struct tg_error *error)
{
        const struct tg_writer_options writing = {
                .directory = options->output,
                .name = name,
                .schema = schema,
                .codec = options->codec,
        };

        return tg_writer_new(&writing, ret_writer, error);
}

static int open_output(struct import *import, struct tg_error *error)
{
        const struct tg_import_options *options = import->options;

        if (tg_recording_directory(options->output, true, error) < 0 ||
            open_stream(options, "touchpoints", TG_SCHEMA_TOUCHPOINT, &import->files[0], error) < 0)
                return -1;
        return open_stream(options, "requests", TG_SCHEMA_REQUEST, &import->files[1], error);
}

static int finish(struct import *import, struct tg_error *error)
{
        const struct tg_import_tally *tally = &import->tally;

        if (tally->rows > 0 && tally->bad_lines == tally->rows)
                return tg_fail(error, EX_DATAERR, "%s: every line is bad", import->table);
        return tg_writers_finish(import->files, 2, error);
}

static int run(struct import *import, struct tg_error *error)
{
        int answer;

        if (load_mapping(import, error) < 0 ||
            tg_csv_open(import->options->table, tg_mapping_separator(import->document),
                        &import->csv, error) < 0 ||
            compile_mapping(import, error) < 0 || open_output(import, error) < 0)
                return -1;
        answer = take_rows(import, error);
        if (import->progress && import->tally.rows >= PROGRESS_ROWS)
                fputs("\r\033[K", stderr);
        tg_diagnostics_print(&import->bad_lines, stderr, tg_terminal_colours(stderr));
        if (answer < 0 || finish(import, error) < 0)
                return -1;
        for (int i = 0; i < 2; i++) {
                import->tally.files[i] = tg_writer_tally(import->files[i]);
                import->tally.paths[i] = tg_writer_path(import->files[i]);
        }
        tg_import_summary_print(&import->tally, import->table, stderr);
        if (import->options->json)
                tg_import_summary_print_json(&import->tally, stdout);
        return 0;
}

int tg_cli_import(int argc, char **argv)
{
        struct tg_import_options options;
        struct tg_error error = {0};
        struct import import = {.options = &options};
        int answer;

        answer = tg_import_options_parse(argc, argv, &options);
        if (answer != 0)
                return answer;
        import.table = strcmp(options.table, "-") == 0 ? "<stdin>" : options.table;
        import.progress = isatty(STDERR_FILENO);
        answer = run(&import, &error);
        if (answer < 0)
                fprintf(stderr, "touchgate import: %s\n", error.message);
        import_deinit(&import);
        return answer < 0 ? error.exit_code : EX_OK;
}
