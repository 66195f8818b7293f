/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/tape.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "avro/schemas.h"
#include "base/memory.h"
#include "records/request.h"
#include "records/touchpoint.h"

enum { PATTERN_SIZE = 4096 };

/* Room for the decoding of either stream, which nobody looks at. */
union scratch {
        struct tg_touchpoint touchpoint;
        struct tg_request request;
};

int tg_tape_init(struct tg_tape *tape, const char *directory, const char *stem,
                 enum tg_stream stream, const struct tg_readings *readings, struct tg_error *error)
{
        char pattern[PATTERN_SIZE];

        *tape = (struct tg_tape){.readings = readings, .stream = stream};
        snprintf(pattern, sizeof pattern, "%s/%s*.avro", directory, stem);
        if (glob(pattern, 0, NULL, &tape->files) == 0)
                return 0;
        globfree(&tape->files);
        tape->files = (glob_t){0};
        return tg_fail(error, EX_NOINPUT,
                       "no file %s: a recording is a directory with touchpoints*.avro and "
                       "requests*.avro",
                       pattern);
}

static void close_file(struct tg_tape *tape)
{
        tg_container_deinit(&tape->container);
        tape->container = (struct tg_container){0};
        if (tape->bytes.size)
                munmap((void *)tape->bytes.data, tape->bytes.size);
        tape->bytes = TG_SPAN_ABSENT;
}

void tg_tape_deinit(struct tg_tape *tape)
{
        close_file(tape);
        if (tape->files.gl_pathv)
                globfree(&tape->files);
        *tape = (struct tg_tape){0};
}

static int map_file(struct tg_tape *tape, const char *path, struct tg_error *error)
{
        int descriptor = open(path, O_RDONLY | O_CLOEXEC);
        struct stat status;
        void *bytes;

        if (descriptor < 0)
                return tg_fail_errno(error, EX_NOINPUT, errno, "%s", path);
        if (fstat(descriptor, &status) < 0 || status.st_size == 0) {
                close(descriptor);
                return tg_fail(error, EX_DATAERR, "%s: an empty file is no recording", path);
        }
        bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        close(descriptor);
        if (bytes == MAP_FAILED)
                return tg_fail_errno(error, EX_OSERR, errno, "%s", path);
        tape->bytes = tg_span_of(bytes, (size_t)status.st_size);
        return 0;
}

/* Finds how the file's own schema is read, and the id it goes by. */
static int find_reading(struct tg_tape *tape, struct tg_error *error)
{
        tg_cleanup(tg_schema_free_pointer) struct tg_schema *schema = NULL;
        struct tg_frame frame = {.framing = TG_FRAMING_SINGLE_OBJECT};
        const char *problem;

        if (tg_schema_parse(tape->container.schema_json, &schema, error) < 0)
                return -1;
        frame.fingerprint = tg_schema_fingerprint(schema);
        tape->reading = tg_readings_find(tape->readings, tape->stream, &frame, &problem);
        if (tape->reading && tg_readings_id(tape->readings, frame.fingerprint, &tape->schema_id))
                return 0;
        return tg_fail(error, EX_CONFIG, "its schema, %s, %s", tg_schema_name(schema),
                       problem ? problem
                               : "is not one of the shipped ones: put it as <id>.avsc into the "
                                 "folder that `schemas.folder` of the configuration names");
}

static int open_file(struct tg_tape *tape, struct tg_error *error)
{
        const char *path = tape->files.gl_pathv[tape->file];

        if (map_file(tape, path, error) < 0)
                return -1;
        tape->file++;
        if (tg_container_init(&tape->container, tape->bytes, error) < 0 ||
            find_reading(tape, error) < 0)
                return tg_fail_context(error, "%s", path);
        return 0;
}

/* Makes `left` hold records. Returns 0, 1 at the end of the tape, or -1. */
static int fill(struct tg_tape *tape, struct tg_error *error)
{
        struct tg_container_block block;
        int answer;

        while (tape->left_count == 0) {
                if (!tape->bytes.size) {
                        if (tape->file == tape->files.gl_pathc)
                                return 1;
                        if (open_file(tape, error) < 0)
                                return -1;
                }
                answer = tg_container_next(&tape->container, &block, error);
                if (answer < 0)
                        return tg_fail_context(error, "%s", tape->files.gl_pathv[tape->file - 1]);
                if (answer > 0) {
                        close_file(tape);
                        continue;
                }
                tape->left = block.data;
                tape->left_count = block.count;
        }
        return 0;
}

int tg_tape_next(struct tg_tape *tape, struct tg_error *error)
{
        union scratch scratch;
        size_t size, ignored;
        int answer = fill(tape, error);
        int code;

        if (answer)
                return answer;
        code = tg_plan_decode(tape->reading->full, tape->left, &scratch, &size);
        if (!code)
                code = tg_plan_decode(tape->reading->head, tape->left, &tape->head, &ignored);
        if (code)
                return tg_fail(error, EX_DATAERR, "%s: a record can't be decoded: %s",
                               tape->files.gl_pathv[tape->file - 1], tg_decode_error_text(code));
        tape->datum = tg_span_of(tape->left.data, size);
        tape->left = tg_span_of(tape->left.data + size, tape->left.size - size);
        tape->left_count--;
        return 0;
}
