/* SPDX-License-Identifier: Apache-2.0 */
#include "recording/reader.h"

#include <assert.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/memory.h"
#include "records/schemas.h"

static const struct stem {
        const char *pattern;
        enum tg_shipped schema;
        const struct tg_layout *layout;
} stems[TG_STREAMS] = {
        [TG_STREAM_TOUCHPOINTS] = {"touchpoints*.avro", TG_SCHEMA_TOUCHPOINT,
                                   &tg_touchpoint_layout},
        [TG_STREAM_REQUESTS] = {"requests*.avro", TG_SCHEMA_REQUEST, &tg_request_layout},
};

bool tg_recording_reads(const char *name)
{
        for (int i = 0; i < TG_STREAMS; i++)
                if (fnmatch(stems[i].pattern, name, 0) == 0)
                        return true;
        return false;
}

struct file {
        char *path;
        struct tg_span bytes;       /* mapped */
        struct tg_span schema_json; /* borrowed from them */
        struct tg_plan *full;
        struct tg_plan *whole; /* fills the head, and reads on to the end of the record */
        struct tg_reading reading;
        uint64_t fingerprint; /* of its schema */
};

struct files {
        struct file *items; /* owned; in the order of the stream; not moved once readers exist */
        size_t count;
};

struct tg_recording {
        struct files streams[TG_STREAMS];
};

static int map_file(const char *path, struct tg_span *ret_bytes, struct tg_error *error)
{
        int descriptor = open(path, O_RDONLY | O_CLOEXEC);
        struct stat status;
        void *memory;

        if (descriptor < 0)
                return tg_fail_errno(error, EX_NOINPUT, errno, "%s: cannot be opened", path);
        if (fstat(descriptor, &status) < 0 || status.st_size == 0) {
                close(descriptor);
                return tg_fail(error, EX_DATAERR, "%s: is empty, not an Avro container file", path);
        }
        memory = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, descriptor, 0);
        close(descriptor);
        if (memory == MAP_FAILED)
                return tg_fail_errno(error, EX_OSERR, errno, "%s: cannot be mapped", path);
        *ret_bytes = tg_span_of(memory, (size_t)status.st_size);
        return 0;
}

/* How the records of this file are read: its own schema against ours. */
static int compile_reading(struct file *file, const struct stem *stem, struct tg_error *error)
{
        tg_cleanup(tg_schema_free_pointer) struct tg_schema *writer = NULL;
        tg_cleanup(tg_schema_free_pointer) struct tg_schema *reader = NULL;
        struct tg_container container;

        if (tg_container_init(&container, file->bytes, error) < 0)
                return tg_fail_context(error, "%s", file->path);
        if (tg_schema_parse(container.schema_json, &writer, error) < 0 ||
            tg_schema_parse(tg_shipped_text(stem->schema), &reader, error) < 0 ||
            tg_plan_compile(writer, reader, &tg_head_layout, &file->whole, error) < 0 ||
            tg_plan_compile(writer, reader, stem->layout, &file->full, error) < 0) {
                tg_container_deinit(&container);
                return tg_fail_context(error, "%s", file->path);
        }
        file->schema_json = container.schema_json;
        tg_container_deinit(&container);
        file->reading = (struct tg_reading){file->full};
        file->fingerprint = tg_schema_fingerprint(writer);
        return 0;
}

static int add_file(struct files *files, const struct stem *stem, const char *directory,
                    const char *name, struct tg_error *error)
{
        struct file *file;

        files->items = tg_reallocate(files->items, (files->count + 1) * sizeof files->items[0]);
        file = &files->items[files->count++];
        *file = (struct file){0};
        if (asprintf(&file->path, "%s/%s", directory, name) < 0)
                abort();
        if (map_file(file->path, &file->bytes, error) < 0)
                return -1;
        return compile_reading(file, stem, error);
}

/* Of bytes: the order of a stream is no matter of the locale. */
static int compare_names(const struct dirent **a, const struct dirent **b)
{
        return strcmp((*a)->d_name, (*b)->d_name);
}

/* Adds the files of one stem of DIRECTORY, in name order. */
static int add_stem(struct files *files, const struct stem *stem, const char *directory,
                    struct tg_error *error)
{
        struct dirent **entries;
        int count = scandir(directory, &entries, NULL, compare_names);
        int result = 0;

