/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The encoders, in the order of the fields of the schemas; a test decodes what they write with
 * libavro under the shipped schemas.
 */
#include "records/decision.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "avro/encode.h"

enum {
        FIELDS_MAX = 32,                         /* of a record and those in it, but for lists */
        FIELD_SIZE_MAX = 1 + TG_VARINT_SIZE_MAX, /* without the bytes of a string */
};

static uint8_t *write_text(uint8_t *at, const char *text)
{
        return tg_write_span(at, tg_span_text(text));
}

static uint8_t *write_receipt(uint8_t *at, const struct tg_receipt *receipt)
{
        at = tg_write_long(at, receipt->time_ms);
        return tg_write_long(at, receipt->tag);
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
        tg_put_bool(buffer, reason->shadow);
}

static void put_reasons(struct tg_buffer *buffer, const struct tg_decision *decision)
{
        tg_put_items_begin(buffer, decision->reason_count);
        for (size_t i = 0; i < decision->reason_count; i++)
                put_reason(buffer, &decision->reasons[i]);
        tg_put_items_end(buffer);
}

/* The bytes of write_subject()'s strings. */
static size_t subject_size(const struct tg_request *request)
{
        return request->campaign.size + request->subject.size + request->category.size +
               request->topic.size;
}

/* Channel to topic: what decisions and permitted messages have in common. */
static uint8_t *write_subject(uint8_t *at, const struct tg_request *request)
{
        at = tg_write_long(at, request->channel);
        at = tg_write_long(at, request->kind);
        at = tg_write_long(at, request->class);
        at = tg_write_optional_span(at, request->campaign);
        at = tg_write_optional_span(at, request->subject);
        at = tg_write_optional_span(at, request->category);
        return tg_write_optional_span(at, request->topic);
}

static uint8_t *write_policy(uint8_t *at, const struct tg_policy_name *policy)
{
        at = write_text(at, policy->name);
        return tg_write_span(at, tg_span_of(policy->hash, TG_POLICY_HASH_SIZE));
}

/* From the id to the time until. */
static void put_outcome(struct tg_buffer *buffer, const struct tg_decision *decision)
{
        const struct tg_request *request = decision->request;
        uint8_t *at = tg_put_room(buffer, FIELDS_MAX * FIELD_SIZE_MAX + request->id.size +
                                                  request->customer.size);

        at = tg_write_span(at, request->id);
        at = tg_write_span(at, request->customer);
        at = tg_write_long(at, decision->time_ms);
        at = tg_write_long(at, decision->outcome);
        at = tg_write_byte(at, decision->final);
        at = tg_write_byte(at, decision->repeat);
        at = tg_write_optional_long(at, decision->until_ms, TG_NO_TIME);
        buffer->size = (size_t)(at - buffer->data);
}

/* From the message id to the arm. */
static void put_message(struct tg_buffer *buffer, const struct tg_decision *decision)
{
        const struct tg_request *request = decision->request;
        uint8_t *at = tg_put_room(buffer, FIELDS_MAX * FIELD_SIZE_MAX + decision->message_id.size +
                                                  subject_size(request));

        at = tg_write_optional_span(at, decision->message_id);
        if (decision->receipt.present)
                at = write_receipt(tg_write_byte(at, 2), &decision->receipt);
        else
                at = tg_write_byte(at, 0);
        at = tg_write_long(at, tg_request_expiry(request));
        at = write_subject(at, request);
        at = tg_write_long(at, request->priority);
        at = tg_write_long(at, decision->variant);
        at = tg_write_byte(at, 0); /* arm */
        buffer->size = (size_t)(at - buffer->data);
}

/* From the name of the policy to the end. */
static void put_policy(struct tg_buffer *buffer, const struct tg_decision *decision)
{
        const struct tg_policy_name *policy = decision->policy;
        uint8_t *at = tg_put_room(buffer,
                                  3 * FIELD_SIZE_MAX + strlen(policy->name) + TG_POLICY_HASH_SIZE);

        at = write_policy(at, policy);
        at = tg_write_long(at, (int32_t)decision->content);
        buffer->size = (size_t)(at - buffer->data);
}

