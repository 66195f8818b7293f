/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <criterion/redirect.h>
#include <unistd.h>

#include "told.h"

/* Where the one mistake of each text is told, and what about. */
static const struct malformed {
        const char *yaml;
        const char *told;
} malformed[] = {
        {"", "0:0 the file is empty"},
        {"# nothing\n\n", "0:0 the file is empty"},
        {"a: b\n---\nc: d\n", "2:1 a second document begins here"},
        {"a: b\n...\nc\n", "3:1 a second document begins here"},
        {"a: \xff\n", "1:4 this is not UTF-8 | save the file as UTF-8"},
        {"\xc3\xa4: 1\nb: \xc3\n", "2:4 this is not UTF-8"},
        {"a: x\x1b[31m\n", "1:5 a control character"},
        {"a: \"\\0\"\n", "1:4 text holds a NUL character"},
        {"a: [1, 2\nb: 3\n", "1:4 this '[' isn't closed (noticed in line 3) | close it with ']'"},
        {"a: {b: c\n", "1:4 this '{' isn't closed (noticed in line 2) | close it with '}'"},
        {": b\n", "1:1 the key of this mapping is no text"},
        {"a: 1\n? {x: y}\n: 3\n", "2:3 the key of this mapping is no text"},
        {"? [a]\n: 3\n", "1:3 the key of this mapping is no text"},
        {"a: &x 1\n", "1:4 anchors and aliases are not understood here"},
        {"a: *x\n", "1:4 anchors and aliases are not understood here"},
        {"a: {<<: *x}\n", "1:5 merge keys are not understood here | write the keys out"},
        {"a: !foo 1\n", "1:4 tags are not understood here"},
        {"a: !!int 1\n", "1:4 tags are not understood here"},
        {"a: !foo [1]\n", "1:4 tags are not understood here"},
        {"a: 1\nb: 2\na: 3\n", "3:1 key \"a\" is given twice; the first is at p.yaml:1:1"},
        {"a: {x: 1, \"x\": 2}\n", "1:11 key \"x\" is given twice; the first is at p.yaml:1:5"},
        {"- {k: 1}\n- k: 1\n  k: 2\n", "3:3 key \"k\" is given twice; the first is at p.yaml:2:3"},
        /* The parser's own words differ between its versions; the place and the advice do not. */
        {"a:\n\tb: 2\n", "2:1 "},
        {"a: 1\r\n\xc3\xa4: '2'\r\n\tb: 2\r\n", "3:1 "},
        {"x: [{a: b}, {c: d]\n", "1:18 "},
        {"a:\n  - b\n c: d\n", "3:2 "},
        {"a: b: c\n", "1:5 "},
        {"a: \"x\n", "1:4 "},
        {"\xc3\xa4\xc3\xb6: @foo\n", "1:5 "},
        {"a b\nc: d\n", "1:1 "},
        {"- a\nb: c\n", "2:1 "},
        {"a: }\n", "1:4 "},
        {"a: \"\\q\"\n", "1:4 "},
};

Test(document, a_malformed_file_is_told_at_its_place)
{
        for (size_t i = 0; i < sizeof malformed / sizeof malformed[0]; i++) {
                tg_cleanup(told_deinit) struct told told;
                const char *expected = malformed[i].told;

                told_parse(&told, tg_span_text(malformed[i].yaml));
                cr_expect_eq(told.diagnostics.errors, 1, "%s: %zu errors", malformed[i].yaml,
                             told.diagnostics.errors);
                cr_expect_eq(strncmp(told_one(&told), expected, strlen(expected)), 0, "%s: told %s",
                             malformed[i].yaml, told_one(&told));
        }
}

static const char *advice_on(struct told *told, const char *yaml)
{
        told_parse(told, tg_span_text(yaml));
        return told->diagnostics.count && told->diagnostics.items[0].advice
                       ? told->diagnostics.items[0].advice
                       : "";
}

