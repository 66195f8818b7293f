/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <inttypes.h>

#include "base/time.h"
#include "told.h"

static const char *const channels[] = {"email", "ads", "push", "call", NULL};

/* One value of every type, each with a default and the bounds the tests use. */
struct values {
        struct tg_span text;
        bool truth;
        int64_t integer;
        int64_t duration;
        int64_t size;
        struct tg_rate rate;
        unsigned word;
        uint64_t words;
        bool list;
};

static const struct values defaults = {
        .integer = 7,
        .duration = 11,
        .size = 13,
        .rate = {17, 19},
        .word = 2,
        .words = 29,
};

static struct values read_values(struct told *told, const char *yaml)
{
        struct values values = defaults;
        struct tg_reader reader;

        told_parse(told, tg_span_text(yaml));
        cr_assert_not_null(told->document, "%s", told_text(told));
        tg_reader_init(&reader, &told->diagnostics, told_root(told), "values");
        tg_read_text(&reader, "text", TG_OPTIONAL, &values.text);
        tg_read_bool(&reader, "bool", TG_OPTIONAL, &values.truth);
        tg_read_integer(&reader, "integer", TG_OPTIONAL, -5, 1000, &values.integer);
        tg_read_integer(&reader, "large", TG_OPTIONAL, INT64_MIN, INT64_MAX, &values.integer);
        tg_read_duration(&reader, "duration", TG_OPTIONAL, 1, 30 * TG_DAY_MS, &values.duration);
        tg_read_size(&reader, "size", TG_OPTIONAL, 1024, INT64_C(1) << 40, &values.size);
        tg_read_rate(&reader, "rate", TG_OPTIONAL, &values.rate);
        tg_read_word(&reader, "word", TG_OPTIONAL, channels, &values.word);
        tg_read_words(&reader, "words", TG_OPTIONAL, channels, &values.words);
        values.list = tg_read_texts(&reader, "texts", TG_OPTIONAL) != NULL;
        values.list |= tg_read_patterns(&reader, "patterns", TG_OPTIONAL) != NULL;
        values.list |= tg_read_sequence(&reader, "sequence", TG_OPTIONAL) != NULL;
        tg_reader_finish(&reader);
        return values;
}

static struct values good(const char *yaml)
{
        tg_cleanup(told_deinit) struct told told;
        struct values values = read_values(&told, yaml);

        values.text = TG_SPAN_ABSENT; /* the document goes */
        cr_expect_eq(told.diagnostics.errors, 0, "%s", told_text(&told));
        return values;
}

Test(value, well_formed_values_are_read)
{
        cr_expect(good("bool: true").truth);
        cr_expect_not(good("bool: false").truth);
        cr_expect_eq(good("integer: -5").integer, -5);
        cr_expect_eq(good("integer: 1000").integer, 1000);
        cr_expect_eq(good("integer: +3").integer, 3);
        cr_expect_eq(good("large: 9223372036854775807").integer, INT64_MAX);
        cr_expect_eq(good("large: -9223372036854775808").integer, INT64_MIN);
        cr_expect_eq(good("duration: 500ms").duration, 500);
        cr_expect_eq(good("duration: '3h'").duration, 3 * TG_HOUR_MS);
        cr_expect_eq(good("duration: 30d").duration, 30 * TG_DAY_MS);
        cr_expect_eq(good("size: 256MiB").size, 256 << 20);
        cr_expect_eq(good("size: 1GiB").size, 1 << 30);
        cr_expect_eq(good("size: 2048B").size, 2048);
        cr_expect_eq(good("size: 1TiB").size, INT64_C(1) << 40);
        cr_expect_eq(good("word: ads").word, 1);
        cr_expect_eq(good("words: call").words, 8);
        cr_expect_eq(good("words: [push, email]").words, 5);
        cr_expect(good("texts: a").list);
        cr_expect(good("texts: [a, b]").list);
        cr_expect(good("patterns: [a*, b]").list);
        cr_expect(good("sequence: []").list);
}

static void assert_rate(const char *yaml, int64_t count, int64_t per_ms)
{
        struct tg_rate rate = good(yaml).rate;

        cr_expect(rate.count == count && rate.per_ms == per_ms, "%s: %" PRId64 "/%" PRId64, yaml,
                  rate.count, rate.per_ms);
}

Test(value, a_rate_is_kept_exactly_as_written)
{
        assert_rate("rate: 500/s", 500, TG_SECOND_MS);
        assert_rate("rate: 3/m", 3, TG_MINUTE_MS);
        assert_rate("rate: 10000/h", 10000, TG_HOUR_MS);
        assert_rate("rate: 1/d", 1, TG_DAY_MS);
        assert_rate("rate: 1000000000/s", 1000000000, TG_SECOND_MS);
}

Test(value, an_absent_value_keeps_its_default_and_tells_nothing)
{
        struct values values = good("{}");

        cr_expect_eq(memcmp(&values, &defaults, sizeof values), 0);
}

