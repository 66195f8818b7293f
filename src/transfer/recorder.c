/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both streams are read by one scan, a part each partition of each, and the earliest head is
 * written next. A part whose end is not known yet is waited for; so are schemas.
 */
#include "transfer/recorder.h"

#include <assert.h>
#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "kafka/intake.h"
#include "records/decision.h"
#include "transfer/decided.h"
#include "transfer/quiet.h"

enum {
        LOOK_EVERY = 256, /* records between two looks at the world */
        SCHEMA_WAIT_NS = 10000000,
};

static const struct {
        enum tg_topic topic;
        enum tg_shipped schema;
        const char *stem;
} streams[TG_STREAMS] = {
        [TG_STREAM_TOUCHPOINTS] = {TG_TOPIC_TOUCHPOINTS, TG_SCHEMA_TOUCHPOINT, "touchpoints"},
        [TG_STREAM_REQUESTS] = {TG_TOPIC_REQUESTS, TG_SCHEMA_REQUEST, "requests"},
};

/* The head of a part, decoded. */
struct head {
        bool there;
        struct tg_record record;
};

struct recorder {
        const struct tg_recorder_options *options;
        struct tg_recorded recorded;
        struct tg_scan_part *parts; /* owned: of touchpoints, then of requests */
        size_t part_count;
        struct tg_scan *scan;
        struct tg_intake intake;
        struct head *heads;     /* owned: one a part */
        struct tg_quiet *quiet; /* owned: one a partition */
        struct tg_pieces *pieces[TG_STREAMS];
        struct tg_pieces *decisions; /* NULL: not asked for */
        struct tg_writer *rejected;  /* NULL: nothing was rejected */
        struct tg_buffer rejection;
        uint64_t records;
        uint64_t total; /* offsets to be read; 0: no end is known */
};

void tg_recorded_deinit(struct tg_recorded *recorded)
{
        for (int i = 0; i < TG_STREAMS; i++)
                free(recorded->streams[i].parts);
        free(recorded->decisions.parts);
        *recorded = (struct tg_recorded){0};
}

/* Every stream has as many partitions. */
static int count_partitions(struct recorder *recorder, struct tg_client *client,
                            struct tg_error *error)
{
        char *const *topics = recorder->options->settings->topics;
        int32_t counts[TG_STREAMS];

        for (int i = 0; i < TG_STREAMS; i++)
                if (tg_stretch_partitions(client, topics[streams[i].topic], &counts[i], error) < 0)
                        return -1;
        recorder->recorded.partitions = counts[TG_STREAM_REQUESTS];
        if (counts[TG_STREAM_TOUCHPOINTS] == counts[TG_STREAM_REQUESTS])
                return 0;
        return tg_fail(error, EX_CONFIG,
                       "topic %s has %d partitions and topic %s has %d: a gate needs the same "
                       "number of both, and so does a replay",
                       topics[TG_TOPIC_TOUCHPOINTS], (int)counts[TG_STREAM_TOUCHPOINTS],
                       topics[TG_TOPIC_REQUESTS], (int)counts[TG_STREAM_REQUESTS]);
}

static int find_stream(struct recorder *recorder, struct tg_client *client, enum tg_stream stream,
                       struct tg_error *error)
{
        const struct tg_recorder_options *options = recorder->options;
        size_t partitions = (size_t)recorder->recorded.partitions;
        struct tg_recorded_topic *recorded = &recorder->recorded.streams[stream];
        struct tg_stretch stretch = {
                .topic = options->settings->topics[streams[stream].topic],
                .from = options->from,
                .until = options->until,
        };

        /* Facts are read from their beginning by whoever goes on from a committed offset. */
        if (stretch.from.kind == TG_BOUND_COMMITTED && stream != TG_STREAM_REQUESTS)
                stretch.from.kind = TG_BOUND_BEGINNING;
        recorded->topic = stretch.topic;
        recorded->parts = tg_allocate_zeroed(partitions, sizeof *recorded->parts);
        if (tg_stretch_find(client, &stretch, recorder->recorded.partitions, recorded->parts,
                            error) < 0)
                return -1;
        memcpy(recorder->parts + (size_t)stream * partitions, recorded->parts,
               partitions * sizeof *recorded->parts);
        for (size_t i = 0; i < partitions && options->until.kind != TG_BOUND_NEVER; i++)
                recorder->total += (uint64_t)(recorded->parts[i].end - recorded->parts[i].from);
        return 0;
}

static int find_parts(struct recorder *recorder, struct tg_error *error)
{
        const struct tg_recorder_options *options = recorder->options;
        struct tg_client client;
        int result = tg_stretch_client(options->settings, options->notices, &client, error);

        if (result == 0)
                result = count_partitions(recorder, &client, error);
        recorder->part_count = (size_t)recorder->recorded.partitions * TG_STREAMS;
        recorder->parts = tg_allocate_zeroed(recorder->part_count + 1, sizeof *recorder->parts);
        for (int i = 0; i < TG_STREAMS && result == 0; i++)
                result = find_stream(recorder, &client, (enum tg_stream)i, error);
        tg_client_deinit(&client);
        return result;
}

