/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One customer's cells as a policy sees them: found once for a record, then read and written.
 *
 * Lives on the stack, or in the group of records, while one record is dealt with; borrows policy,
 * table and record.
 */
#pragma once

#include "customer/registers.h"
#include "rules/counters.h"

/* A register of consents to the purpose at hand: of the channel at hand, or of all channels. */
enum tg_consent_of { TG_CONSENT_OF_CHANNEL, TG_CONSENT_OF_ALL, TG_CONSENTS };

/* What a record needs of its customer: bit = enum tg_scope, and this one. */
#define TG_NEED_CONSENTS (1U << TG_SCOPES)

enum { TG_HISTORY_CELLS = (int)TG_SCOPES + (int)TG_CONSENTS };

struct tg_history {
        const struct tg_counters *counters;
        struct tg_table *table;
        struct tg_traits traits; /* of the record dealt with: they name the pair cells */
        int64_t now_ms;          /* the clock of the partition */
        int64_t horizon_ms;      /* now plus the allowed skew */
        int64_t erased_ms;       /* of the customer's cell, once it was looked for; or TG_NO_TIME */
        uint8_t scopes;          /* bit = enum tg_scope: the traits have a cell there */
        uint8_t known;           /* bit = scope, or TG_SCOPES + consent: its identity is computed */
        uint8_t needed;          /* the same bits: its cell will be looked at */
        uint8_t found;           /* the same bits: its cell was looked for */
        struct tg_identity identities[TG_HISTORY_CELLS]; /* those known */
        struct tg_cell_view views[TG_SCOPES];            /* of those found */
        struct tg_line *consents[TG_CONSENTS];           /* those found; NULL: not there */
        bool permits_listed;
        uint64_t permits[TG_SCOPES]; /* once listed: the counters (bit) that a permit counts in */
};

void tg_history_init(struct tg_history *history, const struct tg_counters *counters,
                     struct tg_table *table, struct tg_span customer,
                     const struct tg_traits *traits, int64_t now_ms, int64_t skew_ms);

/* The history of the same customer at the same time, for other TRAITS; its cell is found already.
 */
void tg_history_init_alike(struct tg_history *history, const struct tg_history *other,
                           const struct tg_traits *traits);

/*
 * Says which cells will be looked at: those of NEEDS that the traits have, and a consent's that is
 * to be set. Their time may still be set by tg_history_at(), until one is looked for.
 */
void tg_history_need(struct tg_history *history, unsigned needs);
void tg_history_need_consent(struct tg_history *history, const struct tg_consent *consent);

/*
 * Where these will be searched for, so that the cells of many records are fetched together; returns
 * how many there are.
 */
size_t tg_history_searches(const struct tg_history *history,
                           struct tg_search ret_searches[static TG_HISTORY_CELLS]);
void tg_history_at(struct tg_history *history, int64_t now_ms, int64_t skew_ms);

/* Whether there is a cell of SCOPE for the record. */
static inline bool tg_history_has(const struct tg_history *history, enum tg_scope scope)
{
        return history->scopes >> scope & 1;
}

/* Looks for the cell of SCOPE, and for the customer's, which knows of erasures. */
void tg_history_find(struct tg_history *history, enum tg_scope scope);

/*
 * How the cell of SCOPE is read; view->cell is NULL if there is none (so nothing is counted). The
 * history's, as below.
 */
static inline const struct tg_cell_view *tg_history_view(struct tg_history *history,
                                                         enum tg_scope scope)
{
        if (!(history->found >> scope & 1))
                tg_history_find(history, scope);
        return &history->views[scope];
}

/*
 * The same for writing: the cell is added if it isn't there; view->cell is NULL if the table is
 * full. The traits have SCOPE.
 */
const struct tg_cell_view *tg_history_obtain(struct tg_history *history, enum tg_scope scope);

/*
 * What the customer consented to, for the purpose and the channel of the traits. Returns false if
 * nothing was ever said (or it was erased).
 */
bool tg_history_consent(struct tg_history *history, enum tg_consent_of of,
                        enum tg_register_side side, struct tg_register *ret_value);

/* Joins a consent touchpoint of TIME_MS in; what finds no room makes the state incomplete. */
void tg_history_set_consent(const struct tg_history *history, const struct tg_consent *consent,
                            int64_t time_ms);

/* Whether that consent, joined in, stands: nothing that was read so far outdoes it. */
bool tg_history_consent_stands(struct tg_history *history, const struct tg_consent *consent,
                               int64_t time_ms);

/* Whether there is a place for the like of CONSENT, and nothing in it holds (any more). */
bool tg_history_consent_gone(struct tg_history *history, const struct tg_consent *consent);

/* Joins an erasure in: the customer's state of TIME_MS or earlier is as if it had never been. */
void tg_history_erase(struct tg_history *history, int64_t time_ms);

/* Up to when, inclusive, everything about the customer was erased; TG_NO_TIME: nothing was. */
int64_t tg_history_erased(struct tg_history *history);

/*
 * Whether something about this customer that a record with these NEEDS looks at could not be
 * stored: deciding would be guessing.
 */
bool tg_history_incomplete(struct tg_history *history, unsigned needs);
