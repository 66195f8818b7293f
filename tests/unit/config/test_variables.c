/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "config/variables.h"
#include "told.h"

static char *look_up(const char *name)
{
        static char set[] = "hunter2", number[] = "17", empty[] = "", tricky[] = "${SET} #: ~\n";

        if (strcmp(name, "SET") == 0)
                return set;
        if (strcmp(name, "NUMBER") == 0)
                return number;
        if (strcmp(name, "TRICKY") == 0)
                return tricky;
        return strcmp(name, "EMPTY") == 0 ? empty : NULL;
}

static struct tg_variables expand(struct told *told, bool known)
{
        struct tg_variables variables = {0};

        cr_assert(told->document);
        tg_variables_expand(told->document, known ? look_up : NULL, &told->diagnostics, &variables);
        return variables;
}

/* What VALUE stands for, where the variables above are set. */
static void expect_text(const char *value, const char *expected)
{
        tg_cleanup(told_deinit) struct told told;
        tg_cleanup(tg_variables_deinit) struct tg_variables variables = {0};
        char yaml[200];

        snprintf(yaml, sizeof yaml, "key: %s\n", value);
        told_parse(&told, tg_span_text(yaml));
        variables = expand(&told, true);
        cr_expect_str_eq(told_text(&told), "", "%s: %s", value, told_text(&told));
        cr_expect_str_eq((const char *)tg_node_text(tg_node_find(told_root(&told), "key")).data,
                         expected, "%s", value);
}

Test(variables, a_value_holds_what_its_variables_hold)
{
        expect_text("${SET}", "hunter2");
        expect_text("\"${SET}\"", "hunter2");
        expect_text("a${SET}b${NUMBER}", "ahunter2b17");
        expect_text("${TRICKY}", "${SET} #: ~\n");
        expect_text("${EMPTY}", "");
}

Test(variables, a_default_stands_for_what_is_unset_or_empty)
{
        expect_text("${UNSET:-there:9092}", "there:9092");
        expect_text("${EMPTY:-there}", "there");
        expect_text("${SET:-there}", "hunter2");
        expect_text("${UNSET:-}", "");
}

Test(variables, a_dollar_alone_is_text_and_two_are_a_way_to_write_a_brace)
{
        expect_text("$SET", "$SET");
        expect_text("$${SET}", "${SET}");
        expect_text("a$${b} costs 5$", "a${b} costs 5$");
        expect_text("${SET}$${SET}", "hunter2${SET}");
}

Test(variables, keys_are_no_values)
{
        TOLD_PARSE(told, "a${SET}: 1\n");
        tg_cleanup(tg_variables_deinit) struct tg_variables variables = expand(&told, true);

        cr_expect(tg_node_find(told_root(&told), "a${SET}"));
        cr_expect_eq(variables.count, 0);
}

Test(variables, each_that_is_unset_is_told_where_it_stands)
{
        TOLD_PARSE(told, "a: 1\nb: [x, \"y ${SET} ${NO} ${NEITHER}\"]\n");
        tg_cleanup(tg_variables_deinit) struct tg_variables variables = expand(&told, true);

        cr_expect_str_eq(told_text(&told),
                         "p.yaml:2:18: error: the environment variable NO is not set\n"
                         "    2 | b: [x, \"y ${SET} ${NO} ${NEITHER}\"]\n"
                         "                         ^~~~~\n"
                         "   set it, or give a default: ${NO:-...}\n"
                         "p.yaml:2:24: error: the environment variable NEITHER is not set\n"
                         "    2 | b: [x, \"y ${SET} ${NO} ${NEITHER}\"]\n"
                         "                               ^~~~~~~~~~\n"
                         "   set it, or give a default: ${NEITHER:-...}\n");
        cr_expect_eq(variables.count, 3);
}

static void expect_malformed(const char *value)
{
        tg_cleanup(told_deinit) struct told told;
        tg_cleanup(tg_variables_deinit) struct tg_variables variables = {0};
        char yaml[200];

        snprintf(yaml, sizeof yaml, "key: '%s'\n", value);
        told_parse(&told, tg_span_text(yaml));
        variables = expand(&told, true);
        cr_expect_str_eq(told_one(&told),
                         "1:7 no variable can be read here | write ${NAME} or ${NAME:-default}; "
                         "$${ stands for ${ itself",
                         "%s", value);
}

