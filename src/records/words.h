/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The words of the schemas: channels, touchpoint types, kinds and the rest, as numbers and as text.
 *
 * Each enum has the order of the symbols in schemas/, so that a decoder's index is the value; a
 * test compares them. Value 0 is the default of its schema for a word that is not known here
 * (but for classes, where that is TG_CLASS_OTHER).
 */
#pragma once

#include <stdint.h>

#include "base/span.h"

enum tg_channel {
        TG_CHANNEL_UNKNOWN,
        TG_CHANNEL_ADS,
        TG_CHANNEL_EMAIL,
        TG_CHANNEL_PUSH,
        TG_CHANNEL_SMS,
        TG_CHANNEL_CALL,
        TG_CHANNEL_MESSENGER,
        TG_CHANNEL_WEB,
        TG_CHANNEL_APP,
        TG_CHANNEL_POST,
        TG_CHANNEL_STORE,
        TG_CHANNELS,
        TG_CHANNEL_ABSENT = UINT8_MAX, /* a touchpoint without one */
};

enum tg_type {
        TG_TYPE_UNKNOWN,
        TG_TYPE_IMPRESSION,
        TG_TYPE_CLICK,
        TG_TYPE_OPEN,
        TG_TYPE_SEARCH,
        TG_TYPE_VIEW,
        TG_TYPE_CART,
        TG_TYPE_PURCHASE,
        TG_TYPE_REFUND,
        TG_TYPE_INTERACTION,
        TG_TYPE_CASE_OPENED,
        TG_TYPE_CASE_RESOLVED,
        TG_TYPE_SURVEY_INVITED,
        TG_TYPE_SURVEY_ANSWERED,
        TG_TYPE_DELIVERED,
        TG_TYPE_BOUNCE,
        TG_TYPE_UNSUBSCRIBE,
        TG_TYPE_COMPLAINT,
        TG_TYPE_TOO_PERSONAL,
        TG_TYPE_CONSENT,
        TG_TYPE_PREFERENCE,
        TG_TYPE_PROFILE,
        TG_TYPE_IDENTITY,
        TG_TYPE_ERASURE,
        TG_TYPES,
        TG_TYPE_PERMIT = TG_TYPES, /* our own permits: counted like a type, never on the wire */
        TG_COUNTED_TYPES,
};

enum tg_kind {
        TG_KIND_UNKNOWN,
        TG_KIND_RETARGET,
        TG_KIND_PROMOTION,
        TG_KIND_OFFER,
        TG_KIND_NEWSLETTER,
        TG_KIND_SURVEY,
        TG_KIND_GENERAL,
        TG_KIND_TRANSACTIONAL,
        TG_KINDS,
};

enum tg_class {
        TG_CLASS_NONE,
        TG_CLASS_HOUSING,
        TG_CLASS_CREDIT,
        TG_CLASS_EMPLOYMENT,
        TG_CLASS_INSURANCE,
        TG_CLASS_HEALTH,
        TG_CLASS_MINORS,
        TG_CLASS_OTHER,
        TG_CLASSES,
};

enum tg_outcome { TG_OUTCOME_UNKNOWN, TG_PERMIT, TG_DENY, TG_DEFER, TG_OUTCOMES };
enum tg_variant { TG_VARIANT_UNKNOWN, TG_VARIANT_AS_REQUESTED, TG_VARIANT_GENERAL, TG_VARIANTS };

/* The words in the order of their values; COUNT entries and a NULL behind them. */
struct tg_words {
        const char *const *words;
        uint8_t count;
};

extern const struct tg_words tg_channel_words;
extern const struct tg_words tg_type_words; /* TG_COUNTED_TYPES entries, "permit" the last */
extern const struct tg_words tg_kind_words;
extern const struct tg_words tg_class_words;
extern const struct tg_words tg_outcome_words;
extern const struct tg_words tg_variant_words;

/* The word for a value; "none" for one beyond the list (TG_CHANNEL_ABSENT, say). */
const char *tg_word(const struct tg_words *words, unsigned value);
