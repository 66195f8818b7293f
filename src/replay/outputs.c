/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/outputs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "recording/writer.h"
#include "replay/spool.h"

/* The output files, by number: decisions, dead letters, then one a channel. */
enum { DECISIONS, REJECTED, FIRST_CHANNEL, OUTPUTS = FIRST_CHANNEL + TG_CHANNELS };
enum { NAME_SIZE = 32 };

struct tg_outputs {
        char *directory;
        uint32_t partitions;
        struct partition {
                struct tg_spool spool;
                int64_t last_ms; /* of what was put out last: dead letters have no time of their own
                                  */
                struct tg_buffer rejection; /* encoding of one */
        } * items; /* owned; one more than partitions: the last takes what belongs to none */
};

int tg_outputs_new(const char *directory, uint32_t partitions, struct tg_outputs **ret_outputs,
                   struct tg_error *error)
{
        struct tg_outputs *outputs;

        if (mkdir(directory, 0777) < 0 && errno != EEXIST)
                return tg_fail_errno(error, EX_CANTCREAT, errno, "%s: cannot be made", directory);
        outputs = tg_allocate_zeroed(1, sizeof *outputs);
        outputs->directory = tg_duplicate(directory, strlen(directory));
        outputs->partitions = partitions;
        outputs->items = tg_allocate_zeroed(partitions + 1, sizeof outputs->items[0]);
        for (uint32_t i = 0; i <= partitions; i++) {
                tg_spool_init(&outputs->items[i].spool, outputs->directory);
                outputs->items[i].last_ms = TG_NO_TIME;
        }
        *ret_outputs = outputs;
        return 0;
}

void tg_outputs_free(struct tg_outputs *outputs)
{
        if (!outputs)
                return;
        for (uint32_t i = 0; i <= outputs->partitions; i++) {
                tg_spool_deinit(&outputs->items[i].spool);
                tg_buffer_deinit(&outputs->items[i].rejection);
        }
        free(outputs->items);
        free(outputs->directory);
        free(outputs);
}

static int put(struct tg_outputs *outputs, int32_t partition, int64_t time_ms, uint32_t output,
               struct tg_span datum, struct tg_error *error)
{
        struct partition *item = &outputs->items[partition];

        item->last_ms = time_ms;
        return tg_spool_put(&item->spool, time_ms, output, datum, error);
}

static int sink_decision(void *context, int32_t partition, const struct tg_decision *decision,
                         struct tg_span datum, struct tg_error *error)
{
        return put(context, partition, decision->told_ms, DECISIONS, datum, error);
}

static int sink_permitted(void *context, int32_t partition, const struct tg_decision *decision,
                          struct tg_span datum, struct tg_error *error)
{
        return put(context, partition, decision->told_ms,
                   FIRST_CHANNEL + decision->request->channel, datum, error);
}

static int sink_rejected(void *context, const struct tg_record *record, const char *reason,
                         const char *detail, struct tg_error *error)
{
        static const char *const streams[TG_STREAMS] = {"touchpoints", "requests"};
        struct tg_outputs *outputs = context;
        int32_t home = record->partition < 0 ? (int32_t)outputs->partitions : record->partition;
        struct partition *item = &outputs->items[home];
        struct tg_rejection rejection = {
                .position = {streams[record->stream], record->partition, record->offset},
                .time_ms = record->time_ms,
                .reason = reason,
                .detail = detail,
                .value = record->value,
        };

        tg_buffer_reset(&item->rejection);
        tg_rejection_encode(&item->rejection, &rejection);
        return put(outputs, home, item->last_ms, REJECTED, tg_buffer_span(&item->rejection), error);
}

static int sink_begin(void *context, struct tg_error *error)
{
        (void)context;
        (void)error;
        return 0;
}

/* A replay is durable when its files are written; until then there is nothing to come back to. */
static int sink_commit(void *context, const struct tg_progress *progress, size_t count, bool now,
                       struct tg_error *error)
{
        (void)progress;
        (void)count;
        (void)now;
        return sink_begin(context, error);
}

struct tg_sink tg_outputs_sink(struct tg_outputs *outputs)
{
        return (struct tg_sink){
                .begin = sink_begin,
                .decision = sink_decision,
                .permitted = sink_permitted,
                .rejected = sink_rejected,
                .commit = sink_commit,
                .context = outputs,
        };
}

