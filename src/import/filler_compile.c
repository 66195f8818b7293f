/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "config/reader.h"
#include "import/filler_tree.h"

#define AFTER_MS_MAX (3660 * TG_DAY_MS)

static struct tg_filler *filler_new(const struct tg_field *field)
{
        struct tg_filler *filler = tg_allocate_zeroed(1, sizeof *filler);

        filler->field = field;
        filler->fallback = TG_SPAN_ABSENT;
        return filler;
}

/* Room for what the filler is made of. */
static void make_room(struct tg_filler *filler, enum tg_filler_kind kind, size_t count)
{
        filler->kind = kind;
        filler->inner = tg_allocate_zeroed(count + 1, sizeof *filler->inner);
}

static void set_default(struct tg_filler *filler)
{
        filler->kind = TG_FILLER_CONSTANT;
        tg_buffer_append(&filler->constant, filler->field->absent.data, filler->field->absent.size);
}

/* Tells at NODE why TEXT can't be a value of the field; true if it can. */
static bool check_text(const struct tg_filler_context *context, const struct tg_filler *filler,
                       const struct tg_node *node, struct tg_span text, struct tg_buffer *buffer)
{
        struct tg_cast_problem problem;

        if (tg_cast_put(filler->field, &filler->format, text, buffer, &problem))
                return true;
        tg_diagnose(context->diagnostics, node, TG_ERROR, problem.advice[0] ? problem.advice : NULL,
                    "%s \"%.*s\" %s", filler->field->name, TG_SPAN_FORMAT(text), problem.message);
        return false;
}

/* What a word or a default says: a text that the field can hold, or nothing. */
static struct tg_span read_constant(const struct tg_filler_context *context,
                                    const struct tg_filler *filler, const struct tg_node *node)
{
        struct tg_buffer value = {0};
        struct tg_span text = tg_node_text(node);

        if (tg_node_is_null(node))
                return tg_span_text("");
        if (!tg_span_present(text))
                tg_diagnose(context->diagnostics, node, TG_ERROR, NULL, "expected text for \"%s\"",
                            filler->field->name);
        else if (text.size > 0)
                check_text(context, filler, node, text, &value);
        tg_buffer_deinit(&value);
        return tg_span_present(text) ? text : tg_span_text("");
}

static void read_words(const struct tg_filler_context *context, struct tg_filler *filler,
                       const struct tg_node *node)
{
        struct tg_reader reader;

        if (!node)
                return;
        tg_reader_init(&reader, context->diagnostics, node, "words");
        if (!reader.node)
                return;
        filler->words = tg_allocate_zeroed(tg_node_count(node) + 1, sizeof *filler->words);
        for (const struct tg_node *word = tg_node_first(node); word; word = tg_node_next(word)) {
                filler->words[filler->word_count++] = (struct tg_filler_word){
                        .from = tg_node_text(tg_node_key(word)),
                        .to = read_constant(context, filler, word),
                };
        }
        qsort(filler->words, filler->word_count, sizeof *filler->words, tg_filler_word_compare);
}

static void read_format(const struct tg_filler_context *context, struct tg_filler *filler,
                        struct tg_reader *reader)
{
        struct tg_cast_problem problem;
        struct tg_span text;
        const struct tg_node *node = tg_read_text(reader, "format", TG_OPTIONAL, &text);

        if (node && !tg_time_format_parse(text, &filler->format, &problem))
                tg_diagnose(context->diagnostics, node, TG_ERROR, problem.advice,
                            "format \"%.*s\" %s", TG_SPAN_FORMAT(text), problem.message);
}

