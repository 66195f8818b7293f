/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Source, sink, feeder and witness against the embedded broker: what is written comes back whole.
 */
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "avro/container.h"
#include "avro/encode.h"
#include "base/hash.h"
#include "base/memory.h"
#include "embedded/broker.h"
#include "embedded/feeder.h"
#include "embedded/witness.h"
#include "kafka/bookmark.h"
#include "kafka/sink.h"
#include "kafka/source.h"
#include "kafka/topics.h"
#include "registry/server.h"
#include "support/notices.h"

enum {
        PARTITIONS = 2,
        CUSTOMERS = 20,
        RECORDS = 3000,
        BATCH = 256,
        CAPACITY = 300,
        TOO_MANY = 100000
};

static struct tg_kafka_settings settings;
static struct tg_embedded *embedded;
static struct tg_readings *readings;
static struct tg_lifetime lifetime;
static struct tg_error error;
static char folder[] = "/tmp/touchgate-test-XXXXXX";

/* The shipped fields behind the head, all at their defaults, as the container's schema is ours. */
static void put_touchpoint(struct tg_buffer *block, unsigned i)
{
        char id[16], customer[16];

        snprintf(id, sizeof id, "t%u", i);
        snprintf(customer, sizeof customer, "c%u", i % CUSTOMERS);
        tg_put_text(block, id);
        tg_put_text(block, customer);
        tg_put_long(block, 1500000000000 + i);
}

/* A recording of touchpoints and requests that are heads alone, by schemas of only the head. */
static const char head_schema[] =
        "{\"type\":\"record\",\"name\":\"%s\",\"namespace\":\"touchgate\",\"fields\":["
        "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"customer\",\"type\":\"string\"},"
        "{\"name\":\"time\",\"type\":\"long\"}%s]}";

static void write_file(const char *name, const struct tg_buffer *bytes)
{
        char path[128];
        FILE *file;

        snprintf(path, sizeof path, "%s/%s", folder, name);
        file = fopen(path, "w");
        cr_assert_not_null(file);
        cr_assert_eq(fwrite(bytes->data, 1, bytes->size, file), bytes->size);
        fclose(file);
}

static void write_stream(const char *stem, const char *id, const char *record, const char *more,
                         bool request)
{
        static const uint8_t sync[TG_CONTAINER_SYNC_SIZE] = {1};
        struct tg_buffer file = {0}, block = {0}, text = {0};
        char schema[1024], name[64];

        snprintf(schema, sizeof schema, head_schema, record, more);
        tg_buffer_append(&text, schema, strlen(schema));
        snprintf(name, sizeof name, "%s.avsc", id);
        write_file(name, &text);
        for (unsigned i = 0; i < RECORDS; i++) {
                put_touchpoint(&block, i);
                for (int j = 0; j < (request ? 2 : 1); j++)
                        tg_put_enum(&block, 1);
        }
        tg_container_put_header(&file, tg_buffer_span(&text), TG_CODEC_NULL, sync);
        tg_container_put_block(&file, RECORDS, tg_buffer_span(&block), TG_CODEC_NULL, sync);
        snprintf(name, sizeof name, "%s.avro", stem);
        write_file(name, &file);
        tg_buffer_deinit(&file);
        tg_buffer_deinit(&block);
        tg_buffer_deinit(&text);
}

static void write_recording(void)
{
        cr_assert_not_null(mkdtemp(folder));
        write_stream("touchpoints", "101", "Touchpoint",
                     ",{\"name\":\"type\",\"type\":{\"type\":\"enum\",\"name\":\"TouchpointType\","
                     "\"symbols\":[\"unknown\",\"impression\"]}}",
                     false);
        write_stream("requests", "102", "Request",
                     ",{\"name\":\"channel\",\"type\":{\"type\":\"enum\",\"name\":\"Channel\","
                     "\"symbols\":[\"unknown\",\"ads\"]}},"
                     "{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"Kind\","
                     "\"symbols\":[\"unknown\",\"offer\"]}}",
                     true);
}

static void setup(void)
{
        write_recording();
        tg_kafka_settings_init(&settings);
        settings.schema_folder = tg_duplicate(folder, strlen(folder));
        tg_kafka_settings_set(&settings, "group.id", "test");
        cr_assert_eq(tg_embedded_new(&settings, PARTITIONS, &embedded, &error), 0, "%s",
                     error.message);
        tg_embedded_use(embedded, &settings);
        cr_assert_eq(tg_readings_new(&settings, &notices, &readings, &error), 0, "%s",
                     error.message);
        lifetime.exit_at_end = true;
}

