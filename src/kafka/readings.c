/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/readings.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "avro/schemas.h"
#include "base/file.h"
#include "base/memory.h"
#include "records/request.h"
#include "records/told.h"
#include "records/touchpoint.h"
#include "registry/lookups.h"

enum {
        PATH_SIZE = 4096,
        SLOTS = 2 * TG_READINGS_MAX, /* a power of two; never more than half full */
};

/* One writer's schema, as each of the streams would read it. */
struct writer {
        uint32_t id; /* with has_id */
        bool has_id; /* false: a shipped one of which the registry's id is not known */
        uint64_t fingerprint;
        char *json; /* owned: its text, of json_size bytes */
        size_t json_size;
        struct tg_reading readings[TG_LANES];
        struct tg_plan *plans[TG_LANES]; /* owned */
        char *problems[TG_LANES];        /* owned; NULL: it can be read */
};

/*
 * Writers by a key, open addressing. A slot is filled once, under the lock, and never emptied: its
 * release makes the writer's contents visible to the acquire of who finds it.
 */
struct index {
        _Atomic(struct writer *) slots[SLOTS];
};

struct tg_readings {
        struct index by_id; /* borrowed from `writers`, as the next */
        struct index by_fingerprint;
        struct writer **writers; /* owned, as they are */
        size_t count;
        pthread_mutex_t lock; /* of whoever adds */
        struct tg_schema *readers[TG_LANES];
        const struct tg_notices *notices; /* borrowed */
        struct tg_lookups *lookups;       /* owned; NULL: there is no registry */
};

static const struct {
        enum tg_shipped schema;
        const struct tg_layout *layout;
} streams[TG_LANES] = {
        [TG_STREAM_TOUCHPOINTS] = {TG_SCHEMA_TOUCHPOINT, &tg_touchpoint_layout},
        [TG_STREAM_REQUESTS] = {TG_SCHEMA_REQUEST, &tg_request_layout},
        [TG_STREAM_DECISIONS] = {TG_SCHEMA_DECISION, &tg_told_layout},
        [TG_STREAM_CUSTOMERS] = {TG_SCHEMA_TOUCHPOINT, &tg_touchpoint_layout},
};

static void writer_free(struct writer *writer)
{
        for (int stream = 0; stream < TG_LANES; stream++) {
                tg_plan_free(writer->plans[stream]);
                free(writer->problems[stream]);
        }
        free(writer->json);
        free(writer);
}

static void compile(const struct tg_readings *readings, const struct tg_schema *schema,
                    enum tg_stream stream, struct writer *writer)
{
        const struct tg_schema *reader = readings->readers[stream];
        struct tg_plan **plan = &writer->plans[stream];
        struct tg_error error;

        if (tg_plan_compile(schema, reader, streams[stream].layout, plan, &error) < 0) {
                writer->problems[stream] = tg_duplicate(error.message, strlen(error.message));
                return;
        }
        writer->readings[stream] = (struct tg_reading){.full = *plan};
}

static size_t slot_of(uint64_t key, size_t probe)
{
        return (size_t)((key * UINT64_C(0x9e3779b97f4a7c15) >> 32) + probe) % SLOTS;
}

static const struct writer *find_id(const struct tg_readings *readings, uint32_t id)
{
        for (size_t i = 0;; i++) {
                const struct writer *writer = atomic_load_explicit(
                        &readings->by_id.slots[slot_of(id, i)], memory_order_acquire);

                if (!writer || writer->id == id)
                        return writer;
        }
}

static const struct writer *find_fingerprint(const struct tg_readings *readings,
                                             uint64_t fingerprint)
{
        for (size_t i = 0;; i++) {
                const struct writer *writer = atomic_load_explicit(
                        &readings->by_fingerprint.slots[slot_of(fingerprint, i)],
                        memory_order_acquire);

                if (!writer || writer->fingerprint == fingerprint)
                        return writer;
        }
}

static void put(struct index *index, uint64_t key, struct writer *writer)
{
        size_t i = 0;

        while (atomic_load_explicit(&index->slots[slot_of(key, i)], memory_order_relaxed))
                i++;
        atomic_store_explicit(&index->slots[slot_of(key, i)], writer, memory_order_release);
}

static struct writer *writer_new(const struct tg_readings *readings, struct tg_span json,
                                 struct tg_error *error)
{
        tg_cleanup(tg_schema_free_pointer) struct tg_schema *schema = NULL;
        struct writer *writer;

