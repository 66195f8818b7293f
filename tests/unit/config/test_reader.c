/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "base/time.h"
#include "told.h"

static const char *const touches[] = {"impression", "click", "purchase", NULL};

struct cap {
        unsigned count;
        int64_t at_most;
        int64_t per_ms;
        const struct tg_node *per; /* as the getter gave it back */
};

/* A schema as callers write them. */
static struct cap read_rule(struct told *told)
{
        struct cap cap = {.count = 2, .at_most = 1, .per_ms = 5};
        struct tg_reader rule, reader;
        struct tg_span name;

        tg_reader_init(&rule, &told->diagnostics, told_root(told), "rule");
        tg_read_text(&rule, "rule", TG_REQUIRED, &name);
        tg_read_mapping(&rule, "cap", TG_OPTIONAL, &reader);
        tg_read_word(&reader, "count", TG_REQUIRED, touches, &cap.count);
        tg_read_integer(&reader, "at_most", TG_REQUIRED, 0, 1000, &cap.at_most);
        cap.per = tg_read_duration(&reader, "per", TG_REQUIRED, 1, 400 * TG_DAY_MS, &cap.per_ms);
        tg_reader_finish(&reader);
        tg_reader_finish(&rule);
        return cap;
}

Test(reader, reads_what_the_schema_says)
{
        TOLD_PARSE(told, "rule: r\ncap: {count: click, at_most: 10, per: 7d}\n");
        struct cap cap = read_rule(&told);

        cr_assert_str_eq(told_text(&told), "");
        cr_assert_eq(cap.count, 1);
        cr_assert_eq(cap.at_most, 10);
        cr_assert_eq(cap.per_ms, 7 * TG_DAY_MS);
        cr_assert_eq(tg_node_place(cap.per).column, 39);
}

Test(reader, an_unknown_key_near_a_missing_one_is_told_once)
{
        TOLD_PARSE(told, "rule: r\ncap: {count: impression, at_mots: 10, per: 7d}\n");
        struct cap cap = read_rule(&told);

        cr_assert_str_eq(told_text(&told),
                         "p.yaml:2:26: error: unknown key \"at_mots\" in cap\n"
                         "    2 | cap: {count: impression, at_mots: 10, per: 7d}\n"
                         "                                 ^~~~~~~\n"
                         "   did you mean \"at_most\"?\n");
        cr_assert_eq(cap.at_most, 1);
}

Test(reader, an_unknown_key_near_nothing_lists_the_known_ones)
{
        TOLD_PARSE(told, "rule: r\ncap: {count: click, at_most: 10, per: 7d, colour: red}\n");

        read_rule(&told);
        cr_assert_str_eq(told_one(&told), "2:43 unknown key \"colour\" in cap | known keys: count, "
                                          "at_most, per");
}

Test(reader, a_key_that_is_given_is_not_offered_again)
{
        TOLD_PARSE(told, "rule: r\ncap: {count: click, at_most: 10, per: 7d, pre: 7d}\n");

        read_rule(&told);
        cr_assert_str_eq(told_one(&told), "2:43 unknown key \"pre\" in cap | known keys: count, "
                                          "at_most, per");
}

Test(reader, every_mistake_is_told_at_once)
{
        TOLD_PARSE(told, "ruel: r\n"
                         "cap:\n"
                         "  count: clik\n"
                         "  per: 7\n"
                         "  ech: x\n");
        struct cap cap = read_rule(&told);

        cr_assert_str_eq(
                told_text(&told),
                "p.yaml:1:1: error: unknown key \"ruel\" in rule\n"
                "    1 | ruel: r\n"
                "        ^~~~\n"
                "   did you mean \"rule\"?\n"
                "p.yaml:3:3: error: cap needs \"at_most\"\n"
                "    3 |   count: clik\n"
                "          ^~~~~\n"
                "   add it, as in \"at_most: 3\"\n"
                "p.yaml:3:10: error: expected a known word for \"count\", found text "
                "\"clik\"\n"
                "    3 |   count: clik\n"
                "                 ^~~~\n"
                "   did you mean \"click\"?\n"
                "p.yaml:4:8: error: expected a duration with its unit for \"per\", found the "
                "number 7\n"
                "    4 |   per: 7\n"
                "               ^\n"
                "   add a unit, as in 7h (units: ms, s, m, h, d, w)\n"
                "p.yaml:5:3: error: unknown key \"ech\" in cap\n"
                "    5 |   ech: x\n"
                "          ^~~\n"
                "   known keys: count, at_most, per\n");
        cr_assert(cap.count == 2 && cap.at_most == 1 && cap.per_ms == 5);
        cr_assert_null(cap.per);
}

Test(reader, what_is_no_mapping_is_told_once)
{
        TOLD_PARSE(told, "rule: r\ncap: 10\n");

        read_rule(&told);
        cr_assert_str_eq(told_one(&told), "2:6 expected a mapping for cap, found the number 10 | "
                                          "write it as \"key: value\" lines or {key: value}");
        cr_assert_eq(told.diagnostics.errors, 1);
}

Test(reader, a_root_that_is_no_mapping_is_told_once)
{
        TOLD_PARSE(told, "- rule: r\n");

        read_rule(&told);
        cr_assert_str_eq(told_one(&told),
                         "1:1 expected a mapping for rule, found a list | write it "
                         "as \"key: value\" lines or {key: value}");
        cr_assert_eq(told.diagnostics.errors, 1);
}

Test(reader, an_absent_mapping_needs_nothing)
{
        TOLD_PARSE(told, "rule: r\n");

        read_rule(&told);
        cr_assert_str_eq(told_text(&told), "");
}

Test(reader, an_empty_mapping_misses_all_it_needs)
{
        TOLD_PARSE(told, "rule: r\ncap: {}\n");

        read_rule(&told);
        cr_assert_eq(told.diagnostics.errors, 3);
        cr_assert_str_eq(told_one(&told), "2:6 cap needs \"count\" | add it, as in \"count: "
                                          "impression\"");
}

Test(reader, a_key_asked_for_twice_counts_once)
{
        TOLD_PARSE(told, "b: 1\n");
        struct tg_reader reader;

        tg_reader_init(&reader, &told.diagnostics, told_root(&told), "it");
        cr_assert_null(tg_read_node(&reader, "a", TG_REQUIRED, NULL));
        cr_assert_null(tg_read_node(&reader, "a", TG_OPTIONAL, NULL));
        cr_assert_not_null(tg_read_node(&reader, "b", TG_OPTIONAL, NULL));
        tg_reader_finish(&reader);
        cr_assert_str_eq(told_one(&told), "1:1 it needs \"a\"");
        cr_assert_eq(told.diagnostics.errors, 1);
}

Test(reader, a_list_of_known_keys_is_bounded)
{
        static char names[TG_READER_KEYS_MAX][32];
        TOLD_PARSE(told, "zz: 1\n");
        struct tg_reader reader;

        tg_reader_init(&reader, &told.diagnostics, told_root(&told), "it");
        for (int i = 0; i < TG_READER_KEYS_MAX; i++) {
                snprintf(names[i], sizeof names[i], "quite_a_long_key_%d", i);
                tg_read_node(&reader, names[i], TG_OPTIONAL, NULL);
        }
        tg_reader_finish(&reader);
        told_one(&told);
        cr_assert_lt(strlen(told.diagnostics.items[0].advice), 400);
        cr_assert_str_eq(told.text + strlen(told.text) - 5, ", ...");
}