static void teardown(void)
{
        char command[64];

        tg_readings_free(readings);
        tg_embedded_free(embedded);
        tg_kafka_settings_deinit(&settings);
        snprintf(command, sizeof command, "rm -r %s", folder);
        cr_expect_eq(system(command), 0);
}

TestSuite(embedded, .init = setup, .fini = teardown, .timeout = 60);

static void feed(void)
{
        const struct tg_feeder_options options = {
                .settings = &settings,
                .readings = readings,
                .notices = &notices,
                .lifetime = &lifetime,
                .directory = folder,
                .partitions = PARTITIONS,
        };
        struct tg_feeder *feeder;

        cr_assert_eq(tg_feeder_new(&options, &feeder, &error), 0, "%s", error.message);
        atomic_fetch_add(&lifetime.busy, 1);
        tg_feeder_start(feeder);
        cr_assert_eq(tg_feeder_wait(feeder, &error), 0, "%s", error.message);
        tg_feeder_free(feeder);
}

static struct tg_kafka_source *open_source(void)
{
        const struct tg_kafka_source_options options = {
                .settings = &settings,
                .readings = readings,
                .notices = &notices,
                .lifetime = &lifetime,
                .shards = 1,
                .batch = BATCH,
                .partitions = PARTITIONS,
                .idle_ms = 300,
        };
        struct tg_kafka_source *source;

        atomic_fetch_add(&lifetime.busy, 1);
        cr_assert_eq(tg_kafka_source_new(&options, &source, &error), 0, "%s", error.message);
        return source;
}

/* What one reading of everything told. */
struct told {
        unsigned records[TG_STREAMS];
        unsigned faulty;
        unsigned assigned;
        unsigned ends;
        int64_t next[PARTITIONS][TG_STREAMS];
};

static void take(struct told *told, const struct tg_record *record)
{
        told->assigned += record->kind == TG_RECORD_ASSIGNED;
        told->ends += record->kind == TG_RECORD_END;
        told->faulty += record->kind == TG_RECORD_FAULTY;
        if (record->kind != TG_RECORD_DATA && record->kind != TG_RECORD_FAULTY)
                return;
        if (record->kind == TG_RECORD_DATA)
                cr_assert_eq((int32_t)tg_partition_of(record->event.head.customer, PARTITIONS),
                             record->partition);
        cr_assert_eq(record->offset, told->next[record->partition][record->stream],
                     "in order, none left out");
        told->next[record->partition][record->stream]++;
        told->records[record->stream]++;
}

/* Returns what the poll answered. */
static int read_some(struct tg_kafka_source *source, struct told *told)
{
        struct tg_source port = tg_kafka_source_port(source);
        struct tg_record *records[CAPACITY];
        size_t count;
        int answer = port.poll(port.context, records, CAPACITY, &count, &error);

        cr_assert_geq(answer, 0, "%s", error.message);
        for (size_t i = 0; i < count; i++) {
                take(told, records[i]);
                port.release(port.context, records[i]);
        }
        return answer;
}

static void read_all(struct tg_kafka_source *source, struct told *ret_told)
{
        while (read_some(source, ret_told) == 0)
                ;
}

Test(embedded, a_recording_comes_through_whole_and_in_order)
{
        struct told told = {0};
        struct tg_kafka_source *source;

        feed();
        source = open_source();
        read_all(source, &told);
        cr_expect_eq(told.records[TG_STREAM_TOUCHPOINTS], RECORDS);
        cr_expect_eq(told.records[TG_STREAM_REQUESTS], RECORDS);
        cr_expect_eq(told.faulty, 0);
        cr_expect_eq(told.assigned, PARTITIONS);
        cr_expect_geq(told.ends, PARTITIONS * TG_STREAMS);
        tg_kafka_source_free(source);
}

/* From here on schemas come from a registry at URL, and none is known. */
static void use_registry(const char *url)
{
        tg_readings_free(readings);
        free(settings.schema_folder);
        settings.schema_folder = NULL;
        tg_registry_settings_init(&settings.registry);
        settings.registry.urls[settings.registry.url_count++] = tg_duplicate(url, strlen(url));
        cr_assert_eq(tg_readings_new(&settings, &notices, &readings, &error), 0, "%s",
                     error.message);
}

/* Feeds the recording and reads it to its end, with the schemas of the registry at URL. */
static struct told read_with_registry(const char *url)
{
        struct told told = {0};
        struct tg_kafka_source *source;

        feed();
        use_registry(url);
        source = open_source();
        read_all(source, &told);
        tg_kafka_source_free(source);
        return told;
}

