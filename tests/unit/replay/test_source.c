/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/source.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/memory.h"
#include "support/reel.h"

enum { PARTITIONS = 5, CUSTOMERS = 23, RECORDS = 400, BATCH = 3 };

static struct tg_recording *opened(const struct folder *folder)
{
        const char *directory = folder->path;
        struct tg_recording *recording = NULL;
        struct tg_error error = {0};

        cr_assert_eq(tg_recording_open(&directory, 1, &recording, &error), 0, "%s", error.message);
        return recording;
}

static void put_many(struct reel *reel)
{
        for (int i = 0; i < RECORDS; i++) {
                char id[16], customer[16];

                snprintf(id, sizeof id, "%d", i);
                snprintf(customer, sizeof customer, "c%d", i * 7 % CUSTOMERS);
                reel_add(reel, id, customer, i * 10 + (int)reel->stream);
        }
}

/* What all shards together were told. */
struct told {
        size_t assigned[PARTITIONS];
        size_t ended[PARTITIONS][TG_STREAMS];
        int64_t next[PARTITIONS][TG_STREAMS];
        size_t faults;
        size_t records;
};

static void hear(struct told *told, const struct tg_record *record)
{
        int32_t partition = record->partition;

        switch (record->kind) {
        case TG_RECORD_ASSIGNED:
                told->assigned[partition]++;
                break;
        case TG_RECORD_END:
                told->ended[partition][record->stream]++;
                break;
        case TG_RECORD_FAULTY:
                cr_expect_eq(partition, -1);
                cr_expect_eq(record->offset, (int64_t)told->faults);
                told->faults++;
                break;
        default:
                cr_expect_eq(told->assigned[partition], 1);
                cr_expect_eq(told->ended[partition][record->stream], 0, "a record behind the end");
                cr_expect_eq((uint32_t)partition,
                             tg_partition_of(record->event.head.customer, PARTITIONS));
                cr_expect_eq(record->offset, told->next[partition][record->stream]);
                told->next[partition][record->stream]++;
                told->records++;
        }
}

/* Reads SOURCE to its end, a few records at a time, as SHARD of SHARDS. */
static void drain(struct tg_replay_source *source, uint32_t shard, uint32_t shards,
                  struct told *told)
{
        struct tg_source port = tg_replay_source_port(source);
        struct tg_record *records[BATCH];
        struct tg_error error = {0};
        int answer = 0;

        while (answer == 0) {
                size_t count = 0;

                answer = port.poll(port.context, records, BATCH, &count, &error);
                cr_assert_geq(answer, 0, "%s", error.message);
                for (size_t i = 0; i < count; i++) {
                        if (records[i]->partition >= 0)
                                cr_expect_eq((uint32_t)records[i]->partition % shards, shard);
                        else
                                cr_expect_eq(shard, 0);
                        hear(told, records[i]);
                        port.release(port.context, records[i]);
                }
        }
}

static struct tg_replay_fingerprint read_all(const struct tg_recording *recording, uint32_t shards,
                                             struct told *told)
{
        struct tg_replay_fingerprint fingerprint = {{0}};

        *told = (struct told){0};
        for (uint32_t shard = 0; shard < shards; shard++) {
                struct tg_replay_source *source =
                        tg_replay_source_new(recording, shard, shards, PARTITIONS);

                drain(source, shard, shards, told);
                cr_expect_eq(tg_replay_source_bytes(source), tg_recording_bytes(recording));
                if (shard == 0)
                        fingerprint = tg_replay_source_fingerprint(source);
                tg_replay_source_free(source);
        }
        return fingerprint;
}

Test(source, every_record_goes_to_exactly_one_shard_however_many_there_are)
{
        static const uint32_t shards[] = {1, 2, 3, 8};
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(requests, TG_STREAM_REQUESTS);
        struct tg_recording *recording;

        put_many(facts);
        put_many(requests);
        reel_add(requests, "nobody's", "", 99999);
        reel_write(facts, &folder, "touchpoints.avro", TG_CODEC_SNAPPY, 0, RECORDS, 9);
        reel_write(requests, &folder, "requests.avro", TG_CODEC_NULL, 0, RECORDS + 1, 70);
        recording = opened(&folder);
        for (size_t i = 0; i < sizeof shards / sizeof shards[0]; i++) {
                struct told told;

                read_all(recording, shards[i], &told);
                cr_expect_eq(told.records, 2 * RECORDS);
                cr_expect_eq(told.faults, 1);
                for (int partition = 0; partition < PARTITIONS; partition++) {
                        cr_expect_eq(told.assigned[partition], 1);
                        cr_expect_eq(told.ended[partition][TG_STREAM_TOUCHPOINTS], 1);
                        cr_expect_eq(told.ended[partition][TG_STREAM_REQUESTS], 1);
                }
        }
        tg_recording_close(recording);
}

