/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/source.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdlib.h>

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "base/hash.h"
#include "base/memory.h"

static const char *const stream_names[TG_STREAMS] = {
        [TG_STREAM_TOUCHPOINTS] = "touchpoints",
        [TG_STREAM_REQUESTS] = "requests",
};

/* One of the two streams, as this shard reads it. */
struct reading {
        struct tg_stream_reader *reader;
        XXH3_state_t *hash; /* of all records' bytes; shard 0 alone, else NULL */
        int64_t *ordinals;  /* owned: records seen, by partition */
        int64_t faulty;     /* records seen that belong to no partition */
        int64_t time_ms;    /* of the record last read */
        size_t bytes;       /* read */
        bool ended;
};

struct tg_replay_source {
        uint32_t shard;
        uint32_t shards;
        uint32_t partitions;
        struct reading streams[TG_STREAMS];
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
                if (shard == 0) {
                        reading->hash = XXH3_createState();
                        XXH3_128bits_reset(reading->hash);
                }
        }
        return source;
}

void tg_replay_source_free(struct tg_replay_source *source)
{
        if (!source)
                return;
        for (int stream = 0; stream < TG_STREAMS; stream++) {
                tg_stream_reader_free(source->streams[stream].reader);
                XXH3_freeState(source->streams[stream].hash);
                free(source->streams[stream].ordinals);
        }
        free(source);
}

/* Tells KIND of one partition of ours after the other; true when all have been told. */
static bool tell_all(struct tg_replay_source *source, enum tg_record_kind kind,
                     enum tg_stream stream, struct tg_record *records, size_t capacity,
                     size_t *count)
{
        for (; source->told < source->partitions; source->told += source->shards) {
                if (*count == capacity)
                        return false;
                records[(*count)++] = (struct tg_record){
                        .kind = kind,
                        .stream = stream,
                        .partition = (int32_t)source->told,
                };
        }
        source->told = source->shard;
        return true;
}

/* Turns what was read into a record of ours; false: it is another shard's. */
static bool place(struct tg_replay_source *source, enum tg_stream stream,
                  const struct tg_stream_record *read, struct tg_record *ret_record)
{
        struct reading *reading = &source->streams[stream];
        struct tg_record record = {
                .kind = TG_RECORD_DATA,
                .stream = stream,
                .partition = -1,
                .datum = read->datum,
                .value = read->datum,
                .reading = read->reading,
                .fault = read->fault,
                .detail = read->detail,
                .owner = read->owner,
        };

        if (reading->hash)
                XXH3_128bits_update(reading->hash, read->datum.data, read->datum.size);
        reading->bytes = read->file_bytes;
        if (read->fault) {
                record.kind = TG_RECORD_FAULTY;
                record.time_ms = read->head.time_ms;
                record.offset = reading->faulty++;
                *ret_record = record;
                return source->shard == 0;
        }
        reading->time_ms = read->head.time_ms;
        record.customer = read->head.customer;
        record.time_ms = read->head.time_ms;
        record.partition = (int32_t)tg_partition_of(read->head.customer, source->partitions);
        record.offset = reading->ordinals[record.partition]++;
        *ret_record = record;
        return (uint32_t)record.partition % source->shards == source->shard;
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

static int poll(void *context, struct tg_record *records, size_t capacity, size_t *ret_count,
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
                struct reading *reading = &source->streams[stream];
                struct tg_stream_record read;
                int answer = tg_stream_reader_next(reading->reader, &read, error);

                if (answer < 0)
                        return -1;
                if (answer == 0) {
                        if (place(source, stream, &read, &records[count]))
                                count++;
                        else
                                tg_stream_release(read.owner);
                        continue;
                }
                /* Not all told yet: the stream is found at its end again. */
                reading->ended = tell_all(source, TG_RECORD_END, stream, records, capacity, &count);
        }
        atomic_store_explicit(&source->bytes,
                              source->streams[TG_STREAM_TOUCHPOINTS].bytes +
                                      source->streams[TG_STREAM_REQUESTS].bytes,
                              memory_order_relaxed); /* a figure for people; orders nothing */
        *ret_count = count;
        return source->started && choose(source) < 0;
}

static void release(void *context, const struct tg_record *record)
{
        (void)context;
        tg_stream_release(record->owner);
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
        XXH128_canonical_t parts[TG_STREAMS];
        struct tg_replay_fingerprint fingerprint;
        XXH128_canonical_t whole;

        assert(source->shard == 0);
        for (int stream = 0; stream < TG_STREAMS; stream++)
                XXH128_canonicalFromHash(&parts[stream],
                                         XXH3_128bits_digest(source->streams[stream].hash));
        XXH128_canonicalFromHash(&whole, XXH3_128bits(parts, sizeof parts));
        _Static_assert(sizeof fingerprint == sizeof whole, "128 bits");
        memcpy(&fingerprint, &whole, sizeof fingerprint);
        return fingerprint;
}
