/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a compiled plan costs beside a decoder written by hand for the same schema, in one run.
 *
 * Records of about 50 bytes: id, customer, campaign (may be null), time, kind, value (may be null)
 * and channel, of lengths that vary. Prints nanoseconds a record, the median of several rounds that
 * alternate between the decoders; the ratio is the result, the times are this machine's.
 */
#include <stdio.h>
#include <stdlib.h>

#include "avro/encode.h"
#include "avro/plan.h"
#include "base/error.h"
#include "measure.h"

enum { RECORDS = 20000, ROUNDS = 31, PASSES = 10 };

static const uint64_t seed = 42;

struct event {
        struct tg_span id;
        struct tg_span customer;
        struct tg_span campaign;
        struct tg_span channel;
        int64_t time_ms;
        int64_t value;
        uint8_t kind;
};

static const struct tg_slot slots[] = {
        TG_SLOT_SPAN(struct event, id, "id"),
        TG_SLOT_SPAN(struct event, customer, "customer"),
        TG_SLOT_SPAN(struct event, campaign, "campaign"),
        TG_SLOT_SPAN(struct event, channel, "channel"),
        TG_SLOT_LONG(struct event, time_ms, "time"),
        TG_SLOT_LONG(struct event, value, "value"),
        TG_SLOT_ENUM(struct event, kind, "kind", 255),
};
static const struct tg_layout layout = TG_LAYOUT(struct event, slots);

static const struct tg_slot head_slots[] = {
        TG_SLOT_SPAN(struct event, id, "id"),
        TG_SLOT_SPAN(struct event, customer, "customer"),
        TG_SLOT_LONG(struct event, time_ms, "time"),
};
static const struct tg_layout head_layout = TG_LAYOUT(struct event, head_slots);

static const char schema_json[] =
        "{\"type\":\"record\",\"name\":\"Event\",\"fields\":["
        "{\"name\":\"id\",\"type\":\"string\"},{\"name\":\"customer\",\"type\":\"string\"},"
        "{\"name\":\"time\",\"type\":\"long\"},"
        "{\"name\":\"kind\",\"type\":{\"type\":\"enum\",\"name\":\"Kind\",\"symbols\":[\"A\",\"B\","
        "\"C\",\"D\"]}},"
        "{\"name\":\"campaign\",\"type\":[\"null\",\"string\"]},"
        "{\"name\":\"value\",\"type\":[\"null\",\"long\"]},"
        "{\"name\":\"channel\",\"type\":\"string\"}]}";

static void put_records(struct tg_buffer *buffer)
{
        uint64_t state = seed;
        char text[40];

        for (int i = 0; i < RECORDS; i++) {
                uint64_t random = measure_random(&state);

                snprintf(text, sizeof text, "e-%012llx", (unsigned long long)(random >> 16));
                tg_put_text(buffer, text);
                snprintf(text, sizeof text, "customer-%u", (unsigned)(random % 1000000));
                tg_put_text(buffer, text);
                tg_put_long(buffer, 1488326400000 + (int64_t)(random % 10000000000));
                tg_put_enum(buffer, random % 4);
                tg_put_optional_text(buffer, random % 8 ? "spring" : NULL);
                tg_put_optional_long(buffer, random % 16 ? TG_NO_TIME : (int64_t)(random % 5000),
                                     TG_NO_TIME);
                tg_put_text(buffer, "email");
        }
}

/* The decoder written by hand, checked as the plan is (but for numbers of more than 64 bits). */
static inline const uint8_t *hand_long(const uint8_t *p, const uint8_t *end, int64_t *ret_value)
{
        uint64_t value = 0;

        for (unsigned shift = 0; p < end && shift < 70; shift += 7) {
                uint64_t byte = *p++;

                value |= (byte & 0x7f) << shift;
                if (byte < 0x80) {
                        *ret_value = (int64_t)(value >> 1 ^ -(value & 1));
                        return p;
                }
        }
        return NULL;
}

static inline const uint8_t *hand_text(const uint8_t *p, const uint8_t *end, struct tg_span *ret)
{
        int64_t size;

        p = hand_long(p, end, &size);
        if (!p || size < 0 || size > end - p)
                return NULL;
        *ret = tg_span_of(p, (size_t)size);
        return p + size;
}

