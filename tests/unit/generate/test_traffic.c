/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/traffic.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <xxhash.h>

#include "avro/plan.h"
#include "base/memory.h"
#include "records/decision.h"
#include "records/request.h"
#include "records/schemas.h"
#include "records/touchpoint.h"
#include "support/said.h"

enum { EVENTS = 60000, CUSTOMERS = 2000 };

static struct tg_traffic_options few(void)
{
        struct tg_traffic_options options = tg_traffic_defaults;

        options.events = EVENTS;
        options.customers = CUSTOMERS;
        return options;
}

static double share(unsigned events)
{
        return (double)events / (double)EVENTS;
}

/* Of all records, with the stream each belongs to. */
static uint64_t hash_of(const struct tg_traffic_options *options)
{
        struct tg_traffic *traffic = tg_traffic_new(options);
        struct tg_generated record;
        uint64_t hash = 0;

        while (tg_traffic_next(traffic, &record))
                hash = XXH64(record.datum.data, record.datum.size, hash + record.stream);
        tg_traffic_free(traffic);
        return hash;
}

static void all_of(const struct tg_traffic_options *options,
                   void (*see)(void *context, const struct tg_generated *record), void *context)
{
        struct tg_traffic *traffic = tg_traffic_new(options);
        struct tg_generated record;

        while (tg_traffic_next(traffic, &record))
                see(context, &record);
        tg_traffic_free(traffic);
}

static struct tg_plan *plan_of(enum tg_shipped shipped, const struct tg_layout *layout)
{
        tg_cleanup(tg_schema_free_pointer) struct tg_schema *schema = NULL;
        struct tg_error error;
        struct tg_plan *plan;

        cr_assert_eq(tg_schema_parse(tg_shipped_text(shipped), &schema, &error), 0);
        cr_assert_eq(tg_plan_compile(schema, schema, layout, &plan, &error), 0);
        return plan;
}

/* What the tests below count and remember while they look at all records. */
struct seen {
        struct tg_plan *touchpoints;
        struct tg_plan *requests;
        unsigned types[TG_TYPES];
        unsigned kinds[TG_KINDS];
        unsigned records;
        unsigned busiest; /* records of customer-1 */
        unsigned with_message;
        unsigned with_about;
        struct event { /* by number */
                char *customer;
                int64_t time_ms;
                bool request;
        } events[EVENTS];
        char (*messages)[TG_MESSAGE_ID_SIZE + 1]; /* by number of the request */
};

static struct seen *seen_new(void)
{
        struct seen *seen = calloc(1, sizeof *seen);

        seen->touchpoints = plan_of(TG_SCHEMA_TOUCHPOINT, &tg_touchpoint_layout);
        seen->requests = plan_of(TG_SCHEMA_REQUEST, &tg_request_layout);
        seen->messages = calloc(EVENTS, sizeof seen->messages[0]);
        return seen;
}

static void seen_free(struct seen *seen)
{
        for (int i = 0; i < EVENTS; i++)
                free(seen->events[i].customer);
        tg_plan_free(seen->touchpoints);
        tg_plan_free(seen->requests);
        free(seen->messages);
        free(seen);
}

static void note(struct seen *seen, const struct tg_generated *record, struct tg_span customer)
{
        seen->records++;
        seen->busiest += tg_span_equal(customer, tg_span_text("customer-1"));
        seen->events[record->event] = (struct event){
                .customer = strndup((const char *)customer.data, customer.size),
                .time_ms = record->time_ms,
                .request = record->stream == TG_STREAM_REQUESTS,
        };
}

/* A message of an earlier request to the same customer: looked for among the last few thousand. */
static void check_message(const struct seen *seen, uint64_t event,
                          const struct tg_touchpoint *touchpoint)
{
        while (event-- > 0) {
                if (seen->events[event].request &&
                    memcmp(seen->messages[event], touchpoint->message_id.data,
                           TG_MESSAGE_ID_SIZE) == 0) {
                        cr_assert(tg_span_equal(touchpoint->customer,
                                                tg_span_text(seen->events[event].customer)));
                        return;
                }
        }
        cr_assert_fail("it is about no message requested before");
}

