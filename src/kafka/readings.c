/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/readings.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "avro/schemas.h"
#include "base/memory.h"
#include "records/head.h"
#include "records/request.h"
#include "records/touchpoint.h"

enum { PATH_SIZE = 4096 };

/* One writer's schema, as each of the streams would read it. */
struct writer {
        uint32_t id;
        uint64_t fingerprint;
        struct tg_reading readings[TG_STREAMS];
        struct tg_plan *plans[TG_STREAMS][2]; /* owned: head and full */
        char *problems[TG_STREAMS];           /* owned; NULL: it can be read */
};

struct tg_readings {
        struct writer **by_id; /* owned, as its writers are */
        size_t count;
        struct writer **by_fingerprint; /* owned; the same writers */
        struct tg_schema *readers[TG_STREAMS];
};

static const struct {
        enum tg_shipped schema;
        const struct tg_layout *layout;
} streams[TG_STREAMS] = {
        [TG_STREAM_TOUCHPOINTS] = {TG_SCHEMA_TOUCHPOINT, &tg_touchpoint_layout},
        [TG_STREAM_REQUESTS] = {TG_SCHEMA_REQUEST, &tg_request_layout},
};

static void writer_free(struct writer *writer)
{
        for (int stream = 0; stream < TG_STREAMS; stream++) {
                tg_plan_free(writer->plans[stream][0]);
                tg_plan_free(writer->plans[stream][1]);
                free(writer->problems[stream]);
        }
        free(writer);
}

static void compile(const struct tg_readings *readings, const struct tg_schema *schema,
                    enum tg_stream stream, struct writer *writer)
{
        const struct tg_schema *reader = readings->readers[stream];
        struct tg_plan **plans = writer->plans[stream];
        struct tg_error error;

        if (tg_plan_compile_prefix(schema, reader, &tg_head_layout, &plans[0], &error) < 0 ||
            tg_plan_compile(schema, reader, streams[stream].layout, &plans[1], &error) < 0) {
                writer->problems[stream] = tg_duplicate(error.message, strlen(error.message));
                return;
        }
        writer->readings[stream] = (struct tg_reading){.head = plans[0], .full = plans[1]};
}

static int add(struct tg_readings *readings, uint32_t id, struct tg_span json,
               struct tg_error *error)
{
        tg_cleanup(tg_schema_free_pointer) struct tg_schema *schema = NULL;
        struct writer *writer;

        if (readings->count == TG_READINGS_MAX)
                return tg_fail(error, EX_CONFIG, "more than %d writers' schemas", TG_READINGS_MAX);
        if (tg_schema_parse(json, &schema, error) < 0)
                return -1;
        writer = tg_allocate_zeroed(1, sizeof *writer);
        writer->id = id;
        writer->fingerprint = tg_schema_fingerprint(schema);
        for (int stream = 0; stream < TG_STREAMS; stream++)
                compile(readings, schema, (enum tg_stream)stream, writer);
        readings->by_id =
                tg_reallocate(readings->by_id, (readings->count + 1) * sizeof *readings->by_id);
        readings->by_id[readings->count++] = writer;
        return 0;
}

static int add_file(struct tg_readings *readings, const char *path, uint32_t id,
                    struct tg_error *error)
{
        struct tg_buffer text = {0};
        FILE *file = fopen(path, "re");
        size_t size;
        int result;

