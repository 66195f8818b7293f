/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/flow.h"

#include <assert.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "avro/framing.h"
#include "base/clock.h"
#include "base/memory.h"
#include "base/time.h"
#include "cli/decision_line.h"
#include "cli/terminal.h"
#include "records/words.h"
#include "telemetry/datum_json.h"
#include "telemetry/text.h"

enum {
        PATH_SIZE = 4096,
        LINES_PER_S = 14, /* that an eye can follow */
        /* The topics: decisions, rejected, and permitted for every channel. */
        DECISIONS = 0,
        REJECTED,
        PERMITTED,
        TOPICS = PERMITTED + TG_CHANNELS,
};

/* How the records of one schema are read. */
struct reader {
        struct tg_datum_kind kind;
        avro_value_t value; /* the record just read */
};

struct tg_flow {
        char *topics[TOPICS]; /* owned */
        FILE *files[TOPICS];  /* opened with their first record */
        const char *folder;   /* NULL: no files */
        struct reader decision;
        struct reader permitted;
        avro_reader_t bytes;
        uint64_t outcomes[TG_OUTCOMES];
        uint64_t told; /* how many of them the counter shows */
        bool terminal; /* standard output is one */
        bool counter;  /* standard error is one */
        bool colours;
        bool headed;           /* the heading of the lines is printed */
        int64_t second_ms;     /* when the present second of lines began */
        unsigned lines;        /* in it */
        struct tg_error error; /* with `failed`: the first */
        bool failed;
};

static int reader_init(struct reader *reader, enum tg_shipped shipped, struct tg_error *error)
{
        if (tg_datum_kind_init(&reader->kind, tg_shipped_text(shipped), error) < 0)
                return -1;
        avro_generic_value_new(reader->kind.class, &reader->value);
        return 0;
}

static void reader_deinit(struct reader *reader)
{
        if (reader->kind.class)
                avro_value_decref(&reader->value);
        tg_datum_kind_deinit(&reader->kind);
}

static void name_topics(struct tg_flow *flow, const struct tg_kafka_settings *settings)
{
        char name[TG_TOPIC_TEXT_SIZE];

        flow->topics[DECISIONS] = strdup(settings->topics[TG_TOPIC_DECISIONS]);
        flow->topics[REJECTED] = strdup(settings->topics[TG_TOPIC_REJECTED]);
        for (unsigned i = 0; i < TG_CHANNELS; i++)
                flow->topics[PERMITTED + i] = strdup(
                        tg_kafka_permitted_topic(settings, tg_word(&tg_channel_words, i), name));
}

static char *file_path(const struct tg_flow *flow, size_t topic, char path[static PATH_SIZE])
{
        snprintf(path, PATH_SIZE, "%s/%s.jsonl", flow->folder, flow->topics[topic]);
        return path;
}

/* Makes the folder, without files of an earlier run. */
static int open_folder(const struct tg_flow *flow, struct tg_error *error)
{
        char path[PATH_SIZE];

        if (mkdir(flow->folder, 0777) < 0 && errno != EEXIST)
                return tg_fail_errno(error, EX_CANTCREAT, errno, "--output %s", flow->folder);
        for (size_t i = 0; i < TOPICS; i++)
                unlink(file_path(flow, i, path));
        return 0;
}

int tg_flow_new(const struct tg_kafka_settings *settings, const char *folder,
                struct tg_flow **ret_flow, struct tg_error *error)
{
        struct tg_flow *flow = tg_allocate_zeroed(1, sizeof *flow);

        flow->folder = folder;
        flow->terminal = isatty(STDOUT_FILENO);
        flow->counter = isatty(STDERR_FILENO) && flow->terminal;
        flow->colours = tg_terminal_colours(stdout);
        flow->bytes = avro_reader_memory("", 0);
        name_topics(flow, settings);
        if (reader_init(&flow->decision, TG_SCHEMA_DECISION, error) < 0 ||
            reader_init(&flow->permitted, TG_SCHEMA_PERMITTED, error) < 0 ||
            (folder && open_folder(flow, error) < 0)) {
                tg_flow_free(flow);
                return -1;
        }
        *ret_flow = flow;
        return 0;
}

void tg_flow_free(struct tg_flow *flow)
{
        if (!flow)
                return;
        reader_deinit(&flow->decision);
        reader_deinit(&flow->permitted);
        avro_reader_free(flow->bytes);
        for (size_t i = 0; i < TOPICS; i++) {
                if (flow->files[i])
                        fclose(flow->files[i]);
                free(flow->topics[i]);
        }
        free(flow);
}

const char *const *tg_flow_topics(const struct tg_flow *flow, size_t *ret_count)
{
        *ret_count = TOPICS;
        return (const char *const *)flow->topics;
}

/* A line for every decision; on a terminal only a few a second. */
static bool line_is_due(struct tg_flow *flow)
{
        int64_t now_ms = tg_clock_monotonic_ms();

        if (!flow->terminal)
                return true;
        if (now_ms - flow->second_ms >= TG_SECOND_MS) {
                flow->second_ms = now_ms;
                flow->lines = 0;
        }
        /* Spread over the second, rather than all at its beginning. */
        return now_ms - flow->second_ms >= flow->lines * TG_SECOND_MS / LINES_PER_S &&
               ++flow->lines <= LINES_PER_S;
}

