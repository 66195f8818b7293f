/* SPDX-License-Identifier: Apache-2.0 */
#include "import/mapping.h"

#include <assert.h>
#include <stdlib.h>

#include "base/memory.h"
#include "base/time.h"
#include "config/reader.h"

char tg_mapping_separator(const struct tg_document *document)
{
        const struct tg_node *csv = tg_node_find(tg_document_root(document), "csv");
        struct tg_span text = TG_SPAN_ABSENT;

        if (tg_node_find(csv, "separator"))
                text = tg_node_text(tg_node_find(csv, "separator"));
        return text.size == 1 ? (char)text.data[0] : ',';
}

static void check_csv(struct tg_reader *root)
{
        struct tg_reader reader;
        struct tg_span separator;
        const struct tg_node *node;

        tg_read_mapping(root, "csv", TG_OPTIONAL, &reader);
        node = tg_read_text(&reader, "separator", TG_OPTIONAL, &separator);
        if (node && (separator.size != 1 || strchr("\"\r\n", separator.data[0])))
                tg_diagnose(root->diagnostics, node, TG_ERROR, "as in \",\", \";\" or \"\\t\"",
                            "a separator is one character, and no quote");
        tg_reader_finish(&reader);
}

/* Every column of `when` must hold one of its values. */
static void read_conditions(struct tg_mapping *mapping, struct tg_reader *reader,
                            struct tg_row_kind *kind)
{
        struct tg_diagnostics *diagnostics = reader->diagnostics;
        struct tg_reader when;

        tg_read_mapping(reader, "when", TG_OPTIONAL, &when);
        for (const struct tg_node *node = when.node ? tg_node_first(when.node) : NULL; node;
             node = tg_node_next(node)) {
                struct tg_row_condition *condition = &kind->conditions[kind->condition_count];
                const struct tg_node *key = tg_node_key(node);

                if (kind->condition_count == TG_MAPPING_CONDITIONS_MAX) {
                        tg_diagnose(diagnostics, key, TG_ERROR, NULL,
                                    "more than %d columns in \"when\"", TG_MAPPING_CONDITIONS_MAX);
                        return;
                }
                if (!tg_columns_find(&mapping->columns, tg_node_text(key), diagnostics, key,
                                     &condition->column))
                        continue;
                condition->values = node;
                kind->condition_count++;
                if (!tg_list_first(node))
                        tg_diagnose(diagnostics, key, TG_ERROR,
                                    "write a text or a list; \"\" is an empty cell",
                                    "expected what \"%.*s\" holds",
                                    TG_SPAN_FORMAT(tg_node_text(key)));
        }
}

static void read_record(struct tg_mapping *mapping, const struct tg_node *root,
                        struct tg_reader *reader, struct tg_row_kind *kind)
{
        struct tg_diagnostics repeated = {0};
        const struct tg_filler_context context = {&mapping->columns, reader->diagnostics,
                                                  &repeated};
        const struct tg_node *touchpoint = tg_read_node(reader, "touchpoint", TG_OPTIONAL, NULL);
        const struct tg_node *request = tg_read_node(reader, "request", TG_OPTIONAL, NULL);
        const struct tg_fields *fields = mapping->fields[request ? 1 : 0];

        if (!reader->node)
                return;
        if (!touchpoint == !request) {
                tg_diagnose(reader->diagnostics, reader->node, TG_ERROR,
                            "as in \"touchpoint: {type: purchase}\"",
                            "row needs either a touchpoint or a request");
                return;
        }
        kind->schema = request ? TG_SCHEMA_REQUEST : TG_SCHEMA_TOUCHPOINT;
        kind->record = tg_filler_compile_record(&context, &fields->record,
                                                request ? request : touchpoint, root, &kind->time);
        tg_diagnostics_deinit(&repeated);
}

static void read_kind(struct tg_mapping *mapping, const struct tg_node *root,
                      const struct tg_node *node, struct tg_diagnostics *diagnostics)
{
        struct tg_row_kind *kind = &mapping->kinds[mapping->count++];
        struct tg_reader reader;

        tg_reader_init(&reader, diagnostics, node, "row");
        tg_read_text(&reader, "row", TG_REQUIRED, &kind->name);
        read_conditions(mapping, &reader, kind);
        read_record(mapping, root, &reader, kind);
        tg_reader_finish(&reader);
}