        if (!file)
                return tg_fail_errno(error, EX_NOINPUT, errno, "%s", path);
        do {
                size = fread(tg_buffer_reserve(&text, BUFSIZ), 1, BUFSIZ, file);
                text.size += size;
        } while (size > 0 && text.size <= TG_SCHEMA_JSON_MAX);
        fclose(file);
        result = add(readings, id, tg_buffer_span(&text), error);
        tg_buffer_deinit(&text);
        return result < 0 ? tg_fail_context(error, "%s", path) : 0;
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

static int compare_ids(const void *a, const void *b)
{
        uint32_t left = (*(struct writer *const *)a)->id, right = (*(struct writer *const *)b)->id;

        return (left > right) - (left < right);
}

static int compare_fingerprints(const void *a, const void *b)
{
        uint64_t left = (*(struct writer *const *)a)->fingerprint;
        uint64_t right = (*(struct writer *const *)b)->fingerprint;

        return (left > right) - (left < right);
}

static int sort(struct tg_readings *readings, struct tg_error *error)
{
        size_t size = readings->count * sizeof *readings->by_id;

        qsort(readings->by_id, readings->count, sizeof *readings->by_id, compare_ids);
        for (size_t i = 1; i < readings->count; i++)
                if (readings->by_id[i - 1]->id == readings->by_id[i]->id)
                        return tg_fail(error, EX_CONFIG,
                                       "schema id %u is used twice: give every schema its own "
                                       "under `schemas.ids`, or remove %u.avsc from the folder",
                                       readings->by_id[i]->id, readings->by_id[i]->id);
        readings->by_fingerprint = tg_allocate(size);
        memcpy(readings->by_fingerprint, readings->by_id, size);
        qsort(readings->by_fingerprint, readings->count, sizeof *readings->by_fingerprint,
              compare_fingerprints);
        return 0;
}

static int fill(struct tg_readings *readings, const struct tg_kafka_settings *settings,
                struct tg_error *error)
{
        for (int stream = 0; stream < TG_STREAMS; stream++)
                if (tg_schema_parse(tg_shipped_text(streams[stream].schema),
                                    &readings->readers[stream], error) < 0)
                        return -1;
        for (int i = 0; i < TG_SCHEMAS; i++)
                if (add(readings, settings->ids[i], tg_shipped_text((enum tg_shipped)i), error) < 0)
                        return -1;
        if (settings->schema_folder && add_folder(readings, settings->schema_folder, error) < 0)
                return -1;
        return sort(readings, error);
}

int tg_readings_new(const struct tg_kafka_settings *settings, struct tg_readings **ret_readings,
                    struct tg_error *error)
{
        struct tg_readings *readings = tg_allocate_zeroed(1, sizeof *readings);

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
        for (size_t i = 0; i < readings->count; i++)
                writer_free(readings->by_id[i]);
        free(readings->by_id);
        free(readings->by_fingerprint);
        for (int stream = 0; stream < TG_STREAMS; stream++)
                tg_schema_free(readings->readers[stream]);
        free(readings);
}

static const struct writer *find(const struct tg_readings *readings, const struct tg_frame *frame)
{
        struct writer wanted = {.id = frame->schema_id, .fingerprint = frame->fingerprint};
        struct writer *key = &wanted;
        bool by_id = frame->framing == TG_FRAMING_CONFLUENT;
        struct writer **found =
                bsearch(&key, by_id ? readings->by_id : readings->by_fingerprint, readings->count,
                        sizeof key, by_id ? compare_ids : compare_fingerprints);

        return found ? *found : NULL;
}

const struct tg_reading *tg_readings_find(const struct tg_readings *readings, enum tg_stream stream,
                                          const struct tg_frame *frame, const char **ret_problem)
{
        const struct writer *writer = find(readings, frame);

        assert(frame->framing != TG_FRAMING_NONE);
        *ret_problem = writer ? writer->problems[stream] : NULL;
        return writer && !writer->problems[stream] ? &writer->readings[stream] : NULL;
}

bool tg_readings_id(const struct tg_readings *readings, uint64_t fingerprint, uint32_t *ret_id)
{
        const struct tg_frame frame = {
                .framing = TG_FRAMING_SINGLE_OBJECT,
                .fingerprint = fingerprint,
        };
        const struct writer *writer = find(readings, &frame);

        if (!writer)
                return false;
        *ret_id = writer->id;
        return true;
}