        if (tg_schema_parse(json, &schema, error) < 0)
                return NULL;
        writer = tg_allocate_zeroed(1, sizeof *writer);
        writer->fingerprint = tg_schema_fingerprint(schema);
        writer->json = tg_duplicate((const char *)json.data, json.size);
        writer->json_size = json.size;
        for (int stream = 0; stream < TG_LANES; stream++)
                compile(readings, schema, (enum tg_stream)stream, writer);
        return writer;
}

/* Makes WRITER, which is taken, findable. Returns 0; 1: its id was there; or -1: no room. */
static int insert(struct tg_readings *readings, struct writer *writer, struct tg_error *error)
{
        if (writer->has_id && find_id(readings, writer->id)) {
                writer_free(writer);
                return 1;
        }
        if (readings->count == TG_READINGS_MAX) {
                writer_free(writer);
                return tg_fail(error, EX_CONFIG, "more than %d writers' schemas", TG_READINGS_MAX);
        }
        readings->writers =
                tg_reallocate(readings->writers, (readings->count + 1) * sizeof *readings->writers);
        readings->writers[readings->count++] = writer;
        if (writer->has_id)
                put(&readings->by_id, writer->id, writer);
        if (!find_fingerprint(readings, writer->fingerprint))
                put(&readings->by_fingerprint, writer->fingerprint, writer);
        return 0;
}

/* Returns 0; 1: the id is there already; or -1. */
static int add(struct tg_readings *readings, uint32_t id, struct tg_span json,
               struct tg_error *error)
{
        struct writer *writer = writer_new(readings, json, error);
        int result;

        if (!writer)
                return -1;
        writer->id = id;
        writer->has_id = true;
        pthread_mutex_lock(&readings->lock);
        result = insert(readings, writer, error);
        pthread_mutex_unlock(&readings->lock);
        return result;
}

static int add_once(struct tg_readings *readings, uint32_t id, struct tg_span json,
                    struct tg_error *error)
{
        int result = add(readings, id, json, error);

        return result <= 0 ? result
                           : tg_fail(error, EX_CONFIG,
                                     "schema id %" PRIu32 " is used twice: give every schema its "
                                     "own under `schemas.ids`, or remove %" PRIu32
                                     ".avsc from the folder",
                                     id, id);
}

static int add_file(struct tg_readings *readings, const char *path, uint32_t id,
                    struct tg_error *error)
{
        tg_cleanup(tg_buffer_deinit) struct tg_buffer text = {0};

        if (tg_file_read(path, TG_SCHEMA_JSON_MAX, &text) < 0)
                return tg_fail_errno(error, EX_NOINPUT, errno, "%s", path);
        if (add_once(readings, id, tg_buffer_span(&text), error) < 0)
                return tg_fail_context(error, "%s", path);
        return 0;
}

/* "17.avsc" is schema 17; other files may lie beside. */
static bool file_id(const char *name, uint32_t *ret_id)
{
        char *end;
        unsigned long id;

        if (name[0] < '0' || name[0] > '9')
                return false;
        id = strtoul(name, &end, 10);
        if (strcmp(end, ".avsc") != 0 || id > UINT32_MAX)
                return false;
        *ret_id = (uint32_t)id;
        return true;
}

static int add_folder(struct tg_readings *readings, const char *folder, struct tg_error *error)
{
        char path[PATH_SIZE];
        struct dirent *entry;
        DIR *directory = opendir(folder);
        int result = 0;

        if (!directory)
                return tg_fail_errno(error, EX_NOINPUT, errno,
                                     "schemas.folder of the configuration: %s", folder);
        while (result == 0 && (entry = readdir(directory))) {
                uint32_t id;

                if (!file_id(entry->d_name, &id))
                        continue;
                snprintf(path, sizeof path, "%s/%s", folder, entry->d_name);
                result = add_file(readings, path, id, error);
        }
        closedir(directory);
        return result;
}

/* Of the shipped schemas the registry's ids are not known, but their fingerprints are. */
static int add_shipped(struct tg_readings *readings, const struct tg_kafka_settings *settings,
                       enum tg_shipped schema, struct tg_error *error)
{
        struct tg_span json = tg_shipped_text(schema);
        struct writer *writer;

        if (settings->registry.url_count == 0)
                return add_once(readings, (uint32_t)settings->ids[schema], json, error);
        writer = writer_new(readings, json, error);
        return writer ? insert(readings, writer, error) : -1;
}

/* In the registry's thread. */
static int arrived(void *context, uint32_t id, struct tg_span json, struct tg_error *error)
{
        struct tg_readings *readings = context;

        if (add(readings, id, json, error) < 0)
                return -1;
        tg_notice(readings->notices, TG_NOTICE_DEBUG, "schema id %" PRIu32 " has arrived", id);
        return 0;
}

static void tell(void *context, const char *text)
{
        const struct tg_readings *readings = context;

        tg_notice(readings->notices, TG_NOTICE_WARNING, "%s", text);
}

