/* SPDX-License-Identifier: Apache-2.0 */
#include "import/mapping.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "support/folder.h"
#include "support/said.h"

#define HEAD "mapping: test\nid: '{id}'\ncustomer: '{who}'\ntime: {column: ms, format: epoch_ms}\n"
#define TOUCH HEAD "rows:\n  - row: one\n    touchpoint: "
#define ASK HEAD "rows:\n  - row: one\n    request: "
#define COLUMNS "id,who,ms,what,extra\n"
#define ROW "a,ann,5,"

struct session {
        struct tg_diagnostics diagnostics;
        struct tg_document *document;
        struct tg_csv *csv;
        struct tg_mapping *mapping;
};

static void session_open(struct session *session, const struct folder *folder, const char *yaml,
                         const char *table)
{
        struct tg_error error = {0};
        struct tg_csv_row header;

        *session = (struct session){0};
        cr_assert_eq(tg_document_parse("m.yaml", tg_span_text(yaml), &session->diagnostics,
                                       &session->document),
                     0);
        cr_assert_eq(tg_csv_open(folder_put(folder, "t.csv", table),
                                 tg_mapping_separator(session->document), &session->csv, &error),
                     0);
        cr_assert_eq(tg_csv_next(session->csv, &header, &error), 0);
        tg_mapping_compile(session->document, &header, &session->diagnostics, &session->mapping);
}

static void session_close(struct session *session)
{
        tg_mapping_free(session->mapping);
        tg_csv_close(session->csv);
        tg_document_free(session->document);
        tg_diagnostics_deinit(&session->diagnostics);
}

static void put_row(struct session *session, const struct tg_csv_row *row, FILE *out)
{
        for (size_t i = 0; i < session->mapping->count; i++) {
                const struct tg_row_kind *kind = &session->mapping->kinds[i];
                struct tg_buffer buffer = {0};
                struct tg_row_problem problem;
                int64_t time_ms;

                if (!tg_row_kind_matches(kind, row))
                        continue;
                if (tg_mapping_put(session->mapping, kind, row, &buffer, &time_ms, &problem) < 0) {
                        fprintf(out, "%s%s%s", problem.message, problem.advice[0] ? " | " : "",
                                problem.advice);
                } else {
                        char *said = said_by_bytes(kind->schema, tg_buffer_span(&buffer));

                        fputs(said, out);
                        free(said);
                }
                tg_buffer_deinit(&buffer);
        }
}

/* What the rows of TABLE become: records as they say, or why not. */
static void expect_records(const char *yaml, const char *table, const char *records)
{
        FOLDER(folder);
        tg_cleanup(tg_free_pointer) char *text = NULL;
        tg_cleanup(session_close) struct session session;
        struct tg_error error = {0};
        struct tg_csv_row row;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        session_open(&session, &folder, yaml, table);
        tg_diagnostics_print(&session.diagnostics, out, false);
        while (session.mapping && tg_csv_next(session.csv, &row, &error) == 0)
                put_row(&session, &row, out);
        fclose(out);
        cr_expect_str_eq(text, records);
}

/* The one mistake in a mapping: "line:column message | advice". */
static void expect_mistake(const char *yaml, const char *table, const char *mistake)
{
        FOLDER(folder);
        tg_cleanup(session_close) struct session session;
        const struct tg_diagnostic *one;
        char told[800] = "";

        session_open(&session, &folder, yaml, table);
        cr_expect_null(session.mapping);
        cr_expect_eq(session.diagnostics.count, 1, "%zu mistakes for %s", session.diagnostics.count,
                     mistake);
        one = session.diagnostics.items;
        if (one)
                snprintf(told, sizeof told, "%u:%u %s%s%s", one->line, one->column, one->message,
                         one->advice ? " | " : "", one->advice ? one->advice : "");
        cr_expect_str_eq(told, mistake);
}

Test(mapping, columns_constants_and_templates_fill_a_record)
{
        expect_records(TOUCH "{type: click, channel: web, campaign: 'c-{what}/{extra}', bot: true}",
                       COLUMNS ROW "x,y\n",
                       "{\"id\":\"a\",\"customer\":\"ann\",\"time\":5,\"type\":\"click\","
                       "\"channel\":\"web\",\"campaign\":\"c-x/y\",\"bot\":true}");
}

