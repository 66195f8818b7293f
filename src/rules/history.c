/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/history.h"

#include <assert.h>

void tg_history_init(struct tg_history *history, const struct tg_counters *counters,
                     struct tg_table *table, struct tg_span customer,
                     const struct tg_traits *traits, int64_t now_ms, int64_t skew_ms)
{
        *history = (struct tg_history){
                .counters = counters,
                .table = table,
                .identities = {[TG_SCOPE_CUSTOMER] = tg_identity_of(tg_table_key(table), customer)},
                .known = 1 << TG_SCOPE_CUSTOMER,
                .traits = *traits,
        };
        tg_history_at(history, now_ms, skew_ms);
}

void tg_history_at(struct tg_history *history, int64_t now_ms, int64_t skew_ms)
{
        history->now_ms = now_ms;
        history->horizon_ms = now_ms + skew_ms;
}

static struct tg_identity identity_of(struct tg_history *history, enum tg_scope scope)
{
        if (!(history->known >> scope & 1)) {
                history->identities[scope] = tg_identity_pair(
                        tg_table_key(history->table), history->identities[TG_SCOPE_CUSTOMER],
                        (uint8_t)scope, tg_traits_value(&history->traits, scope));
                history->known |= (uint8_t)(1 << scope);
        }
        return history->identities[scope];
}

void tg_history_prefetch(struct tg_history *history, unsigned scopes)
{
        for (; scopes; scopes &= scopes - 1) {
                enum tg_scope scope = (enum tg_scope)__builtin_ctz(scopes);

                if (tg_traits_have(&history->traits, scope))
                        tg_table_prefetch(history->table, identity_of(history, scope));
        }
}

static struct tg_cell_view view_of(const struct tg_history *history, enum tg_scope scope)
{
        return (struct tg_cell_view){
                .table = history->table,
                .layout = &history->counters->layouts[scope],
                .cell = history->cells[scope],
                .now_ms = history->now_ms,
                .horizon_ms = history->horizon_ms,
                .erased_ms = TG_NO_TIME,
        };
}

struct tg_cell_view tg_history_view(struct tg_history *history, enum tg_scope scope)
{
        if (!(history->found >> scope & 1)) {
                if (tg_traits_have(&history->traits, scope))
                        history->cells[scope] =
                                tg_table_find(history->table, identity_of(history, scope));
                history->found |= (uint8_t)(1 << scope);
        }
        return view_of(history, scope);
}

struct tg_cell_view tg_history_obtain(struct tg_history *history, enum tg_scope scope)
{
        assert(tg_traits_have(&history->traits, scope));
        if (!history->cells[scope]) {
                history->cells[scope] =
                        tg_table_obtain(history->table, identity_of(history, scope), scope);
                history->found |= (uint8_t)(1 << scope);
        }
        return view_of(history, scope);
}

/* Registers are told apart from pairs, and from each other's channels, by a number of their own. */
static struct tg_identity consent_identity(const struct tg_history *history, struct tg_span purpose,
                                           uint8_t channel)
{
        uint8_t number = channel == TG_CHANNEL_ABSENT ? 0 : (uint8_t)(channel + 1);

        return tg_identity_pair(tg_table_key(history->table),
                                history->identities[TG_SCOPE_CUSTOMER],
                                (uint8_t)(TG_SCOPES + number), purpose);
}

bool tg_history_consent(const struct tg_history *history, struct tg_span purpose, uint8_t channel,
                        enum tg_register_side side, struct tg_register *ret_value)
{
        return tg_register_get(history->table, consent_identity(history, purpose, channel), side,
                               TG_NO_TIME, ret_value);
}

void tg_history_set_consent(const struct tg_history *history, const struct tg_consent *consent,
                            int64_t time_ms)
{
        const struct tg_register value = {
                .time_ms = time_ms,
                .until_ms = consent->until_ms == TG_NO_TIME ? TG_NEVER : consent->until_ms,
                .granted = consent->granted,
        };

        tg_register_set(history->table,
                        consent_identity(history, consent->purpose, consent->channel),
                        consent->implied ? TG_REGISTER_IMPLIED : TG_REGISTER_EXPLICIT, &value);
}

static bool consent_known(const struct tg_history *history, uint8_t channel)
{
        struct tg_register value;

        return tg_history_consent(history, history->traits.purpose, channel, TG_REGISTER_EXPLICIT,
                                  &value) ||
               tg_history_consent(history, history->traits.purpose, channel, TG_REGISTER_IMPLIED,
                                  &value);
}

/* A register that isn't there may be one that was lost. */
static bool consent_lost(const struct tg_history *history)
{
        if (!history->counters->consents || !tg_span_present(history->traits.purpose))
                return false;
        return !consent_known(history, history->traits.channel) ||
               !consent_known(history, TG_CHANNEL_ABSENT);
}

bool tg_history_incomplete(struct tg_history *history)
{
        bool overflowed = tg_table_overflowed(history->table);

        for (enum tg_scope scope = 0; scope < TG_SCOPES; scope++) {
                struct tg_cell_view view;

                if (history->counters->layouts[scope].count == 0 ||
                    !tg_traits_have(&history->traits, scope))
                        continue;
                view = tg_history_view(history, scope);
                if (view.cell ? tg_cell_incomplete(view.cell) : overflowed)
                        return true;
        }
        return overflowed && consent_lost(history);
}