static struct tg_pieces *open_pieces(const struct recorder *recorder, const char *stem,
                                     enum tg_shipped schema)
{
        const struct tg_pieces_options options = {
                .directory = recorder->options->directory,
                .stem = stem,
                .schema = schema,
                .codec = recorder->options->codec,
        };

        return tg_pieces_new(&options);
}

static int open_all(struct recorder *recorder, struct tg_error *error)
{
        const struct tg_recorder_options *options = recorder->options;
        size_t partitions = (size_t)recorder->recorded.partitions;
        const struct tg_scan_options scan = {
                .settings = options->settings,
                .notices = options->notices,
                .parts = recorder->parts,
                .count = recorder->part_count,
        };

        tg_intake_init(&recorder->intake, options->readings, recorder->recorded.partitions);
        recorder->heads = tg_allocate_zeroed(recorder->part_count, sizeof *recorder->heads);
        recorder->quiet = tg_allocate_zeroed(partitions, sizeof *recorder->quiet);
        for (size_t i = 0; i < partitions; i++)
                tg_quiet_init(&recorder->quiet[i]);
        for (int i = 0; i < TG_STREAMS; i++)
                recorder->pieces[i] = open_pieces(recorder, streams[i].stem, streams[i].schema);
        if (options->decisions)
                recorder->decisions =
                        open_pieces(recorder, "decisions-recorded", TG_SCHEMA_DECISION);
        return tg_scan_new(&scan, &recorder->scan, error);
}

static enum tg_stream stream_of(const struct recorder *recorder, size_t part)
{
        return (enum tg_stream)(part / (size_t)recorder->recorded.partitions);
}

/* Returns 1 once it is to stop: 0 is told of it if no end was asked for. */
static int check_stop(const struct recorder *recorder, struct tg_error *error)
{
        int signal = atomic_load_explicit(recorder->options->stop, memory_order_relaxed);

        if (!signal)
                return 0;
        if (recorder->options->until.kind == TG_BOUND_NEVER)
                return 1;
        return tg_fail(error, TG_RECORDER_STOPPED + signal,
                       "interrupted after %" PRIu64 " records; nothing of it was kept",
                       recorder->records);
}

/* Decodes the head of a part, waiting for its schema. Returns 0, 1 (stop) or -1. */
static int decode_head(struct recorder *recorder, size_t part, const rd_kafka_message_t *message,
                       struct tg_error *error)
{
        const struct timespec pause = {.tv_nsec = SCHEMA_WAIT_NS};
        const struct tg_arrival arrival = {
                .stream = stream_of(recorder, part),
                .partition = message->partition,
                .offset = message->offset,
                .key = tg_span_of(message->key, message->key_len),
                .value = tg_span_of(message->payload, message->len),
        };
        int answer = 0;

        while (!tg_intake_read(&recorder->intake, &arrival, &recorder->heads[part].record)) {
                answer = check_stop(recorder, error);
                if (answer)
                        return answer;
                nanosleep(&pause, NULL);
        }
        recorder->heads[part].there = true;
        return 0;
}

/* The part whose head is the earliest; on a tie a touchpoint, then the lower partition. */
static int choose(struct recorder *recorder, size_t *ret_part, struct tg_error *error)
{
        size_t best = recorder->part_count;

        for (size_t i = 0; i < recorder->part_count; i++) {
                const rd_kafka_message_t *message = tg_scan_head(recorder->scan, i);
                struct head *head = &recorder->heads[i];

                if (!message)
                        continue;
                if (!head->there) {
                        int answer = decode_head(recorder, i, message, error);

                        if (answer)
                                return answer;
                }
                if (best == recorder->part_count ||
                    head->record.time_ms < recorder->heads[best].record.time_ms)
                        best = i;
        }
        *ret_part = best;
        return 0;
}

static int reject(struct recorder *recorder, const struct tg_record *record, const char *topic,
                  struct tg_error *error)
{
        const struct tg_writer_options options = {
                .directory = recorder->options->directory,
                .name = "rejected",
                .schema = TG_SCHEMA_REJECTED,
                .codec = recorder->options->codec,
        };
        const struct tg_rejection rejection = {
                .position = {topic, record->partition, record->offset},
                .time_ms = record->time_ms,
                .reason = record->fault,
                .detail = record->detail,
                .value = tg_span_present(record->value) ? record->value : tg_span_text(""),
        };

        if (!recorder->rejected && tg_writer_new(&options, &recorder->rejected, error) < 0)
                return -1;
        recorder->recorded.streams[record->stream].rejected++;
        tg_buffer_reset(&recorder->rejection);
        tg_rejection_encode(&recorder->rejection, &rejection);
        return tg_writer_append(recorder->rejected, tg_buffer_span(&recorder->rejection),
                                record->time_ms, error);
}

