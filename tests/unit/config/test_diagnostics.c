/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <jansson.h>

#include "told.h"

/* Tells MESSAGE at the value of KEY. */
static void tell(struct told *told, const char *key, enum tg_severity severity, const char *advice,
                 const char *message)
{
        const struct tg_node *node = tg_node_find(told_root(told), key);

        cr_assert_not_null(node);
        tg_diagnose(&told->diagnostics, node, severity, advice, "%s", message);
}

Test(diagnostics, prints_place_excerpt_and_advice)
{
        TOLD_PARSE(told, "policy: x\ncap: {count: impression}\n");
        tell(&told, "policy", TG_ERROR, "did you mean \"y\"?", "it is x");
        cr_assert_str_eq(told_text(&told), "p.yaml:1:9: error: it is x\n"
                                           "    1 | policy: x\n"
                                           "                ^\n"
                                           "   did you mean \"y\"?\n");
}

Test(diagnostics, underlines_characters_and_keeps_tabs)
{
        TOLD_PARSE(told, "\xc3\xa4\xc3\xb6:\t\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\t# c\r\n");
        tell(&told, "\xc3\xa4\xc3\xb6", TG_WARNING, NULL, "money");
        cr_assert_str_eq(told_text(&told),
                         "p.yaml:1:5: warning: money\n"
                         "    1 | \xc3\xa4\xc3\xb6:\t\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac\t# c\n"
                         "           \t^~~\n");
}

Test(diagnostics, come_out_by_place_and_within_a_place_as_told)
{
        TOLD_PARSE(told, "a: 1\nb: {c: 2,\n d: 3}\n");
        tell(&told, "b", TG_ERROR, NULL, "second");
        tell(&told, "b", TG_WARNING, NULL, "third");
        tell(&told, "a", TG_ERROR, NULL, "first");
        cr_assert_str_eq(told_text(&told), "p.yaml:1:4: error: first\n"
                                           "    1 | a: 1\n"
                                           "           ^\n"
                                           "p.yaml:2:4: error: second\n"
                                           "    2 | b: {c: 2,\n"
                                           "           ^\n"
                                           "p.yaml:2:4: warning: third\n"
                                           "    2 | b: {c: 2,\n"
                                           "           ^\n");
        cr_assert_eq(told.diagnostics.errors, 2);
        cr_assert_eq(told.diagnostics.warnings, 1);
}

Test(diagnostics, after_a_hundred_the_others_are_only_counted)
{
        TOLD_PARSE(told, "a: 1\n");
        for (int i = 0; i < 103; i++)
                tell(&told, "a", i == 102 ? TG_WARNING : TG_ERROR, NULL, "again");
        cr_assert_eq(told.diagnostics.count, 100);
        cr_assert_eq(told.diagnostics.errors, 102);
        cr_assert_eq(told.diagnostics.warnings, 1);
        cr_assert_str_eq(strstr(told_text(&told), "and "), "and 3 more\n");
}

Test(diagnostics, nothing_told_can_steer_a_terminal)
{
        TOLD_PARSE(told, "a: \"\\e[31m\" # \xe2\x80\xae evil\n");
        struct tg_span text = tg_node_text(tg_node_find(told_root(&told), "a"));

        tg_diagnose(&told.diagnostics, tg_node_find(told_root(&told), "a"), TG_ERROR, "a\nb",
                    "found %.*s\xff", TG_SPAN_FORMAT(text));
        cr_assert_str_eq(told_text(&told), "p.yaml:1:4: error: found ?[31m?\n"
                                           "    1 | a: \"\\e[31m\" # ? evil\n"
                                           "           ^~~~~~~~\n"
                                           "   a?b\n");
}

