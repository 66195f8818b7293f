/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One node of a document read as one type, with a mistake told if it is none.
 *
 * Each returns true and fills *value, or tells what was expected and what was found, leaves *value
 * as it was (the caller's default) and returns false. A NULL node gives false and tells nothing: it
 * was optional, or its absence has been told. What the reader of a mapping is made of
 * (config/reader.h); called directly for the items of a list. Thread-safe as the document is.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/diagnostics.h"
#include "config/document.h"

/* So many in so long, exactly as written: "500/s" is {500, 1000}. */
struct tg_rate {
        int64_t count;  /* at least 1 */
        int64_t per_ms; /* a second, minute, hour or day */
};

/* Text that isn't empty; borrowed from the document, NUL-terminated, without NUL inside. */
bool tg_value_text(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                   struct tg_span *value);

/* Text for tg_glob_match(): at most TG_GLOB_SIZE_MAX bytes. */
bool tg_value_pattern(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                      struct tg_span *value);

bool tg_value_bool(struct tg_diagnostics *diagnostics, const struct tg_node *node, bool *value);

/* A whole number from MIN to MAX. */
bool tg_value_integer(struct tg_diagnostics *diagnostics, const struct tg_node *node, int64_t min,
                      int64_t max, int64_t *value);

/* "500ms", "30s", "15m", "3h", "30d", "2w", from MIN_MS to MAX_MS. */
bool tg_value_duration(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                       int64_t min_ms, int64_t max_ms, int64_t *value_ms);

/* "512B", "64KiB", "256MiB", "1GiB", "2TiB", from MIN to MAX bytes. */
bool tg_value_size(struct tg_diagnostics *diagnostics, const struct tg_node *node, int64_t min,
                   int64_t max, int64_t *value_bytes);

/* "500/s", "3/m", "10000/h", "1/d". */
bool tg_value_rate(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                   struct tg_rate *value);

/* One of WORDS (NULL-terminated); its index. */
bool tg_value_word(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                   const char *const *words, unsigned *value);

/* One of WORDS (at most 64), or a list of them: bit i for words[i]. Twice the same is a mistake. */
bool tg_value_words(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                    const char *const *words, uint64_t *value);

/*
 * One of something, or a list of it: how files say "email" as well as [email, ads]. A scalar is a
 * list of itself: `for (item = tg_list_first(node); item; item = tg_list_next(node, item))`. A
 * mapping, a NULL node and one that says nothing have no items.
 */
const struct tg_node *tg_list_first(const struct tg_node *node);
const struct tg_node *tg_list_next(const struct tg_node *node, const struct tg_node *item);

/* "a mapping", "a list", "nothing", "the number 10", "true" or "text \"abc\"", for messages. */
enum { TG_FOUND_SIZE = 80 };
char *tg_value_found(const struct tg_node *node, char text[static TG_FOUND_SIZE]);