static void see_touchpoint(struct seen *seen, const struct tg_generated *record)
{
        struct tg_touchpoint touchpoint;
        size_t size;

        cr_assert_eq(tg_plan_decode(seen->touchpoints, record->datum, &touchpoint, &size), 0);
        cr_assert_eq(size, record->datum.size);
        cr_assert_eq(touchpoint.time_ms, record->time_ms);
        cr_assert_eq(touchpoint.consent.present, touchpoint.type == TG_TYPE_CONSENT);
        note(seen, record, touchpoint.customer);
        seen->types[touchpoint.type]++;
        if (tg_span_present(touchpoint.message_id)) {
                seen->with_message++;
                if (seen->with_message % 16 == 0)
                        check_message(seen, record->event, &touchpoint);
        }
}

static void see_request(struct seen *seen, const struct tg_generated *record)
{
        struct tg_request request;
        size_t size;

        cr_assert_eq(tg_plan_decode(seen->requests, record->datum, &request, &size), 0);
        cr_assert_eq(size, record->datum.size);
        cr_assert_eq(request.time_ms, record->time_ms);
        cr_assert_gt(tg_request_expiry(&request), request.time_ms);
        note(seen, record, request.customer);
        seen->kinds[request.kind]++;
        seen->with_about += request.about.present;
        tg_message_id(request.customer, request.id, seen->messages[record->event]);
}

static void see(void *context, const struct tg_generated *record)
{
        if (record->stream == TG_STREAM_REQUESTS)
                see_request(context, record);
        else
                see_touchpoint(context, record);
}

Test(traffic, the_same_options_give_the_same_bytes_and_another_seed_others)
{
        struct tg_traffic_options options = few(), other = few();

        other.seed = 2;
        cr_assert_eq(hash_of(&options), hash_of(&options));
        cr_assert_neq(hash_of(&options), hash_of(&other));
}

/* Every compiler and machine must give this; a change of the traffic may change it. */
Test(traffic, the_bytes_are_those_of_every_other_machine)
{
        struct tg_traffic_options options = few();

        options.events = 10000;
        options.burst_per_million = 100000;
        options.late_per_million = 10000;
        options.duplicates_per_million = 10000;
        cr_assert_eq(hash_of(&options), UINT64_C(0x80115c76d4208453), "%016llx",
                     (unsigned long long)hash_of(&options));
}

Test(traffic, usual_things_are_frequent_and_every_kind_of_request_is_there)
{
        struct tg_traffic_options options = few();
        struct seen *seen = seen_new();

        all_of(&options, see, seen);
        cr_assert_gt(seen->types[TG_TYPE_IMPRESSION], seen->types[TG_TYPE_VIEW]);
        cr_assert_gt(seen->types[TG_TYPE_VIEW], seen->types[TG_TYPE_CART]);
        cr_assert_gt(seen->types[TG_TYPE_CART], seen->types[TG_TYPE_PURCHASE]);
        cr_assert_gt(seen->types[TG_TYPE_PURCHASE], seen->types[TG_TYPE_REFUND]);
        for (int type = TG_TYPE_UNKNOWN + 1; type < TG_TYPE_IDENTITY; type++)
                cr_assert_gt(seen->types[type], 0, "type %d", type);
        cr_assert_eq(seen->types[TG_TYPE_UNKNOWN], 0);
        for (int kind = TG_KIND_UNKNOWN + 1; kind < TG_KINDS; kind++)
                cr_assert_gt(seen->kinds[kind], EVENTS / 6 / 50, "kind %d", kind);
        cr_assert_eq(seen->kinds[TG_KIND_UNKNOWN], 0);
        seen_free(seen);
}

Test(traffic, touchpoints_are_about_messages_requested_before_of_the_same_customer)
{
        struct tg_traffic_options options = few();
        struct seen *seen = seen_new();

        all_of(&options, see, seen); /* which checks them */
        cr_assert_gt(seen->with_message, EVENTS / 20);
        cr_assert_gt(seen->with_about, seen->kinds[TG_KIND_SURVEY]);
        seen_free(seen);
}