        if (count < 0)
                return tg_fail_errno(error, EX_NOINPUT, errno,
                                     "%s: cannot be read; a recording is a directory with "
                                     "touchpoints*.avro and requests*.avro",
                                     directory);
        for (int i = 0; i < count; i++) {
                if (result == 0 && fnmatch(stem->pattern, entries[i]->d_name, 0) == 0)
                        result = add_file(files, stem, directory, entries[i]->d_name, error);
                free(entries[i]);
        }
        free(entries);
        return result;
}

int tg_recording_open(const char *const *directories, size_t count,
                      struct tg_recording **ret_recording, struct tg_error *error)
{
        struct tg_recording *recording = tg_allocate_zeroed(1, sizeof *recording);

        for (size_t i = 0; i < count; i++) {
                size_t before = 0, after = 0;

                for (int stream = 0; stream < TG_STREAMS; stream++) {
                        struct files *files = &recording->streams[stream];

                        before += files->count;
                        if (add_stem(files, &stems[stream], directories[i], error) < 0)
                                goto failed;
                        after += files->count;
                }
                if (before == after) {
                        tg_fail(error, EX_NOINPUT,
                                "%s: no recording there: it is a directory with touchpoints*.avro "
                                "and requests*.avro",
                                directories[i]);
                        goto failed;
                }
        }
        *ret_recording = recording;
        return 0;
failed:
        tg_recording_close(recording);
        return -1;
}

void tg_recording_close(struct tg_recording *recording)
{
        if (!recording)
                return;
        for (int stream = 0; stream < TG_STREAMS; stream++) {
                struct files *files = &recording->streams[stream];

                for (size_t i = 0; i < files->count; i++) {
                        struct file *file = &files->items[i];

                        if (file->bytes.data)
                                munmap((void *)(uintptr_t)file->bytes.data, file->bytes.size);
                        tg_plan_free(file->full);
                        tg_plan_free(file->whole);
                        free(file->path);
                }
                free(files->items);
        }
        free(recording);
}

size_t tg_recording_bytes(const struct tg_recording *recording)
{
        size_t bytes = 0;

        for (int stream = 0; stream < TG_STREAMS; stream++) {
                for (size_t i = 0; i < recording->streams[stream].count; i++)
                        bytes += recording->streams[stream].items[i].bytes.size;
        }
        return bytes;
}

bool tg_recording_schema(const struct tg_recording *recording, enum tg_stream stream, size_t file,
                         struct tg_span *ret_json, uint64_t *ret_fingerprint)
{
        const struct files *files = &recording->streams[stream];

        if (file >= files->count)
                return false;
        *ret_json = files->items[file].schema_json;
        *ret_fingerprint = files->items[file].fingerprint;
        return true;
}

/* A decompressed block, kept while one of its records or the reader needs it. One thread. */
struct block {
        struct tg_buffer bytes;
        size_t users;
};

struct tg_stream_reader {
        const struct files *files;
        size_t file; /* the one being read; files->count: all are read */
        bool open;   /* `container` is initialised */
        struct tg_container container;
        size_t bytes_before; /* of the files read to their ends */
        struct block *block; /* of a compressed file; NULL: spans into the mapping */
        struct tg_span rest; /* of the block */
        uint64_t records;    /* left in the block */
        XXH3_state_t *hash;  /* owned: of all blocks so far; NULL: nobody asks */
};

struct tg_stream_reader *tg_stream_reader_new(const struct tg_recording *recording,
                                              enum tg_stream stream)
{
        struct tg_stream_reader *reader = tg_allocate_zeroed(1, sizeof *reader);

        reader->files = &recording->streams[stream];
        return reader;
}

void tg_stream_release(void *owner)
{
        struct block *block = owner;

        if (!block || --block->users > 0)
                return;
        tg_buffer_deinit(&block->bytes);
        free(block);
}

void tg_stream_reader_free(struct tg_stream_reader *reader)
{
        if (!reader)
                return;
        tg_stream_release(reader->block);
        if (reader->open)
                tg_container_deinit(&reader->container);
        XXH3_freeState(reader->hash);
        free(reader);
}

void tg_stream_reader_hash(struct tg_stream_reader *reader)
{
        assert(!reader->hash && !reader->open);
        reader->hash = XXH3_createState();
        if (!reader->hash)
                abort();
        XXH3_128bits_reset(reader->hash);
}

void tg_stream_reader_digest(const struct tg_stream_reader *reader,
                             uint8_t ret_digest[static TG_STREAM_DIGEST_SIZE])
{
        XXH128_canonical_t digest;

        assert(reader->hash);
        XXH128_canonicalFromHash(&digest, XXH3_128bits_digest(reader->hash));
        _Static_assert(sizeof digest == TG_STREAM_DIGEST_SIZE, "128 bits");
        memcpy(ret_digest, &digest, sizeof digest);
}

