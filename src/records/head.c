/* SPDX-License-Identifier: Apache-2.0 */
#include "records/head.h"

static const struct tg_slot head_slots[] = {
        TG_SLOT_SPAN(struct tg_head, id, "id"),
        TG_SLOT_SPAN(struct tg_head, customer, "customer"),
        TG_SLOT_LONG(struct tg_head, time_ms, "time"),
};
const struct tg_layout tg_head_layout = TG_LAYOUT(struct tg_head, head_slots);