/* What of this record a gate that ran when it was written may have taken otherwise. */
static void look_for_danger(struct recorder *recorder, const struct tg_record *record,
                            const rd_kafka_message_t *message)
{
        const struct tg_recorder_options *options = recorder->options;
        struct tg_recorded *recorded = &recorder->recorded;
        rd_kafka_timestamp_type_t type;
        int64_t timestamp_ms = rd_kafka_message_timestamp(message, &type);

        if (type == RD_KAFKA_TIMESTAMP_NOT_AVAILABLE) {
                recorded->without_timestamp++;
                return;
        }
        recorded->future += record->time_ms > timestamp_ms + options->future_skew_ms;
        recorded->late_after_idle += tg_quiet_tell(&recorder->quiet[record->partition],
                                                   record->stream, timestamp_ms, options->idle_ms);
}

static int write_head(struct recorder *recorder, size_t part, struct tg_error *error)
{
        const rd_kafka_message_t *message = tg_scan_head(recorder->scan, part);
        struct head *head = &recorder->heads[part];
        struct tg_written written;
        struct tg_frame frame;
        int result;

        if (head->record.kind == TG_RECORD_FAULTY) {
                result = reject(recorder, &head->record, recorder->parts[part].topic, error);
        } else {
                enum tg_readings_answer answer;

                look_for_danger(recorder, &head->record, message);
                tg_frame_parse(head->record.value, &frame);
                answer = tg_readings_written(recorder->options->readings, &frame, &written, error);
                assert(answer == TG_READINGS_FOUND); /* it was decoded by it */
                result = tg_pieces_append(recorder->pieces[head->record.stream], written.json,
                                          written.fingerprint, head->record.datum,
                                          head->record.time_ms, error);
        }
        head->there = false;
        tg_scan_pop(recorder->scan, part);
        recorder->records++;
        return result;
}

static void show(const struct recorder *recorder)
{
        const struct tg_recorder_options *options = recorder->options;

        if (options->progress)
                options->progress(
                        options->progress_context, recorder->records,
                        recorder->total ? (double)recorder->records / (double)recorder->total : 0);
}

/* Writes what there is, until a part without a head is to be waited for. Returns 0, 1 or -1. */
static int write_ready(struct recorder *recorder, struct tg_error *error)
{
        for (int i = 0; i < LOOK_EVERY; i++) {
                size_t part;
                int answer = choose(recorder, &part, error);

                if (answer || part == recorder->part_count)
                        return answer;
                if (write_head(recorder, part, error) < 0)
                        return -1;
                if (!tg_scan_head(recorder->scan, part))
                        return 0;
        }
        return 0;
}

static int record_streams(struct recorder *recorder, struct tg_error *error)
{
        int answer;

        while ((answer = check_stop(recorder, error)) == 0) {
                answer = tg_scan_fill(recorder->scan, error);
                if (answer < 0 || answer == TG_SCAN_OVER)
                        break;
                if (answer == TG_SCAN_READY && (answer = write_ready(recorder, error)) != 0)
                        break;
                show(recorder);
        }
        return answer < 0 ? -1 : 0;
}

static int finish(struct recorder *recorder, struct tg_error *error)
{
        struct tg_recorded *recorded = &recorder->recorded;

        for (int i = 0; i < TG_STREAMS; i++) {
                if (tg_pieces_finish(recorder->pieces[i], error) < 0)
                        return -1;
                recorded->streams[i].tally = tg_pieces_tally(recorder->pieces[i]);
        }
        if (recorder->decisions) {
                if (tg_pieces_finish(recorder->decisions, error) < 0)
                        return -1;
                recorded->decisions.tally = tg_pieces_tally(recorder->decisions);
        }
        if (recorder->rejected && tg_writer_finish(recorder->rejected, error) < 0)
                return -1;
        for (size_t i = 0; i < recorder->part_count; i++) {
                struct tg_scan_part *part = &recorded->streams[stream_of(recorder, i)]
                                                     .parts[recorder->parts[i].partition];

                if (part->end == TG_SCAN_NO_END)
                        part->end = tg_scan_next(recorder->scan, i);
        }
        recorded->other_keys = recorder->intake.other_keys;
        recorded->other_partitions = recorder->intake.other_partitions;
        return 0;
}

static void deinit(struct recorder *recorder, bool keep)
{
        tg_scan_free(recorder->scan);
        tg_intake_deinit(&recorder->intake);
        for (int i = 0; i < TG_STREAMS; i++)
                tg_pieces_free(recorder->pieces[i], keep);
        tg_pieces_free(recorder->decisions, keep);
        tg_writer_free(recorder->rejected);
        tg_buffer_deinit(&recorder->rejection);
        free(recorder->heads);
        free(recorder->quiet);
        free(recorder->parts);
}

int tg_recorder_run(const struct tg_recorder_options *options, struct tg_recorded *ret_recorded,
                    struct tg_error *error)
{
        struct recorder recorder = {.options = options};
        int result = find_parts(&recorder, error);

        if (result == 0)
                result = open_all(&recorder, error);
        if (result == 0)
                result = record_streams(&recorder, error);
        if (result == 0 && options->decisions)
                result = tg_decided_record(options, recorder.decisions, &recorder.recorded, error);
        if (result == 0)
                result = finish(&recorder, error);
        deinit(&recorder, result == 0);
        if (result < 0)
                tg_recorded_deinit(&recorder.recorded);
        else
                *ret_recorded = recorder.recorded;
        return result;
}
