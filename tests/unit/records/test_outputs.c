/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the encoders write, read back by libavro under the shipped schemas and compared as JSON.
 */
#include <avro.h>
#include <criterion/criterion.h>
#include <jansson.h>
#include <stdlib.h>

#include "records/decision.h"
#include "records/schemas.h"

/* BUFFER, one datum of SCHEMA and nothing behind it, as libavro sees it. */
static json_t *decoded(enum tg_shipped schema, struct tg_buffer *buffer)
{
        struct tg_span text = tg_shipped_text(schema);
        avro_schema_t parsed;
        avro_value_iface_t *class;
        avro_value_t value;
        avro_reader_t reader =
                avro_reader_memory((const char *)buffer->data, (int64_t)buffer->size);
        json_t *json;
        char *written;

        cr_assert_eq(avro_schema_from_json_length((const char *)text.data, text.size, &parsed), 0,
                     "%s", avro_strerror());
        class = avro_generic_class_from_schema(parsed);
        avro_generic_value_new(class, &value);
        cr_assert_eq(avro_value_read(reader, &value), 0, "%s", avro_strerror());
        cr_assert_neq(avro_read(reader, &(char){0}, 1), 0, "bytes are left over");
        cr_assert_eq(avro_value_to_json(&value, 1, &written), 0);
        json = json_loads(written, 0, NULL);
        cr_assert_not_null(json, "%s", written);
        free(written);
        avro_value_decref(&value);
        avro_value_iface_decref(class);
        avro_schema_decref(parsed);
        avro_reader_free(reader);
        tg_buffer_deinit(buffer);
        return json;
}

/* Compares with EXPECTED, JSON with ' for ". */
static void expect_json(json_t *found, const char *expected)
{
        char *copy = strdup(expected), *found_text, *wanted_text;
        json_t *wanted;

        for (char *c = copy; *c; c++)
                *c = *c == '\'' ? '"' : *c;
        wanted = json_loads(copy, 0, NULL);
        cr_assert_not_null(wanted, "%s", copy);
        found_text = json_dumps(found, JSON_SORT_KEYS);
        wanted_text = json_dumps(wanted, JSON_SORT_KEYS);
        cr_expect_str_eq(found_text, wanted_text);
        free(found_text);
        free(wanted_text);
        free(copy);
        json_decref(found);
        json_decref(wanted);
}

static const struct tg_policy_name policy = {"spring", "0123456789abcdef0123456789abcdef"};

static const struct tg_position facts[] = {{"touchpoints", 3, 17}};

/* A request with every word. */
static struct tg_request full_request(void)
{
        return (struct tg_request){
                .id = tg_span_text("r-1"),
                .customer = tg_span_text("anna"),
                .time_ms = 1000,
                .expires_ms = 5000,
                .channel = TG_CHANNEL_EMAIL,
                .kind = TG_KIND_OFFER,
                .class = TG_CLASS_CREDIT,
                .campaign = tg_span_text("c"),
                .subject = tg_span_text("s"),
                .category = tg_span_text("g"),
                .topic = tg_span_text("t"),
                .segment = tg_span_text("e"),
                .purpose = tg_span_text("p"),
                .priority = -7,
                .payload = tg_span_text("hello"),
        };
}

static struct tg_decision decision_on(const struct tg_request *request)
{
        return (struct tg_decision){
                .request = request,
                .time_ms = 2000,
                .variant = TG_VARIANT_AS_REQUESTED,
                .source = {"requests", 3, 9},
                .facts = facts,
                .fact_count = 1,
                .policy = &policy,
                .until_ms = TG_NO_TIME,
                .content = (uint32_t)-7,
        };
}

Test(outputs, a_permit_is_read_back_with_its_id_and_receipt)
{
        struct tg_request request = full_request();
        struct tg_decision decision = decision_on(&request);
        struct tg_buffer buffer = {0};

        decision.outcome = TG_PERMIT;
        decision.final = true;
        decision.message_id = tg_span_text("00ff");
        decision.receipt = (struct tg_receipt){2000, 65535, true};
        tg_decision_encode(&buffer, &decision);
        expect_json(decoded(TG_SCHEMA_DECISION, &buffer),
                    "{'request_id':'r-1','customer':'anna','time':2000,'outcome':'permit',"
                    "'final':true,'repeat':false,'until':null,'reasons':[],"
                    "'message_id':{'string':'00ff'},"
                    "'receipt':{'Receipt':{'time':2000,'tag':65535}},'expires':5000,"
                    "'channel':'email','kind':'offer','class':'credit','campaign':{'string':'c'},"
                    "'subject':{'string':'s'},'category':{'string':'g'},'topic':{'string':'t'},"
                    "'priority':-7,'variant':'as_requested','arm':null,"
                    "'request':{'topic':'requests','partition':3,'offset':9},"
                    "'positions':[{'topic':'touchpoints','partition':3,'offset':17}],'content':-7,"
                    "'policy':'spring','policy_hash':'0123456789abcdef0123456789abcdef'}");
}

