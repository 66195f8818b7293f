/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/tell.h"

/* Where requests come from that are in no log, as positions name it. */
#define DIRECT_NAME "http"

static int tell_permitted(struct tg_partition *partition, const struct tg_decision *decision,
                          struct tg_buffer *direct, struct tg_error *error)
{
        const struct tg_sink *sink = &partition->port->sink;

        if (direct) {
                tg_permitted_encode(direct, decision);
                return 0;
        }
        tg_buffer_reset(partition->buffer);
        tg_permitted_encode(partition->buffer, decision);
        return sink->permitted(sink->context, partition->id, decision,
                               tg_buffer_span(partition->buffer), error);
}

int tg_tell(struct tg_partition *partition, struct tg_decision *decision, int64_t offset,
            struct tg_buffer *direct, struct tg_error *error)
{
        const struct tg_source *source = &partition->port->source;
        const struct tg_sink *sink = &partition->port->sink;
        int64_t facts_next = partition->next[TG_STREAM_TOUCHPOINTS];
        struct tg_position facts = {
                source->stream_name(source->context, TG_STREAM_TOUCHPOINTS),
                partition->id,
                facts_next < partition->facts_known ? partition->facts_known : facts_next,
        };

        decision->told_ms = partition->clock_ms;
        decision->final = decision->outcome != TG_DEFER || (direct && !decision->repeat);
        decision->source = (struct tg_position){
                direct ? DIRECT_NAME : source->stream_name(source->context, TG_STREAM_REQUESTS),
                partition->id,
                offset,
        };
        decision->facts = &facts;
        decision->fact_count = 1;
        decision->policy = &partition->options->policy->name;
        if (decision->outcome == TG_PERMIT && !decision->repeat &&
            tell_permitted(partition, decision, direct, error) < 0)
                return -1;
        tg_summary_count(partition->summary, decision);
        tg_buffer_reset(partition->buffer);
        tg_decision_encode(partition->buffer, decision);
        return sink->decision(sink->context, partition->id, decision,
                              tg_buffer_span(partition->buffer), error);
}
