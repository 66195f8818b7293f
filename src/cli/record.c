/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/record.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/kafka_command.h"
#include "cli/progress.h"
#include "cli/record_options.h"
#include "cli/record_report.h"
#include "recording/directory.h"
#include "recording/manifest.h"

enum { SHOW_EVERY_MS = 200 };

struct showing {
        struct timespec start;
        double shown_s; /* when it was shown last, since the start */
};

static void show_progress(void *context, uint64_t records, double share)
{
        struct showing *showing = context;
        double elapsed_s = tg_seconds_since(&showing->start);
        char text[TG_PROGRESS_SIZE];

        if (elapsed_s - showing->shown_s < (double)SHOW_EVERY_MS / 1e3)
                return;
        showing->shown_s = elapsed_s;
        if (share > 0)
                tg_progress_text(share, records, elapsed_s, text);
        else
                snprintf(text, sizeof text, "%" PRIu64 " records; Ctrl-C ends the recording",
                         records);
        tg_progress_show(text);
}

static int report(const struct tg_recorder_options *options, const struct tg_recorded *recorded,
                  bool json, struct tg_error *error)
{
        json_t *manifest = tg_record_report(options, recorded);
        int result = tg_manifest_write(options->directory, manifest, error);

        if (result == 0) {
                tg_record_print(stderr, options, recorded);
                if (json) {
                        json_dumpf(manifest, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
                        putchar('\n');
                }
        }
        json_decref(manifest);
        return result;
}

static int record(struct tg_kafka_command *command, const struct tg_record_options *options,
                  struct tg_error *error)
{
        struct showing showing = {0};
        struct tg_recorder_options recorder = {
                .settings = &command->configuration.kafka,
                .readings = command->readings,
                .notices = &command->notices,
                .directory = options->output,
                .from = options->from,
                .until = options->until,
                .codec = options->codec,
                .decisions = options->decisions,
                .idle_ms = command->configuration.idle_ms,
                .future_skew_ms = command->configuration.future_skew_ms,
                .stop = command->stop,
        };
        struct tg_recorded recorded;
        int result;

        clock_gettime(CLOCK_MONOTONIC, &showing.start);
        if (isatty(STDERR_FILENO)) {
                recorder.progress = show_progress;
                recorder.progress_context = &showing;
        }
        if (tg_recording_directory(options->output, false, error) < 0)
                return -1;
        result = tg_recorder_run(&recorder, &recorded, error);
        if (recorder.progress)
                tg_progress_show(NULL);
        if (result < 0)
                return -1;
        result = report(&recorder, &recorded, options->json, error);
        tg_recorded_deinit(&recorded);
        return result;
}

int tg_cli_record(int argc, char **argv)
{
        struct tg_kafka_command command;
        struct tg_record_options options;
        struct tg_error error = {0};
        int code = tg_record_options_parse(argc, argv, &options);

        if (code)
                return code;
        if (tg_kafka_command_init(&command, options.configuration, true, &error) < 0 ||
            record(&command, &options, &error) < 0) {
                fprintf(stderr, "touchgate record: %s\n", error.message);
                code = error.exit_code;
        }
        tg_kafka_command_deinit(&command);
        return code;
}
