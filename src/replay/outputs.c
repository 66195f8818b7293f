/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/outputs.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/memory.h"
#include "recording/writer.h"
#include "replay/collation.h"

/* The output files, by number: decisions, dead letters, then one a channel. */
enum { DECISIONS, REJECTED, FIRST_CHANNEL, OUTPUTS = FIRST_CHANNEL + TG_CHANNELS };
enum { NAME_SIZE = 32 };

/* What its shard puts out between two commits. */
struct partition {
        struct tg_buffer told;
        int64_t last_ms; /* of what was told last: dead letters have no time of their own */
};

struct tg_outputs {
        char *directory;
        uint32_t partitions;
        struct partition *items; /* owned; one more than partitions: dead letters of none */
        pthread_mutex_t lock;    /* of what follows */
        struct tg_collation told;
        struct tg_collation rejected;       /* all wait: those of no partition are the first */
        struct tg_writer *writers[OUTPUTS]; /* NULL: nothing was put there */
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
        for (uint32_t i = 0; i <= partitions; i++)
                outputs->items[i].last_ms = TG_NO_TIME;
        pthread_mutex_init(&outputs->lock, NULL);
        tg_collation_init(&outputs->told, partitions, outputs->directory);
        tg_collation_init(&outputs->rejected, partitions + 1, outputs->directory);
        *ret_outputs = outputs;
        return 0;
}

void tg_outputs_free(struct tg_outputs *outputs)
{
        if (!outputs)
                return;
        for (uint32_t output = 0; output < OUTPUTS; output++)
                tg_writer_free(outputs->writers[output]);
        tg_collation_deinit(&outputs->told);
        tg_collation_deinit(&outputs->rejected);
        pthread_mutex_destroy(&outputs->lock);
        for (uint32_t i = 0; i <= outputs->partitions; i++)
                tg_buffer_deinit(&outputs->items[i].told);
        free(outputs->items);
        free(outputs->directory);
        free(outputs);
}

static int put(struct tg_outputs *outputs, int32_t partition, const struct tg_decision *decision,
               uint32_t output, struct tg_span datum)
{
        struct partition *item = &outputs->items[partition];

        item->last_ms = decision->told_ms;
        tg_spooled_put(&item->told, decision->told_ms, output, datum);
        return 0;
}

static int sink_decision(void *context, int32_t partition, const struct tg_decision *decision,
                         struct tg_span datum, struct tg_error *error)
{
        (void)error;
        return put(context, partition, decision, DECISIONS, datum);
}

static int sink_permitted(void *context, int32_t partition, const struct tg_decision *decision,
                          struct tg_span datum, struct tg_error *error)
{
        (void)error;
        return put(context, partition, decision, FIRST_CHANNEL + decision->request->channel, datum);
}

static int sink_rejected(void *context, const struct tg_record *record, const char *reason,
                         const char *detail, struct tg_error *error)
{
        static const char *const streams[TG_STREAMS] = {"touchpoints", "requests"};
        struct tg_outputs *outputs = context;
        uint32_t home = record->partition < 0 ? outputs->partitions : (uint32_t)record->partition;
        tg_cleanup(tg_buffer_deinit) struct tg_buffer datum = {0}, spooled = {0};
        struct tg_rejection rejection = {
                .position = {streams[record->stream], record->partition, record->offset},
                .time_ms = record->time_ms,
                .reason = reason,
                .detail = detail,
                .value = record->value,
        };
        int result;

        tg_rejection_encode(&datum, &rejection);
        tg_spooled_put(&spooled, outputs->items[home].last_ms, REJECTED, tg_buffer_span(&datum));
        pthread_mutex_lock(&outputs->lock);
        result = tg_collation_add(&outputs->rejected, home, &spooled, error);
        pthread_mutex_unlock(&outputs->lock);
        return result;
}