Test(mapping, doubled_braces_are_braces)
{
        expect_records(ASK "{channel: email, kind: offer, payload: '{{\"w\": \"{what}\"}}'}",
                       COLUMNS ROW "x,\n",
                       "{\"id\":\"a\",\"customer\":\"ann\",\"time\":5,\"channel\":\"email\","
                       "\"kind\":\"offer\",\"payload\":\"{\\\"w\\\": \\\"x\\\"}\"}");
}

Test(mapping, a_row_makes_a_record_for_every_entry_that_it_matches)
{
        expect_records(HEAD "rows:\n"
                            "  - row: one\n    when: {what: [x, y]}\n    touchpoint: {type: view}\n"
                            "  - row: two\n    when: {what: y, extra: ''}\n"
                            "    request: {channel: ads, kind: offer}\n",
                       COLUMNS "1,a,1,x,\n2,a,2,y,\n3,a,3,y,z\n4,a,4,w,\n",
                       "{\"id\":\"1\",\"customer\":\"a\",\"time\":1,\"type\":\"view\"}"
                       "{\"id\":\"2\",\"customer\":\"a\",\"time\":2,\"type\":\"view\"}"
                       "{\"id\":\"2\",\"customer\":\"a\",\"time\":2,\"channel\":\"ads\","
                       "\"kind\":\"offer\"}"
                       "{\"id\":\"3\",\"customer\":\"a\",\"time\":3,\"type\":\"view\"}");
}

Test(mapping, words_stand_for_values_and_a_default_for_the_rest)
{
        expect_records(TOUCH
                       "{type: {column: what, words: {Y: open, X: click, Z: }, default: view}}",
                       COLUMNS "1,a,1,X,\n2,a,2,Y,\n3,a,3,other,\n4,a,4,,\n",
                       "{\"id\":\"1\",\"customer\":\"a\",\"time\":1,\"type\":\"click\"}"
                       "{\"id\":\"2\",\"customer\":\"a\",\"time\":2,\"type\":\"open\"}"
                       "{\"id\":\"3\",\"customer\":\"a\",\"time\":3,\"type\":\"view\"}"
                       "{\"id\":\"4\",\"customer\":\"a\",\"time\":4,\"type\":\"view\"}");
        expect_records(TOUCH "{type: {column: what, words: {X: click}}}", COLUMNS ROW "x,\n",
                       "what \"x\" is not among the words of the mapping | add it, or a default");
}

Test(mapping, an_expiry_may_count_from_the_time_or_be_a_column)
{
        expect_records(ASK "{channel: ads, kind: offer, expires: {after: 2s}}", COLUMNS ROW ",\n",
                       "{\"id\":\"a\",\"customer\":\"ann\",\"time\":5,\"expires\":2005,"
                       "\"channel\":\"ads\",\"kind\":\"offer\"}");
        expect_records(ASK "{channel: ads, kind: offer, expires: {column: what, format: epoch_s}}",
                       COLUMNS ROW "7,\nb,bob,6,,\n",
                       "{\"id\":\"a\",\"customer\":\"ann\",\"time\":5,\"expires\":7000,"
                       "\"channel\":\"ads\",\"kind\":\"offer\"}"
                       "{\"id\":\"b\",\"customer\":\"bob\",\"time\":6,\"channel\":\"ads\","
                       "\"kind\":\"offer\"}");
}

