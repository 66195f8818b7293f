/* SPDX-License-Identifier: Apache-2.0 */
#include "config/reader.h"

#include <assert.h>

#include "config/mistakes.h"
#include "config/nearest.h"

enum { ADVICE_SIZE = 400 };

void tg_reader_init(struct tg_reader *reader, struct tg_diagnostics *diagnostics,
                    const struct tg_node *node, const char *what)
{
        char found[TG_FOUND_SIZE];

        reader->diagnostics = diagnostics;
        reader->node = node;
        reader->what = what;
        reader->count = 0;
        if (!node || tg_node_kind(node) == TG_NODE_MAPPING)
                return;
        tg_diagnose(diagnostics, node, TG_ERROR, "write it as \"key: value\" lines or {key: value}",
                    "expected a mapping for %s, found %s", what, tg_value_found(node, found));
        reader->node = NULL;
}

static struct tg_reader_key *find_key(struct tg_reader *reader, struct tg_span name)
{
        for (size_t i = 0; i < reader->count; i++) {
                if (tg_span_equal(tg_span_text(reader->keys[i].name), name))
                        return &reader->keys[i];
        }
        return NULL;
}

static struct tg_reader_key *ask_key(struct tg_reader *reader, const char *name)
{
        struct tg_reader_key *key = find_key(reader, tg_span_text(name));

        if (key)
                return key;
        assert(reader->count < TG_READER_KEYS_MAX);
        key = &reader->keys[reader->count++];
        *key = (struct tg_reader_key){.name = name};
        return key;
}

const struct tg_node *tg_read_node(struct tg_reader *reader, const char *key, enum tg_need need,
                                   const char *example)
{
        struct tg_reader_key *asked = ask_key(reader, key);
        const struct tg_node *node = tg_node_find(reader->node, key);

        asked->present = node != NULL;
        asked->missing = asked->missing || (!node && need == TG_REQUIRED);
        if (example)
                asked->example = example;
        return node;
}

/* The key that was probably meant by one that nobody asked for: it counts as given from here on. */
static void tell_unknown(struct tg_reader *reader, const struct tg_node *key)
{
        const char *absent[TG_READER_KEYS_MAX], *all[TG_READER_KEYS_MAX];
        struct tg_span written = tg_node_text(key);
        char advice[ADVICE_SIZE];
        size_t count = 0;
        ptrdiff_t meant;

        for (size_t i = 0; i < reader->count; i++) {
                all[i] = reader->keys[i].name;
                if (!reader->keys[i].present)
                        absent[count++] = reader->keys[i].name;
        }
        meant = tg_diagnostics_full(reader->diagnostics) ? -1 : tg_nearest(written, absent, count);
        if (meant >= 0) {
                find_key(reader, tg_span_text(absent[meant]))->missing = false;
                snprintf(advice, sizeof advice, "did you mean \"%s\"?", absent[meant]);
        } else if (reader->count == 0) {
                snprintf(advice, sizeof advice, "leave it out: %s has no keys", reader->what);
        } else {
                tg_mistake_list(all, reader->count, "known keys:", advice, sizeof advice);
        }
        tg_diagnose(reader->diagnostics, key, TG_ERROR, advice, "unknown key \"%.*s\" in %s",
                    tg_mistake_quoted(written), written.data, reader->what);
}

static void tell_missing(struct tg_reader *reader, const struct tg_reader_key *key)
{
        char advice[ADVICE_SIZE];

        snprintf(advice, sizeof advice, "add it, as in \"%s: %s\"", key->name, key->example);
        tg_diagnose(reader->diagnostics, reader->node, TG_ERROR, key->example ? advice : NULL,
                    "%s needs \"%s\"", reader->what, key->name);
}

void tg_reader_finish(struct tg_reader *reader)
{
        if (!reader->node)
                return;
        for (const struct tg_node *value = tg_node_first(reader->node); value;
             value = tg_node_next(value)) {
                const struct tg_node *key = tg_node_key(value);

                if (!find_key(reader, tg_node_text(key)))
                        tell_unknown(reader, key);
        }
        for (size_t i = 0; i < reader->count; i++) {
                if (reader->keys[i].missing)
                        tell_missing(reader, &reader->keys[i]);
        }
}

