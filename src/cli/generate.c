/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/generate.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "cli/generate_options.h"
#include "cli/progress.h"

static const char *const stream_names[TG_STREAMS] = {
        [TG_STREAM_TOUCHPOINTS] = "touchpoints",
        [TG_STREAM_REQUESTS] = "requests",
};

static void show_progress(void *context, uint64_t made, uint64_t all)
{
        enum { EVERY = 1 << 18 };
        char text[TG_PROGRESS_SIZE];

        if (made % EVERY == 0)
                tg_progress_show(tg_progress_text((double)made / (double)all, made,
                                                  tg_seconds_since(context), text));
}

static void print_stream(const struct tg_generate_tally *tally, int stream)
{
        fprintf(stderr, "  %12" PRIu64 "  %-12s (%" PRIu64 " KiB in %u file%s)\n",
                tally->records[stream], stream_names[stream],
                (tally->size_bytes[stream] + 1023) / 1024, tally->pieces,
                tally->pieces == 1 ? "" : "s");
}

static void print_summary(const struct tg_generate_options *options,
                          const struct tg_generate_tally *tally, double elapsed_s)
{
        const struct tg_traffic_options *traffic = &options->traffic;
        char first[TG_TIME_TEXT_SIZE], last[TG_TIME_TEXT_SIZE];

        fprintf(stderr, "%s: seed %" PRIu64 ", %u customers, %s to %s\n", options->directory,
                traffic->seed, traffic->customers, tg_time_text(tally->first_ms, first),
                tg_time_text(tally->last_ms, last));
        for (int stream = 0; stream < TG_STREAMS; stream++)
                print_stream(tally, stream);
        if (tally->duplicates > 0)
                fprintf(stderr, "  %12" PRIu64 "  of them repeated\n", tally->duplicates);
        if (tally->late > 0)
                fprintf(stderr, "  %12" PRIu64 "  of them late\n", tally->late);
        if (elapsed_s > 0)
                fprintf(stderr, "made in %.2f s: %.0f events/s\n", elapsed_s,
                        (double)traffic->events / elapsed_s);
}

static json_t *time_json(int64_t time_ms)
{
        return time_ms == TG_NO_TIME ? json_null() : json_integer(time_ms);
}

static json_t *stream_json(const struct tg_generate_tally *tally, int stream)
{
        return json_pack("{s:I, s:I}", "records", (json_int_t)tally->records[stream], "size_bytes",
                         (json_int_t)tally->size_bytes[stream]);
}

static void print_json(const struct tg_generate_options *options,
                       const struct tg_generate_tally *tally)
{
        json_t *summary = json_pack(
                "{s:s, s:I, s:I, s:i, s:I, s:I, s:o, s:o, s:o, s:o}", "directory",
                options->directory, "seed", (json_int_t)options->traffic.seed, "customers",
                (json_int_t)options->traffic.customers, "files_per_stream", (int)tally->pieces,
                "duplicates", (json_int_t)tally->duplicates, "late", (json_int_t)tally->late,
                "first_ms", time_json(tally->first_ms), "last_ms", time_json(tally->last_ms),
                stream_names[0], stream_json(tally, 0), stream_names[1], stream_json(tally, 1));

        json_dumpf(summary, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
        putchar('\n');
        json_decref(summary);
}

int tg_cli_generate(int argc, char **argv)
{
        struct tg_generate_arguments arguments;
        struct tg_generate_tally tally;
        struct tg_error error;
        struct timespec start;
        int answer = tg_generate_options_parse(argc, argv, &arguments);

        if (answer != 0)
                return answer;
        clock_gettime(CLOCK_MONOTONIC, &start);
        if (isatty(STDERR_FILENO)) {
                arguments.generate.progress = show_progress;
                arguments.generate.progress_context = &start;
        }
        answer = tg_generate(&arguments.generate, &tally, &error);
        if (arguments.generate.progress)
                tg_progress_show(NULL);
        if (answer < 0) {
                fprintf(stderr, "touchgate generate: %s\n", error.message);
                return error.exit_code;
        }
        print_summary(&arguments.generate, &tally, tg_seconds_since(&start));
        if (arguments.json)
                print_json(&arguments.generate, &tally);
        return EX_OK;
}
