/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encoders, in the order of the fields of the schemas; a test decodes what they write with
 * libavro under the shipped schemas.
 */
#include "records/decision.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "avro/encode.h"

static void put_receipt(struct tg_buffer *buffer, const struct tg_receipt *receipt)
{
        tg_put_long(buffer, receipt->time_ms);
        tg_put_int(buffer, receipt->tag);
}

static void put_position(struct tg_buffer *buffer, const struct tg_position *position)
{
        tg_put_text(buffer, position->topic);
        tg_put_int(buffer, position->partition);
        tg_put_long(buffer, position->offset);
}

static void put_reason(struct tg_buffer *buffer, const struct tg_reason *reason)
{
        tg_put_text(buffer, reason->rule);
        tg_put_text(buffer, reason->family);
        tg_put_optional_long(buffer, reason->counter, TG_NO_COUNT);
        tg_put_optional_long(buffer, reason->limit, TG_NO_COUNT);
        tg_put_optional_long(buffer, reason->until_ms, TG_NEVER);
        tg_put_bool(buffer, false); /* shadow */
}

static void put_reasons(struct tg_buffer *buffer, const struct tg_decision *decision)
{
        tg_put_items_begin(buffer, decision->reason_count);
        for (size_t i = 0; i < decision->reason_count; i++)
                put_reason(buffer, &decision->reasons[i]);
        tg_put_items_end(buffer);
}

/* Channel to topic: what decisions and permitted messages have in common. */
static void put_subject(struct tg_buffer *buffer, const struct tg_request *request)
{
        tg_put_enum(buffer, request->channel);
        tg_put_enum(buffer, request->kind);
        tg_put_enum(buffer, request->class);
        tg_put_optional_span(buffer, request->campaign);
        tg_put_optional_span(buffer, request->subject);
        tg_put_optional_span(buffer, request->category);
        tg_put_optional_span(buffer, request->topic);
}

static void put_policy(struct tg_buffer *buffer, const struct tg_policy_name *policy)
{
        tg_put_text(buffer, policy->name);
        tg_put_text(buffer, policy->hash);
}

void tg_decision_encode(struct tg_buffer *buffer, const struct tg_decision *decision)
{
        const struct tg_request *request = decision->request;

        tg_put_span(buffer, request->id);
        tg_put_span(buffer, request->customer);
        tg_put_long(buffer, decision->time_ms);
        tg_put_enum(buffer, decision->outcome);
        tg_put_bool(buffer, decision->final);
        tg_put_bool(buffer, decision->repeat);
        tg_put_optional_time(buffer, decision->until_ms);
        put_reasons(buffer, decision);
        tg_put_optional_span(buffer, decision->message_id);
        if (decision->receipt.present) {
                tg_put_present(buffer);
                put_receipt(buffer, &decision->receipt);
        } else {
                tg_put_null(buffer);
        }
        tg_put_long(buffer, tg_request_expiry(request));
        put_subject(buffer, request);
        tg_put_int(buffer, request->priority);
        tg_put_enum(buffer, decision->variant);
        tg_put_null(buffer); /* arm */
        put_position(buffer, &decision->source);
        tg_put_items_begin(buffer, decision->fact_count);
        for (size_t i = 0; i < decision->fact_count; i++)
                put_position(buffer, &decision->facts[i]);
        tg_put_items_end(buffer);
        put_policy(buffer, decision->policy);
}

void tg_permitted_encode(struct tg_buffer *buffer, const struct tg_decision *decision)
{
        const struct tg_request *request = decision->request;

        tg_put_span(buffer, decision->message_id);
        tg_put_span(buffer, request->id);
        tg_put_span(buffer, request->customer);
        tg_put_long(buffer, decision->time_ms);
        put_receipt(buffer, &decision->receipt);
        tg_put_long(buffer, tg_request_expiry(request));
        put_subject(buffer, request);
        tg_put_optional_span(buffer, request->segment);
        tg_put_optional_span(buffer, request->purpose);
        tg_put_int(buffer, request->priority);
        tg_put_enum(buffer, decision->variant);
        tg_put_null(buffer); /* arm */
        put_policy(buffer, decision->policy);
        tg_put_span(buffer, request->payload);
}

void tg_rejection_encode(struct tg_buffer *buffer, const struct tg_rejection *rejection)
{
        put_position(buffer, &rejection->position);
        tg_put_optional_time(buffer, rejection->time_ms);
        tg_put_text(buffer, rejection->reason);
        tg_put_text(buffer, rejection->detail);
        tg_put_span(buffer, rejection->value);
}

void tg_message_id(struct tg_span customer, struct tg_span request_id,
                   char ret_id[static TG_MESSAGE_ID_SIZE + 1])
{
        static const char digits[] = "0123456789abcdef";
        XXH128_canonical_t canonical;
        XXH3_state_t state;

        XXH3_INITSTATE(&state);
        XXH3_128bits_reset(&state);
        XXH3_128bits_update(&state, customer.data, customer.size);
        XXH3_128bits_update(&state, "", 1);
        XXH3_128bits_update(&state, request_id.data, request_id.size);
        XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(&state));
        for (size_t i = 0; i < sizeof canonical.digest; i++) {
                ret_id[2 * i] = digits[canonical.digest[i] >> 4];
                ret_id[2 * i + 1] = digits[canonical.digest[i] & 15];
        }
        ret_id[TG_MESSAGE_ID_SIZE] = '\0';
}
