/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/source.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <xxhash.h>

#include "base/hash.h"
#include "base/memory.h"
#include "shard/pool.h"

static const char *const stream_names[TG_STREAMS] = {
        [TG_STREAM_TOUCHPOINTS] = "touchpoints",
        [TG_STREAM_REQUESTS] = "requests",
};

/* One of the two streams, as this shard reads it. */
struct reading {
        struct tg_stream_reader *reader;
        int64_t *ordinals; /* owned: records seen, by partition */
        int64_t faulty;    /* records seen that belong to no partition */
        int64_t time_ms;   /* of the record last read */
        size_t bytes;      /* read */
        bool ended;
};

struct tg_replay_source {
        uint32_t shard;
        uint32_t shards;
        uint32_t partitions;
        struct reading streams[TG_STREAMS];
        struct tg_pool pool;
        uint32_t told; /* marks told so far: assignments at the start, ends at the end */
        bool started;
        _Atomic size_t bytes;
};

struct tg_replay_source *tg_replay_source_new(const struct tg_recording *recording, uint32_t shard,
                                              uint32_t shards, uint32_t partitions)
{
        struct tg_replay_source *source = tg_allocate_zeroed(1, sizeof *source);

        assert(shard < shards && partitions > 0);
        source->shard = shard;
        source->shards = shards;
        source->partitions = partitions;
        source->told = shard;
        for (int stream = 0; stream < TG_STREAMS; stream++) {
                struct reading *reading = &source->streams[stream];

                reading->reader = tg_stream_reader_new(recording, (enum tg_stream)stream);
                reading->ordinals = tg_allocate_zeroed(partitions, sizeof reading->ordinals[0]);
                reading->time_ms = TG_NO_TIME;
                if (shard == 0) /* the one that is asked for the fingerprint */
                        tg_stream_reader_hash(reading->reader);
        }
        return source;
}

void tg_replay_source_free(struct tg_replay_source *source)
{
        if (!source)
                return;
        for (int stream = 0; stream < TG_STREAMS; stream++) {
                tg_stream_reader_free(source->streams[stream].reader);
                free(source->streams[stream].ordinals);
        }
        tg_pool_deinit(&source->pool);
        free(source);
}

/* Tells KIND of one partition of ours after the other; true when all have been told. */
static bool tell_all(struct tg_replay_source *source, enum tg_record_kind kind,
                     enum tg_stream stream, struct tg_record **records, size_t capacity,
                     size_t *count)
{
        for (; source->told < source->partitions; source->told += source->shards) {
                if (*count == capacity)
                        return false;
                records[*count] = tg_pool_take(&source->pool);
                *records[(*count)++] = (struct tg_record){
                        .kind = kind,
                        .stream = stream,
                        .partition = (int32_t)source->told,
                        .time_ms = TG_NO_TIME,
                };
        }
        source->told = source->shard;
        return true;
}

/* The partition and the ordinal of what was read. Faulty ones may have no customer, so no home. */
static void place(struct tg_replay_source *source, struct reading *reading,
                  const struct tg_stream_record *read, struct tg_record *record)
{
        if (read->head.customer.size == 0) {
                record->partition = -1;
                record->offset = reading->faulty++;
                return;
        }
        record->partition = (int32_t)tg_partition_of(read->head.customer, source->partitions);
        record->offset = reading->ordinals[record->partition]++;
}

/* Fills RECORD (but its event) with what was read; false: it is another shard's. */
static bool fill(struct tg_replay_source *source, enum tg_stream stream,
                 const struct tg_stream_record *read, struct tg_record *record)
{
        struct reading *reading = &source->streams[stream];

        reading->bytes = read->file_bytes;
        record->kind = read->fault ? TG_RECORD_FAULTY : TG_RECORD_DATA;
        record->stream = stream;
        record->time_ms = read->head.time_ms;
        record->datum = read->datum;
        record->value = read->datum;
        record->reading = read->reading;
        record->fault = read->fault;
        record->detail = read->detail;
        record->owner = read->owner;
        if (!read->fault)
                reading->time_ms = read->head.time_ms;
        place(source, reading, read, record);
        if (record->partition < 0)
                return source->shard == 0;
        return (uint32_t)record->partition % source->shards == source->shard;
}

