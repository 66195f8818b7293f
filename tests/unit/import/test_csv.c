/* SPDX-License-Identifier: Apache-2.0 */
#include "import/csv.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "support/folder.h"

/* What a table reads as: "1:a|b 2:c|" has two rows, "3!why" is a broken one. */
static char *read_as(const char *path, char separator)
{
        struct tg_error error = {0};
        struct tg_csv_row row;
        struct tg_csv *csv;
        char *text;
        size_t size;
        FILE *out = open_memstream(&text, &size);
        int answer;

        cr_assert_eq(tg_csv_open(path, separator, &csv, &error), 0, "%s", error.message);
        while ((answer = tg_csv_next(csv, &row, &error)) == 0) {
                fprintf(out, "%s%llu", ftell(out) ? " " : "", (unsigned long long)row.line);
                if (row.problem)
                        fprintf(out, "!%s", row.problem);
                for (size_t i = 0; i < row.count; i++)
                        fprintf(out, "%c%.*s", i ? '|' : ':', TG_SPAN_FORMAT(row.fields[i].text));
        }
        if (answer < 0)
                fprintf(out, "ERROR %d %s", error.exit_code, error.message + strlen(path));
        fclose(out);
        tg_csv_close(csv);
        return text;
}

static void expect_rows(const char *table, const char *rows)
{
        FOLDER(folder);
        tg_cleanup(tg_free_pointer) char *plain = NULL;
        tg_cleanup(tg_free_pointer) char *gzipped = NULL;

        plain = read_as(folder_put(&folder, "t.csv", table), ',');
        cr_expect_str_eq(plain, rows);
        gzipped = read_as(folder_put_gzip(&folder, "t.csv.gz", table), ',');
        cr_expect_str_eq(gzipped, rows);
}

Test(csv, a_row_is_split_at_its_separators)
{
        expect_rows("a,b\nc,d\n", "1:a|b 2:c|d");
        expect_rows("a,,b\n,\n", "1:a||b 2:|");
}

Test(csv, the_last_line_needs_no_end)
{
        expect_rows("a,b\nc,d", "1:a|b 2:c|d");
        expect_rows("a,b\nc,", "1:a|b 2:c|");
        expect_rows("a\r\nb\r", "1:a 2:b");
        expect_rows("\"a\"", "1:a");
}

Test(csv, both_line_ends_are_taken_and_empty_lines_skipped)
{
        expect_rows("a,b\r\n\r\nc,d\r\n\n\ne,f\n", "1:a|b 3:c|d 6:e|f");
}

Test(csv, a_lone_carriage_return_is_a_letter)
{
        expect_rows("a\rb,c\n", "1:a\rb|c");
}

Test(csv, quotes_hold_separators_line_ends_and_doubled_quotes)
{
        expect_rows("\"a,b\",c\n", "1:a,b|c");
        expect_rows("\"a\nb\",c\nd,e\n", "1:a\nb|c 3:d|e");
        expect_rows("\"say \"\"hi\"\"\",\"\"\"\",\"\"\n", "1:say \"hi\"|\"|");
        expect_rows("\"a\"\r\n\"b\"\r\n", "1:a 2:b");
}

Test(csv, a_quote_within_a_bare_field_is_a_letter)
{
        expect_rows("5\" pipe,b\n", "1:5\" pipe|b");
}

Test(csv, text_behind_a_closing_quote_breaks_one_line_only)
{
        expect_rows("\"a\"b,c\nd,e\n", "1!text behind the closing quote 2:d|e");
}

Test(csv, a_quote_that_is_never_closed_costs_its_line_only)
{
        expect_rows("a,\"b\nc,d\ne,f\n", "1!this quote is never closed 2:c|d 3:e|f");
}

Test(csv, an_unclosed_quote_in_a_long_table_costs_its_line_only)
{
        enum { LINES = 600000 };
        FOLDER(folder);
        tg_cleanup(tg_free_pointer) char *table = tg_allocate(LINES * 4 + 16);
        tg_cleanup(tg_free_pointer) char *rows = NULL;
        char *at = stpcpy(table, "a,\"b\n");

        for (int i = 0; i < LINES; i++)
                at = stpcpy(at, "c,d\n");
        rows = read_as(folder_put(&folder, "t.csv", table), ',');
        cr_expect(strncmp(rows, "1!a record of more than 1 MiB: is a quote never closed? 2:c|d 3:",
                          64) == 0);
        cr_expect_str_eq(rows + strlen(rows) - 11, " 600001:c|d");
}

