/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/selector.h"

#include <stdlib.h>

#include "base/memory.h"
#include "config/glob.h"

static void read_patterns(struct tg_patterns *patterns, struct tg_reader *reader, const char *key)
{
        const struct tg_node *node = tg_read_patterns(reader, key, TG_OPTIONAL);
        struct tg_span items[TG_PATTERNS_MAX];
        size_t count = 0;

        for (const struct tg_node *item = tg_list_first(node); item;
             item = tg_list_next(node, item)) {
                if (count == TG_PATTERNS_MAX) {
                        tg_diagnose(reader->diagnostics, item, TG_ERROR,
                                    "say more with a pattern: `*` stands for any text",
                                    "more than %d texts in a list", TG_PATTERNS_MAX);
                        break;
                }
                items[count++] = tg_node_text(item);
        }
        if (count == 0)
                return;
        patterns->items = tg_allocate(count * sizeof items[0]);
        memcpy(patterns->items, items, count * sizeof items[0]);
        patterns->count = count;
}

void tg_selector_read(struct tg_selector *selector, struct tg_reader *reader, const char *key,
                      enum tg_selector_words words)
{
        struct tg_reader inner;

        if (!tg_read_mapping(reader, key, TG_OPTIONAL, &inner))
                return;
        tg_read_words(&inner, "channel", TG_OPTIONAL, tg_channel_words.words, &selector->channels);
        if (words == TG_SELECT_REQUESTS) {
                tg_read_words(&inner, "kind", TG_OPTIONAL, tg_kind_words.words, &selector->kinds);
                tg_read_words(&inner, "class", TG_OPTIONAL, tg_class_words.words,
                              &selector->classes);
        }
        read_patterns(&selector->campaign, &inner, "campaign");
        read_patterns(&selector->subject, &inner, "subject");
        read_patterns(&selector->topic, &inner, "topic");
        selector->patterns =
                selector->campaign.count || selector->subject.count || selector->topic.count;
        tg_reader_finish(&inner);
}

void tg_selector_deinit(struct tg_selector *selector)
{
        free(selector->campaign.items);
        free(selector->subject.items);
        free(selector->topic.items);
}

static bool patterns_match(const struct tg_patterns *patterns, struct tg_span text)
{
        if (patterns->count == 0)
                return true;
        if (!tg_span_present(text))
                return false;
        for (size_t i = 0; i < patterns->count; i++) {
                if (tg_glob_match(patterns->items[i], text))
                        return true;
        }
        return false;
}

bool tg_selector_matches_texts(const struct tg_selector *selector, const struct tg_traits *traits)
{
        return patterns_match(&selector->campaign, traits->campaign) &&
               patterns_match(&selector->subject, traits->subject) &&
               patterns_match(&selector->topic, traits->topic);
}

static bool patterns_equal(const struct tg_patterns *a, const struct tg_patterns *b)
{
        if (a->count != b->count)
                return false;
        for (size_t i = 0; i < a->count; i++) {
                if (!tg_span_equal(a->items[i], b->items[i]))
                        return false;
        }
        return true;
}

bool tg_selector_equal(const struct tg_selector *a, const struct tg_selector *b)
{
        return a->channels == b->channels && a->kinds == b->kinds && a->classes == b->classes &&
               patterns_equal(&a->campaign, &b->campaign) &&
               patterns_equal(&a->subject, &b->subject) && patterns_equal(&a->topic, &b->topic);
}
