/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/replay.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/progress.h"
#include "cli/replay_kafka.h"
#include "cli/replay_options.h"
#include "cli/signals.h"
#include "cli/terminal.h"
#include "replay/report.h"

static atomic_int stop;

static int load_policy(const struct tg_replay_arguments *arguments, struct tg_policy **ret_policy)
{
        struct tg_diagnostics diagnostics = {0};
        int result = tg_policy_load(arguments->policy, arguments->replay.shard.partition.partitions,
                                    &diagnostics, ret_policy);

        tg_diagnostics_print(&diagnostics, stderr, tg_terminal_colours(stderr));
        tg_diagnostics_deinit(&diagnostics);
        return result;
}

/* What show_progress() is told about. */
struct showing {
        struct timespec start;
        double speed;
};

static void show_progress(void *context, const struct tg_replay_progress *progress)
{
        const struct showing *showing = context;
        char text[TG_PROGRESS_SIZE], at[TG_TIME_TEXT_SIZE], line[2 * TG_PROGRESS_SIZE];
        double share = progress->bytes_total
                               ? (double)progress->bytes_read / (double)progress->bytes_total
                               : 1;

        if (progress->writing) {
                tg_progress_show("100 %  writing the outputs");
                return;
        }
        tg_progress_text(share, progress->records, tg_seconds_since(&showing->start), text);
        if (showing->speed <= 0 || progress->time_ms == TG_NO_TIME) {
                tg_progress_show(text);
                return;
        }
        snprintf(line, sizeof line, "%.19s  %gx  %s", tg_time_text(progress->time_ms, at),
                 showing->speed, text);
        tg_progress_show(line);
}

static struct tg_replay_cost cost_since(const struct timespec *start)
{
        struct rusage usage;

        getrusage(RUSAGE_SELF, &usage);
        return (struct tg_replay_cost){
                .elapsed_s = tg_seconds_since(start),
                .cpu_s = (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) +
                         (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6,
                .memory_peak_kib = usage.ru_maxrss,
        };
}

static void print_reasons(const struct tg_summary *summary)
{
        for (size_t i = 0; i < summary->reason_count; i++) {
                const struct tg_reason_count *count = &summary->reasons[i];

                if (count->denied || count->deferred)
                        printf("  %-32s denied %-9" PRIu64 " deferred %" PRIu64 "\n",
                               summary->names[i], count->denied, count->deferred);
                if (count->would_deny || count->would_defer)
                        printf("  %-32s (shadow) would deny %-9" PRIu64 " defer %" PRIu64 "\n",
                               summary->names[i], count->would_deny, count->would_defer);
        }
}

static void print_summary(const struct tg_replay_options *options, const struct tg_summary *summary,
                          const struct tg_replay_cost *cost)
{
        uint64_t events = summary->touchpoints + summary->requests;

        printf("%" PRIu64 " touchpoints, %" PRIu64 " requests, %" PRIu64 " dead letters\n",
               summary->touchpoints, summary->requests, summary->rejected);
        printf("permitted %" PRIu64 ", denied %" PRIu64 ", deferred at first %" PRIu64
               ", still waiting %" PRIu64 ", repeated %" PRIu64 "\n",
               summary->permitted, summary->denied, summary->deferred, summary->pending,
               summary->repeats);
        print_reasons(summary);
        printf("replayed in %.2f s (%.2f s CPU): %.0f events/s, %" PRId64 " MiB at most\n",
               cost->elapsed_s, cost->cpu_s,
               cost->elapsed_s > 0 ? (double)events / cost->elapsed_s : 0,
               cost->memory_peak_kib / 1024);
        printf("outputs are in %s\n", options->output);
}

static int replay(struct tg_replay_arguments *arguments, const struct tg_recording *recording)
{
        struct tg_replay_options *options = &arguments->replay;
        struct showing showing = {.speed = options->speed};
        struct tg_summary summary;
        struct tg_replay_cost cost;
        struct tg_error error;
        json_t *report;
        int result;

        clock_gettime(CLOCK_MONOTONIC, &showing.start);
        if (isatty(STDERR_FILENO)) {
                options->progress = show_progress;
                options->progress_context = &showing;
        }
        result = tg_replay(options, recording, &summary, &error);
        if (options->progress)
                tg_progress_show(NULL);
        if (result < 0) {
                fprintf(stderr, "touchgate replay: %s\n", error.message);
                return error.exit_code;
        }
        cost = cost_since(&showing.start);
        report = tg_replay_report(options, &summary, &cost);
        result = tg_replay_report_write(options, report, &error);
        if (result < 0)
                fprintf(stderr, "touchgate replay: %s\n", error.message);
        else if (arguments->json)
                json_dumpf(report, stdout, JSON_INDENT(2)), putchar('\n');
        else
                print_summary(options, &summary, &cost);
        json_decref(report);
        tg_summary_deinit(&summary);
        return result < 0 ? error.exit_code : EX_OK;
}

/* Every partition with much to put out keeps a temporary file. */
static void allow_open_files(void)
{
        struct rlimit limit;

        if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
                limit.rlim_cur = limit.rlim_max;
                setrlimit(RLIMIT_NOFILE, &limit);
        }
}

int tg_cli_replay(int argc, char **argv)
{
        struct tg_replay_arguments arguments;
        struct tg_recording *recording = NULL;
        struct tg_policy *policy = NULL;
        struct tg_error error;
        int status = tg_replay_options_parse(argc, argv, &arguments);

        if (status != 0)
                return status;
        if (arguments.to_kafka) {
                status = tg_replay_to_kafka(&arguments);
                free(arguments.recordings);
                return status;
        }
        allow_open_files();
        tg_signals_catch(&stop);
        arguments.replay.stop = &stop;
        status = EX_CONFIG;
        if (load_policy(&arguments, &policy) == 0) {
                arguments.replay.shard.partition.policy = policy;
                if (tg_recording_open(arguments.recordings, arguments.recording_count, &recording,
                                      &error) == 0) {
                        status = replay(&arguments, recording);
                } else {
                        fprintf(stderr, "touchgate replay: %s\n", error.message);
                        status = error.exit_code;
                }
        }
        tg_recording_close(recording);
        tg_policy_free(policy);
        free(arguments.recordings);
        return status;
}