static const char *const wrong[][2] = {
        {"text:", "1:1 expected text for \"text\", found nothing"},
        {"text: ''", "1:7 expected text for \"text\", found an empty text"},
        {"text: [a]", "1:7 expected text for \"text\", found a list"},
        {"text: {a: b}", "1:7 expected text for \"text\", found a mapping"},
        {"patterns: [[]]",
         "1:12 expected a pattern of at most 256 bytes for \"patterns\", found an empty "
         "list | * stands for any text, as in spring-*"},
        {"bool: maybe", "1:7 expected true or false for \"bool\", found text \"maybe\""},
        {"bool: yes",
         "1:7 expected true or false for \"bool\", found text \"yes\" | did you mean true?"},
        {"bool: Off",
         "1:7 expected true or false for \"bool\", found text \"Off\" | did you mean false?"},
        {"bool: 0",
         "1:7 expected true or false for \"bool\", found the number 0 | did you mean false?"},
        {"bool: 'true'",
         "1:7 expected true or false for \"bool\", found text \"true\" | did you mean true?"},
        {"integer: abc",
         "1:10 expected a whole number from -5 to 1000 for \"integer\", found text \"abc\""},
        {"integer: 1001",
         "1:10 expected a whole number from -5 to 1000 for \"integer\", found the number 1001"},
        {"integer: -6",
         "1:10 expected a whole number from -5 to 1000 for \"integer\", found the number -6"},
        {"integer: 1.5",
         "1:10 expected a whole number from -5 to 1000 for \"integer\", found the number 1.5"},
        {"integer: true",
         "1:10 expected a whole number from -5 to 1000 for \"integer\", found true"},
        {"integer: '3'", "1:10 expected a whole number from -5 to 1000 for \"integer\", found text "
                         "\"3\" | write the number without quotes"},
        {"integer: 3-4",
         "1:10 expected a whole number from -5 to 1000 for \"integer\", found text \"3-4\""},
        {"large: 9223372036854775808",
         "1:8 expected a whole number, at least -9223372036854775808, "
         "for \"large\", found the number 9223372036854775808"},
        {"duration: 3",
         "1:11 expected a duration with its unit for \"duration\", found the number 3 "
         "| add a unit, as in 3h (units: ms, s, m, h, d, w)"},
        {"duration: soon", "1:11 expected a duration with its unit for \"duration\", found text "
                           "\"soon\" | write it as in 30d (units: ms, s, m, h, d, w)"},
        {"duration: 3 hours", "1:11 expected a duration with its unit for \"duration\", found text "
                              "\"3 hours\" | did you mean \"3h\"?"},
        {"duration: 1.5h", "1:11 expected a duration with its unit for \"duration\", found text "
                           "\"1.5h\" | did you mean \"90m\"?"},
        {"duration: 7D",
         "1:11 expected a duration with its unit for \"duration\", found text \"7D\" "
         "| did you mean \"7d\"?"},
        {"duration: 2 months",
         "1:11 expected a duration with its unit for \"duration\", found text "
         "\"2 months\" | write it as in 30d (units: ms, s, m, h, d, w)"},
        {"duration: 0s", "1:11 expected a duration from 1ms to 30d for \"duration\", found text "
                         "\"0s\""},
        {"duration: 31d", "1:11 expected a duration from 1ms to 30d for \"duration\", found text "
                          "\"31d\""},
        {"duration: {h: 3}", "1:11 expected a duration with its unit for \"duration\", found a "
                             "mapping | write it as in 30d (units: ms, s, m, h, d, w)"},
        {"size: 256",
         "1:7 expected a size with its unit for \"size\", found the number 256 | add a "
         "unit, as in 256MiB (units: B, KiB, MiB, GiB, TiB)"},
        {"size: 256 MB",
         "1:7 expected a size with its unit for \"size\", found text \"256 MB\" | did "
         "you mean \"256MiB\"?"},
        {"size: 1g", "1:7 expected a size with its unit for \"size\", found text \"1g\" | did you "
                     "mean \"1GiB\"?"},
        {"size: big",
         "1:7 expected a size with its unit for \"size\", found text \"big\" | write it "
         "as in 256MiB (units: B, KiB, MiB, GiB, TiB)"},
        {"size: 1B", "1:7 expected a size from 1KiB to 1TiB for \"size\", found text \"1B\""},
        {"size: 9999999TiB",
         "1:7 expected a size with its unit for \"size\", found text "
         "\"9999999TiB\" | write it as in 256MiB (units: B, KiB, MiB, GiB, TiB)"},
        {"rate: 500", "1:7 expected a rate for \"rate\", found the number 500 | add a unit, as in "
                      "500/s (units: s, m, h, d)"},
        {"rate: 10/min",
         "1:7 expected a rate for \"rate\", found text \"10/min\" | did you mean \"10/m\"?"},
        {"rate: 10 per hour",
         "1:7 expected a rate for \"rate\", found text \"10 per hour\" | did you mean \"10/h\"?"},
        {"rate: 1/w", "1:7 expected a rate for \"rate\", found text \"1/w\" | write it as in 500/s "
                      "(units: s, m, h, d)"},
        {"rate: fast",
         "1:7 expected a rate for \"rate\", found text \"fast\" | write it as in 500/s "
         "(units: s, m, h, d)"},
        {"rate: 0/s",
         "1:7 expected a rate of 1 to 1000000000 a unit for \"rate\", found text \"0/s\""},
        {"rate: 1000000001/s", "1:7 expected a rate of 1 to 1000000000 a unit for \"rate\", found "
                               "text \"1000000001/s\""},
        {"word: emial",
         "1:7 expected a known word for \"word\", found text \"emial\" | did you mean "
         "\"email\"?"},
        {"word: carrier",
         "1:7 expected a known word for \"word\", found text \"carrier\" | one of: "
         "email, ads, push, call"},
        {"word:",
         "1:1 expected a known word for \"word\", found nothing | one of: email, ads, push, "
         "call"},
        {"words: [ads, pusch]",
         "1:14 expected a known word for \"words\", found text \"pusch\" | did "
         "you mean \"push\"?"},
        {"words: [ads, call, ads]", "1:20 \"ads\" stands twice in this list | take it out"},
        {"words: []", "1:8 expected a word or a list of words for \"words\", found an empty list"},
        {"words: {ads: x}",
         "1:8 expected a word or a list of words for \"words\", found a mapping"},
        {"texts: []", "1:8 expected text or a list of texts for \"texts\", found an empty list"},
        {"texts: [a, [b]]", "1:12 expected text for \"texts\", found a list"},
        {"texts: [[b], a]", "1:9 expected text for \"texts\", found a list"},
        {"duration: 1.5ms", "1:11 expected a duration with its unit for \"duration\", found text "
                            "\"1.5ms\" | write it as in 30d (units: ms, s, m, h, d, w)"},
        {"texts: [a, ~]", "1:12 expected text for \"texts\", found nothing"},
        {"patterns:",
         "1:1 expected a pattern or a list of patterns for \"patterns\", found nothing"},
        {"sequence: a", "1:11 expected a list for \"sequence\", found text \"a\" | begin each item "
                        "with \"- \""},
        {"text: 1\ntextss: 2", "2:1 unknown key \"textss\" in values | did you mean \"texts\"?"},
};

