/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/lasting.h"

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

int tg_lasting_write(struct tg_partition *partition, struct tg_history *history,
                     const struct tg_touchpoint *touchpoint, struct tg_error *error)
{
        const struct tg_sink *sink = &partition->port->sink;
        struct tg_buffer *buffer = partition->buffer;
        struct tg_span both, key;

        if (!sink->customer)
                return 0;
        if (tg_table_overflowed(partition->table) || tg_history_incomplete(history, 0))
                partition->kept = 0;
        if (!tg_facts_lasts(history, touchpoint))
                return 0;
        tg_buffer_reset(buffer);
        tg_lasting_put_key(buffer, touchpoint);
        key.size = buffer->size;
        tg_lasting_put_datum(buffer, touchpoint);
        both = tg_buffer_span(buffer);
        key.data = both.data;
        return sink->customer(sink->context, partition->id, key,
                              tg_span_of(both.data + key.size, both.size - key.size), error);
}
