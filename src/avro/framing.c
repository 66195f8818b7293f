/* SPDX-License-Identifier: Apache-2.0 */
#include "avro/framing.h"

#include "avro/values.h"

enum { CONFLUENT_MAGIC = 0, SINGLE_OBJECT_MAGIC_0 = 0xc3, SINGLE_OBJECT_MAGIC_1 = 0x01 };

enum tg_framing tg_frame_parse(struct tg_span message, struct tg_frame *ret_frame)
{
        const uint8_t *data = message.data;

        *ret_frame = (struct tg_frame){0};
        if (message.size >= TG_FRAMING_CONFLUENT_SIZE && data[0] == CONFLUENT_MAGIC) {
                ret_frame->framing = TG_FRAMING_CONFLUENT;
                ret_frame->schema_id = tg_load_be32(data + 1);
                ret_frame->value = tg_span_of(data + TG_FRAMING_CONFLUENT_SIZE,
                                              message.size - TG_FRAMING_CONFLUENT_SIZE);
        } else if (message.size >= TG_FRAMING_SINGLE_OBJECT_SIZE &&
                   data[0] == SINGLE_OBJECT_MAGIC_0 && data[1] == SINGLE_OBJECT_MAGIC_1) {
                ret_frame->framing = TG_FRAMING_SINGLE_OBJECT;
                ret_frame->fingerprint = tg_load_le64(data + 2);
                ret_frame->value = tg_span_of(data + TG_FRAMING_SINGLE_OBJECT_SIZE,
                                              message.size - TG_FRAMING_SINGLE_OBJECT_SIZE);
        }
        return ret_frame->framing;
}

void tg_put_confluent(struct tg_buffer *buffer, uint32_t schema_id)
{
        const uint8_t front[TG_FRAMING_CONFLUENT_SIZE] = {
                CONFLUENT_MAGIC,           (uint8_t)(schema_id >> 24), (uint8_t)(schema_id >> 16),
                (uint8_t)(schema_id >> 8), (uint8_t)schema_id,
        };

        tg_buffer_append(buffer, front, sizeof front);
}