static const uint8_t *hand_event(const uint8_t *p, const uint8_t *end, struct event *event)
{
        int64_t kind, branch;

        if (!(p = hand_text(p, end, &event->id)) || !(p = hand_text(p, end, &event->customer)) ||
            !(p = hand_long(p, end, &event->time_ms)) || !(p = hand_long(p, end, &kind)) ||
            kind < 0 || kind > 3 || !(p = hand_long(p, end, &branch)) || branch < 0 || branch > 1)
                return NULL;
        event->kind = (uint8_t)kind;
        event->campaign = TG_SPAN_ABSENT;
        if (branch && !(p = hand_text(p, end, &event->campaign)))
                return NULL;
        if (!(p = hand_long(p, end, &branch)) || branch < 0 || branch > 1)
                return NULL;
        event->value = TG_NO_TIME;
        if (branch && !(p = hand_long(p, end, &event->value)))
                return NULL;
        return hand_text(p, end, &event->channel);
}

/* Sums something of every record, so that no decoder is optimised away. */
static uint64_t sum_of(const struct event *event)
{
        return (uint64_t)event->time_ms + (uint64_t)event->value + event->kind + event->id.size +
               event->customer.data[0] + event->campaign.size + event->channel.size;
}

static uint64_t by_hand(const struct tg_plan *plan, struct tg_span data)
{
        const uint8_t *p = data.data, *end = p + data.size;
        uint64_t sum = 0;

        (void)plan;
        while (p < end) {
                struct event event;

                p = hand_event(p, end, &event);
                if (!p)
                        abort();
                sum += sum_of(&event);
        }
        return sum;
}

static uint64_t by_plan(const struct tg_plan *plan, struct tg_span data)
{
        uint64_t sum = 0;

        while (data.size) {
                struct event event;
                size_t size;

                if (tg_plan_decode(plan, data, &event, &size) < 0)
                        abort();
                sum += sum_of(&event);
                data = tg_span_of(data.data + size, data.size - size);
        }
        return sum;
}

/* Id, customer and time alone; the rest is walked over, as nothing says how long it is. */
static uint64_t by_head(const struct tg_plan *plan, struct tg_span data)
{
        uint64_t sum = 0;

        while (data.size) {
                struct event event;
                size_t size;

                if (tg_plan_decode(plan, data, &event, &size) < 0)
                        abort();
                sum += (uint64_t)event.time_ms;
                data = tg_span_of(data.data + size, data.size - size);
        }
        return sum;
}

static double time_ns(uint64_t (*decode)(const struct tg_plan *, struct tg_span),
                      const struct tg_plan *plan, struct tg_span data, uint64_t *sum)
{
        double start = measure_cpu_ns();

        for (int pass = 0; pass < PASSES; pass++)
                *sum += decode(plan, data);
        return (measure_cpu_ns() - start) / (PASSES * RECORDS);
}

int main(void)
{
        struct tg_error error;
        struct tg_schema *schema;
        struct tg_plan *plan, *short_plan;
        struct tg_buffer buffer = {0};
        double hand[ROUNDS], whole[ROUNDS], head[ROUNDS];
        uint64_t hand_sum = 0, plan_sum = 0, head_sum = 0;

        if (tg_schema_parse(tg_span_text(schema_json), &schema, &error) < 0 ||
            tg_plan_compile(schema, schema, &layout, &plan, &error) < 0 ||
            tg_plan_compile(schema, schema, &head_layout, &short_plan, &error) < 0) {
                fprintf(stderr, "bench decode: %s\n", error.message);
                return error.exit_code;
        }
        put_records(&buffer);
        for (int round = 0; round < ROUNDS; round++) {
                hand[round] = time_ns(by_hand, NULL, tg_buffer_span(&buffer), &hand_sum);
                whole[round] = time_ns(by_plan, plan, tg_buffer_span(&buffer), &plan_sum);
                head[round] = time_ns(by_head, short_plan, tg_buffer_span(&buffer), &head_sum);
        }
        if (hand_sum != plan_sum) {
                fprintf(stderr, "bench decode: the two decoders disagree\n");
                return EX_SOFTWARE;
        }
        measure_print_machine();
        printf("decode: %d records of %.1f bytes, seed %llu\n", RECORDS,
               (double)buffer.size / (double)RECORDS, (unsigned long long)seed);
        printf("  by hand       %6.1f ns\n", measure_median(hand, ROUNDS));
        printf("  plan          %6.1f ns  %.2f of by hand\n", measure_median(whole, ROUNDS),
               measure_median(whole, ROUNDS) / measure_median(hand, ROUNDS));
        printf("  plan, head    %6.1f ns  (id, customer and time; the rest is walked over)\n",
               measure_median(head, ROUNDS));
        tg_buffer_deinit(&buffer);
        tg_plan_free(short_plan);
        tg_plan_free(plan);
        tg_schema_free(schema);
        return 0;
}