Test(document, a_syntax_error_comes_with_advice)
{
        static const char *const cases[][2] = {
                {"a:\n\tb: 2\n", "indent with spaces"},
                {"a: b: c\n", "put text that holds \": \" in quotes"},
                {"a: \"x\n", "close the quote"},
                {"a: @x\n", "put the text in quotes"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                tg_cleanup(told_deinit) struct told told;

                cr_expect_str_eq(advice_on(&told, cases[i][0]), cases[i][1]);
        }
}

Test(document, the_parser_prints_nothing_itself, .init = cr_redirect_stderr)
{
        TOLD_PARSE(told, "a: [\nb: \"\n");
        cr_assert_eq(told.diagnostics.errors, 1);
        fflush(stderr);
        cr_assert_stderr_eq_str("");
}

Test(document, mistakes_that_leave_a_tree_are_all_told)
{
        TOLD_PARSE(told, "a: &x 1\nb: *x\n<<: *x\nc: !t 1\nc: {d: 1, d: 2, d: 3}\n");
        cr_assert_not_null(told.document);
        cr_assert_eq(told.diagnostics.errors, 7, "%s", told_text(&told));
        cr_assert_null(tg_node_find(told_root(&told), "<<"));
        cr_assert_eq(tg_node_count(told_root(&told)), 3);
}

Test(document, of_a_key_given_twice_the_first_is_kept)
{
        TOLD_PARSE(told, "b: 1\na: 2\nb: 3\nc: 4\na: 5\n");
        const struct tg_node *node = tg_node_first(told_root(&told));
        static const char *const kept[] = {"1", "2", "4"};

        for (size_t i = 0; i < 3; i++, node = tg_node_next(node))
                cr_assert(tg_span_equal(tg_node_text(node), tg_span_text(kept[i])));
        cr_assert_null(node);
}

static void assert_place(const struct tg_node *node, uint32_t line, uint32_t column,
                         uint32_t length)
{
        struct tg_place place = tg_node_place(node);

        cr_assert_not_null(node);
        cr_assert(place.line == line && place.column == column && place.length == length,
                  "%u:%u+%u instead of %u:%u+%u", place.line, place.column, place.length, line,
                  column, length);
}

Test(document, nodes_know_where_they_stand_in_characters)
{
        TOLD_PARSE(told, "\xef\xbb\xbf"
                         "\xc3\xa4: {\xe2\x82\xac: \"\xf0\x9f\x98\x80x\"}\r\n"
                         "list:\r\n"
                         "  - one # - none\r\n"
                         "  -\r\n"
                         "  # - no\r\n"
                         "  - k: v\r\n"
                         "    empty:\r\n"
                         "text: |\r\n"
                         "  first line\r\n"
                         "  second\r\n");
        const struct tg_node *root = told_root(&told);
        const struct tg_node *value = tg_node_find(root, "\xc3\xa4");
        const struct tg_node *item = tg_node_first(tg_node_find(root, "list"));

        assert_place(root, 1, 1, 1);
        assert_place(value, 1, 4, 1);
        assert_place(tg_node_key(tg_node_first(value)), 1, 5, 1);
        assert_place(tg_node_first(value), 1, 8, 4);
        assert_place(tg_node_find(root, "list"), 3, 3, 1);
        assert_place(item, 3, 5, 3);
        assert_place(tg_node_next(item), 4, 3, 1);
        item = tg_node_next(tg_node_next(item));
        assert_place(item, 6, 5, 1);
        assert_place(tg_node_find(item, "empty"), 7, 5, 5);
        assert_place(tg_node_find(root, "text"), 9, 1, 12);
}

Test(document, a_mapping_whose_first_key_is_quoted_stands_at_the_quote)
{
        TOLD_PARSE(told, "a:\n  \"\": b\n");

        assert_place(tg_node_find(told_root(&told), "a"), 2, 3, 2);
}

Test(document, items_know_the_key_of_their_list)
{
        TOLD_PARSE(told, "channels: [email, ads]\n");
        const struct tg_node *list = tg_node_find(told_root(&told), "channels");

        cr_assert_eq(tg_node_key(tg_node_first(list)), tg_node_key(list));
        cr_assert_null(tg_node_key(told_root(&told)));
        cr_assert_eq(tg_node_count(list), 2);
        cr_assert_null(tg_node_find(list, "email"));
        cr_assert_null(tg_node_find(NULL, "email"));
}

Test(document, only_what_is_written_without_quotes_says_nothing)
{
        TOLD_PARSE(told, "a:\nb: ~\nc: null\nd: \"\"\ne: 'null'\nf: \"~\"\n");
        const struct tg_node *root = told_root(&told);

        cr_assert(tg_node_is_null(tg_node_find(root, "a")));
        cr_assert(tg_node_is_null(tg_node_find(root, "b")));
        cr_assert(tg_node_is_null(tg_node_find(root, "c")));
        cr_assert_not(tg_node_is_null(tg_node_find(root, "d")));
        cr_assert_not(tg_node_is_null(tg_node_find(root, "e")));
        cr_assert_not(tg_node_is_null(tg_node_find(root, "f")));
        cr_assert_not(tg_node_is_null(root));
}

static void repeat(struct tg_buffer *buffer, const char *text, size_t times)
{
        for (size_t i = 0; i < times; i++)
                tg_buffer_append(buffer, text, strlen(text));
}

static const char *told_of(struct told *told, struct tg_buffer *buffer)
{
        told_parse(told, tg_buffer_span(buffer));
        tg_buffer_deinit(buffer);
        return told_one(told);
}

Test(document, thirty_two_levels_are_the_deepest, .timeout = 10)
{
        tg_cleanup(told_deinit) struct told deepest, deeper;
        struct tg_buffer buffer = {0};

        repeat(&buffer, "[", 32);
        repeat(&buffer, "]", 32);
        cr_assert_str_eq(told_of(&deepest, &buffer), "");
        repeat(&buffer, "[", 33);
        repeat(&buffer, "]", 33);
        cr_assert_str_eq(told_of(&deeper, &buffer), "1:33 nested more than 32 levels deep");
}

Test(document, hostile_files_are_refused_quickly, .timeout = 20)
{
        static const struct {
                const char *begin, *again;
                size_t times;
                const char *told;
        } cases[] = {
                {"", "[", TG_DOCUMENT_SIZE_MAX, "1:131073 more than 131072 brackets and commas"},
                {"", "- ", 200000, "1:65 nested more than 32 levels deep"},
                {"", "- a\n", 200000, "131071:4 the file holds more than 131072 values"},
                {"", "x", TG_DOCUMENT_SIZE_MAX + 1, "0:0 larger than 4 MiB, the most that is read"},
                {"a: ", "&a [", 20, "1:4 anchors and aliases are not understood here"},
                {"{", "a: b, ", 60000, "1:8 key \"a\" is given twice; the first is at p.yaml:1:2"},
        };

        for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
                tg_cleanup(told_deinit) struct told told;
                struct tg_buffer buffer = {0};

                repeat(&buffer, cases[i].begin, 1);
                repeat(&buffer, cases[i].again, cases[i].times);
                if (*cases[i].begin == '{')
                        repeat(&buffer, "}", 1);
                cr_expect_eq(strncmp(told_of(&told, &buffer), cases[i].told, strlen(cases[i].told)),
                             0, "told %s", told_one(&told));
        }
}

