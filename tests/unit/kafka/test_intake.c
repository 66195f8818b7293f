/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "avro/encode.h"
#include "base/hash.h"
#include "kafka/intake.h"
#include "shard/twin.h"

enum { PARTITIONS = 4 };

static struct tg_kafka_settings settings;
static struct tg_readings *readings;
static struct tg_intake intake;
static struct tg_buffer buffer;

static void setup(void)
{
        struct tg_error error;

        tg_kafka_settings_init(&settings);
        cr_assert_eq(tg_readings_new(&settings, NULL, &readings, &error), 0, "%s", error.message);
        tg_intake_init(&intake, readings, PARTITIONS);
}

static void teardown(void)
{
        tg_intake_deinit(&intake);
        tg_readings_free(readings);
        tg_kafka_settings_deinit(&settings);
        tg_buffer_deinit(&buffer);
}

TestSuite(intake, .init = setup, .fini = teardown);

static void put_touchpoint(const char *customer)
{
        const struct tg_touchpoint touchpoint = {
                .id = tg_span_text("event-1"),
                .customer = tg_span_text(customer),
                .time_ms = 1500000000000,
                .type = TG_TYPE_CLICK,
                .channel = TG_CHANNEL_ABSENT,
        };

        tg_twin_encode_touchpoint(&buffer, &touchpoint);
}

static struct tg_record read_as(enum tg_stream stream, const char *key)
{
        const struct tg_arrival arrival = {
                .stream = stream,
                .partition = (int32_t)tg_partition_of(tg_span_text("c1"), PARTITIONS),
                .offset = 17,
                .key = tg_span_text(key),
                .value = tg_buffer_span(&buffer),
        };
        struct tg_record record;

        cr_assert(tg_intake_read(&intake, &arrival, &record));
        cr_assert_eq(record.offset, 17);
        cr_assert(tg_span_equal(record.value, arrival.value));
        return record;
}

static void expect_fault(struct tg_record record, const char *fault, const char *detail)
{
        cr_assert_eq(record.kind, TG_RECORD_FAULTY);
        cr_expect_str_eq(record.fault, fault);
        cr_expect(strstr(record.detail, detail), "%s", record.detail);
}

Test(intake, a_confluent_frame_gives_customer_time_and_datum)
{
        struct tg_record record;

        tg_put_confluent(&buffer, 1);
        put_touchpoint("c1");
        record = read_as(TG_STREAM_TOUCHPOINTS, "c1");
        cr_assert_eq(record.kind, TG_RECORD_DATA);
        cr_expect(tg_span_equal(record.event.head.customer, tg_span_text("c1")));
        cr_expect_eq(record.time_ms, 1500000000000);
        cr_expect_eq(record.datum.size, buffer.size - TG_FRAMING_CONFLUENT_SIZE);
        cr_expect_eq(intake.other_keys + intake.other_partitions, 0);
}

Test(intake, bytes_without_a_frame_are_a_dead_letter)
{
        tg_buffer_append(&buffer, "hello", 5);
        expect_fault(read_as(TG_STREAM_REQUESTS, "c1"), "unframed", "schema id");
}

Test(intake, a_message_without_a_value_is_a_dead_letter)
{
        expect_fault(read_as(TG_STREAM_REQUESTS, "c1"), "unframed", "schema id");
}

Test(intake, a_schema_id_that_nobody_knows_is_named)
{
        tg_put_confluent(&buffer, 4711);
        put_touchpoint("c1");
        expect_fault(read_as(TG_STREAM_REQUESTS, "c1"), "unknown schema", "4711");
}

Test(intake, a_fingerprint_that_nobody_knows_is_named)
{
        tg_put_fixed(&buffer, "\xc3\x01\xef\xbe\xad\xde\0\0\0\0", 10);
        put_touchpoint("c1");
        expect_fault(read_as(TG_STREAM_REQUESTS, "c1"), "unknown schema", "00000000deadbeef");
}

Test(intake, a_truncated_record_is_undecodable)
{
        tg_put_confluent(&buffer, 2);
        tg_put_text(&buffer, "event-1");
        expect_fault(read_as(TG_STREAM_REQUESTS, "c1"), "undecodable", "truncated");
}

Test(intake, a_record_with_bytes_behind_it_is_undecodable)
{
        tg_put_confluent(&buffer, 1);
        put_touchpoint("c1");
        tg_buffer_append(&buffer, "", 1);
        expect_fault(read_as(TG_STREAM_TOUCHPOINTS, "c1"), "undecodable", "behind");
}

Test(intake, an_empty_customer_is_none)
{
        tg_put_confluent(&buffer, 1);
        put_touchpoint("");
        expect_fault(read_as(TG_STREAM_TOUCHPOINTS, "c1"), "no customer", "customer");
}

Test(intake, another_key_and_another_partition_are_counted_not_rejected)
{
        tg_put_confluent(&buffer, 1);
        put_touchpoint("c2");
        cr_assert_neq(tg_partition_of(tg_span_text("c1"), PARTITIONS),
                      tg_partition_of(tg_span_text("c2"), PARTITIONS));
        cr_expect_eq(read_as(TG_STREAM_TOUCHPOINTS, "c1").kind, TG_RECORD_DATA);
        cr_expect_eq(intake.other_keys, 1);
        cr_expect_eq(intake.other_partitions, 1);
}

Test(intake, a_flood_of_different_faults_takes_no_more_memory)
{
        for (uint32_t id = 1000; id < 1000 + 10 * TG_INTAKE_DETAILS_MAX; id++) {
                tg_buffer_reset(&buffer);
                tg_put_confluent(&buffer, id);
                expect_fault(read_as(TG_STREAM_REQUESTS, "c1"), "unknown schema", "");
        }
        cr_expect_eq(intake.detail_count, TG_INTAKE_DETAILS_MAX);
}

Test(intake, the_id_of_a_schema_is_found_by_its_fingerprint)
{
        uint32_t id = 0;

        cr_expect_not(tg_readings_id(readings, 1, &id));
        cr_expect_eq(id, 0);
}