/* Makes the block last read its own, so that reading on doesn't overwrite it. */
static void keep_block(struct tg_stream_reader *reader)
{
        tg_stream_release(reader->block);
        reader->block = NULL;
        if (reader->container.codec == TG_CODEC_NULL)
                return;
        reader->block = tg_allocate_zeroed(1, sizeof *reader->block);
        reader->block->users = 1;
        reader->block->bytes = reader->container.plain;
        reader->container.plain = (struct tg_buffer){0};
}

/* Goes to the next block that holds anything. Returns 0, 1 at the end of the stream, or -1. */
static int next_block(struct tg_stream_reader *reader, struct tg_error *error)
{
        while (reader->file < reader->files->count) {
                const struct file *file = &reader->files->items[reader->file];
                struct tg_container_block block;
                int answer;

                if (!reader->open) {
                        if (tg_container_init(&reader->container, file->bytes, error) < 0)
                                return tg_fail_context(error, "%s", file->path);
                        reader->open = true;
                }
                answer = tg_container_next(&reader->container, &block, error);
                if (answer < 0)
                        return tg_fail_context(error, "%s", file->path);
                if (answer == 0) {
                        keep_block(reader);
                        reader->rest = block.data;
                        reader->records = block.count;
                        if (reader->hash)
                                XXH3_128bits_update(reader->hash, block.data.data, block.data.size);
                        if (block.data.size > 0)
                                return 0;
                        continue;
                }
                tg_container_deinit(&reader->container);
                reader->open = false;
                reader->bytes_before += file->bytes.size;
                reader->file++;
        }
        return 1;
}

/* Nothing of a block is lost that can't be told apart. */
static void take_rest(struct tg_stream_reader *reader, struct tg_stream_record *record,
                      const char *detail)
{
        record->fault = "undecodable";
        record->detail = detail;
        record->head = (struct tg_head){.time_ms = TG_NO_TIME};
        record->datum = reader->rest;
        reader->rest.size = 0;
        reader->records = 0;
}

/*
 * Records of a block stand behind one another without a length: to find where one ends, it is
 * decoded. What can't be may still be walked over, if it only has what our schema has no word for;
 * otherwise nobody knows where the next begins, and the rest of the block is one fault.
 */
static void cut_record(struct tg_stream_reader *reader, struct tg_stream_record *record,
                       union tg_event *event)
{
        const struct file *file = &reader->files->items[reader->file];
        size_t size;
        int fault = event ? tg_plan_decode(file->full, reader->rest, event, &size) : 0;

        if (event && fault == 0) {
                record->head = event->head;
        } else {
                int broken = tg_plan_decode(file->whole, reader->rest, &record->head, &size);

                if (broken < 0) {
                        take_rest(reader, record, tg_decode_error_text(broken));
                        return;
                }
        }
        if (fault < 0) {
                record->fault = "undecodable";
                record->detail = tg_decode_error_text(fault);
        } else if (record->head.customer.size == 0) {
                record->fault = "no customer";
                record->detail = "its customer is empty, so it belongs to no partition";
        }
        record->datum = tg_span_of(reader->rest.data, size);
        reader->rest = tg_span_of(reader->rest.data + size, reader->rest.size - size);
        reader->records--;
}

int tg_stream_reader_next(struct tg_stream_reader *reader, struct tg_stream_record *ret_record,
                          struct tg_error *error)
{
        return tg_stream_reader_decode(reader, ret_record, NULL, error);
}

int tg_stream_reader_decode(struct tg_stream_reader *reader, struct tg_stream_record *ret_record,
                            union tg_event *ret_event, struct tg_error *error)
{
        int answer;

        while (reader->records == 0 && reader->rest.size == 0) {
                answer = next_block(reader, error);
                if (answer != 0)
                        return answer;
        }
        ret_record->reading = &reader->files->items[reader->file].reading;
        ret_record->fingerprint = reader->files->items[reader->file].fingerprint;
        ret_record->fault = NULL;
        ret_record->detail = NULL;
        ret_record->owner = reader->block;
        if (reader->block)
                reader->block->users++;
        if (reader->records > 0)
                cut_record(reader, ret_record, ret_event);
        else
                take_rest(reader, ret_record, "its block holds more than the records it claims");
        ret_record->file_bytes = reader->bytes_before + reader->container.offset;
        return 0;
}
