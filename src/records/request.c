/* SPDX-License-Identifier: Apache-2.0 */
#include "records/request.h"

#include <assert.h>

static const struct tg_slot about_slots[] = {
        TG_SLOT_ENUM(struct tg_about, type, "type", TG_TYPE_UNKNOWN),
        TG_SLOT_LONG(struct tg_about, time_ms, "time"),
};
static const struct tg_layout about_layout = TG_LAYOUT(struct tg_about, about_slots);

static const struct tg_slot general_slots[] = {
        TG_SLOT_SPAN(struct tg_general, campaign, "campaign"),
        TG_SLOT_SPAN(struct tg_general, topic, "topic"),
        TG_SLOT_SPAN(struct tg_general, payload, "payload"),
};
static const struct tg_layout general_layout = TG_LAYOUT(struct tg_general, general_slots);

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
        TG_SLOT_OPTIONAL_RECORD(struct tg_request, general, general.present, "general",
                                &general_layout),
};
const struct tg_layout tg_request_layout = TG_LAYOUT(struct tg_request, request_slots);

void tg_request_general(const struct tg_request *request, struct tg_request *ret_request)
{
        const struct tg_general general = request->general;
        struct tg_request variant = *request;

        assert(general.present);
        variant.kind = TG_KIND_GENERAL;
        variant.subject = TG_SPAN_ABSENT;
        variant.category = TG_SPAN_ABSENT;
        variant.segment = TG_SPAN_ABSENT;
        variant.about = (struct tg_about){.present = false};
        if (tg_span_present(general.campaign))
                variant.campaign = general.campaign;
        if (tg_span_present(general.topic))
                variant.topic = general.topic;
        variant.payload = general.payload;
        variant.general = (struct tg_general){.present = false};
        *ret_request = variant;
}

bool tg_request_within_calendar(const struct tg_request *request)
{
        return (request->expires_ms == TG_NO_TIME || tg_time_in_calendar(request->expires_ms)) &&
               (!request->about.present || tg_time_in_calendar(request->about.time_ms));
}