/* The template without columns is encoded once. */
static void fold_constant(const struct tg_filler_context *context, struct tg_filler *filler,
                          const struct tg_node *node)
{
        struct tg_cast_problem problem;
        struct tg_buffer scratch = {0};
        struct tg_span text = tg_template_text(&filler->text, NULL, &scratch);

        filler->kind = TG_FILLER_CONSTANT;
        if (text.size > 0) {
                if (check_text(context, filler, node, text, &filler->constant) &&
                    filler->field->type == TG_FIELD_TIME)
                        tg_cast_time(&filler->format, text, &filler->time_ms, &problem);
        } else if (filler->field->required) {
                tg_diagnose(context->diagnostics, node, TG_ERROR, NULL, "%s must not be empty",
                            filler->field->name);
        } else {
                set_default(filler);
        }
        tg_buffer_deinit(&scratch);
}

static void compile_text(const struct tg_filler_context *context, struct tg_filler *filler,
                         const struct tg_node *node)
{
        if (!tg_template_compile(context->columns, context->diagnostics, node, &filler->text))
                return;
        filler->kind = TG_FILLER_TEXT;
        if (filler->text.columns == 0)
                fold_constant(context, filler, node);
}

static void read_column(const struct tg_filler_context *context, struct tg_filler *filler,
                        struct tg_reader *reader)
{
        struct tg_span name;
        const struct tg_node *node = tg_read_text(reader, "column", TG_OPTIONAL, &name);
        size_t column;

        if (!node || !tg_columns_find(context->columns, name, context->diagnostics, node, &column))
                return;
        filler->kind = TG_FILLER_TEXT;
        tg_template_of_column(column, &filler->text);
}

/* {column, words, default, format}, {text, ...} or {after}. */
static void compile_detailed(const struct tg_filler_context *context, struct tg_filler *filler,
                             const struct tg_node *node)
{
        struct tg_reader reader;
        struct tg_span ignored;
        const struct tg_node *text, *after = NULL, *fallback;
        bool is_time = filler->field->type == TG_FIELD_TIME;

        tg_reader_init(&reader, context->diagnostics, node, filler->field->name);
        if (is_time) {
                read_format(context, filler, &reader);
                after = tg_read_duration(&reader, "after", TG_OPTIONAL, 0, AFTER_MS_MAX,
                                         &filler->after_ms);
        }
        read_column(context, filler, &reader);
        text = tg_read_text(&reader, "text", TG_OPTIONAL, &ignored);
        read_words(context, filler, tg_read_node(&reader, "words", TG_OPTIONAL, NULL));
        fallback = tg_read_node(&reader, "default", TG_OPTIONAL, NULL);
        tg_reader_finish(&reader);
        if (!reader.node)
                return;
        if ((tg_node_find(node, "column") != NULL) + (tg_node_find(node, "text") != NULL) +
                    (is_time && tg_node_find(node, "after") != NULL) !=
            1) {
                tg_diagnose(context->diagnostics, node, TG_ERROR,
                            "as in {column: name} or {text: \"a-{name}\"}",
                            is_time ? "%s needs one of column, text and after"
                                    : "%s needs either column or text",
                            filler->field->name);
                return;
        }
        if (after)
                filler->kind = TG_FILLER_AFTER;
        if (fallback)
                filler->fallback = read_constant(context, filler, fallback);
        if (text)
                compile_text(context, filler, text);
}

static void compile_scalar(const struct tg_filler_context *context, struct tg_filler *filler,
                           const struct tg_node *node)
{
        if (tg_node_kind(node) != TG_NODE_SCALAR)
                compile_detailed(context, filler, node);
        else if (!tg_node_is_null(node) || filler->field->required)
                compile_text(context, filler, node);
        else
                set_default(filler);
}

