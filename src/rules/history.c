/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/history.h"

#include <assert.h>

#include "customer/stamps.h"

/* The arrays are filled as far as `known` and `found` say. */
void tg_history_init(struct tg_history *history, const struct tg_counters *counters,
                     struct tg_table *table, struct tg_span customer,
                     const struct tg_traits *traits, int64_t now_ms, int64_t skew_ms)
{
        history->counters = counters;
        history->table = table;
        history->traits = *traits;
        history->erased_ms = TG_NO_TIME;
        history->scopes = (uint8_t)tg_traits_scopes(traits);
        history->known = 1 << TG_SCOPE_CUSTOMER;
        history->needed = 0;
        history->found = 0;
        history->permits_listed = false;
        history->identities[TG_SCOPE_CUSTOMER] = tg_identity_of(tg_table_key(table), customer);
        tg_history_at(history, now_ms, skew_ms);
}

void tg_history_init_alike(struct tg_history *history, const struct tg_history *other,
                           const struct tg_traits *traits)
{
        *history = *other;
        history->traits = *traits;
        history->scopes = (uint8_t)tg_traits_scopes(traits);
        history->known &= 1 << TG_SCOPE_CUSTOMER;
        history->found &= 1 << TG_SCOPE_CUSTOMER;
        history->permits_listed = false;
}

void tg_history_at(struct tg_history *history, int64_t now_ms, int64_t skew_ms)
{
        assert(history->found == 0);
        history->now_ms = now_ms;
        history->horizon_ms = now_ms + skew_ms;
}

/* Registers are told apart from pairs, and from each other's channels, by a number of their own. */
static struct tg_identity consent_identity(const struct tg_history *history, struct tg_span purpose,
                                           uint8_t channel)
{
        uint8_t number = channel == TG_CHANNEL_ABSENT ? 0 : (uint8_t)(channel + 1);

        return tg_identity_pair(history->identities[TG_SCOPE_CUSTOMER],
                                (uint8_t)(TG_SCOPES + number), purpose);
}

static struct tg_identity pair_identity(const struct tg_history *history, enum tg_scope scope)
{
        return tg_identity_pair(history->identities[TG_SCOPE_CUSTOMER], (uint8_t)scope,
                                tg_traits_value(&history->traits, scope));
}

static inline unsigned place_of(enum tg_consent_of of)
{
        return (unsigned)TG_SCOPES + (unsigned)of;
}

/* PLACE: a scope, or that of a consent. */
static inline struct tg_identity identity_of(struct tg_history *history, unsigned place)
{
        if (!(history->known >> place & 1)) {
                history->identities[place] =
                        place < TG_SCOPES
                                ? pair_identity(history, (enum tg_scope)place)
                                : consent_identity(history, history->traits.purpose,
                                                   place == place_of(TG_CONSENT_OF_CHANNEL)
                                                           ? history->traits.channel
                                                           : TG_CHANNEL_ABSENT);
                history->known |= (uint8_t)(1 << place);
        }
        return history->identities[place];
}

void tg_history_need(struct tg_history *history, unsigned needs)
{
        unsigned places = needs & history->scopes;

        if (needs & TG_NEED_CONSENTS && tg_span_present(history->traits.purpose))
                places |= ((1U << TG_CONSENTS) - 1) << TG_SCOPES;
        history->needed |= (uint8_t)places;
        for (; places; places &= places - 1)
                identity_of(history, (unsigned)__builtin_ctz(places));
}

size_t tg_history_searches(const struct tg_history *history,
                           struct tg_search ret_searches[static TG_HISTORY_CELLS])
{
        size_t count = 0;

        for (unsigned places = history->needed; places; places &= places - 1)
                ret_searches[count++] =
                        tg_table_search(history->table, history->identities[__builtin_ctz(places)]);
        return count;
}

/* It is no consent of the traits' purpose: its place is not known. */
void tg_history_need_consent(struct tg_history *history, const struct tg_consent *consent)
{
        unsigned place = place_of(TG_CONSENT_OF_CHANNEL);

        assert(!(history->known >> place & 1));
        history->identities[place] = consent_identity(history, consent->purpose, consent->channel);
        history->needed |= (uint8_t)(1 << place);
}

/* What was found before is read anew, too. */
static void set_erased(struct tg_history *history, int64_t erased_ms)
{
        unsigned scopes = history->found & ((1U << TG_SCOPES) - 1);

        history->erased_ms = erased_ms;
        for (; scopes; scopes &= scopes - 1)
                history->views[__builtin_ctz(scopes)].erased_ms = erased_ms;
}

static inline struct tg_cell_view *keep_cell(struct tg_history *history, enum tg_scope scope,
                                             struct tg_line *cell)
{
        struct tg_cell_view *view = &history->views[scope];

        history->found |= (uint8_t)(1 << scope);
        view->table = history->table;
        view->layout = &history->counters->layouts[scope];
        view->cell = cell;
        view->now_ms = history->now_ms;
        view->horizon_ms = history->horizon_ms;
        view->erased_ms = history->erased_ms;
        if (scope == TG_SCOPE_CUSTOMER) {
                int64_t erased_ms = tg_stamp_get(history->table, cell, TG_STAMP_ERASED);

                if (erased_ms != history->erased_ms)
                        set_erased(history, erased_ms);
        }
        return view;
}