Test(variables, what_begins_like_one_and_is_none_is_a_mistake)
{
        expect_malformed("${");
        expect_malformed("${SET");
        expect_malformed("${}");
        expect_malformed("${1SET}");
        expect_malformed("${SE T}");
        expect_malformed("${SET-x}");
        expect_malformed("${SET:x}");
}

Test(variables, a_number_may_come_from_one)
{
        TOLD_PARSE(told, "n: ${NUMBER}\nquoted: {m: \"${NUMBER}\"}\n");
        tg_cleanup(tg_variables_deinit) struct tg_variables variables = expand(&told, true);
        struct tg_reader root, quoted;
        int64_t n = 0, m = 0;

        tg_reader_init(&root, &told.diagnostics, told_root(&told), "root");
        tg_read_integer(&root, "n", TG_REQUIRED, 0, 100, &n);
        tg_read_mapping(&root, "quoted", TG_REQUIRED, &quoted);
        tg_read_integer(&quoted, "m", TG_REQUIRED, 0, 100, &m);
        tg_reader_finish(&quoted);
        tg_reader_finish(&root);
        cr_expect_str_eq(told_text(&told), "");
        cr_expect_eq(variables.count, 1);
        cr_expect_eq(n, 17);
        cr_expect_eq(m, 17);
}

Test(variables, a_message_never_says_what_one_holds)
{
        TOLD_PARSE(told, "n: ${SET}\n");
        tg_cleanup(tg_variables_deinit) struct tg_variables variables = expand(&told, true);
        struct tg_reader root;
        int64_t n = 0;

        tg_reader_init(&root, &told.diagnostics, told_root(&told), "root");
        tg_read_integer(&root, "n", TG_REQUIRED, 0, 100, &n);
        tg_reader_finish(&root);
        cr_expect_str_eq(told_one(&told), "1:4 expected a whole number from 0 to 100 for \"n\", "
                                          "found what \"${SET}\" stands for");
        cr_expect_null(strstr(told_text(&told), "hunter2"));
        cr_expect_eq(variables.count, 1);
}

Test(variables, to_check_none_is_looked_up_and_nothing_is_wrong_with_a_value_of_one)
{
        TOLD_PARSE(told, "n: ${NUMBER}\nd: ${UNSET:-5}\nt: [\"${SET}\"]\nw: ${WORD:-x}${SET}\n"
                         "again: ${NUMBER:-3}\n");
        tg_cleanup(tg_variables_deinit) struct tg_variables variables = expand(&told, false);
        struct tg_reader root;
        struct tg_span text;
        int64_t n = -1, d = -1, again = -1;

        tg_reader_init(&root, &told.diagnostics, told_root(&told), "root");
        cr_expect_null(tg_read_integer(&root, "n", TG_REQUIRED, 0, 100, &n));
        tg_read_integer(&root, "d", TG_REQUIRED, 0, 100, &d);
        cr_expect_null(tg_read_texts(&root, "t", TG_REQUIRED));
        cr_expect_null(tg_read_text(&root, "w", TG_REQUIRED, &text));
        tg_read_integer(&root, "again", TG_REQUIRED, 0, 100, &again);
        tg_reader_finish(&root);
        cr_expect_str_eq(told_text(&told), "");
        cr_expect_eq(n, -1);
        cr_expect_eq(d, 5);
        cr_expect_eq(again, 3);
        cr_assert_eq(variables.count, 4);
        cr_expect_str_eq(variables.items[0].name, "NUMBER");
        cr_expect_not(variables.items[0].optional);
        cr_expect_str_eq(variables.items[1].name, "UNSET");
        cr_expect(variables.items[1].optional);
        cr_expect_str_eq(variables.items[2].name, "SET");
        cr_expect_str_eq(variables.items[3].name, "WORD");
}
