/* SPDX-License-Identifier: Apache-2.0 */
#include "records/touchpoint.h"

#include "avro/encode.h"

static const struct tg_slot receipt_slots[] = {
        TG_SLOT_LONG(struct tg_receipt, time_ms, "time"),
        TG_SLOT_INT(struct tg_receipt, tag, "tag", 0),
};
const struct tg_layout tg_receipt_layout = TG_LAYOUT(struct tg_receipt, receipt_slots);

static const struct tg_slot consent_slots[] = {
        TG_SLOT_SPAN(struct tg_consent, purpose, "purpose"),
        TG_SLOT_ENUM(struct tg_consent, channel, "channel", TG_CHANNEL_ABSENT),
        TG_SLOT_BOOL(struct tg_consent, granted, "granted", 0),
        TG_SLOT_LONG(struct tg_consent, until_ms, "until"),
        TG_SLOT_BOOL(struct tg_consent, implied, "implied", 0),
};
static const struct tg_layout consent_layout = TG_LAYOUT(struct tg_consent, consent_slots);

static const struct tg_slot touchpoint_slots[] = {
        TG_SLOT_SPAN(struct tg_touchpoint, id, "id"),
        TG_SLOT_SPAN(struct tg_touchpoint, customer, "customer"),
        TG_SLOT_LONG(struct tg_touchpoint, time_ms, "time"),
        TG_SLOT_ENUM(struct tg_touchpoint, type, "type", TG_TYPE_UNKNOWN),
        TG_SLOT_ENUM(struct tg_touchpoint, channel, "channel", TG_CHANNEL_ABSENT),
        TG_SLOT_SPAN(struct tg_touchpoint, campaign, "campaign"),
        TG_SLOT_SPAN(struct tg_touchpoint, subject, "subject"),
        TG_SLOT_SPAN(struct tg_touchpoint, topic, "topic"),
        TG_SLOT_SPAN(struct tg_touchpoint, message_id, "message_id"),
        TG_SLOT_OPTIONAL_RECORD(struct tg_touchpoint, receipt, receipt.present, "receipt",
                                &tg_receipt_layout),
        TG_SLOT_BOOL(struct tg_touchpoint, bot, "bot", 0),
        TG_SLOT_OPTIONAL_RECORD(struct tg_touchpoint, consent, consent.present, "consent",
                                &consent_layout),
};
const struct tg_layout tg_touchpoint_layout = TG_LAYOUT(struct tg_touchpoint, touchpoint_slots);

void tg_channel_put(struct tg_buffer *buffer, uint8_t channel)
{
        if (channel == TG_CHANNEL_ABSENT) {
                tg_put_null(buffer);
                return;
        }
        tg_put_present(buffer);
        tg_put_enum(buffer, channel);
}

void tg_consent_put(struct tg_buffer *buffer, const struct tg_consent *consent)
{
        if (!consent->present) {
                tg_put_null(buffer);
                return;
        }
        tg_put_present(buffer);
        tg_put_span(buffer, consent->purpose);
        tg_channel_put(buffer, consent->channel);
        tg_put_bool(buffer, consent->granted);
        tg_put_optional_time(buffer, consent->until_ms);
        tg_put_bool(buffer, consent->implied);
}
