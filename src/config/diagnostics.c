/* SPDX-License-Identifier: Apache-2.0 */
#include "config/diagnostics.h"

#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>

#include "base/buffer.h"
#include "base/memory.h"
#include "base/utf8.h"
#include "config/document.h"

enum {
        EXCERPT_WIDTH_MAX = 120, /* characters of a line shown; more is cut around the place */
        EXCERPT_LEAD = 40,       /* characters shown in front of the place when cut */
        GUTTER = 8,              /* the width of "   12 | " */
};

static const char CUT[] = "...";

static void release(struct tg_diagnostic *diagnostic)
{
        free(diagnostic->file);
        free(diagnostic->message);
        free(diagnostic->advice);
        free(diagnostic->excerpt);
}

void tg_diagnostics_deinit(struct tg_diagnostics *diagnostics)
{
        for (size_t i = 0; i < diagnostics->count; i++)
                release(&diagnostics->items[i]);
        free(diagnostics->items);
        *diagnostics = (struct tg_diagnostics){0};
}

/* Bytes of the character at I. */
static size_t step(struct tg_span text, size_t i)
{
        uint32_t code;

        return tg_utf8_next(text.data + i, text.size - i, &code);
}

/* An owned copy that is safe to print. Tabs are kept: the line under an excerpt repeats them. */
static char *tidy(struct tg_span text)
{
        struct tg_buffer out = {0};

        for (size_t i = 0, size; i < text.size; i += size) {
                uint32_t code;

                size = tg_utf8_next(text.data + i, text.size - i, &code);
                if (code != '\t' && tg_utf8_steers(code))
                        tg_buffer_append(&out, "?", 1);
                else
                        tg_buffer_append(&out, text.data + i, size);
        }
        tg_buffer_append(&out, "", 1);
        return (char *)out.data;
}

/* Drops COUNT characters from the front. */
static struct tg_span without_first(struct tg_span text, size_t count)
{
        size_t i = 0;

        while (count-- > 0 && i < text.size)
                i += step(text, i);
        return tg_span_of(text.data + i, text.size - i);
}

static char *glued(const char *before, struct tg_span text, const char *after)
{
        tg_cleanup(tg_free_pointer) char *middle = tidy(text);
        size_t size = strlen(before) + strlen(middle) + strlen(after) + 1;
        char *whole = tg_allocate(size);

        snprintf(whole, size, "%s%s%s", before, middle, after);
        return whole;
}

/* What a person wrote beside such a word must not get into logs. */
static bool may_hold_secret(struct tg_span line)
{
        static const char *const words[] = {"passw", "pasw", "secret", "sasl.", "ssl.", "token"};
        tg_cleanup(tg_free_pointer) char *text = tg_duplicate((const char *)line.data, line.size);

        for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
                if (strcasestr(text, words[i]))
                        return true;
        return false;
}

static void take_excerpt(struct tg_diagnostic *diagnostic, const struct tg_place *place)
{
        struct tg_span shown = place->text, rest;
        uint32_t skipped = 0;

        diagnostic->excerpt_column = place->column;
        if (!tg_span_present(place->text) || may_hold_secret(place->text))
                return;
        if (tg_utf8_count(shown.data, shown.size) > EXCERPT_WIDTH_MAX &&
            place->column > EXCERPT_LEAD) {
                skipped = place->column - EXCERPT_LEAD;
                shown = without_first(shown, skipped);
                diagnostic->excerpt_column = EXCERPT_LEAD + (uint32_t)strlen(CUT);
        }
        rest = without_first(shown, EXCERPT_WIDTH_MAX);
        shown.size -= rest.size;
        diagnostic->excerpt = glued(skipped ? CUT : "", shown, rest.size ? CUT : "");
}

static void keep(struct tg_diagnostics *diagnostics, const struct tg_place *place,
                 enum tg_severity severity, const char *advice, const char *message)
{
        struct tg_diagnostic *diagnostic;

        if (!diagnostics->items)
                diagnostics->items = tg_allocate(TG_DIAGNOSTICS_MAX * sizeof *diagnostics->items);
        diagnostic = &diagnostics->items[diagnostics->count];
        *diagnostic = (struct tg_diagnostic){
                .severity = severity,
                .line = place->line,
                .column = place->column,
                .length = place->length,
                .order = (uint32_t)diagnostics->count++,
                .file = tidy(tg_span_text(place->file)),
                .message = tidy(tg_span_text(message)),
                .advice = advice ? tidy(tg_span_text(advice)) : NULL,
        };
        if (place->line > 0)
                take_excerpt(diagnostic, place);
}

__attribute__((format(printf, 5, 0))) static void tell(struct tg_diagnostics *diagnostics,
                                                       const struct tg_place *place,
                                                       enum tg_severity severity,
                                                       const char *advice, const char *format,
                                                       va_list arguments)
{
        tg_cleanup(tg_free_pointer) char *message = NULL;

        if (severity == TG_ERROR)
                diagnostics->errors++;
        else
                diagnostics->warnings++;
        if (tg_diagnostics_full(diagnostics))
                return;
        if (vasprintf(&message, format, arguments) < 0)
                message = NULL;
        keep(diagnostics, place, severity, advice, message ? message : format);
}