Test(mapping, bodies_lists_and_maps_are_filled_and_left_out_when_their_cells_are_empty)
{
        const char *yaml = ASK "\n"
                               "      channel: ads\n"
                               "      kind: offer\n"
                               "      about: {type: cart, time: {column: what, format: epoch_ms}}\n"
                               "      data:\n"
                               "        - {name: age, source: inferred}\n"
                               "        - {name: '{extra}', source: zero_party}\n"
                               "      fallback_channels: [email, '{extra}']\n";

        expect_records(yaml, COLUMNS ROW "3,sms\n",
                       "{\"id\":\"a\",\"customer\":\"ann\",\"time\":5,\"channel\":\"ads\","
                       "\"kind\":\"offer\",\"about\":{\"type\":\"cart\",\"time\":3},\"data\":["
                       "{\"name\":\"age\",\"source\":\"inferred\"},"
                       "{\"name\":\"sms\",\"source\":\"zero_party\"}],"
                       "\"fallback_channels\":[\"email\",\"sms\"]}");
        expect_records(yaml, COLUMNS ROW ",\n",
                       "{\"id\":\"a\",\"customer\":\"ann\",\"time\":5,\"channel\":\"ads\","
                       "\"kind\":\"offer\",\"data\":[{\"name\":\"age\",\"source\":\"inferred\"}],"
                       "\"fallback_channels\":[\"email\"]}");
        expect_records(TOUCH "{type: view, attributes: {one: '{what}', two: '{extra}', three: c}}",
                       COLUMNS ROW ",b\n",
                       "{\"id\":\"a\",\"customer\":\"ann\",\"time\":5,\"type\":\"view\","
                       "\"attributes\":{\"two\":\"b\",\"three\":\"c\"}}");
}

Test(mapping, every_body_of_a_touchpoint_can_be_set)
{
        expect_records(TOUCH
                       "\n"
                       "      type: consent\n"
                       "      consent: {purpose: ads, granted: '{what}', until: '2017-01-01'}\n"
                       "      preference: {key: k, value: v}\n"
                       "      profile: {country: DE, tier: '{extra}'}\n"
                       "      identity: {canonical: '{who}!'}\n"
                       "      receipt: {time: {column: ms, format: epoch_s}, tag: 7}\n",
                       COLUMNS ROW "yes,gold\n",
                       "{\"id\":\"a\",\"customer\":\"ann\",\"time\":5,\"type\":\"consent\","
                       "\"receipt\":{\"time\":5000,\"tag\":7},"
                       "\"consent\":{\"purpose\":\"ads\",\"granted\":true,\"until\":1483228800000},"
                       "\"preference\":{\"key\":\"k\",\"value\":\"v\"},"
                       "\"profile\":{\"country\":\"DE\",\"tier\":\"gold\"},"
                       "\"identity\":{\"canonical\":\"ann!\"}}");
}

Test(mapping, a_required_field_must_not_come_out_empty)
{
        expect_records(TOUCH "{type: view}", COLUMNS "a,,5,,\n", "who is empty");
        expect_records(TOUCH "{type: view}", COLUMNS "a,b,,,\n", "ms is empty");
        expect_records(TOUCH "{type: view, id: 'x-{what}'}", COLUMNS ROW ",\n", "id is empty");
}

Test(mapping, a_bad_cell_is_told_with_its_column)
{
        expect_records(TOUCH "{type: view}", COLUMNS "a,b,12x,,\n",
                       "ms \"12x\" is no number of milliseconds since 1970");
        expect_records(TOUCH "{type: '{what}'}", COLUMNS ROW "clik,\n",
                       "what \"clik\" is no type | did you mean \"click\"?");
        expect_records(TOUCH "{type: '{what}{extra}'}", COLUMNS ROW "cli,c\n",
                       "type \"clic\" is no type | did you mean \"click\"?");
}

Test(mapping, an_unknown_column_is_told_with_its_place_and_the_nearest)
{
        expect_mistake(TOUCH "{type: view, topic: '{wat}'}", COLUMNS,
                       "7:37 the table has no column \"wat\" | did you mean \"what\"?");
        expect_mistake(TOUCH "{type: view, topic: {column: zzzzzz}}", COLUMNS,
                       "7:46 the table has no column \"zzzzzz\" | "
                       "its columns: id, who, ms, what, extra");
        expect_mistake(HEAD
                       "rows:\n  - row: one\n    when: {waht: x}\n    touchpoint: {type: view}",
                       COLUMNS, "7:12 the table has no column \"waht\" | did you mean \"what\"?");
}

Test(mapping, a_mistake_in_what_holds_for_all_rows_is_told_once)
{
        expect_mistake(TOUCH "{type: view}\n  - row: two\n    request: {channel: ads, kind: offer}",
                       "id,whom,ms,what,extra\n",
                       "3:11 the table has no column \"who\" | did you mean \"whom\"?");
        expect_mistake("mapping: test\nid: '{id}'\ncustomer: '{wo}'\ntime: {column: ms}\n"
                       "rows:\n  - row: one\n    touchpoint: {type: view, customer: '{who}'}\n",
                       COLUMNS, "3:11 the table has no column \"wo\" | did you mean \"who\"?");
}