static void find(struct tg_history *history, enum tg_scope scope)
{
        struct tg_line *cell = NULL;

        if (tg_history_has(history, scope))
                cell = tg_table_find(history->table, identity_of(history, scope));
        keep_cell(history, scope, cell)->lacks = tg_cell_lacks(history->table, cell);
}

void tg_history_find(struct tg_history *history, enum tg_scope scope)
{
        if (!(history->found >> TG_SCOPE_CUSTOMER & 1))
                find(history, TG_SCOPE_CUSTOMER);
        if (scope != TG_SCOPE_CUSTOMER)
                find(history, scope);
}

const struct tg_cell_view *tg_history_obtain(struct tg_history *history, enum tg_scope scope)
{
        struct tg_cell_view *view = &history->views[scope];

        assert(tg_history_has(history, scope));
        if (!(history->found >> scope & 1) || !view->cell)
                view = keep_cell(
                        history, scope,
                        tg_table_obtain(history->table, identity_of(history, scope), scope));
        view->lacks = 0; /* it is going to be written */
        return view;
}

bool tg_history_consent(struct tg_history *history, enum tg_consent_of of,
                        enum tg_register_side side, struct tg_register *ret_value)
{
        unsigned place = place_of(of);

        if (!(history->found >> place & 1)) {
                history->consents[of] = tg_table_find(history->table, identity_of(history, place));
                history->found |= (uint8_t)(1 << place);
        }
        return tg_register_read(history->consents[of], side, tg_history_erased(history), ret_value);
}

static struct tg_register register_of(const struct tg_consent *consent, int64_t time_ms)
{
        return (struct tg_register){
                .time_ms = time_ms,
                .until_ms = consent->until_ms == TG_NO_TIME ? TG_NEVER : consent->until_ms,
                .granted = consent->granted,
        };
}

static enum tg_register_side side_of(const struct tg_consent *consent)
{
        return consent->implied ? TG_REGISTER_IMPLIED : TG_REGISTER_EXPLICIT;
}

/* Of a consent that comes in: that which was needed, if one was. */
static struct tg_identity told_identity(const struct tg_history *history,
                                        const struct tg_consent *consent)
{
        unsigned place = place_of(TG_CONSENT_OF_CHANNEL);

        if (history->needed >> place & 1)
                return history->identities[place];
        return consent_identity(history, consent->purpose, consent->channel);
}

void tg_history_set_consent(const struct tg_history *history, const struct tg_consent *consent,
                            int64_t time_ms)
{
        const struct tg_register value = register_of(consent, time_ms);

        tg_register_set(history->table, told_identity(history, consent), side_of(consent), &value);
}

bool tg_history_consent_stands(struct tg_history *history, const struct tg_consent *consent,
                               int64_t time_ms)
{
        const struct tg_register value = register_of(consent, time_ms);

        return time_ms > tg_history_erased(history) &&
               tg_register_stands(history->table, told_identity(history, consent), side_of(consent),
                                  &value);
}

bool tg_history_consent_gone(struct tg_history *history, const struct tg_consent *consent)
{
        return tg_register_gone(history->table,
                                consent_identity(history, consent->purpose, consent->channel),
                                side_of(consent), tg_history_erased(history));
}

void tg_history_erase(struct tg_history *history, int64_t time_ms)
{
        struct tg_line *cell = tg_history_obtain(history, TG_SCOPE_CUSTOMER)->cell;

        tg_stamp_raise(history->table, cell, TG_STAMP_ERASED, time_ms);
        set_erased(history, tg_stamp_get(history->table, cell, TG_STAMP_ERASED));
}

int64_t tg_history_erased(struct tg_history *history)
{
        return tg_history_view(history, TG_SCOPE_CUSTOMER)->erased_ms;
}

static bool consent_known(struct tg_history *history, enum tg_consent_of of)
{
        struct tg_register value;

        return tg_history_consent(history, of, TG_REGISTER_EXPLICIT, &value) ||
               tg_history_consent(history, of, TG_REGISTER_IMPLIED, &value);
}

/* Under overflow: a register that isn't there may be one that was lost, and a new one a later word.
 */
static bool consent_lost(struct tg_history *history, enum tg_consent_of of)
{
        return !consent_known(history, of) || tg_cell_incomplete(history->consents[of]);
}

static bool consents_lost(struct tg_history *history)
{
        return tg_span_present(history->traits.purpose) &&
               (consent_lost(history, TG_CONSENT_OF_CHANNEL) ||
                consent_lost(history, TG_CONSENT_OF_ALL));
}

/* The customer's own cell matters to all: it would know of an erasure. */
bool tg_history_incomplete(struct tg_history *history, unsigned needs)
{
        bool overflowed = tg_table_overflowed(history->table);
        unsigned scopes = (needs & history->scopes) | 1U << TG_SCOPE_CUSTOMER;

        for (; scopes; scopes &= scopes - 1) {
                enum tg_scope scope = (enum tg_scope)__builtin_ctz(scopes);
                const struct tg_line *cell = tg_history_view(history, scope)->cell;

                if (cell ? tg_cell_incomplete(cell) : overflowed)
                        return true;
        }
        return overflowed && needs & TG_NEED_CONSENTS && consents_lost(history);
}
