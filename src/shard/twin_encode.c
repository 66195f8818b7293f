/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inputs written in the order of the fields of their schemas. The gate itself only reads them.
 */
#include "avro/encode.h"
#include "shard/twin.h"

static void put_receipt(struct tg_buffer *buffer, const struct tg_receipt *receipt)
{
        if (!receipt->present) {
                tg_put_null(buffer);
                return;
        }
        tg_put_present(buffer);
        tg_put_long(buffer, receipt->time_ms);
        tg_put_int(buffer, receipt->tag);
}

static void put_about(struct tg_buffer *buffer, const struct tg_about *about)
{
        if (!about->present) {
                tg_put_null(buffer);
                return;
        }
        tg_put_present(buffer);
        tg_put_null(buffer); /* id */
        tg_put_enum(buffer, about->type);
        tg_put_long(buffer, about->time_ms);
}

static void put_general(struct tg_buffer *buffer, const struct tg_general *general)
{
        if (!general->present) {
                tg_put_null(buffer);
                return;
        }
        tg_put_present(buffer);
        tg_put_optional_span(buffer, general->campaign);
        tg_put_optional_span(buffer, general->topic);
        tg_put_span(buffer, general->payload);
}

static void put_preference(struct tg_buffer *buffer, const struct tg_twin_details *details)
{
        if (!tg_span_present(details->preference_key)) {
                tg_put_null(buffer);
                return;
        }
        tg_put_present(buffer);
        tg_put_span(buffer, details->preference_key);
        tg_put_span(buffer, details->preference_value);
}

static void put_profile(struct tg_buffer *buffer, const struct tg_twin_details *details)
{
        if (!details->has_profile) {
                tg_put_null(buffer);
                return;
        }
        tg_put_present(buffer);
        for (size_t i = 0; i < TG_TWIN_PROFILE; i++)
                tg_put_optional_span(buffer, details->profile[i]);
}

static void put_attributes(struct tg_buffer *buffer, const struct tg_twin_details *details)
{
        if (details->attribute_count > 0)
                tg_put_items_begin(buffer, details->attribute_count);
        for (size_t i = 0; i < details->attribute_count; i++) {
                tg_put_span(buffer, details->attributes[i][0]);
                tg_put_span(buffer, details->attributes[i][1]);
        }
        tg_put_items_end(buffer);
}

void tg_twin_encode_detailed(struct tg_buffer *buffer, const struct tg_touchpoint *touchpoint,
                             const struct tg_twin_details *details)
{
        tg_put_span(buffer, touchpoint->id);
        tg_put_span(buffer, touchpoint->customer);
        tg_put_long(buffer, touchpoint->time_ms);
        tg_put_enum(buffer, touchpoint->type);
        tg_channel_put(buffer, touchpoint->channel);
        tg_put_optional_span(buffer, touchpoint->campaign);
        tg_put_optional_span(buffer, touchpoint->subject);
        tg_put_optional_span(buffer, details->category);
        tg_put_optional_span(buffer, touchpoint->topic);
        tg_put_optional_span(buffer, touchpoint->message_id);
        put_receipt(buffer, &touchpoint->receipt);
        tg_put_enum(buffer, details->source);
        tg_put_enum(buffer, details->identity_level);
        tg_put_bool(buffer, details->shared_device);
        tg_put_bool(buffer, touchpoint->bot);
        tg_put_bool(buffer, details->gift);
        tg_consent_put(buffer, &touchpoint->consent);
        put_preference(buffer, details);
        put_profile(buffer, details);
        tg_put_optional_span(buffer, details->canonical); /* a record of one text is that text */
        put_attributes(buffer, details);
}

void tg_twin_encode_touchpoint(struct tg_buffer *buffer, const struct tg_touchpoint *touchpoint)
{
        tg_twin_encode_detailed(buffer, touchpoint, &(struct tg_twin_details){0});
}

void tg_twin_encode_request(struct tg_buffer *buffer, const struct tg_request *request)
{
        tg_put_span(buffer, request->id);
        tg_put_span(buffer, request->customer);
        tg_put_long(buffer, request->time_ms);
        tg_put_optional_time(buffer, request->expires_ms);
        tg_put_enum(buffer, request->channel);
        tg_put_enum(buffer, request->kind);
        tg_put_enum(buffer, request->class);
        tg_put_optional_span(buffer, request->campaign);
        tg_put_optional_span(buffer, request->subject);
        tg_put_optional_span(buffer, request->category);
        tg_put_optional_span(buffer, request->topic);
        tg_put_optional_span(buffer, request->segment);
        tg_put_optional_span(buffer, request->purpose);
        tg_put_int(buffer, request->priority);
        put_about(buffer, &request->about);
        tg_put_enum(buffer, 0);     /* identity_level */
        tg_put_bool(buffer, false); /* shared_device */
        tg_put_items_end(buffer);   /* data */
        tg_put_int(buffer, 0);      /* personal */
        tg_put_int(buffer, 0);      /* specific */
        tg_put_int(buffer, 0);      /* insistent */
        tg_put_enum(buffer, 0);     /* pricing */
        tg_put_null(buffer);        /* price_scheme */
        put_general(buffer, &request->general);
        tg_put_items_end(buffer); /* fallback_channels */
        tg_put_span(buffer,
                    tg_span_present(request->payload) ? request->payload : tg_span_text(""));
}
