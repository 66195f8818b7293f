/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/lasting.h"

#include <stdlib.h>

#include "base/memory.h"
#include "records/lasting.h"
#include "rules/facts.h"

struct tg_lookback tg_lasting_lookback(const struct tg_policy *policy)
{
        return (struct tg_lookback){
                .window_ms = policy->counters.window_max_ms,
                .lasting = policy->counters.lasting,
        };
}

void tg_lasting_begin(struct tg_partition *partition, const struct tg_progress *resume)
{
        uint64_t lasting = partition->options->policy->counters.lasting;

        partition->kept = partition->port->sink.customer ? lasting : 0;
        partition->keeps_again = resume && (lasting & ~resume->kept) != 0;
}

void tg_lasting_follow(struct tg_partition *partition)
{
        partition->kept &= partition->options->policy->counters.lasting;
}

uint64_t tg_lasting_kept(const struct tg_partition *partition)
{
        return partition->next[TG_STREAM_TOUCHPOINTS] < 0 ? 0 : partition->kept;
}

/* Those that consents were given or withdrawn for, the first so many. */
struct tg_purposes {
        struct {
                uint64_t hash;
                struct tg_span text; /* owned */
        } items[TG_PURPOSES_MAX];
        size_t count;
};

static void meet(struct tg_partition *partition, struct tg_span purpose)
{
        struct tg_purposes *purposes = partition->purposes;
        uint64_t hash = tg_hash64(purpose);
        size_t count;

        if (!purposes)
                purposes = partition->purposes = tg_allocate_zeroed(1, sizeof *purposes);
        count = purposes->count;
        for (size_t i = 0; i < count; i++) {
                if (purposes->items[i].hash == hash)
                        return; /* two of one hash: the second is as one too many */
        }
        if (count == TG_PURPOSES_MAX)
                return;
        purposes->items[count].hash = hash;
        purposes->items[count].text =
                tg_span_of(tg_duplicate((const char *)purpose.data, purpose.size), purpose.size);
        purposes->count++;
}

void tg_lasting_end(struct tg_partition *partition)
{
        for (size_t i = 0; partition->purposes && i < partition->purposes->count; i++)
                free((void *)partition->purposes->items[i].text.data);
        free(partition->purposes);
}

void tg_lasting_take(struct tg_partition *partition, struct tg_history *history,
                     const struct tg_touchpoint *touchpoint)
{
        tg_facts_apply_lasting(history, touchpoint);
        if (touchpoint->consent.present)
                meet(partition, touchpoint->consent.purpose);
}

/* Writes what TOUCHPOINT settles, or that nothing does any more. */
static int put(struct tg_partition *partition, const struct tg_touchpoint *touchpoint, bool stands,
               struct tg_error *error)
{
        const struct tg_sink *sink = &partition->port->sink;
        struct tg_buffer *buffer = partition->buffer;
        struct tg_span both, datum = TG_SPAN_ABSENT;
        size_t key_size;

        tg_buffer_reset(buffer);
        tg_lasting_put_key(buffer, touchpoint);
        key_size = buffer->size;
        if (stands)
                tg_lasting_put_datum(buffer, touchpoint);
        both = tg_buffer_span(buffer);
        if (stands)
                datum = tg_span_of(both.data + key_size, both.size - key_size);
        return sink->customer(sink->context, partition->id, tg_span_of(both.data, key_size), datum,
                              error);
}

/* The like of CONSENT of every channel, given or implied, that is gone. */
static int take_out(struct tg_partition *partition, struct tg_history *history,
                    struct tg_span customer, struct tg_span purpose, struct tg_error *error)
{
        for (unsigned i = 0; i < 2 * (TG_CHANNELS + 1); i++) {
                const struct tg_touchpoint gone = {
                        .customer = customer,
                        .type = TG_TYPE_CONSENT,
                        .consent = {.purpose = purpose,
                                    .channel = i / 2 < TG_CHANNELS ? (uint8_t)(i / 2)
                                                                   : TG_CHANNEL_ABSENT,
                                    .implied = i % 2,
                                    .present = true},
                };

                if (tg_history_consent_gone(history, &gone.consent) &&
                    put(partition, &gone, false, error) < 0)
                        return -1;
        }
        return 0;
}

int tg_lasting_write(struct tg_partition *partition, struct tg_history *history,
                     const struct tg_touchpoint *touchpoint, struct tg_error *error)
{
        const struct tg_purposes *purposes = partition->purposes;
        int result;

        if (!partition->port->sink.customer)
                return 0;
        if (tg_table_overflowed(partition->table) || tg_history_incomplete(history, 0))
                partition->kept = 0;
        if (!tg_facts_lasts(history, touchpoint))
                return 0;
        result = put(partition, touchpoint, true, error);
        if (touchpoint->type == TG_TYPE_CONSENT)
                meet(partition, touchpoint->consent.purpose);
        else if (purposes)
                for (size_t i = 0; i < purposes->count && result == 0; i++)
                        result = take_out(partition, history, touchpoint->customer,
                                          purposes->items[i].text, error);
        return result;
}
