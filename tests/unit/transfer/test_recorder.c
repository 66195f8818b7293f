/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Player, recorder, letters and resubmitter against the embedded broker.
 */
#include "transfer/recorder.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "embedded/broker.h"
#include "support/notices.h"
#include "support/reel.h"
#include "transfer/origins.h"
#include "transfer/player.h"
#include "transfer/resubmitter.h"

enum { PARTITIONS = 3, CUSTOMERS = 11, RECORDS = 1000 };

static struct tg_kafka_settings settings;
static struct tg_embedded *embedded;
static struct tg_readings *readings;
static struct tg_recording *recording; /* of RECORDS touchpoints and as many requests */
static struct tg_framing_ids ids;
static struct folder folder;
static struct tg_error error;
static atomic_int stop;

static void write_recording(void)
{
        REEL(facts, TG_STREAM_TOUCHPOINTS);
        REEL(requests, TG_STREAM_REQUESTS);

        for (int i = 0; i < RECORDS; i++) {
                char id[16], customer[16];

                snprintf(id, sizeof id, "r%d", i);
                snprintf(customer, sizeof customer, "c%d", i % CUSTOMERS);
                reel_add(facts, id, customer, 10 * i);
                reel_add(requests, id, customer, 10 * i + 5);
        }
        reel_write(facts, &folder, "touchpoints.avro", TG_CODEC_NULL, 0, RECORDS, 100);
        reel_write(requests, &folder, "requests.avro", TG_CODEC_NULL, 0, RECORDS, 100);
}

static void setup(void)
{
        const char *directory = folder.path;
        struct tg_framing_ids_options options = {
                .settings = &settings, .notices = &notices, .stop = &stop};

        folder_make(&folder);
        write_recording();
        tg_kafka_settings_init(&settings);
        tg_kafka_settings_set(&settings, "group.id", "test");
        cr_assert_eq(tg_embedded_new(&settings, PARTITIONS, &embedded, &error), 0, "%s",
                     error.message);
        tg_embedded_use(embedded, &settings);
        cr_assert_eq(tg_readings_new(&settings, &notices, &readings, &error), 0);
        cr_assert_eq(tg_recording_open(&directory, 1, &recording, &error), 0, "%s", error.message);
        options.readings = readings;
        options.recording = recording;
        cr_assert_eq(tg_framing_ids_find(&options, &ids, &error), 0, "%s", error.message);
}

static void teardown(void)
{
        tg_framing_ids_deinit(&ids);
        tg_recording_close(recording);
        tg_readings_free(readings);
        tg_embedded_free(embedded);
        tg_kafka_settings_deinit(&settings);
        folder_remove(&folder);
}

TestSuite(recorder, .init = setup, .fini = teardown, .timeout = 60);

/* What the pace is asked; ends after CONTEXT's number of records. */
static int end_after(void *context, uint64_t written, enum tg_stream stream,
                     const struct tg_stream_record *record, int *ret_wait_ms,
                     struct tg_error *ret_error)
{
        (void)stream;
        (void)record;
        (void)ret_wait_ms;
        (void)ret_error;
        return written >= *(const uint64_t *)context;
}

/* Returns how many the broker confirmed. */
static uint64_t play(uint64_t count, int expected)
{
        const struct tg_player_options options = {
                .settings = &settings,
                .notices = &notices,
                .recording = recording,
                .ids = &ids,
                .role = "test",
                .keep_pace = end_after,
                .context = &count,
        };
        struct tg_player_counts counts;
        struct tg_player *player;

        cr_assert_eq(tg_player_new(&options, &player, &error), 0, "%s", error.message);
        cr_assert_eq(tg_player_run(player, &error), expected, "%s", error.message);
        counts = tg_player_counts(player);
        tg_player_free(player);
        return counts.records[TG_STREAM_TOUCHPOINTS] + counts.records[TG_STREAM_REQUESTS];
}

static int record(const char *name, struct tg_recorded *ret_recorded)
{
        const char *directory = folder_file(&folder, name);
        const struct tg_recorder_options options = {
                .settings = &settings,
                .readings = readings,
                .notices = &notices,
                .directory = directory,
                .from = {.kind = TG_BOUND_BEGINNING},
                .until = {.kind = TG_BOUND_END},
                .idle_ms = 60000,
                .stop = &stop,
        };

        cr_assert_eq(mkdir(directory, 0700), 0);
        return tg_recorder_run(&options, ret_recorded, &error);
}

/* All records of the partition's customers, one behind the other. */
static void read_partition(const char *directory, enum tg_stream stream, uint32_t partition,
                           struct tg_buffer *ret_bytes)
{
        struct tg_recording *opened;
        struct tg_stream_reader *reader;
        struct tg_stream_record item;

