/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/record_report.h"

#include <inttypes.h>
#include <jansson.h>

#include "base/clock.h"
#include "base/time.h"

static const char *const stream_names[TG_STREAMS] = {
        [TG_STREAM_TOUCHPOINTS] = "touchpoints",
        [TG_STREAM_REQUESTS] = "requests",
};

static json_t *number(uint64_t value)
{
        return json_integer((json_int_t)value);
}

static json_t *time_json(int64_t time_ms)
{
        char text[TG_TIME_TEXT_SIZE];

        return time_ms == TG_NO_TIME ? json_null() : json_string(tg_time_text(time_ms, text));
}

static json_t *bound_json(const struct tg_bound *bound)
{
        static const char *const names[] = {
                [TG_BOUND_BEGINNING] = "beginning",
                [TG_BOUND_COMMITTED] = "committed",
                [TG_BOUND_END] = "end",
                [TG_BOUND_NEVER] = "SIGINT",
        };

        return bound->kind == TG_BOUND_TIME ? time_json(bound->time_ms)
                                            : json_string(names[bound->kind]);
}

static uint64_t offsets_of(const struct tg_recorded_topic *topic, int32_t partitions)
{
        uint64_t offsets = 0;

        for (int32_t i = 0; i < partitions; i++)
                offsets += (uint64_t)(topic->parts[i].end - topic->parts[i].from);
        return offsets;
}

/* Offsets without a record: marks of transactions, what was aborted, what was compacted away. */
static uint64_t gaps_of(const struct tg_recorded_topic *topic, int32_t partitions)
{
        return offsets_of(topic, partitions) - topic->tally.records.records - topic->rejected;
}

static json_t *topic_json(const struct tg_recorded_topic *topic, int32_t partitions)
{
        json_t *parts = json_array();

        for (int32_t i = 0; i < partitions; i++)
                json_array_append_new(parts, json_pack("{s:i, s:I, s:I}", "partition", (int)i,
                                                       "from", (json_int_t)topic->parts[i].from,
                                                       "to", (json_int_t)topic->parts[i].end));
        return json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "topic", topic->topic,
                         "records", number(topic->tally.records.records), "rejected",
                         number(topic->rejected), "gaps", number(gaps_of(topic, partitions)),
                         "files", number(topic->tally.files), "first",
                         time_json(topic->tally.records.first_ms), "last",
                         time_json(topic->tally.records.last_ms), "partitions", parts);
}

/* null: not known, which is another thing than 0. */
static json_t *run_json(const struct tg_recorder_options *options,
                        const struct tg_recorded *recorded)
{
        bool decisions = recorded->decisions.topic != NULL;
        bool times = recorded->without_timestamp == 0;

        return json_pack("{s:o, s:o, s:n, s:I, s:o, s:I, s:o}", "aborted_decisions",
                         decisions ? number(recorded->run.aborted) : json_null(), "clock_went_back",
                         decisions ? number(recorded->run.went_back) : json_null(), "restarts",
                         "idle_ms", (json_int_t)options->idle_ms, "late_after_idle",
                         times ? number(recorded->late_after_idle) : json_null(), "future_skew_ms",
                         (json_int_t)options->future_skew_ms, "future",
                         times ? number(recorded->future) : json_null());
}

json_t *tg_record_report(const struct tg_recorder_options *options,
                         const struct tg_recorded *recorded)
{
        json_t *streams = json_object(), *report;
        for (int i = 0; i < TG_STREAMS; i++)
                json_object_set_new(streams, stream_names[i],
                                    topic_json(&recorded->streams[i], recorded->partitions));
        report = json_pack("{s:i, s:s, s:o, s:i, s:o, s:o, s:o, s:o, s:o, s:o}", "format", 1,
                           "made_by", "touchgate " TG_VERSION, "recorded_at",
                           time_json(tg_clock_wall_ms(NULL)), "partitions",
                           (int)recorded->partitions, "from", bound_json(&options->from), "until",
                           bound_json(&options->until), "streams", streams, "other_keys",
                           number(recorded->other_keys), "other_partitions",
                           number(recorded->other_partitions), "run", run_json(options, recorded));
        if (recorded->decisions.topic)
                json_object_set_new(report, "decisions",
                                    topic_json(&recorded->decisions, recorded->partitions));
        return report;
}

