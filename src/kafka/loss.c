/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/loss.h"

#include <inttypes.h>
#include <stdio.h>

enum { TEXT_SIZE = 640 };

/* What was read last is at NEXT - 1, and nothing before LOW is there any more. */
static void note(uint64_t *records, const struct tg_client *scout, const char *topic,
                 int32_t partition, int64_t next, int64_t low)
{
        char key[TG_TOPIC_TEXT_SIZE + 32], text[TEXT_SIZE];

        if (low <= next)
                return;
        *records += (uint64_t)(low - next);
        /* Each partition has a key of its own: each is told. */
        snprintf(key, sizeof key, "lost: %s [%d]", topic, (int)partition);
        snprintf(text, sizeof text,
                 "topic %s, partition %d: %" PRId64 " records (offsets %" PRId64 " to %" PRId64
                 ") were deleted before they were read, and are lost: let the topic keep its "
                 "records for longer than the gate may be down (retention.ms, retention.bytes)",
                 topic, (int)partition, low - next, next, low - 1);
        scout->notices->tell(scout->notices->context, TG_NOTICE_WARNING, key, text);
}

static void look(uint64_t *records, const struct tg_client *scout, const char *topic,
                 int32_t partition, int64_t next)
{
        rd_kafka_resp_err_t code;
        int64_t low, high;

        if (next < 0) /* never read by this group, so from whatever beginning there is */
                return;
        code = rd_kafka_query_watermark_offsets(scout->handle, topic, partition, &low, &high,
                                                TG_LOSS_TIMEOUT_MS);
        if (code)
                tg_notice(scout->notices, TG_NOTICE_WARNING,
                          "topic %s, partition %d: whether records were deleted before they were "
                          "read is not known (%s)",
                          topic, (int)partition, rd_kafka_err2name(code));
        else
                note(records, scout, topic, partition, next, low);
}

void tg_losses_look(struct tg_losses *losses, const struct tg_client *scout,
                    const struct tg_kafka_settings *settings, const struct tg_progress *progress)
{
        look(&losses->records[TG_STREAM_REQUESTS], scout, settings->topics[TG_TOPIC_REQUESTS],
             progress->partition, progress->next[TG_STREAM_REQUESTS]);
        look(&losses->records[TG_STREAM_TOUCHPOINTS], scout, settings->topics[TG_TOPIC_TOUCHPOINTS],
             progress->partition, progress->next[TG_STREAM_TOUCHPOINTS]);
}
