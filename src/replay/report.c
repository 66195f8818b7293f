/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/report.h"

#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <stdio.h>

#include "rules/evaluate.h"

static void set_count(json_t *object, const char *key, uint64_t count)
{
        json_object_set_new(object, key, json_integer((json_int_t)count));
}

static json_t *by_rule(const struct tg_summary *summary)
{
        json_t *object = json_object();

        for (size_t i = 0; i < summary->reason_count; i++) {
                const struct tg_reason_count *count = &summary->reasons[i];
                json_t *counts;

                if (!tg_reason_counted(count))
                        continue;
                counts = json_object();
                set_count(counts, "denied", count->denied);
                set_count(counts, "deferred", count->deferred);
                if (count->would_deny || count->would_defer) {
                        set_count(counts, "would_deny", count->would_deny);
                        set_count(counts, "would_defer", count->would_defer);
                }
                json_object_set_new(object, summary->names[i], counts);
        }
        return object;
}

static json_t *by_channel(const struct tg_summary *summary)
{
        json_t *object = json_object();

        for (unsigned channel = 0; channel < TG_CHANNELS; channel++) {
                if (summary->permitted_by_channel[channel])
                        set_count(object, tg_word(&tg_channel_words, channel),
                                  summary->permitted_by_channel[channel]);
        }
        return object;
}

static json_t *cost_of(const struct tg_summary *summary, const struct tg_replay_cost *cost,
                       double speed)
{
        uint64_t events = summary->touchpoints + summary->requests;
        json_t *object = json_object();

        json_object_set_new(object, "speed", speed > 0 ? json_real(speed) : json_string("max"));
        json_object_set_new(object, "elapsed_s", json_real(cost->elapsed_s));
        json_object_set_new(object, "cpu_s", json_real(cost->cpu_s));
        json_object_set_new(object, "memory_peak_kib",
                            json_integer((json_int_t)cost->memory_peak_kib));
        if (cost->elapsed_s > 0)
                json_object_set_new(object, "events_per_s",
                                    json_real((double)events / cost->elapsed_s));
        if (cost->cpu_s > 0)
                json_object_set_new(object, "events_per_cpu_s",
                                    json_real((double)events / cost->cpu_s));
        return object;
}

json_t *tg_replay_report(const struct tg_replay_options *options, const struct tg_summary *summary,
                         const struct tg_replay_cost *cost)
{
        const struct tg_policy *policy = options->shard.partition.policy;
        json_t *report = json_object();

        json_object_set_new(report, "policy", json_string(policy->name.name));
        json_object_set_new(report, "policy_hash", json_string(policy->name.hash));
        set_count(report, "partitions", options->shard.partition.partitions);
        set_count(report, "shards", options->shards);
        set_count(report, "touchpoints", summary->touchpoints);
        set_count(report, "requests", summary->requests);
        set_count(report, "rejected", summary->rejected);
        set_count(report, "permitted", summary->permitted);
        set_count(report, "denied", summary->denied);
        set_count(report, "deferred", summary->deferred);
        set_count(report, "pending", summary->pending);
        set_count(report, "repeats", summary->repeats);
        set_count(report, "repeats_differing", summary->repeats_differing);
        json_object_set_new(report, "by_rule", by_rule(summary));
        json_object_set_new(report, "by_channel", by_channel(summary));
        json_object_set_new(report, "replay", cost_of(summary, cost, options->speed));
        return report;
}

int tg_replay_report_write(const struct tg_replay_options *options, json_t *report,
                           struct tg_error *error)
{
        char path[PATH_MAX];

        snprintf(path, sizeof path, "%s/summary.json", options->output);
        if (json_dump_file(report, path, JSON_INDENT(2)) < 0)
                return tg_fail_errno(error, EX_IOERR, errno, "%s: cannot be written", path);
        return 0;
}