static void release(void *context, struct tg_record *record)
{
        struct tg_replay_source *source = context;

        if (record->kind == TG_RECORD_DATA || record->kind == TG_RECORD_FAULTY)
                tg_stream_release(record->owner);
        tg_pool_give(&source->pool, record);
}

/* Reads one record. Returns 0 (*ret_record is NULL if it isn't ours), 1 at the end, or -1. */
static int read_one(struct tg_replay_source *source, enum tg_stream stream,
                    struct tg_record **ret_record, struct tg_error *error)
{
        struct tg_record *record = tg_pool_take(&source->pool);
        struct tg_stream_record read;
        int answer = tg_stream_reader_decode(source->streams[stream].reader, &read, &record->event,
                                             error);

        *ret_record = NULL;
        if (answer != 0)
                tg_pool_give(&source->pool, record);
        else if (fill(source, stream, &read, record))
                *ret_record = record;
        else
                release(source, record);
        return answer;
}

/* The stream whose records are behind: its next one is likely the earliest. -1: both have ended. */
static int choose(const struct tg_replay_source *source)
{
        int chosen = -1;

        for (int stream = 0; stream < TG_STREAMS; stream++) {
                const struct reading *reading = &source->streams[stream];

                if (!reading->ended &&
                    (chosen < 0 || reading->time_ms < source->streams[chosen].time_ms))
                        chosen = stream;
        }
        return chosen;
}

static int poll(void *context, struct tg_record **records, size_t capacity, size_t *ret_count,
                struct tg_error *error)
{
        struct tg_replay_source *source = context;
        size_t count = 0;
        int chosen;

        if (!source->started)
                source->started = tell_all(source, TG_RECORD_ASSIGNED, TG_STREAM_TOUCHPOINTS,
                                           records, capacity, &count);
        while (source->started && count < capacity && (chosen = choose(source)) >= 0) {
                enum tg_stream stream = (enum tg_stream)chosen;
                int answer = read_one(source, stream, &records[count], error);

                if (answer < 0)
                        return -1;
                if (answer == 0)
                        count += records[count] != NULL;
                else /* not all told yet: the stream is found at its end again */
                        source->streams[stream].ended =
                                tell_all(source, TG_RECORD_END, stream, records, capacity, &count);
        }
        atomic_store_explicit(&source->bytes,
                              source->streams[TG_STREAM_TOUCHPOINTS].bytes +
                                      source->streams[TG_STREAM_REQUESTS].bytes,
                              memory_order_relaxed); /* a figure for people; orders nothing */
        *ret_count = count;
        return source->started && choose(source) < 0;
}

static const char *stream_name(void *context, enum tg_stream stream)
{
        (void)context;
        return stream_names[stream];
}

struct tg_source tg_replay_source_port(struct tg_replay_source *source)
{
        return (struct tg_source){
                .poll = poll,
                .release = release,
                .stream_name = stream_name,
                .context = source,
        };
}

size_t tg_replay_source_bytes(const struct tg_replay_source *source)
{
        return atomic_load_explicit(&source->bytes, memory_order_relaxed);
}

struct tg_replay_fingerprint tg_replay_source_fingerprint(const struct tg_replay_source *source)
{
        uint8_t parts[TG_STREAMS][TG_STREAM_DIGEST_SIZE];
        struct tg_replay_fingerprint fingerprint;
        XXH128_canonical_t whole;

        assert(source->shard == 0);
        for (int stream = 0; stream < TG_STREAMS; stream++)
                tg_stream_reader_digest(source->streams[stream].reader, parts[stream]);
        XXH128_canonicalFromHash(&whole, XXH3_128bits(parts, sizeof parts));
        _Static_assert(sizeof fingerprint == sizeof whole, "128 bits");
        memcpy(&fingerprint, &whole, sizeof fingerprint);
        return fingerprint;
}