static char *canonical(const char *yaml)
{
        tg_cleanup(told_deinit) struct told told;
        struct tg_buffer buffer = {0};

        told_parse(&told, tg_span_text(yaml));
        cr_assert_eq(told.diagnostics.errors, 0, "%s", told_text(&told));
        tg_document_canonical(told.document, &buffer);
        tg_buffer_append(&buffer, "", 1);
        return (char *)buffer.data;
}

static void assert_canonical(const char *yaml, const char *expected)
{
        tg_cleanup(tg_free_pointer) char *text = canonical(yaml);

        cr_expect_str_eq(text, expected);
}

Test(canonical, says_the_same_of_the_same_content)
{
        static const char expected[] =
                "{\"a\":[\"1\",\"x y\",null],\"a b\":{\"k\":\"v\"},\"z\":\"3\"}";

        assert_canonical("z: 3\na: [1, x y, ]\na b: {k: v}\n",
                         "{\"a\":[\"1\",\"x y\"],\"a b\":{\"k\":\"v\"},\"z\":\"3\"}");
        assert_canonical("z: 3\na: [1, x y, ~]\na b: {k: v}\n", expected);
        assert_canonical("# other\r\n'a b':\r\n  k:   'v' # v\r\na:\r\n  - \"1\"\r\n  - x\r\n    "
                         "y\r\n  -\r\n"
                         "z: \"3\"\r\n",
                         expected);
}

Test(canonical, tells_different_content_apart)
{
        assert_canonical("a: null", "{\"a\":null}");
        assert_canonical("a: 'null'", "{\"a\":\"null\"}");
        assert_canonical("a: ''", "{\"a\":\"\"}");
        assert_canonical("a: {}", "{\"a\":{}}");
        assert_canonical("a: []", "{\"a\":[]}");
        assert_canonical("a: \"\\\"\\\\\\n\xc3\xa4\"", "{\"a\":\"\\\"\\\\\\u000a\xc3\xa4\"}");
        assert_canonical("[b, a]", "[\"b\",\"a\"]");
}

Test(document, a_file_is_read_under_its_name)
{
        char path[] = "/tmp/touchgate-test-XXXXXX";
        tg_cleanup(told_deinit) struct told told = {0};
        int file = mkstemp(path);

        cr_assert_eq(write(file, "a: b\n", 5), 5);
        close(file);
        cr_assert_eq(tg_document_load(path, &told.diagnostics, &told.document), 0);
        cr_assert(tg_span_equal(tg_node_text(tg_node_find(told_root(&told), "a")),
                                tg_span_text("b")));
        unlink(path);
}

Test(document, a_file_that_cannot_be_read_is_told_without_a_place)
{
        tg_cleanup(told_deinit) struct told told = {0};

        cr_assert_eq(tg_document_load("/nowhere/p.yaml", &told.diagnostics, &told.document), -1);
        cr_assert_eq(tg_document_load("/tmp", &told.diagnostics, &told.document), -1);
        cr_assert_null(told.document);
        cr_assert_str_eq(told_text(&told),
                         "/nowhere/p.yaml: error: can't be read: No such file or directory\n"
                         "/tmp: error: can't be read: Is a directory\n");
}
