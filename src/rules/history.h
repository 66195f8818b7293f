/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One customer's cells as a policy sees them: found once for a record, then read and written.
 *
 * Lives on the stack while one record is dealt with; borrows policy, table and record.
 */
#pragma once

#include "customer/registers.h"
#include "rules/counters.h"

struct tg_history {
        const struct tg_counters *counters;
        struct tg_table *table;
        struct tg_traits traits; /* of the record dealt with: they name the pair cells */
        int64_t now_ms;          /* the clock of the partition */
        int64_t horizon_ms;      /* now plus the allowed skew */
        struct tg_identity identities[TG_SCOPES]; /* of the cells; see `known` */
        struct tg_line *cells[TG_SCOPES];         /* NULL: not looked for, or not there */
        uint8_t known;                            /* bit = scope: its identity is computed */
        uint8_t found;                            /* bit = scope: looked for already */
};

void tg_history_init(struct tg_history *history, const struct tg_counters *counters,
                     struct tg_table *table, struct tg_span customer,
                     const struct tg_traits *traits, int64_t now_ms, int64_t skew_ms);

/*
 * Starts to fetch the cells of SCOPES (bit = enum tg_scope) that the traits have, so that the cache
 * misses of several records overlap. Their time may still be set by tg_history_at().
 */
void tg_history_prefetch(struct tg_history *history, unsigned scopes);
void tg_history_at(struct tg_history *history, int64_t now_ms, int64_t skew_ms);

/* How the cell of SCOPE is read; view.cell is NULL if there is none (so nothing is counted). */
struct tg_cell_view tg_history_view(struct tg_history *history, enum tg_scope scope);

/* The same, but the cell is added; view.cell is NULL if the table is full. The traits have SCOPE.
 */
struct tg_cell_view tg_history_obtain(struct tg_history *history, enum tg_scope scope);

/*
 * What the customer consented to: PURPOSE on CHANNEL (TG_CHANNEL_ABSENT: what was said of all of
 * them). Returns false if nothing was ever said.
 */
bool tg_history_consent(const struct tg_history *history, struct tg_span purpose, uint8_t channel,
                        enum tg_register_side side, struct tg_register *ret_value);

/* Joins a consent touchpoint of TIME_MS in; what finds no room makes the state incomplete. */
void tg_history_set_consent(const struct tg_history *history, const struct tg_consent *consent,
                            int64_t time_ms);

/*
 * Whether something about this customer, in the scopes of the policy that the traits have, could
 * not be stored: deciding would be guessing.
 */
bool tg_history_incomplete(struct tg_history *history);
