/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What `for`, `where`, `each` and consent look at: the words that a touchpoint and a request have
 * in common.
 *
 * Borrows the spans of the record it was taken from. Pure.
 */
#pragma once

#include "records/request.h"
#include "records/touchpoint.h"

/* Whose counter: a customer's, or a customer's with one more word. */
enum tg_scope {
        TG_SCOPE_CUSTOMER,
        TG_SCOPE_CHANNEL,
        TG_SCOPE_CAMPAIGN,
        TG_SCOPE_SUBJECT,
        TG_SCOPE_TOPIC,
        TG_SCOPES,
};

extern const struct tg_words tg_scope_words;

enum { TG_WORD_UNSAID = UINT8_MAX }; /* a touchpoint has neither kind nor class */

struct tg_traits {
        uint8_t channel; /* enum tg_channel, TG_CHANNEL_ABSENT: none */
        uint8_t kind;    /* enum tg_kind or TG_WORD_UNSAID */
        uint8_t class;   /* enum tg_class or TG_WORD_UNSAID */
        struct tg_span campaign;
        struct tg_span subject;
        struct tg_span topic;
        struct tg_span purpose; /* of consent: no selector's word, but part of whose state it is */
};

struct tg_traits tg_traits_of_request(const struct tg_request *request);
struct tg_traits tg_traits_of_touchpoint(const struct tg_touchpoint *touchpoint);

/* The word that tells cells of SCOPE apart; absent if there is none (and for the customer). */
struct tg_span tg_traits_value(const struct tg_traits *traits, enum tg_scope scope);

/* Whether there is a cell of SCOPE for these. */
static inline bool tg_traits_have(const struct tg_traits *traits, enum tg_scope scope)
{
        switch (scope) {
        case TG_SCOPE_CUSTOMER:
                return true;
        case TG_SCOPE_CHANNEL:
                return traits->channel != TG_CHANNEL_ABSENT;
        case TG_SCOPE_CAMPAIGN:
                return tg_span_present(traits->campaign);
        case TG_SCOPE_SUBJECT:
                return tg_span_present(traits->subject);
        case TG_SCOPE_TOPIC:
                return tg_span_present(traits->topic);
        default:
                return false;
        }
}

/* The scopes (bit = enum tg_scope) that there is a cell of for these. */
static inline unsigned tg_traits_scopes(const struct tg_traits *traits)
{
        unsigned scopes = 0;

        for (enum tg_scope scope = 0; scope < TG_SCOPES; scope++)
                scopes |= (unsigned)tg_traits_have(traits, scope) << scope;
        return scopes;
}
