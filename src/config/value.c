/* SPDX-License-Identifier: Apache-2.0 */
#include "config/value.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#include "base/time.h"
#include "config/glob.h"
#include "config/mistakes.h"
#include "config/nearest.h"
#include "config/units.h"

enum {
        EXPECTED_SIZE = 160,
        ADVICE_SIZE = 400,
        WORDS_MAX = 64,
        RATE_COUNT_MAX = 1000000000, /* one a nanosecond */
};

static bool is(const struct tg_node *node, const char *text)
{
        return tg_span_equal(tg_node_text(node), tg_span_text(text));
}

/* A scalar that says something; its text is NUL-terminated. */
static bool says_something(const struct tg_node *node)
{
        return tg_node_kind(node) == TG_NODE_SCALAR && !tg_node_is_null(node) &&
               tg_node_text(node).size > 0;
}

static const char *text_of(const struct tg_node *node)
{
        return (const char *)tg_node_text(node).data;
}

bool tg_value_text(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                   struct tg_span *value)
{
        if (!node)
                return false;
        if (!says_something(node))
                return tg_mistake(diagnostics, node, NULL, "text");
        *value = tg_node_text(node);
        return true;
}

bool tg_value_pattern(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                      struct tg_span *value)
{
        if (!node)
                return false;
        if (!says_something(node) || tg_node_text(node).size > TG_GLOB_SIZE_MAX)
                return tg_mistake(diagnostics, node, "* stands for any text, as in spring-*",
                                  "a pattern of at most 256 bytes");
        *value = tg_node_text(node);
        return true;
}

/* What other formats (and YAML 1.1) take for a truth. */
static const char *truth_advice(const struct tg_node *node)
{
        static const char *const truths[] = {"yes", "on", "y", "true", "1", NULL};
        static const char *const untruths[] = {"no", "off", "n", "false", "0", NULL};

        if (!says_something(node))
                return NULL;
        for (size_t i = 0; truths[i]; i++) {
                if (strcasecmp(text_of(node), truths[i]) == 0)
                        return "did you mean true?";
                if (strcasecmp(text_of(node), untruths[i]) == 0)
                        return "did you mean false?";
        }
        return NULL;
}

bool tg_value_bool(struct tg_diagnostics *diagnostics, const struct tg_node *node, bool *value)
{
        if (!node)
                return false;
        if (!tg_node_is_plain(node) || (!is(node, "true") && !is(node, "false")))
                return tg_mistake(diagnostics, node, truth_advice(node), "true or false");
        *value = is(node, "true");
        return true;
}

static const char *number_advice(const struct tg_node *node)
{
        if (tg_node_kind(node) == TG_NODE_SCALAR && !tg_node_is_plain(node) &&
            tg_node_text(node).size > 0 &&
            strspn(text_of(node), "+-.0123456789") == tg_node_text(node).size)
                return "write the number without quotes";
        return NULL;
}

bool tg_value_integer(struct tg_diagnostics *diagnostics, const struct tg_node *node, int64_t min,
                      int64_t max, int64_t *value)
{
        char expected[EXPECTED_SIZE];
        int64_t number;

        if (!node)
                return false;
        if (tg_mistake_is_number(node) && !strchr(text_of(node), '.')) {
                errno = 0;
                number = strtoll(text_of(node), NULL, 10);
                if (errno == 0 && number >= min && number <= max) {
                        *value = number;
                        return true;
                }
        }
        if (max == INT64_MAX)
                snprintf(expected, sizeof expected, "a whole number, at least %" PRId64 ",", min);
        else
                snprintf(expected, sizeof expected, "a whole number from %" PRId64 " to %" PRId64,
                         min, max);
        return tg_mistake(diagnostics, node, number_advice(node), expected);
}

/* A long limit to the whole day, so that it can be read. */
static int64_t readable(int64_t limit_ms)
{
        return limit_ms > 30 * TG_DAY_MS ? limit_ms - limit_ms % TG_DAY_MS : limit_ms;
}

bool tg_value_duration(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                       int64_t min_ms, int64_t max_ms, int64_t *value_ms)
{
        char expected[EXPECTED_SIZE], advice[TG_UNITS_ADVICE_SIZE];
        char min[TG_TIME_TEXT_SIZE], max[TG_TIME_TEXT_SIZE];
        struct tg_span text;
        int64_t duration;

        if (!node)
                return false;
        text = says_something(node) ? tg_node_text(node) : tg_span_text("");
        if (tg_duration_parse((const char *)text.data, text.size, &duration) < 0)
                return tg_mistake(diagnostics, node, tg_units_duration_advice(text, advice),
                                  "a duration with its unit");
        if (duration >= min_ms && duration <= max_ms) {
                *value_ms = duration;
                return true;
        }
        tg_duration_text(min_ms, min);
        if (max_ms == INT64_MAX)
                snprintf(expected, sizeof expected, "a duration, at least %s,", min);
        else
                snprintf(expected, sizeof expected, "a duration from %s to %s", min,
                         tg_duration_text(readable(max_ms), max));
        return tg_mistake(diagnostics, node, NULL, expected);
}

