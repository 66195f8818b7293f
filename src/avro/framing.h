/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which schema a Kafka message was written with: the few bytes in front of its Avro value.
 *
 * Confluent: byte 0, the registry's schema id (4 bytes, big-endian), the value.
 * Single-object: C3 01, the schema's CRC-64-AVRO fingerprint (8 bytes, little-endian), the value.
 * Pure and thread-safe, about a nanosecond.
 */
#pragma once

#include "base/buffer.h"
#include "base/span.h"

enum tg_framing {
        TG_FRAMING_NONE, /* neither: a dead letter */
        TG_FRAMING_CONFLUENT,
        TG_FRAMING_SINGLE_OBJECT,
};

enum { TG_FRAMING_CONFLUENT_SIZE = 5, TG_FRAMING_SINGLE_OBJECT_SIZE = 10 };

struct tg_frame {
        enum tg_framing framing;
        uint32_t schema_id;   /* Confluent's; otherwise 0 */
        uint64_t fingerprint; /* single-object's; otherwise 0 */
        struct tg_span value; /* borrowed from the message; absent for TG_FRAMING_NONE */
};

/* Fills RET_FRAME whatever the answer, which is its framing. */
enum tg_framing tg_frame_parse(struct tg_span message, struct tg_frame *ret_frame);

/* Writes the bytes in front; the value is appended behind them. */
void tg_put_confluent(struct tg_buffer *buffer, uint32_t schema_id);
