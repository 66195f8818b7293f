/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/decided.h"

#include <inttypes.h>
#include <stdlib.h>
#include <time.h>

#include "avro/schemas.h"
#include "base/memory.h"

enum { SCHEMA_WAIT_NS = 10000000 };

/* What is looked at of a decision. */
struct decided {
        int64_t time_ms;
        bool repeat;
};

static const struct tg_slot decided_slots[] = {
        TG_SLOT_LONG(struct decided, time_ms, "time"),
        TG_SLOT_BOOL(struct decided, repeat, "repeat", 0),
};
static const struct tg_layout decided_layout = TG_LAYOUT(struct decided, decided_slots);

/* The head of a partition. */
struct head {
        bool there;
        struct tg_written written;
        struct tg_span datum;
        int64_t time_ms; /* never before that of the head before it: repeats tell an old one */
        bool went_back;
};

struct reading {
        const struct tg_recorder_options *options;
        struct tg_recorded *recorded;
        struct tg_pieces *pieces;
        struct tg_scan *scan;
        struct tg_schema *reader; /* owned, as the plan */
        struct tg_plan *plan;     /* of the writer's schema that was met last */
        uint64_t fingerprint;     /* its */
        struct head *heads;       /* owned */
};

static int check_stop(const struct reading *reading, struct tg_error *error)
{
        int signal = atomic_load_explicit(reading->options->stop, memory_order_relaxed);

        if (!signal || reading->options->until.kind == TG_BOUND_NEVER)
                return 0;
        return tg_fail(error, TG_RECORDER_STOPPED + signal,
                       "interrupted while decisions were read; nothing was kept");
}

static int fail_message(const rd_kafka_message_t *message, const char *why, struct tg_error *error)
{
        return tg_fail(
                error, EX_DATAERR,
                "topic %s, partition %d, offset %" PRId64 ": no decision that can be read: %s",
                rd_kafka_topic_name(message->rkt), (int)message->partition, message->offset, why);
}

static int find_written(struct reading *reading, const rd_kafka_message_t *message,
                        struct tg_frame *frame, struct tg_written *ret_written,
                        struct tg_error *error)
{
        const struct timespec pause = {.tv_nsec = SCHEMA_WAIT_NS};
        enum tg_readings_answer answer;
        struct tg_error why;

        if (!message->payload ||
            tg_frame_parse(tg_span_of(message->payload, message->len), frame) == TG_FRAMING_NONE)
                return fail_message(message, "it has no schema id in front", error);
        while ((answer = tg_readings_written(reading->options->readings, frame, ret_written,
                                             &why)) == TG_READINGS_AWAITED) {
                if (check_stop(reading, error) < 0)
                        return -1;
                nanosleep(&pause, NULL);
        }
        return answer == TG_READINGS_FOUND ? 0 : fail_message(message, why.message, error);
}

static int find_plan(struct reading *reading, const struct tg_written *written,
                     struct tg_error *error)
{
        tg_cleanup(tg_schema_free_pointer) struct tg_schema *writer = NULL;

        if (reading->plan && reading->fingerprint == written->fingerprint)
                return 0;
        tg_plan_free(reading->plan);
        reading->plan = NULL;
        reading->fingerprint = written->fingerprint;
        if (tg_schema_parse(written->json, &writer, error) < 0)
                return -1;
        return tg_plan_compile(writer, reading->reader, &decided_layout, &reading->plan, error);
}

static int decode_head(struct reading *reading, size_t part, const rd_kafka_message_t *message,
                       struct tg_error *error)
{
        struct head *head = &reading->heads[part];
        struct decided decided;
        struct tg_frame frame;
        size_t consumed;
        int code;

        if (find_written(reading, message, &frame, &head->written, error) < 0)
                return -1;
        if (find_plan(reading, &head->written, error) < 0)
                return tg_fail_context(error, "topic %s", rd_kafka_topic_name(message->rkt));
        code = tg_plan_decode(reading->plan, frame.value, &decided, &consumed);
        if (code)
                return fail_message(message, tg_decode_error_text(code), error);
        if (consumed < frame.value.size)
                return fail_message(message, "bytes behind it", error);
        head->there = true;
        head->datum = frame.value;
        head->went_back = !decided.repeat && decided.time_ms < head->time_ms;
        if (decided.time_ms > head->time_ms)
                head->time_ms = decided.time_ms;
        return 0;
}