Test(csv, a_line_without_end_is_no_table)
{
        enum { SIZE = 3 << 20 };
        FOLDER(folder);
        tg_cleanup(tg_free_pointer) char *table = tg_allocate_zeroed(SIZE + 1, 1);
        tg_cleanup(tg_free_pointer) char *rows = NULL;

        memset(table, 'x', SIZE);
        rows = read_as(folder_put(&folder, "t.csv", table), ',');
        cr_expect_str_eq(rows, "ERROR 65 :1: a line of more than 1 MiB: is this a CSV table?");
}

Test(csv, a_long_line_costs_itself_only)
{
        enum { SIZE = 5 << 20 };
        FOLDER(folder);
        tg_cleanup(tg_free_pointer) char *table = tg_allocate_zeroed(SIZE + 16, 1);
        tg_cleanup(tg_free_pointer) char *rows = NULL;
        tg_cleanup(tg_free_pointer) char *last = NULL;

        memcpy(table, "a,b\n", 4);
        memset(table + 4, 'x', SIZE);
        memcpy(table + 4 + SIZE, "\nc,d\n", 5);
        rows = read_as(folder_put(&folder, "t.csv", table), ',');
        cr_expect_str_eq(rows, "1:a|b 2!a line of more than 1 MiB 3:c|d");
        table[4 + SIZE] = '\0';
        last = read_as(folder_put_gzip(&folder, "t.csv.gz", table), ',');
        cr_expect_str_eq(last, "1:a|b 2!a line of more than 1 MiB");
}

Test(csv, rows_across_the_edges_of_the_window_stay_whole)
{
        enum { ROWS = 40000 };
        FOLDER(folder);
        tg_cleanup(tg_free_pointer) char *table = tg_allocate(ROWS * 40);
        char *at = table;
        struct tg_error error = {0};
        struct tg_csv_row row;
        struct tg_csv *csv;

        for (int i = 0; i < ROWS; i++)
                at += sprintf(at, "%d,\"a \"\"%d\"\"\r\n\",%d\r\n", i, i, i);
        cr_assert_eq(tg_csv_open(folder_put_gzip(&folder, "t.csv.gz", table), ',', &csv, &error),
                     0);
        for (int i = 0; i < ROWS; i++) {
                char number[12], quoted[24];

                snprintf(number, sizeof number, "%d", i);
                snprintf(quoted, sizeof quoted, "a \"%d\"\r\n", i);
                cr_assert_eq(tg_csv_next(csv, &row, &error), 0);
                cr_assert_eq(row.count, 3);
                cr_assert_eq(row.line, 2 * (uint64_t)i + 1);
                cr_assert(tg_span_equal(row.fields[0].text, tg_span_text(number)));
                cr_assert(tg_span_equal(row.fields[1].text, tg_span_text(quoted)));
                cr_assert(tg_span_equal(row.fields[2].text, tg_span_text(number)));
        }
        cr_expect_eq(tg_csv_next(csv, &row, &error), 1);
        tg_csv_close(csv);
}

Test(csv, a_byte_order_mark_is_no_part_of_the_first_name)
{
        expect_rows("\xef\xbb\xbf"
                    "a,b\n",
                    "1:a|b");
        expect_rows("\xef\xbb", "1:\xef\xbb");
}

Test(csv, a_table_in_utf_16_is_told)
{
        FOLDER(folder);
        tg_cleanup(tg_free_pointer) char *rows = read_as(folder_put(&folder, "t.csv",
                                                                    "\xff\xfe"
                                                                    "a"),
                                                         ',');

        cr_expect_str_eq(rows, "ERROR 65  is UTF-16: convert it first (iconv -f UTF-16 -t UTF-8)");
}