Test(mapping, a_column_named_twice_is_ambiguous_where_it_is_used)
{
        expect_records(TOUCH "{type: view}", "id,who,ms,what,what\na,b,5,,\n",
                       "{\"id\":\"a\",\"customer\":\"b\",\"time\":5,\"type\":\"view\"}");
        expect_mistake(TOUCH "{type: view, topic: '{what}'}", "id,who,ms,what,what\n",
                       "7:37 the table has 2 columns \"what\" | "
                       "give each its own name in the header");
}

Test(mapping, what_the_schema_has_no_room_for_is_told)
{
        expect_mistake(TOUCH "{type: view, tpoic: x}", COLUMNS,
                       "7:30 unknown key \"tpoic\" in touchpoint | did you mean \"topic\"?");
        expect_mistake(TOUCH "{type: vew}", COLUMNS,
                       "7:24 type \"vew\" is no type | did you mean \"view\"?");
        expect_mistake(TOUCH "{channel: web}", COLUMNS,
                       "7:17 touchpoint needs \"type\" | add it, as in \"type: impression\"");
        expect_mistake(TOUCH "{type: view, bot: maybe}", COLUMNS,
                       "7:35 bot \"maybe\" is neither true nor false");
        expect_mistake(TOUCH "{type: {column: what, words: {a: clik}}}", COLUMNS,
                       "7:50 type \"clik\" is no type | did you mean \"click\"?");
        expect_mistake(TOUCH "{type: view, topic: {column: what, format: iso}}", COLUMNS,
                       "7:52 unknown key \"format\" in topic | known keys: column, text, words, "
                       "default");
}

Test(mapping, a_value_comes_from_one_place)
{
        expect_mistake(TOUCH "{type: view, topic: {column: what, text: x}}", COLUMNS,
                       "7:37 topic needs either column or text | "
                       "as in {column: name} or {text: \"a-{name}\"}");
        expect_mistake(HEAD "rows:\n  - row: one\n", COLUMNS,
                       "6:5 row needs either a touchpoint or a request | "
                       "as in \"touchpoint: {type: purchase}\"");
}

Test(mapping, a_lone_brace_is_told)
{
        expect_mistake(TOUCH "{type: view, topic: 'a}'}", COLUMNS,
                       "7:37 a brace without its partner | "
                       "{name} stands for a column; write {{ and }} for braces");
        expect_mistake(TOUCH "{type: view, topic: '{a'}", COLUMNS,
                       "7:37 a brace without its partner | "
                       "{name} stands for a column; write {{ and }} for braces");
}

Test(mapping, a_separator_is_one_character)
{
        expect_records("csv: {separator: \";\"}\n" TOUCH "{type: view}", "id;who;ms\na;b,c;5\n",
                       "{\"id\":\"a\",\"customer\":\"b,c\",\"time\":5,\"type\":\"view\"}");
        expect_mistake("csv: {separator: '::'}\n" TOUCH "{type: view}", COLUMNS,
                       "1:18 a separator is one character, and no quote | "
                       "as in \",\", \";\" or \"\\t\"");
}

Test(mapping, the_shipped_one_fits_its_table)
{
        FOLDER(folder);
        tg_cleanup(session_close) struct session session;
        struct tg_diagnostics diagnostics = {0};
        struct tg_document *document;
        struct tg_csv_row header;
        struct tg_error error = {0};

        cr_assert_eq(tg_document_load(TEST_SOURCE_ROOT "/deploy/journey/mapping.yaml", &diagnostics,
                                      &document),
                     0);
        session = (struct session){.document = document};
        cr_assert_eq(
                tg_csv_open(folder_put(&folder, "t.csv", "time_ms,customer,event,ref,value,row\n"),
                            ',', &session.csv, &error),
                0);
        cr_assert_eq(tg_csv_next(session.csv, &header, &error), 0);
        cr_expect_eq(tg_mapping_compile(document, &header, &session.diagnostics, &session.mapping),
                     0);
}
