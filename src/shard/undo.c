/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/undo.h"

#include "rules/facts.h"

/* A permit; behind it the bytes of its spans, in the order of spans_of(). */
struct noted {
        int64_t time_ms;
        uint32_t tag;
        struct tg_span customer;
        struct tg_traits traits;
};

enum { SPANS = 5 };

static void spans_of(struct noted *noted, struct tg_span *ret_spans[static SPANS])
{
        ret_spans[0] = &noted->customer;
        ret_spans[1] = &noted->traits.campaign;
        ret_spans[2] = &noted->traits.subject;
        ret_spans[3] = &noted->traits.topic;
        ret_spans[4] = &noted->traits.purpose;
}

void tg_undo_note_permit(struct tg_undo *undo, const struct tg_request *message, int64_t time_ms,
                         uint32_t tag)
{
        struct noted noted = {time_ms, tag, message->customer, tg_traits_of_request(message)};
        struct tg_span *spans[SPANS];
        size_t size = sizeof noted;
        uint8_t *at;

        spans_of(&noted, spans);
        for (int i = 0; i < SPANS; i++)
                size += spans[i]->size;
        at = tg_buffer_reserve(&undo->permits, size);
        undo->permits.size += size;
        memcpy(at, &noted, sizeof noted);
        at += sizeof noted;
        for (int i = 0; i < SPANS; i++) {
                if (spans[i]->size)
                        memcpy(at, spans[i]->data, spans[i]->size);
                at += spans[i]->size;
        }
}

/* Reads what was noted at BYTES; returns how many bytes it takes. */
static size_t read_noted(const uint8_t *bytes, struct noted *ret_noted)
{
        struct tg_span *spans[SPANS];
        size_t size = sizeof *ret_noted;

        memcpy(ret_noted, bytes, sizeof *ret_noted);
        spans_of(ret_noted, spans);
        for (int i = 0; i < SPANS; i++) {
                if (tg_span_present(*spans[i]))
                        spans[i]->data = bytes + size;
                size += spans[i]->size;
        }
        return size;
}

static void take_back_permits(struct tg_partition *partition)
{
        const struct tg_partition_options *options = partition->options;
        const struct tg_buffer *permits = &partition->undo.permits;

        for (size_t offset = 0; offset < permits->size;) {
                struct tg_history history;
                struct noted noted;

                offset += read_noted(permits->data + offset, &noted);
                tg_history_init(&history, &options->policy->counters, partition->table,
                                noted.customer, &noted.traits, partition->clock_ms,
                                options->skew_ms);
                tg_facts_take_back(&history, noted.time_ms, noted.tag);
        }
}

static size_t throttle_bytes(const struct tg_partition *partition)
{
        return partition->options->policy->throttle_count * sizeof partition->throttles[0];
}

void tg_undo_mark(struct tg_partition *partition)
{
        struct tg_undo *undo = &partition->undo;

        tg_buffer_reset(&undo->permits);
        memcpy(undo->throttles, partition->throttles, throttle_bytes(partition));
        memcpy(undo->next, partition->next, sizeof undo->next);
        tg_waiting_commit(partition->waiting);
        tg_repeats_commit(partition->repeats);
}

void tg_undo_apply(struct tg_partition *partition)
{
        struct tg_undo *undo = &partition->undo;

        if (partition->facts_known < partition->next[TG_STREAM_TOUCHPOINTS])
                partition->facts_known = partition->next[TG_STREAM_TOUCHPOINTS];
        take_back_permits(partition);
        memcpy(partition->throttles, undo->throttles, throttle_bytes(partition));
        memcpy(partition->next, undo->next, sizeof undo->next);
        tg_waiting_undo(partition->waiting);
        tg_repeats_undo(partition->repeats);
        tg_undo_mark(partition);
}