        cr_assert_eq(tg_recording_open(&directory, 1, &opened, &error), 0, "%s", error.message);
        reader = tg_stream_reader_new(opened, stream);
        while (tg_stream_reader_next(reader, &item, &error) == 0) {
                if (tg_partition_of(item.head.customer, PARTITIONS) == partition)
                        tg_buffer_append(ret_bytes, item.datum.data, item.datum.size);
                tg_stream_release(item.owner);
        }
        tg_stream_reader_free(reader);
        tg_recording_close(opened);
}

Test(recorder, what_is_played_into_topics_is_recorded_byte_for_byte_in_its_order)
{
        struct tg_recorded recorded;

        cr_expect_eq(play(UINT64_MAX, 0), 2 * RECORDS);
        cr_assert_eq(record("again", &recorded), 0, "%s", error.message);
        cr_expect_eq(recorded.partitions, PARTITIONS);
        cr_expect_eq(recorded.other_partitions, 0);
        for (int stream = 0; stream < TG_STREAMS; stream++) {
                cr_expect_eq(recorded.streams[stream].tally.records.records, RECORDS);
                cr_expect_eq(recorded.streams[stream].tally.records.late, 0,
                             "it is merged by time");
                for (uint32_t i = 0; i < PARTITIONS; i++) {
                        struct tg_buffer before = {0}, after = {0};

                        read_partition(folder.path, (enum tg_stream)stream, i, &before);
                        read_partition(folder_file(&folder, "again"), (enum tg_stream)stream, i,
                                       &after);
                        cr_expect(tg_span_equal(tg_buffer_span(&before), tg_buffer_span(&after)));
                        tg_buffer_deinit(&before);
                        tg_buffer_deinit(&after);
                }
        }
        tg_recorded_deinit(&recorded);
}

Test(recorder, a_player_that_is_ended_has_delivered_what_it_wrote)
{
        struct tg_recorded recorded;

        cr_expect_eq(play(77, 1), 77);
        cr_assert_eq(record("part", &recorded), 0, "%s", error.message);
        cr_expect_eq(recorded.streams[TG_STREAM_TOUCHPOINTS].tally.records.records +
                             recorded.streams[TG_STREAM_REQUESTS].tally.records.records,
                     77);
        tg_recorded_deinit(&recorded);
}

Test(recorder, of_a_recording_that_is_interrupted_nothing_remains)
{
        struct tg_recorded recorded;

        play(UINT64_MAX, 0);
        atomic_store(&stop, 2);
        cr_expect_eq(record("none", &recorded), -1);
        cr_expect_eq(error.exit_code, 130);
        cr_expect_eq(rmdir(folder_file(&folder, "none")), 0, "something is left");
}

/* A record in `rejected`; ORIGIN NULL: without our headers. */
static void reject(struct tg_client *producer, int32_t partition, const char *value,
                   const char *origin, const char *resubmitted)
{
        rd_kafka_headers_t *headers = rd_kafka_headers_new(8);

        rd_kafka_header_add(headers, "theirs", -1, "\xff\0x", 3);
        if (origin) {
                rd_kafka_header_add(headers, "touchgate.topic", -1, "requests", -1);
                rd_kafka_header_add(headers, "touchgate.partition", -1, "1", -1);
                rd_kafka_header_add(headers, "touchgate.offset", -1, origin, -1);
                rd_kafka_header_add(headers, "touchgate.reason", -1, "unframed", -1);
        }
        if (resubmitted)
                rd_kafka_header_add(headers, "touchgate.resubmitted", -1, resubmitted, -1);
        cr_assert_eq(rd_kafka_producev(producer->handle, RD_KAFKA_V_TOPIC("rejected"),
                                       RD_KAFKA_V_PARTITION(partition),
                                       RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                       RD_KAFKA_V_VALUE((void *)(uintptr_t)value, strlen(value)),
                                       RD_KAFKA_V_HEADERS(headers), RD_KAFKA_V_END),
                     0);
}

static void reject_some(void)
{
        const struct tg_client_options options = {.settings = &settings};
        struct tg_client producer = {.notices = &notices, .role = "test"};

        cr_assert_eq(tg_client_init(&producer, RD_KAFKA_PRODUCER, &options, &error), 0);
        reject(&producer, 0, "first", "7", NULL);
        reject(&producer, 0, "second", "8", "2");
        reject(&producer, 0, "second", "8", "2");
        reject(&producer, 2, "nobody's", NULL, NULL);
        reject(&producer, 2, "third", "9", "many");
        cr_assert_eq(rd_kafka_flush(producer.handle, 10000), 0);
        tg_client_deinit(&producer);
}

