/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/import_summary.h"

#include <inttypes.h>
#include <jansson.h>

#include "base/time.h"

/* Recorded events lie after this (1980); what is earlier was probably read by the wrong format. */
#define PLAUSIBLE_MS INT64_C(315532800000)

static const char *const names[2] = {"touchpoints", "requests"};

static void print_file(const struct tg_import_tally *tally, int i, FILE *out)
{
        const struct tg_writer_tally *file = &tally->files[i];
        char first[TG_TIME_TEXT_SIZE], last[TG_TIME_TEXT_SIZE];

        fprintf(out, "  %10" PRIu64 "  %-12s %s (%" PRIu64 " KiB", file->records, names[i],
                tally->paths[i], (file->size_bytes + 1023) / 1024);
        if (file->records > 0)
                fprintf(out, ", %s to %s", tg_time_text(file->first_ms, first),
                        tg_time_text(file->last_ms, last));
        fputs(")\n", out);
}

static void print_count(uint64_t count, const char *what, FILE *out)
{
        if (count > 0)
                fprintf(out, "  %10" PRIu64 "  %s\n", count, what);
}

static void print_warnings(const struct tg_import_tally *tally, FILE *out)
{
        for (int i = 0; i < 2; i++) {
                const struct tg_writer_tally *file = &tally->files[i];

                if (file->late > 0)
                        fprintf(out,
                                "warning: %" PRIu64 " %s are earlier than one before them; they "
                                "count as read late: sort the table by time\n",
                                file->late, names[i]);
                if (file->records > 0 && file->last_ms < PLAUSIBLE_MS)
                        fprintf(out,
                                "warning: all %s lie before 1980: is the format of the time "
                                "right (epoch_s, epoch_ms)?\n",
                                names[i]);
        }
}

void tg_import_summary_print(const struct tg_import_tally *tally, const char *table, FILE *file)
{
        fprintf(file, "%s: %" PRIu64 " rows\n", table, tally->rows);
        print_file(tally, 0, file);
        print_file(tally, 1, file);
        print_count(tally->skipped, "rows skipped: no entry of the mapping matches", file);
        print_count(tally->outside, "records outside of --from and --to", file);
        print_count(tally->bad_lines, "bad lines left out", file);
        if (tally->bad_lines > TG_IMPORT_BAD_LINES_TOLD)
                fprintf(file, "%14s(the first %d are told above)\n", "", TG_IMPORT_BAD_LINES_TOLD);
        print_warnings(tally, file);
}

static json_t *time_json(int64_t time_ms)
{
        return time_ms == TG_NO_TIME ? json_null() : json_integer(time_ms);
}

static json_t *file_json(const struct tg_import_tally *tally, int i)
{
        const struct tg_writer_tally *file = &tally->files[i];

        return json_pack("{s:s, s:I, s:I, s:I, s:o, s:o}", "file", tally->paths[i], "records",
                         (json_int_t)file->records, "late", (json_int_t)file->late, "size_bytes",
                         (json_int_t)file->size_bytes, "first_ms", time_json(file->first_ms),
                         "last_ms", time_json(file->last_ms));
}

void tg_import_summary_print_json(const struct tg_import_tally *tally, FILE *file)
{
        json_t *summary =
                json_pack("{s:I, s:I, s:I, s:I, s:o, s:o}", "rows", (json_int_t)tally->rows,
                          "skipped", (json_int_t)tally->skipped, "outside",
                          (json_int_t)tally->outside, "bad_lines", (json_int_t)tally->bad_lines,
                          names[0], file_json(tally, 0), names[1], file_json(tally, 1));

        json_dumpf(summary, file, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        fputc('\n', file);
        json_decref(summary);
}
