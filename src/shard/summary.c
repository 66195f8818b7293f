/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/summary.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "rules/evaluate.h"

static void init_reasons(struct tg_summary *summary, const struct tg_policy *policy)
{
        summary->reason_count = tg_reason_sources(policy);
        summary->reasons = tg_allocate_zeroed(summary->reason_count, sizeof summary->reasons[0]);
        summary->names = tg_allocate(summary->reason_count * sizeof(char *));
        for (size_t i = 0; i < summary->reason_count; i++) {
                const char *name = tg_reason_source_name(policy, i);

                summary->names[i] = tg_duplicate(name, strlen(name));
        }
}

static void deinit_reasons(struct tg_summary *summary)
{
        for (size_t i = 0; i < summary->reason_count; i++)
                free(summary->names[i]);
        free(summary->names);
        free(summary->reasons);
}

/* The place of NAME, which is added if it is not there. */
static struct tg_reason_count *reason_of(struct tg_summary *summary, const char *name)
{
        for (size_t i = 0; i < summary->reason_count; i++) {
                if (strcmp(summary->names[i], name) == 0)
                        return &summary->reasons[i];
        }
        summary->reasons = tg_reallocate(summary->reasons,
                                         (summary->reason_count + 1) * sizeof summary->reasons[0]);
        summary->names =
                tg_reallocate(summary->names, (summary->reason_count + 1) * sizeof(char *));
        summary->names[summary->reason_count] = tg_duplicate(name, strlen(name));
        summary->reasons[summary->reason_count] = (struct tg_reason_count){0};
        return &summary->reasons[summary->reason_count++];
}

static void add_reasons(struct tg_summary *summary, const struct tg_summary *part)
{
        for (size_t i = 0; i < part->reason_count; i++) {
                struct tg_reason_count *sum = reason_of(summary, part->names[i]);

                sum->denied += part->reasons[i].denied;
                sum->deferred += part->reasons[i].deferred;
                sum->would_deny += part->reasons[i].would_deny;
                sum->would_defer += part->reasons[i].would_defer;
        }
}

void tg_summary_init(struct tg_summary *summary, const struct tg_policy *policy)
{
        *summary = (struct tg_summary){0};
        init_reasons(summary, policy);
}

void tg_summary_deinit(struct tg_summary *summary)
{
        deinit_reasons(summary);
        *summary = (struct tg_summary){0};
}

void tg_summary_follow(struct tg_summary *summary, const struct tg_policy *policy)
{
        struct tg_summary before = *summary;

        init_reasons(summary, policy);
        add_reasons(summary, &before);
        deinit_reasons(&before);
}

/* What a rule without effect would have made of a decision. */
static void count_shadows(struct tg_summary *summary, const struct tg_decision *decision)
{
        for (size_t i = 0; i < decision->reason_count; i++) {
                const struct tg_reason *reason = &decision->reasons[i];

                if (!reason->shadow)
                        continue;
                if (reason->until_ms >= tg_request_expiry(decision->request))
                        summary->reasons[reason->source].would_deny++;
                else
                        summary->reasons[reason->source].would_defer++;
        }
}

void tg_summary_count(struct tg_summary *summary, const struct tg_decision *decision)
{
        bool denied = decision->outcome == TG_DENY;

        if (decision->repeat) {
                summary->repeats++;
                return;
        }
        count_shadows(summary, decision);
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

                if (decision->reasons[i].shadow)
                        continue;
                if (denied)
                        count->denied++;
                else
                        count->deferred++;
        }
}

/* What finds no place of its own is counted with the last one. */
static void add_fault(struct tg_summary *summary, const char *reason, uint64_t count)
{
        struct tg_fault_count *fault = summary->faults;

        while (fault->reason && strcmp(fault->reason, reason) != 0 &&
               fault < &summary->faults[TG_FAULTS_MAX - 1])
                fault++;
        if (!fault->reason)
                fault->reason = reason;
        fault->count += count;
}

void tg_summary_reject(struct tg_summary *summary, const char *reason)
{
        summary->rejected++;
        add_fault(summary, reason, 1);
}

void tg_summary_copy(struct tg_summary *summary, const struct tg_summary *from)
{
        struct tg_reason_count *reasons = summary->reasons;
        char **names = summary->names;

        assert(summary->reason_count == from->reason_count);
        memcpy(reasons, from->reasons, from->reason_count * sizeof reasons[0]);
        *summary = *from;
        summary->reasons = reasons;
        summary->names = names;
}

void tg_summary_add(struct tg_summary *summary, const struct tg_summary *part)
{
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
        for (int i = 0; i < TG_FAULTS_MAX && part->faults[i].reason; i++)
                add_fault(summary, part->faults[i].reason, part->faults[i].count);
        add_reasons(summary, part);
}
