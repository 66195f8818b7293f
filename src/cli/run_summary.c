/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_summary.h"

#include <inttypes.h>

#include "rules/evaluate.h"
#include "telemetry/text.h"

static void print_reason(FILE *file, const char *name, const struct tg_reason_count *count)
{
        fprintf(file, "    %-30s %10" PRIu64 " %10" PRIu64, name, count->denied, count->deferred);
        if (count->would_deny || count->would_defer)
                fprintf(file, "   (shadow: %" PRIu64 " and %" PRIu64 ")", count->would_deny,
                        count->would_defer);
        fputc('\n', file);
}

static void print_text(FILE *file, const struct tg_run_tally *tally)
{
        const struct tg_summary *summary = &tally->shards;
        const uint64_t *lost = tally->read.lost.records;

        fprintf(file,
                "\n%" PRIu64 " touchpoints and %" PRIu64 " requests in %.1f s\n\n"
                "  permitted  %10" PRIu64 "\n",
                summary->touchpoints, summary->requests, (double)tally->elapsed_ms / 1000,
                summary->permitted);
        for (unsigned i = 0; i < TG_CHANNELS; i++)
                if (summary->permitted_by_channel[i])
                        fprintf(file, "    %-20s %10" PRIu64 "\n", tg_word(&tg_channel_words, i),
                                summary->permitted_by_channel[i]);
        fprintf(file,
                "  denied     %10" PRIu64 "\n"
                "  deferred   %10" PRIu64 "   (%" PRIu64 " still wait)\n"
                "  rejected   %10" PRIu64 "\n"
                "  repeated   %10" PRIu64 "   (%" PRIu64 " with other content)\n",
                summary->denied, summary->deferred, summary->pending, summary->rejected,
                summary->repeats, summary->repeats_differing);
        if (lost[TG_STREAM_REQUESTS] || lost[TG_STREAM_TOUCHPOINTS])
                fprintf(file,
                        "  lost       %10" PRIu64 "   requests, and %" PRIu64
                        " touchpoints: deleted before they were read\n",
                        lost[TG_STREAM_REQUESTS], lost[TG_STREAM_TOUCHPOINTS]);
        if (tally->written.aborts || tally->written.doubts)
                fprintf(file,
                        "  aborted    %10" PRIu64 "   transactions (%" PRIu64
                        " were in doubt); what they decided was decided again\n",
                        tally->written.aborts, tally->written.doubts);
        fprintf(file, "\n  %-32s %10s %10s\n", "said no, or not yet", "denied", "deferred");
        for (size_t i = 0; i < summary->reason_count; i++)
                if (tg_reason_counted(&summary->reasons[i]))
                        print_reason(file, summary->names[i], &summary->reasons[i]);
        fputc('\n', file);
}

static void print_reasons_json(FILE *file, const struct tg_summary *summary)
{
        const char *separator = "";

        for (size_t i = 0; i < summary->reason_count; i++) {
                const struct tg_reason_count *count = &summary->reasons[i];

                if (!tg_reason_counted(count))
                        continue;
                fputs(separator, file);
                tg_text_json(file, tg_span_text(summary->names[i]));
                fprintf(file,
                        ":{\"denied\":%" PRIu64 ",\"deferred\":%" PRIu64 ",\"would_deny\":%" PRIu64
                        ",\"would_defer\":%" PRIu64 "}",
                        count->denied, count->deferred, count->would_deny, count->would_defer);
                separator = ",";
        }
}

static void print_json(FILE *file, const struct tg_run_tally *tally)
{
        const struct tg_summary *summary = &tally->shards;

        fprintf(file,
                "{\"level\":\"info\",\"message\":\"summary\",\"elapsed_ms\":%" PRId64
                ",\"touchpoints\":%" PRIu64 ",\"requests\":%" PRIu64 ",\"permitted\":%" PRIu64
                ",\"denied\":%" PRIu64 ",\"deferred\":%" PRIu64 ",\"pending\":%" PRIu64
                ",\"rejected\":%" PRIu64 ",\"repeats\":%" PRIu64 ",\"repeats_differing\":%" PRIu64
                ",\"lost_touchpoints\":%" PRIu64 ",\"lost_requests\":%" PRIu64
                ",\"other_keys\":%" PRIu64 ",\"other_partitions\":%" PRIu64
                ",\"decisions_written\":%" PRIu64 ",\"commits\":%" PRIu64 ",\"aborts\":%" PRIu64
                ",\"doubts\":%" PRIu64 ",\"reasons\":{",
                tally->elapsed_ms, summary->touchpoints, summary->requests, summary->permitted,
                summary->denied, summary->deferred, summary->pending, summary->rejected,
                summary->repeats, summary->repeats_differing,
                tally->read.lost.records[TG_STREAM_TOUCHPOINTS],
                tally->read.lost.records[TG_STREAM_REQUESTS], tally->read.keys,
                tally->read.partitions, tally->written.decisions, tally->written.commits,
                tally->written.aborts, tally->written.doubts);
        print_reasons_json(file, summary);
        fputs("}}\n", file);
}

void tg_run_summary_print(FILE *file, bool json, const struct tg_run_tally *tally)
{
        if (json)
                print_json(file, tally);
        else
                print_text(file, tally);
        fflush(file);
}
