/* SPDX-License-Identifier: Apache-2.0 */
#include "records/told.h"

static const struct tg_slot reason_slots[] = {
        TG_SLOT_SPAN(struct tg_told_reason, rule, "rule"),
        TG_SLOT_SPAN(struct tg_told_reason, family, "family"),
};
static const struct tg_layout reason_layout = TG_LAYOUT(struct tg_told_reason, reason_slots);

static const struct tg_slot position_slots[] = {
        TG_SLOT_SPAN(struct tg_told_place, topic, "topic"),
        TG_SLOT_LONG(struct tg_told_place, offset, "offset"),
};
static const struct tg_layout position_layout = TG_LAYOUT(struct tg_told_place, position_slots);

static const struct tg_slot told_slots[] = {
        TG_SLOT_SPAN(struct tg_told, id, "request_id"),
        TG_SLOT_SPAN(struct tg_told, customer, "customer"),
        TG_SLOT_LONG(struct tg_told, time_ms, "time"),
        TG_SLOT_ENUM(struct tg_told, outcome, "outcome", TG_OUTCOME_UNKNOWN),
        TG_SLOT_BOOL(struct tg_told, final, "final", 0),
        TG_SLOT_BOOL(struct tg_told, repeat, "repeat", 0),
        TG_SLOT_LONG(struct tg_told, until_ms, "until"),
        TG_SLOT_ITEMS(struct tg_told, reasons, "reasons", &reason_layout),
        TG_SLOT_OPTIONAL_RECORD(struct tg_told, receipt, receipt.present, "receipt",
                                &tg_receipt_layout),
        TG_SLOT_ENUM(struct tg_told, channel, "channel", TG_CHANNEL_UNKNOWN),
        TG_SLOT_ENUM(struct tg_told, kind, "kind", TG_KIND_UNKNOWN),
        TG_SLOT_ENUM(struct tg_told, class, "class", TG_CLASS_OTHER),
        TG_SLOT_SPAN(struct tg_told, campaign, "campaign"),
        TG_SLOT_SPAN(struct tg_told, subject, "subject"),
        TG_SLOT_SPAN(struct tg_told, topic, "topic"),
        TG_SLOT_RECORD(struct tg_told, source, "request", &position_layout),
        TG_SLOT_ITEMS(struct tg_told, facts, "positions", &position_layout),
        TG_SLOT_INT(struct tg_told, content, "content", 0),
};
const struct tg_layout tg_told_layout = TG_LAYOUT(struct tg_told, told_slots);

int64_t tg_told_facts_next(const struct tg_told *told, struct tg_span topic)
{
        struct tg_items_walk walk = tg_items_walk(&told->facts);
        struct tg_told_place place;

        while (tg_items_next(&walk, NULL, &place)) {
                if (tg_span_equal(place.topic, topic))
                        return place.offset;
        }
        return -1;
}

bool tg_told_last_reason(const struct tg_told *told, struct tg_told_reason *ret_reason)
{
        struct tg_items_walk walk = tg_items_walk(&told->reasons);
        bool any = false;

        while (tg_items_next(&walk, NULL, ret_reason))
                any = true;
        return any;
}