Test(csv, a_nul_byte_breaks_its_line_only)
{
        static const char TABLE[] = "a,b\nc,\0\n\"\0\",d\ne,f\n";
        FOLDER(folder);
        const char *path = folder_file(&folder, "t.csv");
        tg_cleanup(tg_free_pointer) char *rows = NULL;
        FILE *file = fopen(path, "w");

        fwrite(TABLE, 1, sizeof TABLE - 1, file);
        fclose(file);
        rows = read_as(path, ',');
        cr_expect_str_eq(rows, "1:a|b 2!a NUL byte: is this text? 3!a NUL byte: is this text? "
                               "4:e|f");
}

Test(csv, another_separator_leaves_commas_alone)
{
        FOLDER(folder);
        tg_cleanup(tg_free_pointer) char *rows =
                read_as(folder_put(&folder, "t.csv", "a,b;c\n"), ';');

        cr_expect_str_eq(rows, "1:a,b|c");
}

Test(csv, an_empty_table_has_no_rows)
{
        expect_rows("", "");
        expect_rows("\n\r\n", "");
}

Test(csv, a_gzip_stream_cut_in_the_middle_is_told)
{
        FOLDER(folder);
        tg_cleanup(tg_free_pointer) char *rows = NULL;
        const char *path = folder_put_gzip(&folder, "t.csv.gz", "a,b\nc,d\ne,f\n");
        size_t size;

        free(folder_read(&folder, "t.csv.gz", &size));
        cr_assert_eq(truncate(path, (off_t)size - 10), 0);
        rows = read_as(path, ',');
        cr_expect(strstr(rows, "ERROR 65 : the gzip stream ends in the middle"), "%s", rows);
}

/* The bytes of a gzip stream, so many, then of another thing. */
static void expect_followed(const void *more, size_t size, int times, const char *rows)
{
        FOLDER(folder);
        tg_cleanup(tg_free_pointer) char *bytes = NULL, *read = NULL;
        tg_cleanup(tg_buffer_deinit) struct tg_buffer whole = {0};
        const char *path = folder_put_gzip(&folder, "t.csv.gz", "a,b\nc,d\n");
        size_t stream_size;
        FILE *file;

        bytes = folder_read(&folder, "t.csv.gz", &stream_size);
        for (int i = 0; i < times; i++)
                tg_buffer_append(&whole, bytes, stream_size);
        tg_buffer_append(&whole, more, size);
        file = fopen(path, "wb");
        cr_assert_eq(fwrite(whole.data, 1, whole.size, file), whole.size);
        fclose(file);
        read = read_as(path, ',');
        cr_expect_str_eq(read, rows);
}

Test(csv, gzip_streams_one_after_the_other_are_one_table)
{
        expect_followed("", 0, 3, "1:a|b 2:c|d 3:a|b 4:c|d 5:a|b 6:c|d");
}

Test(csv, zeros_may_follow_a_gzip_stream)
{
        expect_followed("\0\0\0", 3, 1, "1:a|b 2:c|d");
}

Test(csv, what_else_follows_a_gzip_stream_is_told_and_not_passed_over)
{
        static const char told[] =
                "1:a|b 2:c|dERROR 65 : the gzip stream is followed by bytes that are none: what "
                "they hold would be lost; unpack the file first, and look at its end";

        expect_followed("e,f\n", 4, 1, told);
        expect_followed("\0e", 2, 1, told);
        expect_followed("\x1f", 1, 1, told);
}

Test(csv, a_gzip_stream_that_is_broken_is_told)
{
        expect_followed("\x1f\x8b\x07\0\0\0\0\0\0\0", 10, 1,
                        "1:a|b 2:c|dERROR 65 : the gzip stream is broken (unknown compression "
                        "method)");
}

Test(csv, a_file_that_is_not_there_is_told_by_name)
{
        struct tg_error error = {0};
        struct tg_csv *csv;

        cr_expect_eq(tg_csv_open("/nowhere/t.csv", ',', &csv, &error), -1);
        cr_expect_eq(error.exit_code, EX_NOINPUT);
        cr_expect_str_eq(error.message, "/nowhere/t.csv: cannot be opened: "
                                        "No such file or directory");
}
