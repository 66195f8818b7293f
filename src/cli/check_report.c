/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/check_report.h"

#include <inttypes.h>
#include <jansson.h>

#include "rules/footprint.h"

/* What a cell of a scope belongs to, for people. */
static const char *const owners[TG_SCOPES] = {
        [TG_SCOPE_CUSTOMER] = "customer",
        [TG_SCOPE_CHANNEL] = "customer and channel",
        [TG_SCOPE_CAMPAIGN] = "customer and campaign",
        [TG_SCOPE_SUBJECT] = "customer and subject",
        [TG_SCOPE_TOPIC] = "customer and topic",
};

enum { TYPES_SIZE = 256 };

/* "search, view, cart". Returns TEXT. */
static char *types_text(uint64_t types, char text[static TYPES_SIZE])
{
        size_t used = 0;

        for (; types; types &= types - 1)
                used += (size_t)snprintf(text + used, TYPES_SIZE - used, "%s%s", used ? ", " : "",
                                         tg_word(&tg_type_words, (unsigned)__builtin_ctzll(types)));
        return text;
}

/* What a counter counts: reservations are permits that wait for their confirmation. */
static char *counted_text(const struct tg_counter *counter, char text[static TYPES_SIZE])
{
        if (counter->counting.confirmed_by == TG_TYPE_UNKNOWN)
                return types_text(counter->counting.types, text);
        snprintf(text, TYPES_SIZE, "permits not yet confirmed by %s",
                 tg_word(&tg_type_words, counter->counting.confirmed_by));
        return text;
}

static const struct tg_keeping *keeping_of(const struct tg_policy *policy,
                                           const struct tg_counter *counter)
{
        return &policy->counters.layouts[counter->id.scope].counters[counter->id.number];
}

/* To the whole second above, as rules that look a millisecond further are not meant to. */
static char *window_text(int64_t window_ms, char text[static TG_TIME_TEXT_SIZE])
{
        return tg_duration_text(window_ms - (window_ms % TG_SECOND_MS == 1), text);
}

static void print_counter(const struct tg_policy *policy, const struct tg_counter *counter,
                          FILE *file)
{
        const struct tg_keeping *keeping = keeping_of(policy, counter);
        const struct tg_rule *rule = tg_footprint_rule(policy, counter);
        char counted[TYPES_SIZE], window[TG_TIME_TEXT_SIZE];

        fprintf(file, "    %s, %s %" PRIu32 " of the last %s: %s%s", counted_text(counter, counted),
                keeping->permits ? "at most" : "the latest", keeping->keep,
                window_text(keeping->window_ms, window), rule->reserves ? "" : "rule ",
                rule->reserves ? "kept ahead" : rule->name);
        if (counter->users > 1)
                fprintf(file, " and %u more", counter->users - 1);
        fprintf(file, "\n");
}

static void print_counters(const struct tg_policy *policy, const struct tg_footprint *footprint,
                           FILE *file)
{
        for (unsigned scope = 0; scope < TG_SCOPES; scope++) {
                const struct tg_cell_footprint *cell = &footprint->cells[scope];

                if (!cell->counters)
                        continue;
                fprintf(file, "  for each %s: %u of %d counters; at most %" PRIu64 " bytes\n",
                        owners[scope], cell->counters, TG_COUNTERS_MAX, cell->bytes_most);
                for (size_t i = 0; i < policy->counters.count; i++) {
                        if (policy->counters.items[i].id.scope == scope)
                                print_counter(policy, &policy->counters.items[i], file);
                }
        }
        if (footprint->consents)
                fprintf(file, "  for each customer, purpose and channel of a consent: %d bytes\n",
                        TG_PIECE_BYTES);
}

static void print_topic(FILE *file, const char *topic, int64_t keep_ms, const char *why)
{
        char text[TG_TIME_TEXT_SIZE];

        fprintf(file, "  %-12s %s (retention.ms=%" PRId64 "): %s\n", topic,
                window_text(keep_ms, text), keep_ms, why);
}

void tg_check_report_print(const struct tg_policy *policy, FILE *file)
{
        struct tg_footprint footprint;

        tg_footprint_of(policy, &footprint);
        fprintf(file,
                "memory: %d bytes for up to %d touches and permits that still count, %d more for "
                "every "
                "%d beyond:\n  for a customer, and for each of its pairs below that was touched "
                "(in a table, 85 to 205 for each %d)\n",
                TG_PIECE_BYTES, TG_PIECE_TOUCHES, TG_PIECE_BYTES, TG_PIECE_TOUCHES, TG_PIECE_BYTES);
        print_counters(policy, &footprint, file);
        fprintf(file,
                "topics must be kept so long, and longer by the time that the gate may be down:\n");
        if (footprint.touchpoints_ms)
                print_topic(file, "touchpoints", footprint.touchpoints_ms,
                            "the longest window of all counters");
        print_topic(file, "requests", footprint.requests_ms,
                    "what waits is read again; longer if requests expire later");
        print_topic(file, "decisions", footprint.decisions_ms,
                    "permits that count, requests that may come again, what waits");
        fprintf(file, "  %-12s for ever (cleanup.policy=compact): %s\n", "customers",
                footprint.consents ? "consents and erasures, which have no window"
                                   : "erasures, which have no window; without this topic they last "
                                     "as long as touchpoints are kept");
}

static json_t *counter_json(const struct tg_policy *policy, const struct tg_counter *counter)
{
        const struct tg_keeping *keeping = keeping_of(policy, counter);
        const struct tg_rule *rule = tg_footprint_rule(policy, counter);
        char counted[TYPES_SIZE];

        return json_pack("{s:s, s:I, s:I, s:s*}", "counts", counted_text(counter, counted),
                         "window_ms", (json_int_t)keeping->window_ms, "keep",
                         (json_int_t)keeping->keep, "rule", rule->reserves ? NULL : rule->name);
}

static json_t *cells_json(const struct tg_policy *policy, const struct tg_footprint *footprint)
{
        json_t *cells = json_object();

        for (unsigned scope = 0; scope < TG_SCOPES; scope++) {
                json_t *counters = json_array();

                for (size_t i = 0; i < policy->counters.count; i++) {
                        if (policy->counters.items[i].id.scope == scope)
                                json_array_append_new(
                                        counters, counter_json(policy, &policy->counters.items[i]));
                }
                json_object_set_new(cells, tg_word(&tg_scope_words, scope),
                                    json_pack("{s:o, s:i, s:I}", "counters", counters,
                                              "counters_max", TG_COUNTERS_MAX, "bytes_most",
                                              (json_int_t)footprint->cells[scope].bytes_most));
        }
        return cells;
}

json_t *tg_check_report_json(const struct tg_policy *policy)
{
        struct tg_footprint footprint;

        tg_footprint_of(policy, &footprint);
        return json_pack("{s:s, s:s, s:I, s:I, s:{s:i, s:i}, s:o, s:{s:I, s:I, s:I, s:s}}", "name",
                         policy->name.name, "hash", policy->name.hash, "rules",
                         (json_int_t)policy->rule_count, "throttles",
                         (json_int_t)policy->throttle_count, "piece", "bytes", TG_PIECE_BYTES,
                         "touches", TG_PIECE_TOUCHES, "cells", cells_json(policy, &footprint),
                         "retention_ms", "touchpoints", (json_int_t)footprint.touchpoints_ms,
                         "requests", (json_int_t)footprint.requests_ms, "decisions",
                         (json_int_t)footprint.decisions_ms, "customers", "compact");
}
