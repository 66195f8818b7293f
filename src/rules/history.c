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
                .customer = tg_identity_of(tg_table_key(table), customer),
                .traits = *traits,
                .now_ms = now_ms,
                .horizon_ms = now_ms + skew_ms,
        };
}

static struct tg_identity identity_of(const struct tg_history *history, enum tg_scope scope)
{
        if (scope == TG_SCOPE_CUSTOMER)
                return history->customer;
        return tg_identity_pair(tg_table_key(history->table), history->customer, (uint8_t)scope,
                                tg_traits_value(&history->traits, scope));
}

static struct tg_cell_view view_of(const struct tg_history *history, enum tg_scope scope)
{
        return (struct tg_cell_view){
                .table = history->table,
                .layout = &history->counters->layouts[scope],
                .cell = history->cells[scope],
                .now_ms = history->now_ms,
                .horizon_ms = history->horizon_ms,
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
                        tg_table_obtain(history->table, identity_of(history, scope));
                history->found |= (uint8_t)(1 << scope);
        }
        return view_of(history, scope);
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
        return false;
}