void tg_diagnose_place(struct tg_diagnostics *diagnostics, const struct tg_place *place,
                       enum tg_severity severity, const char *advice, const char *format, ...)
{
        va_list arguments;

        va_start(arguments, format);
        tell(diagnostics, place, severity, advice, format, arguments);
        va_end(arguments);
}

void tg_diagnose(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                 enum tg_severity severity, const char *advice, const char *format, ...)
{
        struct tg_place place = {0};
        va_list arguments;

        if (!node)
                return;
        if (!tg_diagnostics_full(diagnostics))
                place = tg_node_place(node);
        va_start(arguments, format);
        tell(diagnostics, &place, severity, advice, format, arguments);
        va_end(arguments);
}

static int compare(const void *left, const void *right)
{
        const struct tg_diagnostic *a = *(const struct tg_diagnostic *const *)left;
        const struct tg_diagnostic *b = *(const struct tg_diagnostic *const *)right;
        int files = strcmp(a->file, b->file);

        if (files)
                return files;
        if (a->line != b->line)
                return a->line < b->line ? -1 : 1;
        if (a->column != b->column)
                return a->column < b->column ? -1 : 1;
        return a->order < b->order ? -1 : 1;
}

static size_t sort(const struct tg_diagnostics *diagnostics,
                   const struct tg_diagnostic *sorted[static TG_DIAGNOSTICS_MAX])
{
        for (size_t i = 0; i < diagnostics->count; i++)
                sorted[i] = &diagnostics->items[i];
        qsort(sorted, diagnostics->count, sizeof *sorted, compare);
        return diagnostics->count;
}

static const char *severity_name(enum tg_severity severity)
{
        return severity == TG_ERROR ? "error" : "warning";
}

/* Spaces for what stands in front of the place, but tabs for tabs: both lines are equally wide. */
static void print_underline(const struct tg_diagnostic *diagnostic, FILE *file)
{
        struct tg_span text = tg_span_text(diagnostic->excerpt);
        size_t width = tg_utf8_count(text.data, text.size);
        size_t i = 0;

        fprintf(file, "%*s", GUTTER, "");
        for (uint32_t column = 1; column < diagnostic->excerpt_column; column++) {
                fputc(i < text.size && text.data[i] == '\t' ? '\t' : ' ', file);
                i += i < text.size ? step(text, i) : 0;
        }
        fputc('^', file);
        for (size_t n = 1; n < diagnostic->length && diagnostic->excerpt_column + n <= width; n++)
                fputc('~', file);
}

static void print_one(const struct tg_diagnostic *diagnostic, FILE *file, bool colours)
{
        const char *bold = colours ? "\033[1m" : "";
        const char *red = diagnostic->severity == TG_ERROR ? "\033[1;31m" : "\033[1;35m";
        const char *green = colours ? "\033[1;32m" : "";
        const char *plain = colours ? "\033[0m" : "";

        fprintf(file, "%s%s:", bold, diagnostic->file);
        if (diagnostic->line > 0)
                fprintf(file, "%u:%u:", diagnostic->line, diagnostic->column);
        fprintf(file, "%s %s%s:%s %s\n", plain, colours ? red : "",
                severity_name(diagnostic->severity), plain, diagnostic->message);
        if (diagnostic->excerpt) {
                fprintf(file, "%5u | %s\n%s", diagnostic->line, diagnostic->excerpt, green);
                print_underline(diagnostic, file);
                fprintf(file, "%s\n", plain);
        }
        if (diagnostic->advice)
                fprintf(file, "   %s\n", diagnostic->advice);
}

void tg_diagnostics_print(const struct tg_diagnostics *diagnostics, FILE *file, bool colours)
{
        const struct tg_diagnostic *sorted[TG_DIAGNOSTICS_MAX];
        size_t count = sort(diagnostics, sorted);
        size_t told = diagnostics->errors + diagnostics->warnings;

        for (size_t i = 0; i < count; i++)
                print_one(sorted[i], file, colours);
        if (told > count)
                fprintf(file, "and %zu more\n", told - count);
}

static json_t *one_as_json(const struct tg_diagnostic *diagnostic)
{
        json_t *object = json_object();
        bool placed = diagnostic->line > 0;

        json_object_set_new(object, "file", json_string(diagnostic->file));
        json_object_set_new(object, "line", placed ? json_integer(diagnostic->line) : json_null());
        json_object_set_new(object, "column",
                            placed ? json_integer(diagnostic->column) : json_null());
        json_object_set_new(object, "severity", json_string(severity_name(diagnostic->severity)));
        json_object_set_new(object, "message", json_string(diagnostic->message));
        json_object_set_new(object, "advice",
                            diagnostic->advice ? json_string(diagnostic->advice) : json_null());
        return object;
}

struct json_t *tg_diagnostics_json(const struct tg_diagnostics *diagnostics)
{
        const struct tg_diagnostic *sorted[TG_DIAGNOSTICS_MAX];
        size_t count = sort(diagnostics, sorted);
        json_t *array = json_array();

        for (size_t i = 0; i < count; i++)
                json_array_append_new(array, one_as_json(sorted[i]));
        return array;
}
