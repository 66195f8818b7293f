/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `for` and `where`: which requests, which touches.
 *
 * Every word given must match; of a list one is enough; `*` stands for any text. A selector without
 * words matches everything. Borrows the policy's document. Immutable once compiled; matching costs
 * a mask or two, and text comparison for patterns alone.
 */
#pragma once

#include "config/reader.h"
#include "rules/traits.h"

enum { TG_PATTERNS_MAX = 32 };

/* One text of a list must match; count 0: any, even none. */
struct tg_patterns {
        struct tg_span *items; /* owned */
        size_t count;
};

struct tg_selector {
        uint64_t channels; /* bit = enum tg_channel; 0: any, even none */
        uint64_t kinds;    /* bit = enum tg_kind; 0: any */
        uint64_t classes;  /* bit = enum tg_class; 0: any */
        struct tg_patterns campaign;
        struct tg_patterns subject;
        struct tg_patterns topic;
        bool patterns; /* one of these three has any */
};

/* Which words a selector may use. */
enum tg_selector_words { TG_SELECT_REQUESTS, TG_SELECT_TOUCHES };

/* Reads the optional mapping KEY of READER; mistakes are told there. */
void tg_selector_read(struct tg_selector *selector, struct tg_reader *reader, const char *key,
                      enum tg_selector_words words);
void tg_selector_deinit(struct tg_selector *selector);

/* Whether the texts of TRAITS match the patterns alone. */
bool tg_selector_matches_texts(const struct tg_selector *selector, const struct tg_traits *traits);

/* Whether a mask (0: no words, everything matches) has WORD. */
static inline bool tg_mask_matches(uint64_t mask, uint8_t word)
{
        return mask == 0 || (word < 64 && (mask >> word & 1));
}

/* Whether anything of this channel and kind may match: classes and patterns are left out. */
static inline bool tg_selector_may_match(const struct tg_selector *selector, uint8_t channel,
                                         uint8_t kind)
{
        return tg_mask_matches(selector->channels, channel) &&
               tg_mask_matches(selector->kinds, kind);
}

/* Whether TRAITS match; kinds and classes match what is TG_WORD_UNSAID. */
static inline bool tg_selector_matches(const struct tg_selector *selector,
                                       const struct tg_traits *traits)
{
        return tg_mask_matches(selector->channels, traits->channel) &&
               (traits->kind == TG_WORD_UNSAID || tg_mask_matches(selector->kinds, traits->kind)) &&
               (traits->class == TG_WORD_UNSAID ||
                tg_mask_matches(selector->classes, traits->class)) &&
               (!selector->patterns || tg_selector_matches_texts(selector, traits));
}

/* Whether two say the same, letter by letter. */
bool tg_selector_equal(const struct tg_selector *a, const struct tg_selector *b);