static int sink_begin(void *context, struct tg_error *error)
{
        (void)context;
        (void)error;
        return 0;
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

static int open_file(struct tg_outputs *outputs, uint32_t output, struct tg_error *error)
{
        char name[NAME_SIZE];
        struct tg_writer_options options = {
                .directory = outputs->directory,
                .name = name,
                .schema = output == DECISIONS  ? TG_SCHEMA_DECISION
                          : output == REJECTED ? TG_SCHEMA_REJECTED
                                               : TG_SCHEMA_PERMITTED,
                .codec = TG_CODEC_NULL,
                .sync_late = true,
        };

        if (outputs->writers[output])
                return 0;
        output_name(output, name);
        return tg_writer_new(&options, &outputs->writers[output], error);
}

static int write_datum(void *context, const struct tg_spooled *spooled, struct tg_error *error)
{
        struct tg_outputs *outputs = context;

        if (open_file(outputs, spooled->output, error) < 0)
                return -1;
        return tg_writer_append(outputs->writers[spooled->output], spooled->datum, spooled->time_ms,
                                error);
}

/* A replay is durable when its files are whole; until then there is nothing to come back to. */
static int sink_commit(void *context, const struct tg_progress *progress, size_t count, bool now,
                       struct tg_error *error)
{
        struct tg_outputs *outputs = context;
        int result = 0;

        (void)now;
        pthread_mutex_lock(&outputs->lock);
        for (size_t i = 0; i < count && result == 0; i++)
                result = tg_collation_add(&outputs->told, (uint32_t)progress[i].partition,
                                          &outputs->items[progress[i].partition].told, error);
        if (result == 0)
                result = tg_collation_run(&outputs->told, write_datum, outputs, error);
        pthread_mutex_unlock(&outputs->lock);
        return result;
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

/* Writes what was still waiting for others. */
static int write_rest(struct tg_outputs *outputs, struct tg_error *error)
{
        for (uint32_t i = 0; i < outputs->partitions; i++) {
                if (tg_collation_add(&outputs->told, i, &outputs->items[i].told, error) < 0)
                        return -1;
        }
        outputs->told.ended = outputs->rejected.ended = true;
        if (tg_collation_run(&outputs->told, write_datum, outputs, error) < 0)
                return -1;
        return tg_collation_run(&outputs->rejected, write_datum, outputs, error);
}

static int remove_file(const struct tg_outputs *outputs, uint32_t output, const char *suffix,
                       struct tg_error *error)
{
        char name[NAME_SIZE], path[PATH_MAX];

        output_name(output, name);
        snprintf(path, sizeof path, "%s/%s.avro%s", outputs->directory, name, suffix);
        if (unlink(path) == 0 || errno == ENOENT)
                return 0;
        return tg_fail_errno(error, EX_CANTCREAT, errno, "%s: cannot be replaced", path);
}

/* An earlier replay may have had channels that this one has not, and may have been killed. */
static int remove_old(const struct tg_outputs *outputs, struct tg_error *error)
{
        for (uint32_t output = 0; output < OUTPUTS; output++) {
                if (remove_file(outputs, output, "", error) < 0 ||
                    (!outputs->writers[output] &&
                     remove_file(outputs, output, ".partial", error) < 0))
                        return -1;
        }
        return 0;
}

int tg_outputs_write(struct tg_outputs *outputs, const uint8_t sync[static TG_CONTAINER_SYNC_SIZE],
                     struct tg_error *error)
{
        /* These two are there even if they are empty: a reader need not ask. */
        if (open_file(outputs, DECISIONS, error) < 0 || open_file(outputs, REJECTED, error) < 0 ||
            write_rest(outputs, error) < 0 || remove_old(outputs, error) < 0)
                return -1;
        for (uint32_t output = 0; output < OUTPUTS; output++) {
                struct tg_writer *writer = outputs->writers[output];

                if (writer && tg_writer_set_sync(writer, sync, error) < 0)
                        return -1;
        }
        return tg_writers_finish(outputs->writers, OUTPUTS, error);
}