static int fill(struct tg_readings *readings, const struct tg_kafka_settings *settings,
                struct tg_error *error)
{
        const struct tg_lookups_options lookups = {
                .settings = &settings->registry,
                .arrived = arrived,
                .tell = tell,
                .context = readings,
        };

        for (int stream = 0; stream < TG_LANES; stream++)
                if (tg_schema_parse(tg_shipped_text(streams[stream].schema),
                                    &readings->readers[stream], error) < 0)
                        return -1;
        for (int i = 0; i < TG_SCHEMAS; i++)
                if (add_shipped(readings, settings, (enum tg_shipped)i, error) < 0)
                        return -1;
        if (settings->schema_folder && add_folder(readings, settings->schema_folder, error) < 0)
                return -1;
        if (settings->registry.url_count > 0)
                return tg_lookups_new(&lookups, &readings->lookups, error);
        return 0;
}

int tg_readings_new(const struct tg_kafka_settings *settings, const struct tg_notices *notices,
                    struct tg_readings **ret_readings, struct tg_error *error)
{
        struct tg_readings *readings = tg_allocate_zeroed(1, sizeof *readings);

        readings->notices = notices;
        pthread_mutex_init(&readings->lock, NULL);
        if (fill(readings, settings, error) < 0) {
                tg_readings_free(readings);
                return -1;
        }
        *ret_readings = readings;
        return 0;
}

void tg_readings_free(struct tg_readings *readings)
{
        if (!readings)
                return;
        tg_lookups_free(readings->lookups);
        for (size_t i = 0; i < readings->count; i++)
                writer_free(readings->writers[i]);
        free(readings->writers);
        for (int stream = 0; stream < TG_LANES; stream++)
                tg_schema_free(readings->readers[stream]);
        pthread_mutex_destroy(&readings->lock);
        free(readings);
}

/* What to say of a schema that nobody knows, or that it is awaited. */
static enum tg_readings_answer unknown(const struct tg_readings *readings,
                                       const struct tg_frame *frame, struct tg_error *ret_why)
{
        if (frame->framing == TG_FRAMING_SINGLE_OBJECT)
                tg_fail(ret_why, EX_DATAERR, "no known schema has the fingerprint %016" PRIx64,
                        frame->fingerprint);
        else if (!readings->lookups)
                tg_fail(ret_why, EX_DATAERR,
                        "schema id %" PRIu32 " is neither among `schemas.ids` nor in the folder of "
                        "writers' schemas",
                        frame->schema_id);
        else if (tg_lookups_ask(readings->lookups, frame->schema_id, ret_why) == TG_LOOKUP_AWAITED)
                return TG_READINGS_AWAITED;
        else
                tg_fail_context(ret_why, "schema id %" PRIu32, frame->schema_id);
        return TG_READINGS_UNKNOWN;
}

static const struct writer *find_writer(const struct tg_readings *readings,
                                        const struct tg_frame *frame)
{
        assert(frame->framing != TG_FRAMING_NONE);
        return frame->framing == TG_FRAMING_CONFLUENT
                       ? find_id(readings, frame->schema_id)
                       : find_fingerprint(readings, frame->fingerprint);
}

enum tg_readings_answer tg_readings_find(const struct tg_readings *readings, enum tg_stream stream,
                                         const struct tg_frame *frame,
                                         const struct tg_reading **ret_reading,
                                         struct tg_error *ret_why)
{
        const struct writer *writer = find_writer(readings, frame);

        if (!writer)
                return unknown(readings, frame, ret_why);
        if (writer->problems[stream]) {
                tg_fail(ret_why, EX_DATAERR, "%s", writer->problems[stream]);
                return TG_READINGS_UNFIT;
        }
        *ret_reading = &writer->readings[stream];
        return TG_READINGS_FOUND;
}

enum tg_readings_answer tg_readings_written(const struct tg_readings *readings,
                                            const struct tg_frame *frame,
                                            struct tg_written *ret_written,
                                            struct tg_error *ret_why)
{
        const struct writer *writer = find_writer(readings, frame);

        if (!writer)
                return unknown(readings, frame, ret_why);
        *ret_written = (struct tg_written){
                .json = tg_span_of(writer->json, writer->json_size),
                .fingerprint = writer->fingerprint,
        };
        return TG_READINGS_FOUND;
}

bool tg_readings_id(const struct tg_readings *readings, uint64_t fingerprint, uint32_t *ret_id)
{
        const struct writer *writer = find_fingerprint(readings, fingerprint);

        if (!writer || !writer->has_id)
                return false;
        *ret_id = writer->id;
        return true;
}
