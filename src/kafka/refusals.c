/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/refusals.h"

bool tg_refusals_note(struct tg_refusals *refusals, int64_t now_ms)
{
        if (!refusals->any || now_ms - refusals->last_ms > TG_REFUSALS_APART_MS)
                refusals->first_ms = now_ms;
        refusals->any = true;
        refusals->last_ms = now_ms;
        return now_ms - refusals->first_ms >= TG_REFUSALS_MS;
}