Test(value, a_wrong_value_is_told_and_leaves_the_default)
{
        for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
                tg_cleanup(told_deinit) struct told told;
                struct values values = read_values(&told, wrong[i][0]);

                cr_expect_eq(told.diagnostics.errors, 1, "%s: %zu errors", wrong[i][0],
                             told.diagnostics.errors);
                cr_expect_str_eq(told_one(&told), wrong[i][1]);
                values.text = TG_SPAN_ABSENT;
                cr_expect_eq(memcmp(&values, &defaults, sizeof values), 0, "%s", wrong[i][0]);
        }
}

Test(value, a_long_text_is_repeated_only_in_part)
{
        tg_cleanup(told_deinit) struct told told;

        read_values(&told, "bool: \xc3\xa4"
                           "23456789 123456789 123456789 12345678\xc3\xa4"
                           "23456789");
        cr_assert_str_eq(told.diagnostics.items[0].message,
                         "expected true or false for \"bool\", found text \"\xc3\xa4"
                         "23456789 123456789 123456789 12345678...\"");
}

Test(value, a_pattern_is_bounded)
{
        tg_cleanup(told_deinit) struct told told;
        char yaml[300] = "patterns: ";

        memset(yaml + 10, 'a', 257);
        read_values(&told, yaml);
        cr_assert_eq(told.diagnostics.errors, 1);
        yaml[10 + 256] = '\0';
        good(yaml);
}

Test(value, a_scalar_is_a_list_of_itself)
{
        TOLD_PARSE(told, "one: a\nmore: [b, c]\nnone:\nmapping: {d: e}\n");
        const struct tg_node *one = tg_node_find(told_root(&told), "one");
        const struct tg_node *more = tg_node_find(told_root(&told), "more");
        const struct tg_node *item = tg_list_first(more);

        cr_assert_eq(tg_list_first(one), one);
        cr_assert_null(tg_list_next(one, one));
        cr_assert_eq(item, tg_node_first(more));
        cr_assert_not_null(item = tg_list_next(more, item));
        cr_assert_null(tg_list_next(more, item));
        cr_assert_null(tg_list_first(tg_node_find(told_root(&told), "none")));
        cr_assert_null(tg_list_first(tg_node_find(told_root(&told), "mapping")));
        cr_assert_null(tg_list_first(NULL));
}
