/* SPDX-License-Identifier: Apache-2.0 */
#include "http/pages.h"

#include <stdio.h>

#include "shard/metrics.h"
#include "telemetry/process.h"

static const struct tg_metric build = {
        .name = "touchgate_build_info",
        .type = TG_METRIC_GAUGE,
        .unit = "1",
        .labels = "version, librdkafka",
        .help = "Always 1; its labels say what runs here",
        .about = "To see in a graph when which version was rolled out.",
};

static const struct tg_metric policy = {
        .name = "touchgate_policy_info",
        .type = TG_METRIC_GAUGE,
        .unit = "1",
        .labels = "policy, hash",
        .help = "Always 1; its labels say which policy decides",
        .about = "The hash is that of every decision made by it. While a policy is being replaced, "
                 "shards may differ for a moment: this is the first shard's.",
};

static const struct tg_metric beat = {
        .name = "touchgate_shard_beat_age_seconds",
        .type = TG_METRIC_GAUGE,
        .unit = "seconds",
        .labels = "shard",
        .help = "How long ago a shard has ended its last batch",
        .about = "A few milliseconds as a rule. GET /livez answers 503 when it is more than "
                 "http.live_within.",
};

static const struct tg_metric *const items[] = {&build, &policy, &beat};

const struct tg_metrics tg_pages_metrics = {"What runs here", items,
                                            sizeof items / sizeof items[0]};

static int64_t beat_age_us(const struct tg_board *board)
{
        int64_t age_us =
                tg_watch_us() - atomic_load_explicit(&board->beat_us, memory_order_relaxed);

        return age_us > 0 ? age_us : 0;
}

void tg_page_live(const struct tg_pages *pages, struct tg_reply *reply)
{
        json_t *still = json_array();
        size_t count;

        for (size_t i = 0; i < pages->count; i++) {
                int64_t age_us = beat_age_us(pages->boards[i]);

                if (age_us > pages->live_within_us)
                        json_array_append_new(still, json_pack("{s:i, s:f}", "shard", (int)i,
                                                               "seconds", (double)age_us / 1e6));
        }
        count = json_array_size(still);
        tg_reply_json(reply, count ? 503 : 200,
                      json_pack("{s:b, s:i, s:o}", "live", count == 0, "shards", (int)pages->count,
                                "standing_still", still));
}

/* The sum over all shards. */
static uint64_t tally(const struct tg_pages *pages, enum tg_tally which)
{
        uint64_t sum = 0;

        for (size_t i = 0; i < pages->count; i++)
                sum += tg_board_tally(pages->boards[i], which);
        return sum;
}

static bool all_assigned(const struct tg_pages *pages)
{
        for (size_t i = 0; i < pages->count; i++) {
                if (!atomic_load_explicit(&pages->boards[i]->assigned, memory_order_relaxed))
                        return false;
        }
        return true;
}

void tg_page_ready(const struct tg_pages *pages, struct tg_reply *reply)
{
        const struct {
                const char *name;
                bool holds;
        } conditions[] = {
                {"assigned", all_assigned(pages)},
                {"caught_up", tally(pages, TG_TALLY_BEHIND) == 0},
                {"not_draining",
                 !pages->stop || atomic_load_explicit(pages->stop, memory_order_relaxed) == 0},
        };
        json_t *missing = json_array();
        bool ready;

        for (size_t i = 0; i < sizeof conditions / sizeof conditions[0]; i++) {
                if (!conditions[i].holds)
                        json_array_append_new(missing, json_string(conditions[i].name));
        }
        ready = json_array_size(missing) == 0;
        tg_reply_json(reply, ready ? 200 : 503,
                      json_pack("{s:b, s:o, s:I, s:I}", "ready", ready, "missing", missing,
                                "partitions", (json_int_t)tally(pages, TG_TALLY_PARTITIONS),
                                "partitions_behind", (json_int_t)tally(pages, TG_TALLY_BEHIND)));
}

static const struct tg_board_policy *policy_of(const struct tg_pages *pages)
{
        /* Acquire, pairs with the release in tg_board_follow(): what it points at is whole. */
        return atomic_load_explicit(&pages->boards[0]->policy, memory_order_acquire);
}

void tg_page_version(const struct tg_pages *pages, struct tg_reply *reply)
{
        const struct tg_board_policy *current = policy_of(pages);

        tg_reply_json(reply, 200,
                      json_pack("{s:s, s:s, s:s, s:s}", "version", TG_VERSION, "librdkafka",
                                pages->library, "policy", current->name, "policy_hash",
                                current->hash));
}

static void write_own(const struct tg_pages *pages, struct tg_buffer *page)
{
        const struct tg_board_policy *current = policy_of(pages);
        const struct tg_label builds[] = {
                {"version", TG_VERSION}, {"librdkafka", pages->library}, {NULL, NULL}};
        const struct tg_label policies[] = {
                {"policy", current->name}, {"hash", current->hash}, {NULL, NULL}};

        tg_metric_begin(page, &build);
        tg_metric_sample(page, &build, builds, 1);
        tg_metric_begin(page, &policy);
        tg_metric_sample(page, &policy, policies, 1);
        tg_metric_begin(page, &beat);
        for (size_t i = 0; i < pages->count; i++) {
                char number[24];
                const struct tg_label labels[] = {{"shard", number}, {NULL, NULL}};

                snprintf(number, sizeof number, "%zu", i);
                tg_metric_sample(page, &beat, labels, (double)beat_age_us(pages->boards[i]) / 1e6);
        }
}

void tg_page_metrics(const struct tg_pages *pages, struct tg_reply *reply)
{
        reply->status = 200;
        reply->type = "text/plain; version=0.0.4; charset=utf-8";
        tg_shard_write(&reply->body, pages->boards, pages->count);
        if (pages->write_more)
                pages->write_more(pages->context, &reply->body);
        write_own(pages, &reply->body);
        tg_process_write(&reply->body);
}