/* What holds for every record is checked once by itself, so that a mistake there is told once. */
static void check_lead(struct tg_mapping *mapping, struct tg_reader *root)
{
        static const char *const lead[] = {"id", "customer", "time"};
        const struct tg_filler_context context = {&mapping->columns, root->diagnostics,
                                                  root->diagnostics};
        const struct tg_field *record = &mapping->fields[0]->record;

        for (size_t i = 0; i < sizeof lead / sizeof lead[0]; i++) {
                const struct tg_node *node = tg_read_node(root, lead[i], TG_OPTIONAL, NULL);

                assert(strcmp(record->inner[i].name, lead[i]) == 0);
                if (node)
                        tg_filler_free(tg_filler_compile(&context, &record->inner[i], node));
        }
}

static void copy_columns(struct tg_columns *columns, const struct tg_csv_row *header)
{
        columns->count = header->count;
        columns->names = tg_allocate(header->count * sizeof *columns->names);
        for (size_t i = 0; i < header->count; i++)
                columns->names[i] = tg_duplicate((const char *)header->fields[i].text.data,
                                                 header->fields[i].text.size);
}

static void read_kinds(struct tg_mapping *mapping, const struct tg_node *root,
                       const struct tg_node *rows, struct tg_diagnostics *diagnostics)
{
        size_t count = rows ? tg_node_count(rows) : 0;

        if (rows && (count == 0 || count > TG_MAPPING_KINDS_MAX)) {
                tg_diagnose(diagnostics, rows, TG_ERROR, NULL, "expected 1 to %d rows",
                            TG_MAPPING_KINDS_MAX);
                return;
        }
        mapping->kinds = tg_allocate_zeroed(count + 1, sizeof *mapping->kinds);
        for (const struct tg_node *row = rows ? tg_node_first(rows) : NULL; row;
             row = tg_node_next(row))
                read_kind(mapping, root, row, diagnostics);
}

int tg_mapping_compile(const struct tg_document *document, const struct tg_csv_row *header,
                       struct tg_diagnostics *diagnostics, struct tg_mapping **ret_mapping)
{
        const struct tg_node *root = tg_document_root(document);
        struct tg_mapping *mapping = tg_allocate_zeroed(1, sizeof *mapping);
        struct tg_reader reader;

        copy_columns(&mapping->columns, header);
        mapping->fields[0] = tg_fields_new(TG_SCHEMA_TOUCHPOINT);
        mapping->fields[1] = tg_fields_new(TG_SCHEMA_REQUEST);
        tg_reader_init(&reader, diagnostics, root, "the mapping");
        tg_read_text(&reader, "mapping", TG_REQUIRED, &mapping->name);
        check_csv(&reader);
        check_lead(mapping, &reader);
        read_kinds(mapping, reader.node, tg_read_sequence(&reader, "rows", TG_REQUIRED),
                   diagnostics);
        tg_reader_finish(&reader);
        if (diagnostics->errors > 0) {
                tg_mapping_free(mapping);
                return -1;
        }
        *ret_mapping = mapping;
        return 0;
}

void tg_mapping_free(struct tg_mapping *mapping)
{
        if (!mapping)
                return;
        for (size_t i = 0; i < mapping->count; i++)
                tg_filler_free(mapping->kinds[i].record);
        for (size_t i = 0; i < mapping->columns.count; i++)
                free((char *)mapping->columns.names[i]);
        free(mapping->columns.names);
        free(mapping->kinds);
        tg_fields_free(mapping->fields[0]);
        tg_fields_free(mapping->fields[1]);
        tg_buffer_deinit(&mapping->scratch);
        free(mapping);
}

static bool condition_holds(const struct tg_row_condition *condition, const struct tg_csv_row *row)
{
        struct tg_span cell = row->fields[condition->column].text;

        for (const struct tg_node *value = tg_list_first(condition->values); value;
             value = tg_list_next(condition->values, value)) {
                if (tg_span_equal(tg_node_text(value), cell))
                        return true;
        }
        return false;
}

bool tg_row_kind_matches(const struct tg_row_kind *kind, const struct tg_csv_row *row)
{
        for (size_t i = 0; i < kind->condition_count; i++) {
                if (!condition_holds(&kind->conditions[i], row))
                        return false;
        }
        return true;
}

int tg_mapping_put(struct tg_mapping *mapping, const struct tg_row_kind *kind,
                   const struct tg_csv_row *row, struct tg_buffer *buffer, int64_t *ret_time_ms,
                   struct tg_row_problem *problem)
{
        struct tg_filling filling = {
                .row = row,
                .names = &mapping->columns,
                .scratch = &mapping->scratch,
                .problem = problem,
        };

        if (tg_filler_time(kind->time, &filling, &filling.time_ms) < 0 ||
            tg_filler_put(kind->record, &filling, buffer) < 0)
                return -1;
        *ret_time_ms = filling.time_ms;
        return 0;
}