static int write_ready(struct reading *reading, struct tg_error *error)
{
        size_t partitions = (size_t)reading->recorded->partitions;

        for (;;) {
                struct head *head;
                size_t best = partitions;

                for (size_t i = 0; i < partitions; i++) {
                        const rd_kafka_message_t *message = tg_scan_head(reading->scan, i);

                        if (!message)
                                continue;
                        if (!reading->heads[i].there && decode_head(reading, i, message, error) < 0)
                                return -1;
                        if (best == partitions ||
                            reading->heads[i].time_ms < reading->heads[best].time_ms)
                                best = i;
                }
                if (best == partitions)
                        return 0;
                head = &reading->heads[best];
                reading->recorded->run.went_back += head->went_back;
                if (tg_pieces_append(reading->pieces, head->written.json, head->written.fingerprint,
                                     head->datum, head->time_ms, error) < 0)
                        return -1;
                head->there = false;
                tg_scan_pop(reading->scan, best);
                if (!tg_scan_head(reading->scan, best))
                        return 0;
        }
}

/* Hands what is ready to TAKE until all is over. */
static int read_all(struct reading *reading, bool uncommitted,
                    int (*take)(struct reading *, struct tg_error *), struct tg_error *error)
{
        const struct tg_scan_options options = {
                .settings = reading->options->settings,
                .notices = reading->options->notices,
                .parts = reading->recorded->decisions.parts,
                .count = (size_t)reading->recorded->partitions,
                .uncommitted = uncommitted,
        };
        int answer = tg_scan_new(&options, &reading->scan, error);

        while (answer == 0) {
                int filled = tg_scan_fill(reading->scan, error);

                if (filled == TG_SCAN_OVER)
                        break;
                answer = filled < 0 ? -1 : check_stop(reading, error);
                if (answer == 0 && filled == TG_SCAN_READY)
                        answer = take(reading, error);
        }
        tg_scan_free(reading->scan);
        reading->scan = NULL;
        return answer;
}

/* Every record that is seen with aborted ones counts. */
static int count_ready(struct reading *reading, struct tg_error *error)
{
        (void)error;
        for (size_t i = 0; i < (size_t)reading->recorded->partitions; i++)
                while (tg_scan_head(reading->scan, i)) {
                        reading->recorded->run.aborted++;
                        tg_scan_pop(reading->scan, i);
                }
        return 0;
}

static int find_parts(const struct reading *reading, struct tg_error *error)
{
        const struct tg_recorder_options *options = reading->options;
        struct tg_recorded *recorded = reading->recorded;
        struct tg_stretch stretch = {
                .topic = options->settings->topics[TG_TOPIC_DECISIONS],
                .from = options->from,
                .until = options->until,
        };
        struct tg_client client;
        int result = tg_stretch_client(options->settings, options->notices, &client, error);
        int32_t count = 0;

        if (stretch.until.kind == TG_BOUND_NEVER)
                stretch.until.kind = TG_BOUND_END;
        recorded->decisions.topic = stretch.topic;
        if (result == 0)
                result = tg_stretch_partitions(&client, stretch.topic, &count, error);
        if (result == 0 && count != recorded->partitions)
                result = tg_fail(error, EX_CONFIG,
                                 "topic %s has %d partitions, requests have %d: no gate of these "
                                 "topics has written it",
                                 stretch.topic, (int)count, (int)recorded->partitions);
        if (result == 0) {
                recorded->decisions.parts =
                        tg_allocate_zeroed((size_t)count, sizeof *recorded->decisions.parts);
                result =
                        tg_stretch_find(&client, &stretch, count, recorded->decisions.parts, error);
        }
        tg_client_deinit(&client);
        return result;
}

int tg_decided_record(const struct tg_recorder_options *options, struct tg_pieces *pieces,
                      struct tg_recorded *recorded, struct tg_error *error)
{
        struct reading reading = {.options = options, .recorded = recorded, .pieces = pieces};
        int result = find_parts(&reading, error);

        reading.heads = tg_allocate_zeroed((size_t)recorded->partitions, sizeof *reading.heads);
        for (int32_t i = 0; i < recorded->partitions; i++)
                reading.heads[i].time_ms = TG_NO_TIME;
        if (result == 0)
                result = tg_schema_parse(tg_shipped_text(TG_SCHEMA_DECISION), &reading.reader,
                                         error);
        if (result == 0)
                result = read_all(&reading, false, write_ready, error);
        if (result == 0)
                result = read_all(&reading, true, count_ready, error);
        if (result == 0)
                recorded->run.aborted -= tg_pieces_tally(pieces).records.records;
        tg_schema_free(reading.reader);
        tg_plan_free(reading.plan);
        free(reading.heads);
        return result;
}