bool tg_value_size(struct tg_diagnostics *diagnostics, const struct tg_node *node, int64_t min,
                   int64_t max, int64_t *value_bytes)
{
        char expected[EXPECTED_SIZE], advice[TG_UNITS_ADVICE_SIZE];
        char least[TG_TIME_TEXT_SIZE], most[TG_TIME_TEXT_SIZE];
        struct tg_span text;
        int64_t size;

        if (!node)
                return false;
        text = says_something(node) ? tg_node_text(node) : tg_span_text("");
        if (!tg_units_size_parse(text, &size))
                return tg_mistake(diagnostics, node, tg_units_size_advice(text, advice),
                                  "a size with its unit");
        if (size >= min && size <= max) {
                *value_bytes = size;
                return true;
        }
        tg_units_size_text(min, least);
        if (max == INT64_MAX)
                snprintf(expected, sizeof expected, "a size, at least %s,", least);
        else
                snprintf(expected, sizeof expected, "a size from %s to %s", least,
                         tg_units_size_text(max, most));
        return tg_mistake(diagnostics, node, NULL, expected);
}

bool tg_value_rate(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                   struct tg_rate *value)
{
        char advice[TG_UNITS_ADVICE_SIZE];
        struct tg_span text;
        int64_t count, per_ms;

        if (!node)
                return false;
        text = says_something(node) ? tg_node_text(node) : tg_span_text("");
        if (!tg_units_rate_parse(text, &count, &per_ms))
                return tg_mistake(diagnostics, node, tg_units_rate_advice(text, advice), "a rate");
        if (count < 1 || count > RATE_COUNT_MAX)
                return tg_mistake(diagnostics, node, NULL, "a rate of 1 to 1000000000 a unit");
        *value = (struct tg_rate){.count = count, .per_ms = per_ms};
        return true;
}

static size_t count_words(const char *const *words)
{
        size_t count = 0;

        while (words[count])
                count++;
        return count;
}

bool tg_value_word(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                   const char *const *words, unsigned *value)
{
        char advice[ADVICE_SIZE];
        struct tg_span text;
        ptrdiff_t nearest;

        if (!node)
                return false;
        text = says_something(node) ? tg_node_text(node) : tg_span_text("");
        for (unsigned i = 0; words[i]; i++) {
                if (tg_span_equal(text, tg_span_text(words[i]))) {
                        *value = i;
                        return true;
                }
        }
        nearest = tg_nearest(text, words, count_words(words));
        if (nearest >= 0)
                snprintf(advice, sizeof advice, "did you mean \"%s\"?", words[nearest]);
        else
                tg_mistake_list(words, count_words(words), "one of:", advice, sizeof advice);
        return tg_mistake(diagnostics, node, advice, "a known word");
}

bool tg_value_words(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                    const char *const *words, uint64_t *value)
{
        const struct tg_node *item = tg_list_first(node);
        uint64_t mask = 0;
        bool good = true;

        assert(count_words(words) <= WORDS_MAX);
        if (!item)
                return tg_mistake(diagnostics, node, NULL, "a word or a list of words");
        for (; item; item = tg_list_next(node, item)) {
                unsigned word;

                if (!tg_value_word(diagnostics, item, words, &word)) {
                        good = false;
                        continue;
                }
                if (mask & UINT64_C(1) << word) {
                        tg_diagnose(diagnostics, item, TG_ERROR, "take it out",
                                    "\"%s\" stands twice in this list", words[word]);
                        good = false;
                }
                mask |= UINT64_C(1) << word;
        }
        if (good)
                *value = mask;
        return good;
}

const struct tg_node *tg_list_first(const struct tg_node *node)
{
        if (!node || tg_node_kind(node) == TG_NODE_MAPPING)
                return NULL;
        if (tg_node_kind(node) == TG_NODE_SEQUENCE)
                return tg_node_first(node);
        return tg_node_is_null(node) ? NULL : node;
}

const struct tg_node *tg_list_next(const struct tg_node *node, const struct tg_node *item)
{
        return node == item ? NULL : tg_node_next(item);
}