Test(diagnostics, a_long_line_is_cut_around_the_place)
{
        tg_cleanup(told_deinit) struct told told;
        struct tg_buffer yaml = {0};
        const struct tg_diagnostic *one;

        for (int i = 0; i < 1000; i++) {
                char text[16];
                int size = snprintf(text, sizeof text, "%sk%04d: v", i ? ", " : "{", i);

                tg_buffer_append(&yaml, text, (size_t)size);
        }
        tg_buffer_append(&yaml, "}", 1);
        told_parse(&told, tg_buffer_span(&yaml));
        tg_buffer_deinit(&yaml);
        tg_diagnose(&told.diagnostics, tg_node_key(tg_node_find(told_root(&told), "k0500")),
                    TG_ERROR, NULL, "here");
        one = told.diagnostics.items;
        cr_assert_eq(one->column, 5002);
        cr_assert_eq(strlen(one->excerpt), 126);
        cr_assert_eq(strncmp(one->excerpt + one->excerpt_column - 1, "k0500", 5), 0, "%s",
                     one->excerpt);
        cr_assert_not_null(strstr(told_text(&told), "                  ^~~~~\n"));
}

Test(diagnostics, a_line_cut_only_at_its_end_keeps_its_columns)
{
        TOLD_PARSE(told, "a: 1 # 3456789 123456789 123456789 123456789 123456789 123456789 12345678"
                         "9 123456789 123456789 123456789 123456789 123456789 123456789\n");
        tell(&told, "a", TG_ERROR, NULL, "here");
        cr_assert_str_eq(told.diagnostics.items[0].excerpt,
                         "a: 1 # 3456789 123456789 123456789 123456789 123456789 123456789 12345678"
                         "9 123456789 123456789 123456789 123456789 12345...");
        cr_assert_eq(told.diagnostics.items[0].excerpt_column, 4);
}

Test(diagnostics, colours_are_used_only_when_asked_for)
{
        TOLD_PARSE(told, "a: 1\n");
        char *text = NULL;
        size_t size;
        FILE *file = open_memstream(&text, &size);

        tell(&told, "a", TG_ERROR, NULL, "red");
        tg_diagnostics_print(&told.diagnostics, file, true);
        fclose(file);
        cr_assert_not_null(strstr(text, "\033[1;31merror:\033[0m red"));
        cr_assert_null(strchr(told_text(&told), '\033'));
        free(text);
}

Test(diagnostics, a_machine_reads_the_same)
{
        TOLD_PARSE(told, "a: 1\n");
        struct tg_place whole = {.file = "o.yaml"};
        json_t *array;
        char *text;

        tell(&told, "a", TG_WARNING, "b", "\"quoted\"");
        tg_diagnose_place(&told.diagnostics, &whole, TG_ERROR, NULL, "gone\xff");
        array = tg_diagnostics_json(&told.diagnostics);
        text = json_dumps(array, JSON_COMPACT);
        cr_assert_str_eq(text, "[{\"file\":\"o.yaml\",\"line\":null,\"column\":null,"
                               "\"severity\":\"error\",\"message\":\"gone?\",\"advice\":null},"
                               "{\"file\":\"p.yaml\",\"line\":1,\"column\":4,"
                               "\"severity\":\"warning\",\"message\":\"\\\"quoted\\\"\","
                               "\"advice\":\"b\"}]");
        json_decref(array);
        free(text);
}

Test(diagnostics, outlive_the_document)
{
        TOLD_PARSE(told, "a: 1\n");
        tell(&told, "a", TG_ERROR, NULL, "kept");
        tg_document_free(told.document);
        told.document = NULL;
        cr_assert_str_eq(told_text(&told), "p.yaml:1:4: error: kept\n"
                                           "    1 | a: 1\n"
                                           "           ^\n");
}

Test(diagnostics, of_what_is_not_there_nothing_is_told)
{
        struct tg_diagnostics diagnostics = {0};

        tg_diagnose(&diagnostics, NULL, TG_ERROR, NULL, "nothing");
        cr_assert_eq(diagnostics.errors, 0);
        tg_diagnostics_deinit(&diagnostics);
}