static void compile_record(const struct tg_filler_context *context, struct tg_filler *filler,
                           const struct tg_node *node, const struct tg_node *lead)
{
        const struct tg_filler_context lead_context = {context->columns, context->repeated,
                                                       context->repeated};
        const struct tg_field *record = filler->field;
        struct tg_reader reader;

        make_room(filler, TG_FILLER_RECORD, record->count);
        tg_reader_init(&reader, context->diagnostics, node, record->name);
        for (size_t i = 0; i < record->count; i++) {
                const struct tg_field *field = &record->inner[i];
                const struct tg_node *value = tg_node_find(lead, field->name);
                enum tg_need need = field->required && !value ? TG_REQUIRED : TG_OPTIONAL;
                const struct tg_node *own =
                        tg_read_node(&reader, field->name, need,
                                     field->words ? field->words[1] : "\"{column}\"");

                filler->inner[filler->count++] =
                        own ? tg_filler_compile(context, field, own)
                            : tg_filler_compile(&lead_context, field, value);
        }
        tg_reader_finish(&reader);
}

static void compile_map(const struct tg_filler_context *context, struct tg_filler *filler,
                        const struct tg_node *node)
{
        struct tg_reader reader;

        tg_reader_init(&reader, context->diagnostics, node, filler->field->name);
        if (!reader.node)
                return;
        make_room(filler, TG_FILLER_ITEMS, tg_node_count(node));
        filler->keys = tg_allocate_zeroed(tg_node_count(node) + 1, sizeof *filler->keys);
        for (const struct tg_node *item = tg_node_first(node); item; item = tg_node_next(item)) {
                filler->keys[filler->count] = tg_node_text(tg_node_key(item));
                filler->inner[filler->count++] =
                        tg_filler_compile(context, filler->field->inner, item);
        }
}

static void compile_list(const struct tg_filler_context *context, struct tg_filler *filler,
                         const struct tg_node *node)
{
        make_room(filler, TG_FILLER_ITEMS, tg_node_count(node) + 1);
        if (tg_node_kind(node) == TG_NODE_MAPPING)
                tg_diagnose(context->diagnostics, node, TG_ERROR, "begin each item with \"- \"",
                            "expected a list for \"%s\"", filler->field->name);
        for (const struct tg_node *item = tg_list_first(node); item;
             item = tg_list_next(node, item))
                filler->inner[filler->count++] =
                        tg_filler_compile(context, filler->field->inner, item);
}

struct tg_filler *tg_filler_compile(const struct tg_filler_context *context,
                                    const struct tg_field *field, const struct tg_node *node)
{
        struct tg_filler *filler = filler_new(field);
        bool absent = !node || (tg_node_is_null(node) && !field->required);

        if (absent)
                set_default(filler);
        else if (field->type == TG_FIELD_RECORD)
                compile_record(context, filler, node, NULL);
        else if (field->type == TG_FIELD_MAP)
                compile_map(context, filler, node);
        else if (field->type == TG_FIELD_LIST)
                compile_list(context, filler, node);
        else
                compile_scalar(context, filler, node);
        return filler;
}

/* Puts the record's own time in the place of the filler that gives it, which moves inside. */
static struct tg_filler *take_time(const struct tg_filler_context *context,
                                   struct tg_filler *record, const struct tg_node *node)
{
        for (size_t i = 0; i < record->count; i++) {
                struct tg_filler *time = record->inner[i];

                if (strcmp(time->field->name, "time") != 0)
                        continue;
                if (time->kind == TG_FILLER_AFTER)
                        tg_diagnose(context->diagnostics, node, TG_ERROR,
                                    "give it a column or a text",
                                    "\"after\" counts from the time itself");
                record->inner[i] = filler_new(time->field);
                make_room(record->inner[i], TG_FILLER_ROW_TIME, 1);
                record->inner[i]->inner[record->inner[i]->count++] = time;
                return time;
        }
        return NULL;
}

struct tg_filler *tg_filler_compile_record(const struct tg_filler_context *context,
                                           const struct tg_field *record,
                                           const struct tg_node *node, const struct tg_node *lead,
                                           const struct tg_filler **ret_time)
{
        struct tg_filler *filler = filler_new(record);

        compile_record(context, filler, node, lead);
        *ret_time = take_time(context, filler, node);
        return filler;
}
