/* SPDX-License-Identifier: Apache-2.0 */
#include "records/request.h"

static const struct tg_slot about_slots[] = {
        TG_SLOT_ENUM(struct tg_about, type, "type", TG_TYPE_UNKNOWN),
        TG_SLOT_LONG(struct tg_about, time_ms, "time"),
};
static const struct tg_layout about_layout = TG_LAYOUT(struct tg_about, about_slots);

static const struct tg_slot request_slots[] = {
        TG_SLOT_SPAN(struct tg_request, id, "id"),
        TG_SLOT_SPAN(struct tg_request, customer, "customer"),
        TG_SLOT_LONG(struct tg_request, time_ms, "time"),
        TG_SLOT_LONG(struct tg_request, expires_ms, "expires"),
        TG_SLOT_ENUM(struct tg_request, channel, "channel", TG_CHANNEL_UNKNOWN),
        TG_SLOT_ENUM(struct tg_request, kind, "kind", TG_KIND_UNKNOWN),
        TG_SLOT_ENUM(struct tg_request, class, "class", TG_CLASS_OTHER),
        TG_SLOT_SPAN(struct tg_request, campaign, "campaign"),
        TG_SLOT_SPAN(struct tg_request, subject, "subject"),
        TG_SLOT_SPAN(struct tg_request, category, "category"),
        TG_SLOT_SPAN(struct tg_request, topic, "topic"),
        TG_SLOT_SPAN(struct tg_request, segment, "segment"),
        TG_SLOT_SPAN(struct tg_request, purpose, "purpose"),
        TG_SLOT_INT(struct tg_request, priority, "priority", 0),
        TG_SLOT_OPTIONAL_RECORD(struct tg_request, about, about.present, "about", &about_layout),
        TG_SLOT_SPAN(struct tg_request, payload, "payload"),
};
const struct tg_layout tg_request_layout = TG_LAYOUT(struct tg_request, request_slots);
