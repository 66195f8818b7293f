/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "base/utf8.h"
#include "config/glob.h"
#include "config/nearest.h"

static bool matches(const char *pattern, const char *text)
{
        return tg_glob_match(tg_span_text(pattern), tg_span_text(text));
}

Test(glob, a_pattern_without_a_star_matches_only_itself)
{
        cr_assert(matches("spring", "spring"));
        cr_assert(matches("", ""));
        cr_assert_not(matches("spring", "springs"));
        cr_assert_not(matches("spring", "sprin"));
        cr_assert_not(matches("", "a"));
        cr_assert_not(matches("?", "a"));
        cr_assert_not(matches("[ab]", "a"));
}

Test(glob, a_star_stands_for_any_run_and_for_none)
{
        cr_assert(matches("*", ""));
        cr_assert(matches("*", "anything"));
        cr_assert(matches("spring-*", "spring-"));
        cr_assert(matches("spring-*", "spring-2026"));
        cr_assert_not(matches("spring-*", "spring"));
        cr_assert(matches("*-2026", "spring-2026"));
        cr_assert(matches("*-2026", "a-2026-2026"));
        cr_assert_not(matches("*-2026", "spring-2026x"));
        cr_assert(matches("a*b*c", "abc"));
        cr_assert(matches("a*b*c", "a-bb-b-cc"));
        cr_assert_not(matches("a*b*c", "acb"));
        cr_assert(matches("**a**", "a"));
}

/* The plain way: every split is tried. */
static bool oracle(const char *pattern, const char *text)
{
        if (*pattern == '*')
                return oracle(pattern + 1, text) || (*text && oracle(pattern, text + 1));
        if (*pattern == '\0' || *text == '\0')
                return *pattern == *text;
        return *pattern == *text && oracle(pattern + 1, text + 1);
}

static void random_text(unsigned *seed, const char *letters, size_t most, char *text)
{
        size_t size = (size_t)rand_r(seed) % (most + 1);

        for (size_t i = 0; i < size; i++)
                text[i] = letters[(size_t)rand_r(seed) % strlen(letters)];
        text[size] = '\0';
}

Test(glob, agrees_with_trying_every_split)
{
        unsigned seed = (unsigned)time(NULL);
        unsigned first = seed;

        for (int i = 0; i < 100000; i++) {
                char pattern[9], text[13];

                random_text(&seed, "ab*", 8, pattern);
                random_text(&seed, "ab", 12, text);
                cr_assert_eq(matches(pattern, text), oracle(pattern, text), "seed %u: %s %s", first,
                             pattern, text);
        }
}

Test(glob, many_stars_take_no_exponential_time, .timeout = 10)
{
        char pattern[TG_GLOB_SIZE_MAX], text[100000];

        for (size_t i = 0; i < sizeof pattern; i++)
                pattern[i] = i % 2 ? 'a' : '*';
        pattern[sizeof pattern - 1] = 'b';
        memset(text, 'a', sizeof text);
        cr_assert_not(
                tg_glob_match(tg_span_of(pattern, sizeof pattern), tg_span_of(text, sizeof text)));
}

static unsigned slips(const char *a, const char *b)
{
        return tg_nearest_distance(tg_span_text(a), tg_span_text(b), 20);
}

Test(nearest, counts_added_left_out_replaced_and_swapped_letters)
{
        cr_assert_eq(slips("cap", "cap"), 0);
        cr_assert_eq(slips("Cap", "cAP"), 0);
        cr_assert_eq(slips("caps", "cap"), 1);
        cr_assert_eq(slips("cp", "cap"), 1);
        cr_assert_eq(slips("cop", "cap"), 1);
        cr_assert_eq(slips("cpa", "cap"), 1);
        cr_assert_eq(slips("at_mots", "at_most"), 1);
        cr_assert_eq(slips("ca", "abc"), 3);
        cr_assert_eq(slips("", "abc"), 3);
        cr_assert_eq(tg_nearest_distance(tg_span_text("abcdef"), tg_span_text("uvwxyz"), 2), 3);
}

static const char *const words[] = {"at_most", "at_least", "count", "per", "each", "calendar"};

static ptrdiff_t nearest(const char *written)
{
        return tg_nearest(tg_span_text(written), words, 6);
}

Test(nearest, only_a_near_word_is_offered)
{
        cr_assert_eq(nearest("at_mots"), 0);
        cr_assert_eq(nearest("atleast"), 1);
        cr_assert_eq(nearest("cuont"), 2);
        cr_assert_eq(nearest("pre"), 3);
        cr_assert_eq(nearest("calender"), 5);
        cr_assert_eq(nearest("CALENDAR"), 5);
        cr_assert_eq(nearest("window"), -1);
        cr_assert_eq(nearest("x"), -1);
        cr_assert_eq(nearest(""), -1);
        cr_assert_eq(nearest("at_"), -1);
        cr_assert_eq(tg_nearest(tg_span_text("at_most"), words, 0), -1);
        cr_assert_eq(tg_nearest(tg_span_text("s"), (const char *const[]){"m", "h"}, 2), -1);
}

Test(nearest, the_first_of_equally_near_words_is_offered)
{
        static const char *const alike[] = {"cast", "cart", "card"};

        cr_assert_eq(tg_nearest(tg_span_text("carx"), alike, 3), 1);
        cr_assert_eq(tg_nearest(tg_span_text("card"), alike, 3), 2);
}

Test(nearest, a_very_long_word_is_near_nothing)
{
        char text[4096];

        memset(text, 'a', sizeof text);
        cr_assert_eq(tg_nearest(tg_span_of(text, sizeof text), words, 6), -1);
}

static size_t utf8(const char *text)
{
        return tg_utf8_size((const uint8_t *)text, strlen(text));
}

Test(utf8, only_the_shortest_form_of_a_character_is_valid)
{
        cr_assert_eq(utf8("a"), 1);
        cr_assert_eq(utf8("\xc3\xa4"), 2);
        cr_assert_eq(utf8("\xe2\x82\xac"), 3);
        cr_assert_eq(utf8("\xf0\x9f\x98\x80"), 4);
        cr_assert_eq(utf8("\xc0\x80"), 0);
        cr_assert_eq(utf8("\xe0\x80\x80"), 0);
        cr_assert_eq(utf8("\xed\xa0\x80"), 0);
        cr_assert_eq(utf8("\xf4\x90\x80\x80"), 0);
        cr_assert_eq(utf8("\xf8\x88\x80\x80"), 0);
        cr_assert_eq(utf8("\x80"), 0);
        cr_assert_eq(utf8("\xc3"), 0);
        cr_assert_eq(utf8("\xc3z"), 0);
        cr_assert_eq(utf8(""), 0);
}