Test(outputs, a_deferral_is_read_back_with_its_reasons)
{
        const struct tg_reason reasons[] = {
                {.rule = "cap", .family = "cap", .counter = 3, .limit = 3, .until_ms = 4000},
                {.rule = "interest",
                 .family = "retarget",
                 .counter = TG_NO_COUNT,
                 .limit = TG_NO_COUNT,
                 .until_ms = TG_NEVER},
        };
        struct tg_request request = {.id = tg_span_text("r"),
                                     .customer = tg_span_text(""),
                                     .time_ms = 1000,
                                     .expires_ms = TG_NO_TIME};
        struct tg_decision decision = decision_on(&request);
        struct tg_buffer buffer = {0};

        decision.outcome = TG_DEFER;
        decision.until_ms = 4000;
        decision.reasons = reasons;
        decision.reason_count = 2;
        decision.fact_count = 0;
        tg_decision_encode(&buffer, &decision);
        expect_json(decoded(TG_SCHEMA_DECISION, &buffer),
                    "{'request_id':'r','customer':'','time':2000,'outcome':'defer','final':false,"
                    "'repeat':false,'until':{'long':4000},'reasons':["
                    "{'rule':'cap','family':'cap','counter':{'long':3},'limit':{'long':3},"
                    "'until':{'long':4000},'shadow':false},"
                    "{'rule':'interest','family':'retarget','counter':null,'limit':null,"
                    "'until':null,'shadow':false}],"
                    "'message_id':null,'receipt':null,'expires':259201000,"
                    "'channel':'unknown','kind':'unknown','class':'none','campaign':null,"
                    "'subject':null,'category':null,'topic':null,'priority':0,"
                    "'variant':'as_requested','arm':null,"
                    "'request':{'topic':'requests','partition':3,'offset':9},'positions':[],'"
                    "content':-7,"
                    "'policy':'spring','policy_hash':'0123456789abcdef0123456789abcdef'}");
}

Test(outputs, a_permitted_message_is_read_back_with_its_payload)
{
        struct tg_request request = full_request();
        struct tg_decision decision = decision_on(&request);
        struct tg_buffer buffer = {0};

        decision.outcome = TG_PERMIT;
        decision.message_id = tg_span_text("00ff");
        decision.receipt = (struct tg_receipt){2000, 1, true};
        tg_permitted_encode(&buffer, &decision);
        expect_json(decoded(TG_SCHEMA_PERMITTED, &buffer),
                    "{'message_id':'00ff','request_id':'r-1','customer':'anna','time':2000,"
                    "'receipt':{'time':2000,'tag':1},'expires':5000,'channel':'email',"
                    "'kind':'offer','class':'credit','campaign':{'string':'c'},"
                    "'subject':{'string':'s'},'category':{'string':'g'},'topic':{'string':'t'},"
                    "'segment':{'string':'e'},'purpose':{'string':'p'},'priority':-7,"
                    "'variant':'as_requested','arm':null,'policy':'spring',"
                    "'policy_hash':'0123456789abcdef0123456789abcdef','payload':'hello'}");
}

Test(outputs, a_dead_letter_is_read_back_with_its_bytes)
{
        struct tg_rejection rejection = {
                .position = {"requests", -1, 4},
                .time_ms = TG_NO_TIME,
                .reason = "undecodable",
                .detail = "truncated",
                .value = tg_span_of("a\xff"
                                    "b",
                                    3),
        };
        struct tg_buffer buffer = {0};

        tg_rejection_encode(&buffer, &rejection);
        expect_json(decoded(TG_SCHEMA_REJECTED, &buffer),
                    "{'stream':'requests','partition':-1,'offset':4,'time':null,"
                    "'reason':'undecodable','detail':'truncated','value':'a\\u00ffb'}");
        rejection.time_ms = -1;
        tg_rejection_encode(&buffer, &rejection);
        expect_json(decoded(TG_SCHEMA_REJECTED, &buffer),
                    "{'stream':'requests','partition':-1,'offset':4,'time':{'long':-1},"
                    "'reason':'undecodable','detail':'truncated','value':'a\\u00ffb'}");
}

Test(message_id, is_the_xxh3_128_of_customer_zero_byte_and_request_id)
{
        char id[TG_MESSAGE_ID_SIZE + 1], longer[300];

        tg_message_id(tg_span_text("anna"), tg_span_text("r-1"), id);
        cr_expect_str_eq(id, "e57d02a725c70403320429a0bab62164");
        tg_message_id(tg_span_text(""), tg_span_text(""), id);
        cr_expect_str_eq(id, "a6cd5e9392000f6ac44bdff4074eecdb");
        memset(longer, 'c', sizeof longer);
        tg_message_id(tg_span_of(longer, sizeof longer), tg_span_of(longer, sizeof longer), id);
        cr_expect_str_eq(id, "9b11446eee0d2e46419c3acf0e8b96d8");
}

Test(message_id, the_zero_byte_keeps_customer_and_request_apart)
{
        char id[TG_MESSAGE_ID_SIZE + 1], other[TG_MESSAGE_ID_SIZE + 1];

        tg_message_id(tg_span_text("ab"), tg_span_text("c"), id);
        tg_message_id(tg_span_text("a"), tg_span_text("bc"), other);
        cr_assert_str_neq(id, other);
}

Test(request, expires_72_hours_after_its_time_unless_it_says_when)
{
        struct tg_request request = {.time_ms = 1000, .expires_ms = TG_NO_TIME};

        cr_assert_eq(tg_request_expiry(&request), 1000 + 72 * TG_HOUR_MS);
        request.expires_ms = 7;
        cr_assert_eq(tg_request_expiry(&request), 7);
        request = (struct tg_request){.time_ms = INT64_MAX - 5, .expires_ms = TG_NO_TIME};
        cr_assert_eq(tg_request_expiry(&request), TG_NEVER);
}