struct seen {
        struct tg_origins origins;
        struct tg_resubmitter *resubmitter; /* NULL: nothing is sent */
        unsigned count;
        unsigned again;
        int64_t resubmitted;
};

static int see(void *context, const struct tg_letter *letter, struct tg_error *ret_error)
{
        struct seen *seen = context;

        cr_expect_eq(letter->origin_partition, 1);
        seen->count++;
        seen->again += !tg_origins_add(&seen->origins, letter);
        seen->resubmitted += letter->resubmitted;
        return seen->resubmitter ? tg_resubmitter_submit(seen->resubmitter, letter, ret_error) : 0;
}

static uint64_t read_letters(const struct tg_letters_choice *choice, struct seen *seen)
{
        const struct tg_letters_options options = {
                .settings = &settings,
                .notices = &notices,
                .choice = choice,
                .stop = &stop,
                .see = see,
                .context = seen,
        };
        uint64_t foreign;

        cr_assert_eq(tg_letters_read(&options, &foreign, &error), 0, "%s", error.message);
        tg_origins_deinit(&seen->origins);
        return foreign;
}

Test(recorder, letters_are_chosen_by_place_and_reason_and_others_are_none)
{
        static const int64_t offsets[] = {2, 0};
        struct seen all = {0}, partition = {0}, offset = {0}, reason = {0};

        reject_some();
        cr_expect_eq(read_letters(&(struct tg_letters_choice){.partition = -1}, &all), 1);
        cr_expect_eq(all.count, 4);
        cr_expect_eq(all.again, 1);
        cr_expect_eq(all.resubmitted, 4, "what is no number is none");
        read_letters(&(struct tg_letters_choice){.partition = 2}, &partition);
        cr_expect_eq(partition.count, 1);
        read_letters(&(struct tg_letters_choice){.offsets = offsets, .offset_count = 2}, &offset);
        cr_expect_eq(offset.count, 2);
        read_letters(&(struct tg_letters_choice){.partition = -1, .reason = "future"}, &reason);
        cr_expect_eq(reason.count, 0);
}

/* The last record of partition 1 of requests. */
static void expect_submitted(const char *value, const char *times)
{
        struct tg_client client = {.notices = &notices, .role = "test"};
        const struct tg_client_options options = {.settings = &settings};
        rd_kafka_topic_t *topic;
        rd_kafka_message_t *message;
        rd_kafka_headers_t *headers;
        const char *name;
        const void *bytes;
        size_t size;

        cr_assert_eq(tg_client_init(&client, RD_KAFKA_CONSUMER, &options, &error), 0);
        topic = rd_kafka_topic_new(client.handle, "requests", NULL);
        cr_assert_eq(rd_kafka_consume_start(topic, 1, RD_KAFKA_OFFSET_TAIL(1)), 0);
        message = rd_kafka_consume(topic, 1, 10000);
        cr_assert(message && !message->err);
        cr_expect(tg_span_equal(tg_span_of(message->payload, message->len), tg_span_text(value)));
        cr_expect_null(message->key);
        cr_assert_eq(rd_kafka_message_headers(message, &headers), 0);
        cr_expect_eq(rd_kafka_header_cnt(headers), 2);
        cr_assert_eq(rd_kafka_header_get_all(headers, 0, &name, &bytes, &size), 0);
        cr_expect_str_eq(name, "theirs");
        cr_expect(size == 3 && memcmp(bytes, "\xff\0x", 3) == 0);
        cr_assert_eq(rd_kafka_header_get_all(headers, 1, &name, &bytes, &size), 0);
        cr_expect_str_eq(name, "touchgate.resubmitted");
        cr_expect_str_eq(bytes, times);
        rd_kafka_message_destroy(message);
        rd_kafka_consume_stop(topic, 1);
        rd_kafka_topic_destroy(topic);
        tg_client_deinit(&client);
}

Test(recorder, a_letter_goes_back_with_its_own_headers_and_a_count)
{
        static const int64_t offset = 1;
        struct seen seen = {0};

        reject_some();
        cr_assert_eq(tg_resubmitter_new(&settings, &notices, &seen.resubmitter, &error), 0);
        read_letters(&(struct tg_letters_choice){.offsets = &offset, .offset_count = 1}, &seen);
        cr_assert_eq(tg_resubmitter_finish(seen.resubmitter, &error), 0, "%s", error.message);
        tg_resubmitter_free(seen.resubmitter);
        expect_submitted("second", "3");
}
