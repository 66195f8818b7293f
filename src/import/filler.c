/* SPDX-License-Identifier: Apache-2.0 */
#include "import/filler.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "avro/encode.h"
#include "import/filler_tree.h"

enum { QUOTED_MAX = 60 }; /* bytes of a cell that a message repeats */

void tg_filler_free(struct tg_filler *filler)
{
        if (!filler)
                return;
        for (size_t i = 0; i < filler->count; i++)
                tg_filler_free(filler->inner[i]);
        free(filler->inner);
        free(filler->keys);
        free(filler->words);
        tg_template_deinit(&filler->text);
        tg_buffer_deinit(&filler->constant);
        free(filler);
}

int tg_filler_word_compare(const void *a, const void *b)
{
        struct tg_span x = ((const struct tg_filler_word *)a)->from;
        struct tg_span y = ((const struct tg_filler_word *)b)->from;
        int order = memcmp(x.data, y.data, x.size < y.size ? x.size : y.size);

        return order ? order : (x.size > y.size) - (x.size < y.size);
}

const struct tg_filler_word *tg_filler_word(const struct tg_filler *filler, struct tg_span text)
{
        struct tg_filler_word key = {.from = text};

        if (filler->word_count == 0)
                return NULL;
        return bsearch(&key, filler->words, filler->word_count, sizeof key, tg_filler_word_compare);
}

/* What people know the filler's text by: its column, or, if it has several, the field. */
static const char *name_of(const struct tg_filler *filler, const struct tg_filling *filling)
{
        if (filler->text.count == 1)
                return filling->names->names[tg_template_column(&filler->text)];
        return filler->field->name;
}

static int fail(const struct tg_filler *filler, const struct tg_filling *filling,
                struct tg_span text, const struct tg_cast_problem *cause)
{
        struct tg_row_problem *problem = filling->problem;
        bool cut = text.size > QUOTED_MAX;

        if (cut)
                text.size = QUOTED_MAX;
        problem->column = tg_template_column(&filler->text);
        snprintf(problem->message, sizeof problem->message, "%s \"%.*s%s\" %s",
                 name_of(filler, filling), TG_SPAN_FORMAT(text), cut ? "..." : "", cause->message);
        snprintf(problem->advice, sizeof problem->advice, "%s", cause->advice);
        return -1;
}

/* The text for a row after words and fallback; empty: the field keeps its default. */
static int text_for(const struct tg_filler *filler, const struct tg_filling *filling,
                    struct tg_span *ret_text)
{
        static const struct tg_cast_problem no_word = {
                "is not among the words of the mapping",
                "add it, or a default",
        };
        bool filled = tg_template_filled(&filler->text, filling->row);
        struct tg_span text = tg_template_text(&filler->text, filling->row, filling->scratch);
        const struct tg_filler_word *word = tg_filler_word(filler, text);

        if (word)
                *ret_text = word->to;
        else if (tg_span_present(filler->fallback) && (!filled || filler->word_count > 0))
                *ret_text = filler->fallback;
        else if (filled && filler->word_count > 0)
                return fail(filler, filling, text, &no_word);
        else
                *ret_text = filled ? text : tg_span_text("");
        return 0;
}

static int fail_empty(const struct tg_filler *filler, const struct tg_filling *filling)
{
        struct tg_row_problem *problem = filling->problem;

        problem->column = tg_template_column(&filler->text);
        snprintf(problem->message, sizeof problem->message, "%s is empty",
                 name_of(filler, filling));
        problem->advice[0] = '\0';
        return -1;
}

static int put_text(const struct tg_filler *filler, const struct tg_filling *filling,
                    struct tg_buffer *buffer)
{
        const struct tg_field *field = filler->field;
        struct tg_cast_problem cause;
        struct tg_span text;

