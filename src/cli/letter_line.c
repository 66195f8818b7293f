/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/letter_line.h"

#include <ctype.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "telemetry/text.h"

enum {
        SHOWN_MAX = 256, /* bytes of a key or a value */
        ROW = 16,
        REASON_WIDTH = 14,
};

void tg_letter_print(FILE *file, const struct tg_letter *letter, bool again)
{
        char time[TG_TIME_TEXT_SIZE];

        tg_time_text(letter->time_ms, time);
        time[10] = ' '; /* a date and a time of day, to a person */
        fprintf(file, "%d:%" PRId64 "  %.19s  ", (int)letter->partition, letter->offset, time);
        tg_text_plain(file, letter->origin_topic, 0);
        fprintf(file, " %" PRId64 ":%" PRId64 "  ", letter->origin_partition,
                letter->origin_offset);
        tg_text_plain(file, letter->reason, 0);
        for (size_t i = letter->reason.size; i < REASON_WIDTH; i++)
                fputc(' ', file);
        fprintf(file, "  %zu bytes  ", letter->value.size);
        tg_text_plain(file, letter->detail, 0);
        if (letter->resubmitted > 0)
                fprintf(file, " (submitted again: %" PRId64 ")", letter->resubmitted);
        if (again)
                fputs(" (the same record once more)", file);
        fputc('\n', file);
}

static void print_row(FILE *file, const uint8_t *bytes, size_t count, size_t at)
{
        fprintf(file, "    %04zx ", at);
        for (size_t i = 0; i < ROW; i++) {
                if (i < count)
                        fprintf(file, " %02x", bytes[i]);
                else
                        fputs("   ", file);
        }
        fputs("  ", file);
        for (size_t i = 0; i < count; i++)
                fputc(bytes[i] < 0x80 && isprint(bytes[i]) ? bytes[i] : '.', file);
        fputc('\n', file);
}

static void print_bytes(FILE *file, const char *name, struct tg_span span)
{
        size_t shown = span.size < SHOWN_MAX ? span.size : SHOWN_MAX;

        if (!tg_span_present(span)) {
                fprintf(file, "  %s: none\n", name);
                return;
        }
        fprintf(file, "  %s: %zu bytes%s\n", name, span.size,
                shown < span.size ? ", of which these are the first" : "");
        for (size_t at = 0; at < shown; at += ROW)
                print_row(file, span.data + at, shown - at < ROW ? shown - at : ROW, at);
}

void tg_letter_print_bytes(FILE *file, const struct tg_letter *letter)
{
        print_bytes(file, "key", letter->key);
        print_bytes(file, "value", letter->value);
}

static json_t *base16(struct tg_span span)
{
        tg_cleanup(tg_free_pointer) char *text = NULL;

        if (!tg_span_present(span))
                return json_null();
        text = tg_allocate(2 * span.size + 1);
        for (size_t i = 0; i < span.size; i++)
                snprintf(text + 2 * i, 3, "%02x", span.data[i]);
        return json_stringn(text, 2 * span.size);
}

/* Headers are bytes; what is no UTF-8 is told in base16. */
static json_t *text_json(struct tg_span span)
{
        json_t *text = json_stringn((const char *)span.data, span.size);

        return text ? text : base16(span);
}

void tg_letter_print_json(FILE *file, const struct tg_letter *letter, bool again, bool bytes)
{
        char time[TG_TIME_TEXT_SIZE];
        json_t *json = json_pack(
                "{s:i, s:I, s:s, s:{s:o, s:I, s:I}, s:o, s:o, s:I, s:I, s:b}", "partition",
                (int)letter->partition, "offset", (json_int_t)letter->offset, "time",
                tg_time_text(letter->time_ms, time), "origin", "topic",
                text_json(letter->origin_topic), "partition", (json_int_t)letter->origin_partition,
                "offset", (json_int_t)letter->origin_offset, "reason", text_json(letter->reason),
                "detail", text_json(letter->detail), "size_bytes", (json_int_t)letter->value.size,
                "resubmitted", (json_int_t)letter->resubmitted, "again", again);

        if (bytes) {
                json_object_set_new(json, "key", base16(letter->key));
                json_object_set_new(json, "value", base16(letter->value));
        }
        json_dumpf(json, file, JSON_COMPACT | JSON_ENSURE_ASCII);
        fputc('\n', file);
        json_decref(json);
}
