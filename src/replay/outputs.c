/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/outputs.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "avro/container.h"
#include "base/memory.h"
#include "replay/spool.h"

/* The output files, by number: decisions, dead letters, then one a channel. */
enum { DECISIONS, REJECTED, FIRST_CHANNEL, OUTPUTS = FIRST_CHANNEL + TG_CHANNELS };
enum { BLOCK_BYTES = 64 * 1024 };

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
        return put(context, partition, decision->time_ms, DECISIONS, datum, error);
}

static int sink_permitted(void *context, int32_t partition, const struct tg_decision *decision,
                          struct tg_span datum, struct tg_error *error)
{
        return put(context, partition, decision->time_ms,
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
static int sink_commit(void *context, const struct tg_progress *progress, size_t count,
                       struct tg_error *error)
{
        (void)progress;
        (void)count;
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

/* One output file while it is written. */
struct writer {
        char path[PATH_MAX];
        FILE *file; /* NULL: not begun */
        const uint8_t *sync;
        struct tg_buffer block;   /* records not yet written */
        struct tg_buffer encoded; /* the block with its frame */
        uint64_t count;           /* in the block */
};

static void writer_path(struct writer *writer, const char *directory, uint32_t output)
{
        if (output == DECISIONS)
                snprintf(writer->path, sizeof writer->path, "%s/decisions.avro", directory);
        else if (output == REJECTED)
                snprintf(writer->path, sizeof writer->path, "%s/rejected.avro", directory);
        else
                snprintf(writer->path, sizeof writer->path, "%s/permitted.%s.avro", directory,
                         tg_word(&tg_channel_words, output - FIRST_CHANNEL));
}

static int writer_fail(const struct writer *writer, struct tg_error *error)
{
        return tg_fail_errno(error, EX_IOERR, errno, "%s: cannot be written", writer->path);
}

static int writer_put_encoded(struct writer *writer, struct tg_error *error)
{
        struct tg_span bytes = tg_buffer_span(&writer->encoded);

        if (fwrite(bytes.data, 1, bytes.size, writer->file) != bytes.size)
                return writer_fail(writer, error);
        tg_buffer_reset(&writer->encoded);
        return 0;
}

static int writer_open(struct writer *writer, uint32_t output, struct tg_error *error)
{
        enum tg_shipped schema = output == DECISIONS  ? TG_SCHEMA_DECISION
                                 : output == REJECTED ? TG_SCHEMA_REJECTED
                                                      : TG_SCHEMA_PERMITTED;

        writer->file = fopen(writer->path, "we");
        if (!writer->file)
                return writer_fail(writer, error);
        tg_container_put_header(&writer->encoded, tg_shipped_text(schema), TG_CODEC_NULL,
                                writer->sync);
        return writer_put_encoded(writer, error);
}

static int writer_flush(struct writer *writer, struct tg_error *error)
{
        if (writer->count == 0)
                return 0;
        tg_container_put_block(&writer->encoded, writer->count, tg_buffer_span(&writer->block),
                               TG_CODEC_NULL, writer->sync);
        tg_buffer_reset(&writer->block);
        writer->count = 0;
        return writer_put_encoded(writer, error);
}

static int writer_put(struct writer *writer, uint32_t output, struct tg_span datum,
                      struct tg_error *error)
{
        if (!writer->file && writer_open(writer, output, error) < 0)
                return -1;
        tg_buffer_append(&writer->block, datum.data, datum.size);
        writer->count++;
        return writer->block.size >= BLOCK_BYTES ? writer_flush(writer, error) : 0;
}

static int writer_close(struct writer *writer, struct tg_error *error)
{
        int result = 0;

        if (writer->file) {
                result = writer_flush(writer, error);
                if (fclose(writer->file) != 0 && result == 0)
                        result = writer_fail(writer, error);
        }
        tg_buffer_deinit(&writer->block);
        tg_buffer_deinit(&writer->encoded);
        return result;
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

static int merge(struct tg_spool_reader *readers, uint32_t count, struct writer *writers,
                 struct tg_error *error)
{
        struct tg_spool_reader *reader;

        while ((reader = first_reader(readers, count))) {
                uint32_t output = reader->head.output;

                if (writer_put(&writers[output], output, reader->head.datum, error) < 0)
                        return -1;
                tg_spool_reader_advance(reader);
        }
        return 0;
}

static int writers_open(struct tg_outputs *outputs, struct writer *writers, const uint8_t *sync,
                        struct tg_error *error)
{
        for (uint32_t output = 0; output < OUTPUTS; output++) {
                writers[output].sync = sync;
                writer_path(&writers[output], outputs->directory, output);
                if (unlink(writers[output].path) < 0 && errno != ENOENT)
                        return tg_fail_errno(error, EX_CANTCREAT, errno, "%s: cannot be replaced",
                                             writers[output].path);
        }
        /* These two are there even if they are empty: a reader need not ask. */
        if (writer_open(&writers[DECISIONS], DECISIONS, error) < 0)
                return -1;
        return writer_open(&writers[REJECTED], REJECTED, error);
}

int tg_outputs_write(struct tg_outputs *outputs, const uint8_t sync[static TG_SYNC_SIZE],
                     struct tg_error *error)
{
        uint32_t count = outputs->partitions + 1;
        struct tg_spool_reader *readers = tg_allocate_zeroed(count, sizeof readers[0]);
        struct writer *writers = tg_allocate_zeroed(OUTPUTS, sizeof writers[0]);
        int result = writers_open(outputs, writers, sync, error);

        for (uint32_t i = 0; i < count && result == 0; i++)
                result = tg_spool_reader_init(&readers[i], &outputs->items[i].spool, error);
        if (result == 0)
                result = merge(readers, count, writers, error);
        for (uint32_t output = 0; output < OUTPUTS; output++) {
                struct tg_error closing;

                if (writer_close(&writers[output], &closing) < 0 && result == 0) {
                        *error = closing;
                        result = -1;
                }
        }
        for (uint32_t i = 0; i < count; i++)
                tg_spool_reader_deinit(&readers[i]);
        free(readers);
        free(writers);
        return result;
}
