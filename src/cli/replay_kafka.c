/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/replay_kafka.h"

#include <inttypes.h>
#include <jansson.h>
#include <unistd.h>

#include "base/time.h"
#include "cli/kafka_command.h"
#include "cli/progress.h"
#include "cli/signals.h"
#include "transfer/player.h"
#include "transfer/stretch.h"

enum { SHOW_EVERY_MS = 200, WAIT_MAX_MS = 1000 };

struct playing {
        struct tg_kafka_command command;
        const struct tg_replay_arguments *arguments;
        struct tg_recording *recording;
        struct tg_framing_ids ids;
        struct tg_pace pace;
        struct timespec start;
        double shown_s;           /* when progress was shown last; below 0: nobody looks */
        size_t bytes[TG_STREAMS]; /* how far each stream has been read */
};

static void show(struct playing *playing, uint64_t written, const struct tg_stream_record *record)
{
        double elapsed_s = tg_seconds_since(&playing->start);
        char text[TG_PROGRESS_SIZE], at[TG_TIME_TEXT_SIZE], line[2 * TG_PROGRESS_SIZE];
        size_t bytes = playing->bytes[TG_STREAM_TOUCHPOINTS] + playing->bytes[TG_STREAM_REQUESTS];

        if (playing->shown_s < 0 || elapsed_s - playing->shown_s < (double)SHOW_EVERY_MS / 1e3)
                return;
        playing->shown_s = elapsed_s;
        tg_progress_text((double)bytes / (double)tg_recording_bytes(playing->recording), written,
                         elapsed_s, text);
        snprintf(line, sizeof line, "%.19s  %s", tg_time_text(record->head.time_ms, at), text);
        tg_progress_show(line);
}

static int keep_pace(void *context, uint64_t written, enum tg_stream stream,
                     const struct tg_stream_record *record, int *ret_wait_ms,
                     struct tg_error *error)
{
        struct playing *playing = context;
        const struct tg_pace *pace = &playing->pace;
        int64_t wait_ns = 0;

        (void)error;
        if (atomic_load_explicit(pace->stop, memory_order_relaxed))
                return 1;
        playing->bytes[stream] = record->file_bytes;
        show(playing, written, record);
        if (pace->speed > 0)
                wait_ns = tg_pace_due_ns(pace, record->head.time_ms) -
                          pace->clock->now_ns(pace->clock->context);
        if (wait_ns > WAIT_MAX_MS * TG_MS_NS)
                *ret_wait_ms = WAIT_MAX_MS;
        else if (wait_ns > 0)
                *ret_wait_ms = (int)((wait_ns + TG_MS_NS - 1) / TG_MS_NS);
        return 0;
}

/* Both are there, before the first record is written. */
static int check_topics(struct playing *playing, struct tg_error *error)
{
        static const enum tg_topic topics[] = {TG_TOPIC_TOUCHPOINTS, TG_TOPIC_REQUESTS};
        const struct tg_kafka_settings *settings = &playing->command.configuration.kafka;
        struct tg_client client;
        int32_t partitions;
        int result = tg_stretch_client(settings, &playing->command.notices, &client, error);

        for (size_t i = 0; i < sizeof topics / sizeof topics[0] && result == 0; i++)
                result = tg_stretch_partitions(&client, settings->topics[topics[i]], &partitions,
                                               error);
        tg_client_deinit(&client);
        return result;
}

static int prepare(struct playing *playing, struct tg_error *error)
{
        const struct tg_replay_arguments *arguments = playing->arguments;
        struct tg_framing_ids_options ids = {
                .settings = &playing->command.configuration.kafka,
                .notices = &playing->command.notices,
        };

        if (tg_kafka_command_init(&playing->command, arguments->configuration, true, error) < 0 ||
            tg_recording_open(arguments->recordings, arguments->recording_count,
                              &playing->recording, error) < 0 ||
            check_topics(playing, error) < 0)
                return -1;
        ids.readings = playing->command.readings;
        ids.recording = playing->recording;
        ids.stop = playing->command.stop;
        playing->pace = (struct tg_pace){
                .speed = arguments->replay.speed,
                .clock = &tg_pace_monotonic,
                .stop = playing->command.stop,
                .last_ms = TG_TIME_LAST_MS,
        };
        return tg_framing_ids_find(&ids, &playing->ids, error);
}

static void print_summary(const struct playing *playing, const struct tg_player_counts *counts,
                          bool whole)
{
        char *const *topics = playing->command.configuration.kafka.topics;
        double elapsed_s = tg_seconds_since(&playing->start);
        uint64_t touchpoints = counts->records[TG_STREAM_TOUCHPOINTS];
        uint64_t requests = counts->records[TG_STREAM_REQUESTS];

        if (playing->arguments->json) {
                json_t *json = json_pack("{s:I, s:I, s:b, s:f}", "touchpoints",
                                         (json_int_t)touchpoints, "requests", (json_int_t)requests,
                                         "whole", whole, "elapsed_s", elapsed_s);

                json_dumpf(json, stdout, JSON_INDENT(2));
                putchar('\n');
                json_decref(json);
                return;
        }
        printf("%" PRIu64 " touchpoints to %s, %" PRIu64 " requests to %s%s\n", touchpoints,
               topics[TG_TOPIC_TOUCHPOINTS], requests, topics[TG_TOPIC_REQUESTS],
               whole ? "" : "; the rest was not written");
        printf("written in %.2f s: %.0f events/s\n", elapsed_s,
               (double)(touchpoints + requests) / elapsed_s);
}

static int play(struct playing *playing, struct tg_error *error)
{
        const struct tg_player_options options = {
                .settings = &playing->command.configuration.kafka,
                .notices = &playing->command.notices,
                .recording = playing->recording,
                .ids = &playing->ids,
                .role = "touchgate-replay",
                .keep_pace = keep_pace,
                .context = playing,
        };
        struct tg_player_counts counts;
        struct tg_player *player;
        int result;

        if (tg_player_new(&options, &player, error) < 0)
                return -1;
        clock_gettime(CLOCK_MONOTONIC, &playing->start);
        playing->shown_s = isatty(STDERR_FILENO) ? 0 : -1;
        tg_pace_start(&playing->pace, playing->recording);
        result = tg_player_run(player, error);
        if (playing->shown_s >= 0)
                tg_progress_show(NULL);
        counts = tg_player_counts(player);
        tg_player_free(player);
        print_summary(playing, &counts, result == 0);
        return result;
}

int tg_replay_to_kafka(const struct tg_replay_arguments *arguments)
{
        struct playing playing = {.arguments = arguments};
        struct tg_error error = {0};
        int status = EX_OK;
        int result = prepare(&playing, &error);

        if (result == 0)
                result = play(&playing, &error);
        if (result > 0)
                status = TG_SIGNAL_STATUS + atomic_load(playing.command.stop);
        if (result < 0) {
                fprintf(stderr, "touchgate replay: %s\n", error.message);
                status = error.exit_code;
        }
        tg_framing_ids_deinit(&playing.ids);
        tg_recording_close(playing.recording);
        tg_kafka_command_deinit(&playing.command);
        return status;
}
