/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which plans a schema registry's answers become; that records wait for them is in another test,
 * embedded/test_broker.c.
 */
#include <criterion/criterion.h>
#include <time.h>

#include "avro/schemas.h"
#include "base/memory.h"
#include "kafka/readings.h"
#include "registry/server.h"
#include "support/notices.h"

static struct tg_kafka_settings settings;
static struct tg_readings *readings;
static const struct tg_reading *reading;
static struct tg_error why;

static void use_registry(const char *url)
{
        tg_kafka_settings_init(&settings);
        settings.registry.urls[settings.registry.url_count++] = tg_duplicate(url, strlen(url));
        settings.registry.record_wait_ms = 0;
        cr_assert_eq(tg_readings_new(&settings, &notices, &readings, &why), 0, "%s", why.message);
}

/* What becomes of FRAME as a request once the registry has been asked. */
static enum tg_readings_answer find(struct tg_frame frame)
{
        enum tg_readings_answer answer;

        while ((answer = tg_readings_find(readings, TG_STREAM_REQUESTS, &frame, &reading, &why)) ==
               TG_READINGS_AWAITED)
                nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
        return answer;
}

static enum tg_readings_answer find_id(uint32_t id)
{
        return find((struct tg_frame){.framing = TG_FRAMING_CONFLUENT, .schema_id = id});
}

static void stop(void)
{
        tg_readings_free(readings);
        tg_kafka_settings_deinit(&settings);
}

TestSuite(readings, .timeout = 20);

Test(readings, with_a_registry_the_ids_of_the_configuration_do_not_count)
{
        SERVER(server, {.status = 404, .body = "{\"error_code\": 40403, \"message\": \"none\"}"});

        use_registry(server.url);
        cr_expect_eq(find_id((uint32_t)settings.ids[TG_SCHEMA_REQUEST]), TG_READINGS_UNKNOWN);
        cr_expect(strstr(why.message, "schema id 2"), "%s", why.message);
        cr_expect(strstr(why.message, "none"), "%s", why.message);
        cr_expect(strstr(server.requests[0], "/schemas/ids/2 "));
        stop();
}

Test(readings, a_shipped_schema_is_known_by_its_fingerprint_without_the_registry)
{
        SERVER(server, {.status = 500});
        struct tg_frame frame = {.framing = TG_FRAMING_SINGLE_OBJECT};
        struct tg_schema *schema;

        cr_assert_eq(tg_schema_parse(tg_shipped_text(TG_SCHEMA_REQUEST), &schema, &why), 0);
        frame.fingerprint = tg_schema_fingerprint(schema);
        tg_schema_free(schema);
        use_registry(server.url);
        cr_expect_eq(find(frame), TG_READINGS_FOUND);
        frame.fingerprint++;
        cr_expect_eq(find(frame), TG_READINGS_UNKNOWN);
        cr_expect_eq(server.count, 0);
        stop();
}

Test(readings, a_schema_that_is_no_avro_is_unknown_with_the_reason)
{
        SERVER(server,
               {.status = 200, .body = "{\"schema\": \"{\\\"type\\\": \\\"sprocket\\\"}\"}"});

        use_registry(server.url);
        cr_expect_eq(find_id(7), TG_READINGS_UNKNOWN);
        cr_expect(strstr(why.message, "sprocket"), "%s", why.message);
        stop();
}

Test(readings, a_schema_that_is_no_request_is_kept_and_does_not_fit)
{
        SERVER(server, {.status = 200, .body = "{\"schema\": \"\\\"string\\\"\"}"});

        use_registry(server.url);
        for (int i = 0; i < 100; i++)
                cr_assert_eq(find_id(7), TG_READINGS_UNFIT);
        cr_expect_eq(server.count, 1);
        stop();
}

Test(readings, two_ids_of_one_schema_are_read_alike)
{
        SERVER(server, {.status = 200, .body = "{\"schema\": \"\\\"string\\\"\"}"});

        use_registry(server.url);
        cr_expect_eq(find_id(7), TG_READINGS_UNFIT);
        cr_expect_eq(find_id(UINT32_MAX), TG_READINGS_UNFIT);
        cr_expect_eq(server.count, 2);
        stop();
}