const struct tg_node *tg_read_mapping(struct tg_reader *reader, const char *key, enum tg_need need,
                                      struct tg_reader *ret_reader)
{
        const struct tg_node *node = tg_read_node(reader, key, need, "{...}");

        tg_reader_init(ret_reader, reader->diagnostics, node, key);
        return ret_reader->node;
}

const struct tg_node *tg_read_sequence(struct tg_reader *reader, const char *key, enum tg_need need)
{
        const struct tg_node *node = tg_read_node(reader, key, need, "[...]");

        if (node && tg_node_kind(node) == TG_NODE_SEQUENCE)
                return node;
        tg_mistake(reader->diagnostics, node, "begin each item with \"- \"", "a list");
        return NULL;
}

typedef bool value_reader(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                          struct tg_span *value);

static const struct tg_node *read_list(struct tg_reader *reader, const struct tg_node *node,
                                       value_reader *read_value, const char *expected)
{
        const struct tg_node *item = tg_list_first(node);
        bool good = item != NULL;

        if (!item)
                tg_mistake(reader->diagnostics, node, NULL, expected);
        for (; item; item = tg_list_next(node, item)) {
                struct tg_span text;

                good = read_value(reader->diagnostics, item, &text) && good;
        }
        return good ? node : NULL;
}

const struct tg_node *tg_read_texts(struct tg_reader *reader, const char *key, enum tg_need need)
{
        return read_list(reader, tg_read_node(reader, key, need, "[text]"), tg_value_text,
                         "text or a list of texts");
}

const struct tg_node *tg_read_patterns(struct tg_reader *reader, const char *key, enum tg_need need)
{
        return read_list(reader, tg_read_node(reader, key, need, "[text*]"), tg_value_pattern,
                         "a pattern or a list of patterns");
}

const struct tg_node *tg_read_text(struct tg_reader *reader, const char *key, enum tg_need need,
                                   struct tg_span *value)
{
        const struct tg_node *node = tg_read_node(reader, key, need, "text");

        return tg_value_text(reader->diagnostics, node, value) ? node : NULL;
}

const struct tg_node *tg_read_bool(struct tg_reader *reader, const char *key, enum tg_need need,
                                   bool *value)
{
        const struct tg_node *node = tg_read_node(reader, key, need, "true");

        return tg_value_bool(reader->diagnostics, node, value) ? node : NULL;
}

const struct tg_node *tg_read_integer(struct tg_reader *reader, const char *key, enum tg_need need,
                                      int64_t min, int64_t max, int64_t *value)
{
        const struct tg_node *node = tg_read_node(reader, key, need, "3");

        return tg_value_integer(reader->diagnostics, node, min, max, value) ? node : NULL;
}

const struct tg_node *tg_read_duration(struct tg_reader *reader, const char *key, enum tg_need need,
                                       int64_t min_ms, int64_t max_ms, int64_t *value_ms)
{
        const struct tg_node *node = tg_read_node(reader, key, need, "24h");

        return tg_value_duration(reader->diagnostics, node, min_ms, max_ms, value_ms) ? node : NULL;
}

const struct tg_node *tg_read_size(struct tg_reader *reader, const char *key, enum tg_need need,
                                   int64_t min, int64_t max, int64_t *value_bytes)
{
        const struct tg_node *node = tg_read_node(reader, key, need, "256MiB");

        return tg_value_size(reader->diagnostics, node, min, max, value_bytes) ? node : NULL;
}

const struct tg_node *tg_read_rate(struct tg_reader *reader, const char *key, enum tg_need need,
                                   struct tg_rate *value)
{
        const struct tg_node *node = tg_read_node(reader, key, need, "500/s");

        return tg_value_rate(reader->diagnostics, node, value) ? node : NULL;
}

const struct tg_node *tg_read_word(struct tg_reader *reader, const char *key, enum tg_need need,
                                   const char *const *words, unsigned *value)
{
        const struct tg_node *node = tg_read_node(reader, key, need, words[0]);

        return tg_value_word(reader->diagnostics, node, words, value) ? node : NULL;
}

const struct tg_node *tg_read_words(struct tg_reader *reader, const char *key, enum tg_need need,
                                    const char *const *words, uint64_t *value)
{
        const struct tg_node *node = tg_read_node(reader, key, need, words[0]);

        return tg_value_words(reader->diagnostics, node, words, value) ? node : NULL;
}
