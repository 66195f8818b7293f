/* SPDX-License-Identifier: Apache-2.0 */
#include "import/template.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "config/nearest.h"

enum { ADVICE_SIZE = 400 };

static const char *column_advice(const struct tg_columns *columns, struct tg_span name,
                                 char advice[static ADVICE_SIZE])
{
        ptrdiff_t near = tg_nearest(name, columns->names, columns->count);
        size_t used;

        if (near >= 0) {
                snprintf(advice, ADVICE_SIZE, "did you mean \"%s\"?", columns->names[near]);
                return advice;
        }
        used = (size_t)snprintf(advice, ADVICE_SIZE, "its columns:");
        for (size_t i = 0; i < columns->count && used < ADVICE_SIZE; i++)
                used += (size_t)snprintf(advice + used, ADVICE_SIZE - used, "%s %s", i ? "," : "",
                                         columns->names[i]);
        return advice;
}

bool tg_columns_find(const struct tg_columns *columns, struct tg_span name,
                     struct tg_diagnostics *diagnostics, const struct tg_node *node,
                     size_t *ret_column)
{
        size_t found = 0, column = 0;
        char advice[ADVICE_SIZE];

        for (size_t i = columns->count; i-- > 0;) {
                if (tg_span_equal(tg_span_text(columns->names[i]), name)) {
                        column = i;
                        found++;
                }
        }
        if (found == 0)
                tg_diagnose(diagnostics, node, TG_ERROR, column_advice(columns, name, advice),
                            "the table has no column \"%.*s\"", TG_SPAN_FORMAT(name));
        if (found > 1)
                tg_diagnose(diagnostics, node, TG_ERROR, "give each its own name in the header",
                            "the table has %zu columns \"%.*s\"", found, TG_SPAN_FORMAT(name));
        if (found != 1)
                return false;
        *ret_column = column;
        return true;
}

/* Where the run of letters without braces ends. */
static size_t literal_end(struct tg_span text, size_t at)
{
        while (at < text.size && text.data[at] != '{' && text.data[at] != '}')
                at++;
        return at;
}

static bool doubled(struct tg_span text, size_t at)
{
        return at + 1 < text.size && text.data[at] == text.data[at + 1];
}

static bool brace_mistake(struct tg_diagnostics *diagnostics, const struct tg_node *node)
{
        tg_diagnose(diagnostics, node, TG_ERROR,
                    "{name} stands for a column; write {{ and }} for braces",
                    "a brace without its partner");
        return false;
}

static bool compile_column(const struct tg_columns *columns, struct tg_diagnostics *diagnostics,
                           const struct tg_node *node, struct tg_template *template, size_t at,
                           size_t *ret_end)
{
        struct tg_span text = tg_node_text(node);
        const uint8_t *begin = text.data + at + 1;
        const uint8_t *end = memchr(begin, '}', text.size - at - 1);
        struct tg_template_part *part = &template->parts[template->count++];

        if (text.data[at] == '}' || !end)
                return brace_mistake(diagnostics, node);
        *part = (struct tg_template_part){.text = TG_SPAN_ABSENT};
        template->columns++;
        *ret_end = (size_t)(end + 1 - text.data);
        return tg_columns_find(columns, tg_span_of(begin, (size_t)(end - begin)), diagnostics, node,
                               &part->column);
}

static bool compile_parts(const struct tg_columns *columns, struct tg_diagnostics *diagnostics,
                          const struct tg_node *node, struct tg_template *template)
{
        struct tg_span text = tg_node_text(node);

        for (size_t at = 0, end; at < text.size; at = end) {
                bool brace = text.data[at] == '{' || text.data[at] == '}';
                bool escaped = brace && doubled(text, at);

                if (template->count == TG_TEMPLATE_PARTS_MAX) {
                        tg_diagnose(diagnostics, node, TG_ERROR, NULL,
                                    "more than %d columns and doubled braces in one text",
                                    TG_TEMPLATE_PARTS_MAX / 2);
                        return false;
                }
                if (brace && !escaped) {
                        if (!compile_column(columns, diagnostics, node, template, at, &end))
                                return false;
                        continue;
                }
                end = escaped ? at + 1 : literal_end(text, at);
                template->parts[template->count++].text = tg_span_of(text.data + at, end - at);
                end += escaped;
        }
        return true;
}

bool tg_template_compile(const struct tg_columns *columns, struct tg_diagnostics *diagnostics,
                         const struct tg_node *node, struct tg_template *ret_template)
{
        struct tg_template template = {
                .parts = tg_allocate_zeroed(TG_TEMPLATE_PARTS_MAX, sizeof *template.parts),
        };

        if (!compile_parts(columns, diagnostics, node, &template)) {
                tg_template_deinit(&template);
                return false;
        }
        *ret_template = template;
        return true;
}

void tg_template_of_column(size_t column, struct tg_template *ret_template)
{
        *ret_template = (struct tg_template){
                .parts = tg_allocate_zeroed(1, sizeof *ret_template->parts),
                .count = 1,
                .columns = 1,
        };
        ret_template->parts[0].column = column;
}

void tg_template_deinit(struct tg_template *template)
{
        free(template->parts);
        *template = (struct tg_template){0};
}

static struct tg_span part_text(const struct tg_template_part *part, const struct tg_csv_row *row)
{
        return tg_span_present(part->text) ? part->text : row->fields[part->column].text;
}

struct tg_span tg_template_text(const struct tg_template *template, const struct tg_csv_row *row,
                                struct tg_buffer *scratch)
{
        if (template->count == 0)
                return tg_span_text("");
        if (template->count == 1)
                return part_text(&template->parts[0], row);
        tg_buffer_reset(scratch);
        for (size_t i = 0; i < template->count; i++) {
                struct tg_span text = part_text(&template->parts[i], row);

                tg_buffer_append(scratch, text.data, text.size);
        }
        return tg_buffer_span(scratch);
}

bool tg_template_filled(const struct tg_template *template, const struct tg_csv_row *row)
{
        for (size_t i = 0; i < template->count; i++) {
                const struct tg_template_part *part = &template->parts[i];

                if (!tg_span_present(part->text) && row->fields[part->column].text.size > 0)
                        return true;
        }
        return false;
}

size_t tg_template_column(const struct tg_template *template)
{
        size_t i = 0;

        assert(template->columns > 0);
        while (tg_span_present(template->parts[i].text))
                i++;
        return template->parts[i].column;
}