        if (text_for(filler, filling, &text) < 0)
                return -1;
        if (text.size == 0) {
                if (field->required)
                        return fail_empty(filler, filling);
                tg_buffer_append(buffer, field->absent.data, field->absent.size);
                return 0;
        }
        if (!tg_cast_put(field, &filler->format, text, buffer, &cause))
                return fail(filler, filling, text, &cause);
        return 0;
}

static bool has_cells(const struct tg_filler *filler)
{
        bool has = filler->kind == TG_FILLER_TEXT;

        for (size_t i = 0; i < filler->count && !has; i++)
                has = has_cells(filler->inner[i]);
        return has;
}

static bool has_filled_cell(const struct tg_filler *filler, const struct tg_csv_row *row)
{
        bool has = filler->kind == TG_FILLER_TEXT && tg_template_filled(&filler->text, row);

        for (size_t i = 0; i < filler->count && !has; i++)
                has = has_filled_cell(filler->inner[i], row);
        return has;
}

/* A body or an item is there for this row; one with a problem is, so that it is told. */
static bool is_there(const struct tg_filler *filler, const struct tg_filling *filling)
{
        struct tg_span text;

        if (filler->kind == TG_FILLER_TEXT)
                return text_for(filler, filling, &text) < 0 || text.size > 0;
        return !has_cells(filler) || has_filled_cell(filler, filling->row);
}

static int put_record(const struct tg_filler *filler, const struct tg_filling *filling,
                      struct tg_buffer *buffer)
{
        if (filler->field->optional) {
                if (!is_there(filler, filling)) {
                        tg_put_null(buffer);
                        return 0;
                }
                tg_put_present(buffer);
        }
        for (size_t i = 0; i < filler->count; i++) {
                if (tg_filler_put(filler->inner[i], filling, buffer) < 0)
                        return -1;
        }
        return 0;
}

static int put_items(const struct tg_filler *filler, const struct tg_filling *filling,
                     struct tg_buffer *buffer)
{
        size_t there = 0;

        assert(!filler->field->optional);
        for (size_t i = 0; i < filler->count; i++)
                there += is_there(filler->inner[i], filling);
        tg_put_items_begin(buffer, there);
        for (size_t i = 0; i < filler->count; i++) {
                if (!is_there(filler->inner[i], filling))
                        continue;
                if (filler->keys)
                        tg_put_span(buffer, filler->keys[i]);
                if (tg_filler_put(filler->inner[i], filling, buffer) < 0)
                        return -1;
        }
        tg_put_items_end(buffer);
        return 0;
}

int tg_filler_put(const struct tg_filler *filler, const struct tg_filling *filling,
                  struct tg_buffer *buffer)
{
        switch (filler->kind) {
        case TG_FILLER_CONSTANT:
                tg_buffer_append(buffer, filler->constant.data, filler->constant.size);
                return 0;
        case TG_FILLER_TEXT:
                return put_text(filler, filling, buffer);
        case TG_FILLER_AFTER:
                if (filler->field->optional)
                        tg_put_present(buffer);
                tg_put_long(buffer, filling->time_ms + filler->after_ms);
                return 0;
        case TG_FILLER_ROW_TIME:
                tg_put_long(buffer, filling->time_ms);
                return 0;
        case TG_FILLER_RECORD:
                return put_record(filler, filling, buffer);
        default:
                return put_items(filler, filling, buffer);
        }
}

int tg_filler_time(const struct tg_filler *filler, const struct tg_filling *filling,
                   int64_t *ret_time_ms)
{
        struct tg_cast_problem cause;
        struct tg_span text;

        assert(filler->field->type == TG_FIELD_TIME);
        if (filler->kind == TG_FILLER_CONSTANT) {
                *ret_time_ms = filler->time_ms;
                return 0;
        }
        if (text_for(filler, filling, &text) < 0)
                return -1;
        if (text.size == 0)
                return fail_empty(filler, filling);
        if (!tg_cast_time(&filler->format, text, ret_time_ms, &cause))
                return fail(filler, filling, text, &cause);
        return 0;
}
