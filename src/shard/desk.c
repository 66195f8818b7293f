/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/desk.h"

#include <assert.h>

#include "shard/decide.h"
#include "shard/explain.h"

/* What a request that is in no log looks like as a record. */
static struct tg_record record_of(struct tg_desk *desk, const struct tg_inquiry *inquiry)
{
        struct tg_record record = {
                .kind = TG_RECORD_DATA,
                .stream = TG_STREAM_REQUESTS,
                .partition = inquiry->partition,
                .offset = desk->taken,
                .datum = tg_buffer_span(&inquiry->datum),
                .reading = inquiry->reading,
        };
        size_t consumed;
        int fault = tg_plan_decode(inquiry->reading->full, record.datum, &record.event, &consumed);

        assert(fault == 0);
        (void)fault;
        record.time_ms = record.event.head.time_ms;
        return record;
}

static int decide(struct tg_desk *desk, struct tg_partition *partition, struct tg_record *record,
                  struct tg_inquiry *inquiry, struct tg_error *error)
{
        struct tg_prepared prepared = {.record = record};
        int result;

        tg_table_maintain(partition->table, partition->clock_ms);
        tg_decide_prepare(partition, &prepared);
        prepared.direct = &inquiry->permitted;
        partition->summary->requests++;
        desk->taken++;
        result = tg_decide_first(partition, &prepared, error);
        /* Telling a decision leaves it in the partition's buffer. */
        tg_buffer_append(&inquiry->decision, partition->buffer->data, partition->buffer->size);
        inquiry->next = desk->held;
        desk->held = inquiry;
        return result;
}

/* Why PARTITION can't answer now, or TG_INQUIRY_ANSWERED. */
static enum tg_inquiry_answer obstacle(const struct tg_desk *desk,
                                       const struct tg_partition *partition,
                                       const struct tg_record *record)
{
        if (partition->behind || partition->restore || partition->clock_ms == TG_NO_TIME)
                return TG_INQUIRY_BEHIND;
        if (desk->by_wall_clock &&
            record->time_ms > partition->clock_ms + partition->options->skew_ms)
                return TG_INQUIRY_FUTURE;
        return TG_INQUIRY_ANSWERED;
}

static int serve(struct tg_desk *desk, struct tg_partition *partition, struct tg_inquiry *inquiry,
                 struct tg_error *error)
{
        struct tg_record record = record_of(desk, inquiry);
        enum tg_inquiry_answer answer = obstacle(desk, partition, &record);

        if (answer == TG_INQUIRY_ANSWERED && inquiry->kind == TG_INQUIRE_DECISION)
                return decide(desk, partition, &record, inquiry, error);
        if (answer == TG_INQUIRY_ANSWERED)
                inquiry->requested = tg_explain(partition, &record, &inquiry->decision);
        tg_inbox_answer(desk->inbox, inquiry, answer);
        return 0;
}

int tg_desk_serve(struct tg_desk *desk, struct tg_partition *const *partitions, uint32_t count,
                  struct tg_error *error)
{
        struct tg_inquiry *inquiry = desk->inbox ? tg_inbox_take(desk->inbox) : NULL;
        struct tg_inquiry *next;
        int result = 0;

        for (; inquiry; inquiry = next) {
                next = inquiry->next;
                assert(inquiry->partition >= 0 && (uint32_t)inquiry->partition < count);
                if (result < 0)
                        tg_inbox_answer(desk->inbox, inquiry, TG_INQUIRY_CLOSED);
                else if (!partitions[inquiry->partition])
                        tg_inbox_answer(desk->inbox, inquiry, TG_INQUIRY_ELSEWHERE);
                else
                        result = serve(desk, partitions[inquiry->partition], inquiry, error);
        }
        return result;
}

void tg_desk_settle(struct tg_desk *desk, enum tg_inquiry_answer answer)
{
        struct tg_inquiry *inquiry = desk->held, *next;

        desk->held = NULL;
        for (; inquiry; inquiry = next) {
                next = inquiry->next;
                tg_inbox_answer(desk->inbox, inquiry, answer);
        }
}

void tg_desk_close(struct tg_desk *desk)
{
        tg_desk_settle(desk, TG_INQUIRY_CLOSED);
        if (desk->inbox)
                tg_inbox_close(desk->inbox);
}