void tg_decision_encode(struct tg_buffer *buffer, const struct tg_decision *decision)
{
        put_outcome(buffer, decision);
        put_reasons(buffer, decision);
        put_message(buffer, decision);
        put_position(buffer, &decision->source);
        tg_put_items_begin(buffer, decision->fact_count);
        for (size_t i = 0; i < decision->fact_count; i++)
                put_position(buffer, &decision->facts[i]);
        tg_put_items_end(buffer);
        put_policy(buffer, decision);
}

void tg_permitted_encode(struct tg_buffer *buffer, const struct tg_decision *decision)
{
        const struct tg_request *request = decision->request;
        uint8_t *at =
                tg_put_room(buffer, FIELDS_MAX * FIELD_SIZE_MAX + decision->message_id.size +
                                            request->id.size + request->customer.size +
                                            subject_size(request) + request->segment.size +
                                            request->purpose.size + strlen(decision->policy->name) +
                                            TG_POLICY_HASH_SIZE + request->payload.size);

        at = tg_write_span(at, decision->message_id);
        at = tg_write_span(at, request->id);
        at = tg_write_span(at, request->customer);
        at = tg_write_long(at, decision->time_ms);
        at = write_receipt(at, &decision->receipt);
        at = tg_write_long(at, tg_request_expiry(request));
        at = write_subject(at, request);
        at = tg_write_optional_span(at, request->segment);
        at = tg_write_optional_span(at, request->purpose);
        at = tg_write_long(at, request->priority);
        at = tg_write_long(at, decision->variant);
        at = tg_write_byte(at, 0); /* arm */
        at = write_policy(at, decision->policy);
        at = tg_write_span(at, request->payload);
        buffer->size = (size_t)(at - buffer->data);
}

void tg_rejection_encode(struct tg_buffer *buffer, const struct tg_rejection *rejection)
{
        put_position(buffer, &rejection->position);
        tg_put_optional_time(buffer, rejection->time_ms);
        tg_put_text(buffer, rejection->reason);
        tg_put_text(buffer, rejection->detail);
        tg_put_span(buffer, rejection->value);
}

/* Of A, a zero byte and B; such as are short are put together, which is much the faster. */
static XXH128_hash_t hash_pair(struct tg_span a, struct tg_span b)
{
        uint8_t bytes[256];
        XXH3_state_t state;

        if (a.size + 1 + b.size <= sizeof bytes) {
                if (a.size)
                        memcpy(bytes, a.data, a.size);
                bytes[a.size] = 0;
                if (b.size)
                        memcpy(bytes + a.size + 1, b.data, b.size);
                return XXH3_128bits(bytes, a.size + 1 + b.size);
        }
        XXH3_INITSTATE(&state);
        XXH3_128bits_reset(&state);
        XXH3_128bits_update(&state, a.data, a.size);
        XXH3_128bits_update(&state, "", 1);
        XXH3_128bits_update(&state, b.data, b.size);
        return XXH3_128bits_digest(&state);
}

/* Eight hexadecimal digits for 32 bits, the highest first. */
static void write_hex(char *at, uint32_t bits)
{
        const uint64_t each = UINT64_C(0x0101010101010101);
        uint64_t nibbles = bits, letters;

        /* A nibble a byte: halves are moved apart, and halves of these. */
        nibbles = (nibbles << 16 | nibbles) & UINT64_C(0x0000ffff0000ffff);
        nibbles = (nibbles << 8 | nibbles) & UINT64_C(0x00ff00ff00ff00ff);
        nibbles = (nibbles << 4 | nibbles) & UINT64_C(0x0f0f0f0f0f0f0f0f);
        letters = (nibbles + 6 * each) >> 4 & each; /* 1 where it is 10 or more */
        nibbles += '0' * each + letters * ('a' - '0' - 10);
        for (int i = 0; i < 8; i++)
                at[i] = (char)(nibbles >> (56 - 8 * i));
}

void tg_message_id(struct tg_span customer, struct tg_span request_id,
                   char ret_id[static TG_MESSAGE_ID_SIZE + 1])
{
        XXH128_hash_t hash = hash_pair(customer, request_id);

        write_hex(ret_id, (uint32_t)(hash.high64 >> 32));
        write_hex(ret_id + 8, (uint32_t)hash.high64);
        write_hex(ret_id + 16, (uint32_t)(hash.low64 >> 32));
        write_hex(ret_id + 24, (uint32_t)hash.low64);
        ret_id[TG_MESSAGE_ID_SIZE] = '\0';
}