/* What a registry answers for the schema in <id>.avsc; for free(). */
static char *registered(const char *id)
{
        char path[64], text[1024];
        json_t *json;
        char *body;
        size_t size;
        FILE *file;

        snprintf(path, sizeof path, "%s/%s.avsc", folder, id);
        file = fopen(path, "r");
        cr_assert_not_null(file);
        size = fread(text, 1, sizeof text, file);
        fclose(file);
        json = json_pack("{s: s%}", "schema", text, size);
        body = json_dumps(json, 0);
        json_decref(json);
        return body;
}

Test(embedded, records_wait_for_their_schema_and_keep_their_order)
{
        tg_cleanup(tg_free_pointer) char *touchpoint = registered("101");
        tg_cleanup(tg_free_pointer) char *request = registered("102");
        SERVER(server, {.status = 200, .path = "/ids/101", .body = touchpoint, .delay_ms = 400},
               {.status = 200, .path = "/ids/102", .body = request, .delay_ms = 400});
        struct told told = read_with_registry(server.url);

        cr_expect_eq(told.records[TG_STREAM_TOUCHPOINTS], RECORDS);
        cr_expect_eq(told.records[TG_STREAM_REQUESTS], RECORDS);
        cr_expect_eq(told.faulty, 0);
        cr_expect_geq(told.ends, PARTITIONS * TG_STREAMS);
        cr_expect_eq(server.count, 2, "%u requests", server.count);
}

/* COUNT touchpoints of one customer, all in one partition, of these two schemas in turn. */
static void produce(uint32_t one_id, uint32_t other_id, unsigned count)
{
        const struct tg_client_options options = {.settings = &settings};
        struct tg_client client = {.notices = &notices, .role = "test"};
        int32_t partition = (int32_t)tg_partition_of(tg_span_text("c0"), PARTITIONS);
        struct tg_buffer value = {0};

        cr_assert_eq(tg_client_init(&client, RD_KAFKA_PRODUCER, &options, &error), 0);
        for (unsigned i = 0; i < count; i++) {
                tg_buffer_reset(&value);
                tg_put_confluent(&value, i % 2 ? other_id : one_id);
                put_touchpoint(&value, i * CUSTOMERS);
                tg_put_enum(&value, 1);
                cr_assert_eq(rd_kafka_producev(client.handle, RD_KAFKA_V_TOPIC("touchpoints"),
                                               RD_KAFKA_V_PARTITION(partition),
                                               RD_KAFKA_V_MSGFLAGS(RD_KAFKA_MSG_F_COPY),
                                               RD_KAFKA_V_VALUE(value.data, value.size),
                                               RD_KAFKA_V_END),
                             0);
        }
        cr_assert_eq(rd_kafka_flush(client.handle, 10000), 0);
        tg_client_deinit(&client);
        tg_buffer_deinit(&value);
}

Test(embedded, a_known_schema_does_not_overtake_one_that_is_awaited)
{
        enum { KNOWN = 10, MIXED = 50 };
        tg_cleanup(tg_free_pointer) char *body = registered("101");
        SERVER(server, {.status = 200, .path = "/ids/201", .body = body},
               {.status = 200, .path = "/ids/202", .body = body, .delay_ms = 300});
        struct told told = {0};
        struct tg_kafka_source *source;

        use_registry(server.url);
        produce(201, 201, KNOWN);
        source = open_source();
        lifetime.exit_at_end = false;
        while (told.records[TG_STREAM_TOUCHPOINTS] < KNOWN)
                read_some(source, &told);
        produce(202, 201, MIXED);
        while (told.records[TG_STREAM_TOUCHPOINTS] < KNOWN + MIXED)
                read_some(source, &told);
        cr_expect_eq(told.faulty, 0);
        cr_expect_eq(server.count, 2);
        tg_kafka_source_free(source);
}

Test(embedded, a_schema_that_the_registry_does_not_have_makes_its_records_faulty_alone)
{
        tg_cleanup(tg_free_pointer) char *touchpoint = registered("101");
        SERVER(server, {.status = 200, .path = "/ids/101", .body = touchpoint},
               {.status = 404,
                .path = "/ids/102",
                .body = "{\"error_code\": 40403, \"message\": \"none\"}"});
        struct told told = read_with_registry(server.url);

        cr_expect_eq(told.records[TG_STREAM_TOUCHPOINTS], RECORDS);
        cr_expect_eq(told.faulty, RECORDS);
        cr_expect_eq(server.count, 2, "%u requests", server.count);
}

