/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mapping read key by key, so that the code reads like the schema of the file:
 *
 *     struct tg_reader reader;
 *
 *     tg_reader_init(&reader, diagnostics, node, "cap");
 *     tg_read_word(&reader, "count", TG_REQUIRED, touch_types, &cap->count);
 *     tg_read_integer(&reader, "at_most", TG_REQUIRED, 0, INT32_MAX, &cap->at_most);
 *     tg_read_duration(&reader, "per", TG_REQUIRED, 1, 400 * TG_DAY_MS, &cap->per_ms);
 *     tg_reader_finish(&reader);
 *
 * The variable holds the default beforehand and keeps it when the key is absent or wrong, so
 * reading never stops at a mistake. Each getter returns the value's node if it filled the variable,
 * for later checks to point at, else NULL. Keys that nobody asked for, and required ones that are
 * missing, are told by tg_reader_finish(). Lives on the stack, borrows the document; nothing to
 * free. Keys, WHAT and words must outlive the reader (usually literals). At most TG_READER_KEYS_MAX
 * different keys.
 */
#pragma once

#include "config/document.h"
#include "config/value.h"

enum { TG_READER_KEYS_MAX = 96 };

enum tg_need { TG_REQUIRED, TG_OPTIONAL };

struct tg_reader {
        struct tg_diagnostics *diagnostics; /* borrowed */
        const struct tg_node *node; /* the mapping; NULL: absent or wrong, reads are quiet */
        const char *what;           /* what people call this mapping: "cap" */
        size_t count;               /* keys asked for */
        struct tg_reader_key {
                const char *name;
                const char *example; /* of a value, for the advice when it is missing */
                bool present;
                bool missing; /* required and not there */
        } keys[TG_READER_KEYS_MAX];
};

/*
 * NODE NULL makes a quiet reader, which finds nothing and tells nothing; so does a NODE that is no
 * mapping, once that has been told.
 */
void tg_reader_init(struct tg_reader *reader, struct tg_diagnostics *diagnostics,
                    const struct tg_node *node, const char *what);

/* Tells unknown keys with what was probably meant, and missing ones. The last call on a reader. */
void tg_reader_finish(struct tg_reader *reader);

/* The value of KEY whatever it is; NULL if absent. EXAMPLE (or NULL) as in struct tg_reader. */
const struct tg_node *tg_read_node(struct tg_reader *reader, const char *key, enum tg_need need,
                                   const char *example);

/* A mapping under KEY, named as the key; *ret_reader is always usable, quiet if there is none. */
const struct tg_node *tg_read_mapping(struct tg_reader *reader, const char *key, enum tg_need need,
                                      struct tg_reader *ret_reader);

/* A sequence (not a single scalar) of anything. */
const struct tg_node *tg_read_sequence(struct tg_reader *reader, const char *key,
                                       enum tg_need need);

/* One text or a list of at least one: walk it with tg_list_first() and tg_node_text(). */
const struct tg_node *tg_read_texts(struct tg_reader *reader, const char *key, enum tg_need need);

/* The same, of patterns for tg_glob_match(). */
const struct tg_node *tg_read_patterns(struct tg_reader *reader, const char *key,
                                       enum tg_need need);

/* The types of config/value.h. */
const struct tg_node *tg_read_text(struct tg_reader *reader, const char *key, enum tg_need need,
                                   struct tg_span *value);
const struct tg_node *tg_read_bool(struct tg_reader *reader, const char *key, enum tg_need need,
                                   bool *value);
const struct tg_node *tg_read_integer(struct tg_reader *reader, const char *key, enum tg_need need,
                                      int64_t min, int64_t max, int64_t *value);
const struct tg_node *tg_read_duration(struct tg_reader *reader, const char *key, enum tg_need need,
                                       int64_t min_ms, int64_t max_ms, int64_t *value_ms);
const struct tg_node *tg_read_size(struct tg_reader *reader, const char *key, enum tg_need need,
                                   int64_t min, int64_t max, int64_t *value_bytes);
const struct tg_node *tg_read_rate(struct tg_reader *reader, const char *key, enum tg_need need,
                                   struct tg_rate *value);
const struct tg_node *tg_read_word(struct tg_reader *reader, const char *key, enum tg_need need,
                                   const char *const *words, unsigned *value);
const struct tg_node *tg_read_words(struct tg_reader *reader, const char *key, enum tg_need need,
                                    const char *const *words, uint64_t *value);