/* The file of a topic, opened if it isn't yet; NULL: none. */
static FILE *file_of(struct tg_flow *flow, size_t topic)
{
        char path[PATH_SIZE];

        if (!flow->folder || flow->failed)
                return NULL;
        if (!flow->files[topic])
                flow->files[topic] = fopen(file_path(flow, topic, path), "we");
        if (!flow->files[topic]) {
                tg_fail_errno(&flow->error, EX_CANTCREAT, errno, "%s", path);
                flow->failed = true;
        }
        return flow->files[topic];
}

/* Reads one of our own records; false (and told) if it is none. */
static bool decode(struct tg_flow *flow, struct reader *reader, const struct tg_witnessed *record)
{
        struct tg_frame frame;

        if (tg_frame_parse(record->value, &frame) == TG_FRAMING_CONFLUENT) {
                avro_reader_memory_set_source(flow->bytes, (const char *)frame.value.data,
                                              (int64_t)frame.value.size);
                avro_value_reset(&reader->value);
                if (avro_value_read(flow->bytes, &reader->value) == 0)
                        return true;
        }
        if (!flow->failed)
                tg_fail(&flow->error, EX_SOFTWARE,
                        "topic %s, partition %d, offset %" PRId64 ": not readable by its schema",
                        record->topic, (int)record->partition, record->offset);
        flow->failed = true;
        return false;
}

/* On a terminal, once: there it is for people, and not every decision is shown. */
static void print_heading(struct tg_flow *flow)
{
        if (flow->terminal && !flow->headed)
                printf("%s\nA few decisions of each second:\n\n%s\n",
                       flow->counter ? "\r\033[K" : "", TG_DECISION_HEADING);
        flow->headed = true;
}

static void see_decision(struct tg_flow *flow, const struct tg_witnessed *record)
{
        FILE *file = file_of(flow, DECISIONS);
        char line[TG_DECISION_LINE_SIZE];

        if (!decode(flow, &flow->decision, record))
                return;
        flow->outcomes[tg_decision_line(&flow->decision.value, flow->colours, line)]++;
        if (line_is_due(flow)) {
                print_heading(flow);
                printf("%s%s\n", flow->counter ? "\r\033[K" : "", line);
                flow->told = 0; /* the line has taken the counter's place */
                if (flow->terminal)
                        fflush(stdout);
        }
        if (!file)
                return;
        tg_datum_json(file, &flow->decision.value);
        fputc('\n', file);
}

static void see_permitted(struct tg_flow *flow, size_t topic, const struct tg_witnessed *record)
{
        FILE *file = file_of(flow, topic);

        if (!file || !decode(flow, &flow->permitted, record))
                return;
        tg_datum_json(file, &flow->permitted.value);
        fputc('\n', file);
}

static void see_rejected(struct tg_flow *flow, const struct tg_witnessed *record)
{
        FILE *file = file_of(flow, REJECTED);

        if (!file)
                return;
        fputs("{\"reason\":", file);
        tg_text_json(file, record->reason);
        fputs(",\"detail\":", file);
        tg_text_json(file, record->detail);
        fputs(",\"key\":", file);
        tg_text_json(file, record->key);
        fprintf(file, ",\"size\":%zu}\n", record->value.size);
}

void tg_flow_see(void *context, const struct tg_witnessed *record)
{
        struct tg_flow *flow = context;
        size_t topic = 0;

        while (strcmp(flow->topics[topic], record->topic) != 0)
                topic++;
        if (topic == DECISIONS)
                see_decision(flow, record);
        else if (topic == REJECTED)
                see_rejected(flow, record);
        else
                see_permitted(flow, topic, record);
}

void tg_flow_idle(void *context)
{
        struct tg_flow *flow = context;
        uint64_t seen =
                flow->outcomes[TG_PERMIT] + flow->outcomes[TG_DENY] + flow->outcomes[TG_DEFER];

        if (!flow->counter)
                return;
        if (seen == 0)
                fputs("\r\033[Kjoining the consumer group ...", stderr);
        else if (seen != flow->told)
                fprintf(stderr,
                        "\r\033[K%" PRIu64 " permitted, %" PRIu64 " denied, %" PRIu64 " deferred",
                        flow->outcomes[TG_PERMIT], flow->outcomes[TG_DENY],
                        flow->outcomes[TG_DEFER]);
        flow->told = seen;
}

/* Closes the file of a topic, all of which must have been written. */
static void close_file(struct tg_flow *flow, size_t topic)
{
        char path[PATH_SIZE];
        bool lost = ferror(flow->files[topic]) != 0;

        lost |= fclose(flow->files[topic]) != 0;
        flow->files[topic] = NULL;
        if (lost && !flow->failed) {
                tg_fail(&flow->error, EX_IOERR, "%s: not all could be written",
                        file_path(flow, topic, path));
                flow->failed = true;
        }
}

int tg_flow_finish(struct tg_flow *flow, struct tg_error *error)
{
        if (flow->counter)
                fputs("\r\033[K", stderr);
        for (size_t i = 0; i < TOPICS; i++)
                if (flow->files[i])
                        close_file(flow, i);
        if (flow->failed)
                *error = flow->error;
        return flow->failed ? -1 : 0;
}