Test(embedded, what_waits_for_a_schema_does_not_keep_a_source_from_leaving)
{
        SERVER(server, {.hang_up = true, .delay_ms = 100});
        struct told told = {0};
        struct tg_kafka_source *source;

        feed();
        use_registry(server.url);
        source = open_source();
        while (server.count < 2)
                read_some(source, &told);
        cr_expect_eq(told.records[TG_STREAM_TOUCHPOINTS], 0, "it came too early");
        tg_kafka_source_free(source);
}

static void commit(struct tg_kafka_source *source, const struct told *told)
{
        const struct tg_commit_name name = {1, 1};
        struct tg_progress progress[PARTITIONS];

        for (int i = 0; i < PARTITIONS; i++) {
                progress[i] = (struct tg_progress){.partition = i, .decided = -1};
                for (int j = 0; j < TG_STREAMS; j++)
                        progress[i].next[j] = told->next[i][j];
        }
        cr_assert_eq(tg_kafka_source_commit(source, progress, PARTITIONS, &name, &error), 0, "%s",
                     error.message);
}

Test(embedded, after_a_restart_facts_come_again_and_committed_requests_do_not)
{
        struct told told = {0}, again = {0};
        struct tg_kafka_source *source;

        feed();
        source = open_source();
        read_all(source, &told);
        commit(source, &told);
        tg_kafka_source_free(source);
        source = open_source();
        read_all(source, &again);
        cr_expect_eq(again.records[TG_STREAM_TOUCHPOINTS], RECORDS);
        cr_expect_eq(again.records[TG_STREAM_REQUESTS], 0);
        tg_kafka_source_free(source);
}

Test(embedded, a_recording_that_the_broker_would_lose_is_refused)
{
        static const uint8_t sync[TG_CONTAINER_SYNC_SIZE] = {1};
        const struct tg_feeder_options options = {
                .settings = &settings,
                .readings = readings,
                .notices = &notices,
                .lifetime = &lifetime,
                .directory = folder,
                .partitions = PARTITIONS,
        };
        struct tg_buffer file = {0}, block = {0};
        struct tg_feeder *feeder;
        char schema[1024];

        snprintf(schema, sizeof schema, head_schema, "Touchpoint",
                 ",{\"name\":\"type\",\"type\":{\"type\":\"enum\",\"name\":\"TouchpointType\","
                 "\"symbols\":[\"unknown\",\"impression\"]}}");
        tg_container_put_header(&file, tg_span_text(schema), TG_CODEC_NULL, sync);
        for (unsigned i = 0; i < TOO_MANY; i++) {
                put_touchpoint(&block, i);
                tg_put_enum(&block, 1);
        }
        tg_container_put_block(&file, TOO_MANY, tg_buffer_span(&block), TG_CODEC_NULL, sync);
        write_file("touchpoints-2.avro", &file);
        cr_expect_eq(tg_feeder_new(&options, &feeder, &error), -1);
        cr_expect(strstr(error.message, "too large"), "%s", error.message);
        cr_expect_eq(error.exit_code, EX_DATAERR);
        tg_buffer_deinit(&file);
        tg_buffer_deinit(&block);
}

/* Rejects the first record that comes. */
static void reject_one(struct tg_kafka_source *source, const struct tg_sink *sink)
{
        struct tg_source port = tg_kafka_source_port(source);
        struct tg_record *records[CAPACITY];
        bool rejected = false;

        while (!rejected) {
                size_t count;

                cr_assert_geq(port.poll(port.context, records, CAPACITY, &count, &error), 0);
                for (size_t i = 0; i < count; i++) {
                        if (records[i]->kind == TG_RECORD_DATA && !rejected) {
                                cr_assert_eq(sink->rejected(sink->context, records[i], "future",
                                                            "tomorrow", &error),
                                             0);
                                rejected = true;
                        }
                        port.release(port.context, records[i]);
                }
        }
}

static void see(void *context, const struct tg_witnessed *record)
{
        unsigned *counts = context;

        if (strcmp(record->topic, "decisions") == 0) {
                counts[0]++;
                cr_expect(tg_span_equal(record->key, tg_span_text("c7")));
                cr_expect_eq(record->partition, 1, "where it was decided");
        } else if (strcmp(record->topic, "permitted.email") == 0) {
                counts[1]++;
                cr_expect_eq(record->partition,
                             (int32_t)tg_partition_of(tg_span_text("c7"), PARTITIONS));
        } else {
                counts[2]++;
                cr_expect(tg_span_equal(record->reason, tg_span_text("future")));
        }
}