/* The reader whose head comes first: by time, then partition. NULL: all are at their ends. */
static struct tg_spool_reader *first_reader(struct tg_spool_reader *readers, uint32_t count)
{
        struct tg_spool_reader *first = NULL;

        for (uint32_t i = 0; i < count; i++) {
                if (readers[i].has_head &&
                    (!first || readers[i].head.time_ms < first->head.time_ms))
                        first = &readers[i];
        }
        return first;
}

static void output_name(uint32_t output, char name[static NAME_SIZE])
{
        if (output == DECISIONS)
                snprintf(name, NAME_SIZE, "decisions");
        else if (output == REJECTED)
                snprintf(name, NAME_SIZE, "rejected");
        else
                snprintf(name, NAME_SIZE, "permitted.%s",
                         tg_word(&tg_channel_words, output - FIRST_CHANNEL));
}

/* The files while they are written, and what their blocks end with. */
struct files {
        const char *directory;
        const uint8_t *sync;
        struct tg_writer *writers[OUTPUTS]; /* NULL: nothing was put there */
};

static int open_file(struct files *files, uint32_t output, struct tg_error *error)
{
        char name[NAME_SIZE];
        struct tg_writer_options options = {
                .directory = files->directory,
                .name = name,
                .schema = output == DECISIONS  ? TG_SCHEMA_DECISION
                          : output == REJECTED ? TG_SCHEMA_REJECTED
                                               : TG_SCHEMA_PERMITTED,
                .codec = TG_CODEC_NULL,
                .sync = files->sync,
        };

        output_name(output, name);
        return tg_writer_new(&options, &files->writers[output], error);
}

static int merge(struct tg_spool_reader *readers, uint32_t count, struct files *files,
                 struct tg_error *error)
{
        struct tg_spool_reader *reader;

        while ((reader = first_reader(readers, count))) {
                uint32_t output = reader->head.output;

                if (!files->writers[output] && open_file(files, output, error) < 0)
                        return -1;
                if (tg_writer_append(files->writers[output], reader->head.datum,
                                     reader->head.time_ms, error) < 0)
                        return -1;
                tg_spool_reader_advance(reader);
        }
        return 0;
}

/* An earlier replay may have had channels that this one has not. */
static int remove_old(const char *directory, struct tg_error *error)
{
        for (uint32_t output = 0; output < OUTPUTS; output++) {
                char name[NAME_SIZE], path[PATH_MAX];

                output_name(output, name);
                snprintf(path, sizeof path, "%s/%s.avro", directory, name);
                if (unlink(path) < 0 && errno != ENOENT)
                        return tg_fail_errno(error, EX_CANTCREAT, errno, "%s: cannot be replaced",
                                             path);
        }
        return 0;
}

static int write_files(struct files *files, struct tg_spool_reader *readers, uint32_t count,
                       struct tg_error *error)
{
        /* These two are there even if they are empty: a reader need not ask. */
        if (remove_old(files->directory, error) < 0 || open_file(files, DECISIONS, error) < 0 ||
            open_file(files, REJECTED, error) < 0 || merge(readers, count, files, error) < 0)
                return -1;
        for (uint32_t output = 0; output < OUTPUTS; output++) {
                if (files->writers[output] && tg_writer_finish(files->writers[output], error) < 0)
                        return -1;
        }
        return 0;
}

int tg_outputs_write(struct tg_outputs *outputs, const uint8_t sync[static TG_CONTAINER_SYNC_SIZE],
                     struct tg_error *error)
{
        uint32_t count = outputs->partitions + 1;
        struct tg_spool_reader *readers = tg_allocate_zeroed(count, sizeof readers[0]);
        struct files files = {.directory = outputs->directory, .sync = sync};
        int result = 0;

        for (uint32_t i = 0; i < count && result == 0; i++)
                result = tg_spool_reader_init(&readers[i], &outputs->items[i].spool, error);
        if (result == 0)
                result = write_files(&files, readers, count, error);
        for (uint32_t output = 0; output < OUTPUTS; output++)
                tg_writer_free(files.writers[output]);
        for (uint32_t i = 0; i < count; i++)
                tg_spool_reader_deinit(&readers[i]);
        free(readers);
        return result;
}