static void print_topic(FILE *file, const struct tg_recorded_topic *topic, const char *name)
{
        const struct tg_writer_tally *tally = &topic->tally.records;
        char first[TG_TIME_TEXT_SIZE], last[TG_TIME_TEXT_SIZE];

        fprintf(file, "  %10" PRIu64 "  %-12s (%" PRIu64 " KiB in %" PRIu32 " file%s",
                tally->records, name, (tally->size_bytes + 1023) / 1024, topic->tally.files,
                topic->tally.files == 1 ? "" : "s");
        if (tally->records > 0)
                fprintf(file, ", %s to %s", tg_time_text(tally->first_ms, first),
                        tg_time_text(tally->last_ms, last));
        fputs(")\n", file);
        if (topic->rejected > 0)
                fprintf(file, "  %10" PRIu64 "  of %s can't be read: they are in rejected.avro\n",
                        topic->rejected, topic->topic);
}

/* What a replay will not see as the gate did, whatever else. */
static void print_deviations(FILE *file, const struct tg_recorder_options *options,
                             const struct tg_recorded *recorded)
{
        if (recorded->other_partitions > 0)
                fprintf(file,
                        "warning: %" PRIu64 " records are not in the partition of their customer: "
                        "a replay puts them there, and may decide otherwise\n",
                        recorded->other_partitions);
        for (int i = 0; i < TG_STREAMS && options->from.kind == TG_BOUND_BEGINNING; i++)
                for (int32_t j = 0; j < recorded->partitions; j++)
                        if (recorded->streams[i].parts[j].from > 0) {
                                fprintf(file,
                                        "warning: topic %s has lost its first records (retention); "
                                        "a gate that read them may have decided otherwise\n",
                                        recorded->streams[i].topic);
                                break;
                        }
}

/* What is known of the run that decided, and what can't be. */
static void print_idle(FILE *file, const struct tg_recorder_options *options,
                       const struct tg_recorded *recorded)
{
        char idle[TG_TIME_TEXT_SIZE];

        tg_duration_text(options->idle_ms, idle);
        if (recorded->without_timestamp > 0)
                fprintf(file,
                        "not known: whether records came after a silence of idle (%s): they have "
                        "no timestamps\n",
                        idle);
        else if (recorded->late_after_idle > 0)
                fprintf(file,
                        "perhaps: %" PRIu64 " records came after a silence of idle (%s), too late "
                        "for a gate that ran meanwhile\n",
                        recorded->late_after_idle, idle);
        else
                fprintf(file,
                        "by the timestamps: no record came too late for a gate with idle: %s\n",
                        idle);
}

static void print_future(FILE *file, const struct tg_recorder_options *options,
                         const struct tg_recorded *recorded)
{
        char skew[TG_TIME_TEXT_SIZE];

        if (recorded->future > 0)
                fprintf(file,
                        "perhaps: %" PRIu64 " records were dead letters to a gate, more than %s "
                        "ahead of their timestamps; see replay --end\n",
                        recorded->future, tg_duration_text(options->future_skew_ms, skew));
}

static void print_run(FILE *file, const struct tg_recorded *recorded)
{
        if (recorded->run.aborted > 0)
                fprintf(file,
                        "known: %" PRIu64 " decisions were taken back (aborted transactions)\n",
                        recorded->run.aborted);
        else
                fputs("known: no decision was taken back\n", file);
        if (recorded->run.went_back > 0)
                fprintf(file,
                        "known: %" PRIu64 " times a clock went back: decided once more, after a "
                        "restart or by another gate\n",
                        recorded->run.went_back);
        fputs("not known: restarts that left no trace\n", file);
}

void tg_record_print(FILE *file, const struct tg_recorder_options *options,
                     const struct tg_recorded *recorded)
{
        fprintf(file, "%s: %d partitions\n", options->directory, (int)recorded->partitions);
        for (int i = 0; i < TG_STREAMS; i++)
                print_topic(file, &recorded->streams[i], stream_names[i]);
        if (recorded->decisions.topic)
                print_topic(file, &recorded->decisions, "decisions");
        print_deviations(file, options, recorded);
        print_idle(file, options, recorded);
        print_future(file, options, recorded);
        if (recorded->decisions.topic)
                print_run(file, recorded);
}