static struct tg_replay_fingerprint fingerprint_of(const struct reel *facts, enum tg_codec codec,
                                                   size_t cut, size_t per_block)
{
        FOLDER(folder);
        struct tg_recording *recording;
        struct tg_replay_fingerprint fingerprint;
        struct told told;

        reel_write(facts, &folder, "touchpoints-1.avro", codec, 0, cut, per_block);
        reel_write(facts, &folder, "touchpoints-2.avro", codec, cut, facts->count, per_block);
        recording = opened(&folder);
        fingerprint = read_all(recording, 1, &told);
        tg_recording_close(recording);
        return fingerprint;
}

static bool same(struct tg_replay_fingerprint a, struct tg_replay_fingerprint b)
{
        return memcmp(&a, &b, sizeof a) == 0;
}

Test(source, the_fingerprint_is_of_the_records_and_not_of_files_blocks_and_codecs)
{
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(others, TG_STREAM_TOUCHPOINTS);
        struct tg_replay_fingerprint one;

        put_many(facts);
        put_many(others);
        others->bytes.data[1] = 'x';
        one = fingerprint_of(facts, TG_CODEC_NULL, 0, RECORDS);
        for (int codec = 0; codec <= TG_CODEC_SNAPPY; codec++) {
                cr_expect(same(one, fingerprint_of(facts, (enum tg_codec)codec, 1, 1)));
                cr_expect(same(one, fingerprint_of(facts, (enum tg_codec)codec, 250, 33)));
        }
        cr_expect_not(same(one, fingerprint_of(others, TG_CODEC_NULL, 0, RECORDS)));
}

Test(source, a_stream_without_any_file_ends_like_one_that_was_read)
{
        FOLDER(folder);
        REEL(requests, TG_STREAM_REQUESTS);
        struct tg_recording *recording;
        struct told told;

        put_many(requests);
        reel_write(requests, &folder, "requests.avro", TG_CODEC_NULL, 0, RECORDS, 70);
        recording = opened(&folder);
        read_all(recording, 2, &told);
        cr_expect_eq(told.records, RECORDS);
        for (int partition = 0; partition < PARTITIONS; partition++)
                cr_expect_eq(told.ended[partition][TG_STREAM_TOUCHPOINTS], 1);
        tg_recording_close(recording);
}

/* At most one record of one stream is ahead of the other: little is held back. */
Test(source, the_two_streams_are_read_side_by_side_by_time)
{
        FOLDER(folder);
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(requests, TG_STREAM_REQUESTS);
        struct tg_recording *recording;
        struct tg_replay_source *source;
        struct tg_source port;
        struct tg_record *record;
        struct tg_error error;
        int64_t latest[TG_STREAMS] = {REEL_START_MS, REEL_START_MS};
        size_t count;

        put_many(facts);
        put_many(requests);
        reel_write(facts, &folder, "touchpoints.avro", TG_CODEC_NULL, 0, RECORDS, 9);
        reel_write(requests, &folder, "requests.avro", TG_CODEC_NULL, 0, RECORDS, 70);
        recording = opened(&folder);
        source = tg_replay_source_new(recording, 0, 1, PARTITIONS);
        port = tg_replay_source_port(source);
        while (port.poll(port.context, &record, 1, &count, &error) == 0) {
                if (count == 0)
                        continue;
                if (record->kind == TG_RECORD_DATA) {
                        latest[record->stream] = record->time_ms;
                        cr_expect_leq(llabs(latest[0] - latest[1]), 10);
                }
                port.release(port.context, record);
        }
        tg_replay_source_free(source);
        tg_recording_close(recording);
}