Test(traffic, the_busiest_customer_is_busier_and_a_burst_is_as_large_as_asked_for)
{
        struct tg_traffic_options options = few();
        struct seen *usual = seen_new(), *burst = seen_new();

        all_of(&options, see, usual);
        cr_assert_gt(usual->busiest, 5 * EVENTS / CUSTOMERS);
        options.burst_per_million = 500000;
        all_of(&options, see, burst);
        cr_assert_float_eq(share(burst->busiest), 0.5, 0.05);
        seen_free(usual);
        seen_free(burst);
}

struct order {
        int64_t last_ms;
        unsigned records, requests, late, duplicates;
        uint64_t hash; /* of the originals */
        struct tg_generated last;
        uint64_t last_hash;
        int64_t late_max_ms;
};

static void see_order(void *context, const struct tg_generated *record)
{
        struct order *order = context;
        uint64_t hash = XXH64(record->datum.data, record->datum.size, 0);

        order->records++;
        order->requests += record->stream == TG_STREAM_REQUESTS;
        if (record->duplicate) {
                order->duplicates++;
                cr_assert_eq(hash, order->last_hash);
                cr_assert_eq(record->event, order->last.event);
                return;
        }
        order->hash = XXH64(&hash, sizeof hash, order->hash);
        order->last = *record;
        order->last_hash = hash;
        if (record->late) {
                order->late++;
                cr_assert_geq(record->time_ms, order->last_ms - order->late_max_ms);
                return;
        }
        cr_assert_geq(record->time_ms, order->last_ms);
        order->last_ms = record->time_ms;
}

Test(traffic, it_is_sorted_by_time_and_has_a_request_behind_so_many_touchpoints)
{
        struct tg_traffic_options options = few();
        struct order order = {0};

        options.touchpoints_per_request = 9;
        all_of(&options, see_order, &order);
        cr_assert_eq(order.records, EVENTS);
        cr_assert_eq(order.requests, EVENTS / 10);
        cr_assert_eq(order.late + order.duplicates, 0);
}

Test(traffic, without_a_ratio_there_are_no_requests)
{
        struct tg_traffic_options options = few();
        struct order order = {0};

        options.touchpoints_per_request = 0;
        all_of(&options, see_order, &order);
        cr_assert_eq(order.records, EVENTS);
        cr_assert_eq(order.requests, 0);
}

Test(traffic, late_events_are_as_many_and_as_late_as_asked_for)
{
        struct tg_traffic_options options = few();
        struct order order = {.late_max_ms = 5 * TG_MINUTE_MS};

        options.late_per_million = 20000;
        options.late_max_ms = order.late_max_ms;
        all_of(&options, see_order, &order);
        cr_assert_float_eq(share(order.late), 0.02, 0.004);
}

Test(traffic, duplicates_stand_behind_their_originals_and_change_nothing_else)
{
        struct tg_traffic_options options = few();
        struct order without = {0}, with = {0};

        all_of(&options, see_order, &without);
        options.duplicates_per_million = 30000;
        all_of(&options, see_order, &with);
        cr_assert_float_eq(share(with.duplicates), 0.03, 0.005);
        cr_assert_eq(with.records - with.duplicates, EVENTS);
        cr_assert_eq(with.hash, without.hash);
}

static void see_said(void *context, const struct tg_generated *record)
{
        char *said = said_by_bytes(record->stream == TG_STREAM_REQUESTS ? TG_SCHEMA_REQUEST
                                                                        : TG_SCHEMA_TOUCHPOINT,
                                   record->datum);

        (void)context;
        cr_assert_str_neq(said, "undecodable");
        free(said);
}

Test(traffic, libavro_reads_every_record_by_the_shipped_schemas)
{
        struct tg_traffic_options options = few();

        options.events = 3000;
        all_of(&options, see_said, NULL);
}