Test(embedded, what_the_sink_commits_is_read_back_from_its_topics)
{
        static const char *const topics[] = {"decisions", "permitted.email", "rejected"};
        struct tg_kafka_source *source;
        struct tg_kafka_sink *sink;
        struct tg_witness *witness;
        unsigned counts[3] = {0};
        const struct tg_request request = {
                .customer = tg_span_text("c7"),
                .channel = TG_CHANNEL_EMAIL,
        };
        const struct tg_decision decision = {.request = &request};
        const struct tg_witness_options witnessing = {
                .settings = &settings,
                .notices = &notices,
                .topics = topics,
                .topic_count = 3,
                .partitions = PARTITIONS,
                .see = see,
                .context = counts,
        };
        const struct tg_subjects_options subjects = {.settings = &settings, .notices = &notices};
        struct tg_kafka_sink_options options = {
                .settings = &settings,
                .notices = &notices,
                .lifetime = &lifetime,
                .shards = 1,
                .commit_ms = 60000,
        };
        struct tg_sink port;

        feed();
        options.source = source = open_source();
        cr_assert_eq(tg_subjects_new(&subjects, &options.subjects, &error), 0);
        cr_assert_eq(tg_kafka_sink_new(&options, &sink, &error), 0, "%s", error.message);
        port = tg_kafka_sink_port(sink);
        cr_assert_eq(port.begin(port.context, &error), 0);
        for (int i = 0; i < 100; i++) {
                cr_assert_eq(port.decision(port.context, 1, &decision, tg_span_text("d"), &error),
                             0);
                cr_assert_eq(port.permitted(port.context, 1, &decision, tg_span_text("p"), &error),
                             0);
        }
        reject_one(source, &port);
        cr_assert_eq(port.commit(port.context, NULL, 0, true, &error), 0, "%s", error.message);
        cr_assert_eq(port.begin(port.context, &error), 0);
        cr_assert_eq(port.decision(port.context, 1, &decision, tg_span_text("d"), &error), 0);
        cr_expect_eq(port.commit(port.context, NULL, 0, false, &error), 2,
                     "too soon: who waits for a delivery is not told yet");
        cr_assert_eq(port.begin(port.context, &error), 0);
        cr_assert_eq(port.commit(port.context, NULL, 0, true, &error), 0, "%s", error.message);
        cr_assert_eq(tg_witness_new(&witnessing, &witness, &error), 0, "%s", error.message);
        cr_assert_eq(tg_witness_finish(witness, &error), 0, "%s", error.message);
        cr_expect_eq(counts[0], 101);
        cr_expect_eq(counts[1], 100);
        cr_expect_eq(counts[2], 1);
        tg_witness_free(witness);
        tg_kafka_sink_free(sink);
        tg_subjects_free(options.subjects);
        tg_kafka_source_free(source);
}

static void keep(void *context, enum tg_notice_level level, const char *key, const char *text)
{
        struct tg_buffer *kept = context;

        (void)level;
        (void)key;
        tg_buffer_append(kept, text, strlen(text));
}

Test(embedded, missing_topics_are_told_with_the_commands_that_create_them)
{
        tg_cleanup(tg_buffer_deinit) struct tg_buffer kept = {0};
        const struct tg_notices keeping = {.tell = keep, .context = &kept};
        const char *bootstrap = tg_kafka_settings_find(&settings, "bootstrap.servers");
        char command[300];
        const struct tg_client_options options = {.settings = &settings};
        struct tg_client client = {.notices = &keeping, .role = "test"};
        const struct tg_topic_needs needs = {
                .topics = {[TG_TOPIC_DECISIONS] = {{{"cleanup.policy", "delete"},
                                                    {"retention.ms", "86400000"}},
                                                   2}},
        };
        struct tg_topics_found found;

        cr_assert_eq(tg_client_init(&client, RD_KAFKA_CONSUMER, &options, &error), 0);
        cr_expect_eq(tg_topics_check(&client, &settings, &needs, &found, &error), 0, "%s",
                     error.message);
        cr_expect_eq(found.partitions, PARTITIONS);
        free(settings.topics[TG_TOPIC_DECISIONS]);
        settings.topics[TG_TOPIC_DECISIONS] = tg_duplicate("elsewhere", 9);
        cr_expect_eq(tg_topics_check(&client, &settings, &needs, &found, &error), -1);
        cr_expect_eq(error.exit_code, EX_CONFIG);
        tg_buffer_append(&kept, "", 1);
        snprintf(command, sizeof command,
                 "kafka-topics.sh --bootstrap-server %s --create --topic elsewhere --partitions 2 "
                 "\\\n      --config cleanup.policy=delete --config retention.ms=86400000\n",
                 bootstrap);
        cr_expect(strstr((const char *)kept.data, command), "%s", (const char *)kept.data);
        cr_expect_null(strstr((const char *)kept.data, "--topic permitted."));
        tg_client_deinit(&client);
}
