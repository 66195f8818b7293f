/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/summary.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "rules/evaluate.h"

void tg_summary_init(struct tg_summary *summary, const struct tg_policy *policy)
{
        *summary = (struct tg_summary){.reason_count = tg_reason_sources(policy)};
        summary->reasons = tg_allocate_zeroed(summary->reason_count, sizeof summary->reasons[0]);
}

void tg_summary_deinit(struct tg_summary *summary)
{
        free(summary->reasons);
        *summary = (struct tg_summary){0};
}

void tg_summary_count(struct tg_summary *summary, const struct tg_decision *decision)
{
        bool denied = decision->outcome == TG_DENY;

        if (decision->repeat) {
                summary->repeats++;
                return;
        }
        if (decision->outcome == TG_PERMIT) {
                summary->permitted++;
                summary->permitted_by_channel[decision->request->channel]++;
                return; /* a general variant's reasons are those of another message */
        }
        if (denied)
                summary->denied++;
        else
                summary->deferred++;
        for (size_t i = 0; i < decision->reason_count; i++) {
                struct tg_reason_count *count = &summary->reasons[decision->reasons[i].source];

                if (denied)
                        count->denied++;
                else
                        count->deferred++;
        }
}

void tg_summary_copy(struct tg_summary *summary, const struct tg_summary *from)
{
        struct tg_reason_count *reasons = summary->reasons;

        assert(summary->reason_count == from->reason_count);
        memcpy(reasons, from->reasons, from->reason_count * sizeof reasons[0]);
        *summary = *from;
        summary->reasons = reasons;
}

void tg_summary_add(struct tg_summary *summary, const struct tg_summary *part)
{
        assert(summary->reason_count == part->reason_count);
        summary->touchpoints += part->touchpoints;
        summary->requests += part->requests;
        summary->rejected += part->rejected;
        summary->permitted += part->permitted;
        summary->denied += part->denied;
        summary->deferred += part->deferred;
        summary->pending += part->pending;
        summary->repeats += part->repeats;
        summary->repeats_differing += part->repeats_differing;
        for (unsigned channel = 0; channel < TG_CHANNELS; channel++)
                summary->permitted_by_channel[channel] += part->permitted_by_channel[channel];
        for (size_t i = 0; i < part->reason_count; i++) {
                summary->reasons[i].denied += part->reasons[i].denied;
                summary->reasons[i].deferred += part->reasons[i].deferred;
        }
}
