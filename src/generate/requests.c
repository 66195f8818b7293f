/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What senders want to send: how often each kind is asked for, where, how urgently, about what.
 *
 * Retargeting follows an interest shown lately, a survey follows a service; the others are sent to
 * whom they are sent to.
 */
#include "avro/encode.h"
#include "generate/world.h"
#include "records/words.h"

/* The symbols of the schema's enums that records/words.h has no use for. */
enum { SOURCE_ZERO_PARTY = 1, SOURCE_FIRST_PARTY, SOURCE_INFERRED = 5 };
enum { LEVEL_ANONYMOUS = 1, LEVEL_DEVICE, LEVEL_LOGGED_IN, LEVEL_VERIFIED };
enum { PRICING_LIST = 1, PRICING_TIER };

enum field { CAMPAIGN = 1, SUBJECT = 2, AFTER_INTEREST = 4, AFTER_SERVICE = 8 };

enum { CHANNEL_SHARES = 5, EXPIRY_DOUBLINGS = 11, DATA_MAX = 3, PAYLOAD_WORDS_MAX = 6 };

/* How one kind of request usually is. */
static const struct habit {
        enum tg_kind kind;
        uint8_t percent;      /* of all requests */
        unsigned fields;      /* of enum field */
        int32_t priority;     /* and up to 9 more */
        const char *purpose;  /* NULL: needs none */
        unsigned has_general; /* in a hundred: with a general variant */
        struct tg_share channels[CHANNEL_SHARES];
} habits[TG_KINDS] = {
        [TG_KIND_RETARGET] = {TG_KIND_RETARGET,
                              35,
                              CAMPAIGN | SUBJECT | AFTER_INTEREST,
                              20,
                              "marketing",
                              25,
                              {{TG_CHANNEL_ADS, 70},
                               {TG_CHANNEL_EMAIL, 15},
                               {TG_CHANNEL_PUSH, 10},
                               {TG_CHANNEL_WEB, 5}}},
        [TG_KIND_PROMOTION] = {TG_KIND_PROMOTION,
                               20,
                               CAMPAIGN,
                               10,
                               "marketing",
                               25,
                               {{TG_CHANNEL_EMAIL, 45},
                                {TG_CHANNEL_ADS, 30},
                                {TG_CHANNEL_PUSH, 15},
                                {TG_CHANNEL_SMS, 5},
                                {TG_CHANNEL_POST, 5}}},
        [TG_KIND_OFFER] = {TG_KIND_OFFER,
                           12,
                           CAMPAIGN | SUBJECT,
                           30,
                           "marketing",
                           10,
                           {{TG_CHANNEL_EMAIL, 40},
                            {TG_CHANNEL_PUSH, 25},
                            {TG_CHANNEL_APP, 20},
                            {TG_CHANNEL_SMS, 10},
                            {TG_CHANNEL_MESSENGER, 5}}},
        [TG_KIND_NEWSLETTER] =
                {TG_KIND_NEWSLETTER, 10, CAMPAIGN, 0, "marketing", 0, {{TG_CHANNEL_EMAIL, 100}}},
        [TG_KIND_SURVEY] = {TG_KIND_SURVEY,
                            8,
                            CAMPAIGN | AFTER_SERVICE,
                            40,
                            "research",
                            0,
                            {{TG_CHANNEL_EMAIL, 60},
                             {TG_CHANNEL_APP, 20},
                             {TG_CHANNEL_SMS, 15},
                             {TG_CHANNEL_MESSENGER, 5}}},
        [TG_KIND_GENERAL] = {TG_KIND_GENERAL,
                             5,
                             CAMPAIGN,
                             0,
                             NULL,
                             0,
                             {{TG_CHANNEL_ADS, 60}, {TG_CHANNEL_EMAIL, 20}, {TG_CHANNEL_WEB, 20}}},
        [TG_KIND_TRANSACTIONAL] = {TG_KIND_TRANSACTIONAL,
                                   10,
                                   SUBJECT,
                                   90,
                                   "service",
                                   0,
                                   {{TG_CHANNEL_EMAIL, 70},
                                    {TG_CHANNEL_SMS, 20},
                                    {TG_CHANNEL_PUSH, 10}}},
};

static const struct habit *pick_habit(struct tg_random *random)
{
        const struct habit *habit = habits;
        uint64_t at = tg_random_below(random, 100);

        while (at >= habit->percent)
                at -= habit++->percent;
        return habit;
}

/* The touchpoint that the request follows; NULL: none. */
static const struct tg_trace *pick_cause(struct tg_world *world, const struct habit *habit)
{
        if (habit->fields & AFTER_INTEREST)
                return tg_recent_pick(&world->interests, &world->random);
        if (habit->fields & AFTER_SERVICE)
                return tg_recent_pick(&world->services, &world->random);
        return NULL;
}

static void fill_trace(struct tg_world *world, const struct habit *habit,
                       const struct tg_trace *cause, struct tg_trace *trace)
{
        trace->customer = cause ? cause->customer : tg_world_customer(world);
        trace->channel = tg_random_share(&world->random, habit->channels);
        if (habit->fields & CAMPAIGN)
                trace->campaign = tg_world_campaign(world);
        if (habit->fields & SUBJECT)
                trace->subject = cause ? cause->subject : tg_world_subject(world, trace->customer);
}

/* Mostly by default; else from some minutes to some days. */
static int64_t pick_expiry(struct tg_random *random, int64_t time_ms)
{
        int64_t after_ms = 10 * TG_MINUTE_MS;

        if (tg_random_percent(random, 60))
                return TG_NO_TIME;
        after_ms <<= tg_random_below(random, EXPIRY_DOUBLINGS);
        return time_ms + after_ms + (int64_t)tg_random_below(random, (uint64_t)after_ms);
}

static void put_about(const struct tg_world *world, const struct tg_trace *cause,
                      struct tg_buffer *buffer)
{
        char id[TG_NAME_SIZE];

        if (!cause) {
                tg_put_null(buffer);
                return;
        }
        tg_put_present(buffer);
        tg_put_optional_span(buffer, tg_name_event(world, "t-", cause->event, id));
        tg_put_enum(buffer, cause->type);
        tg_put_long(buffer, cause->time_ms);
}

static void put_data(struct tg_world *world, int64_t time_ms, struct tg_buffer *buffer)
{
        static const char *const names[DATA_MAX] = {"postal_code", "age_group", "last_purchase"};
        static const struct tg_share sources[] = {
                {SOURCE_FIRST_PARTY, 70}, {SOURCE_ZERO_PARTY, 20}, {SOURCE_INFERRED, 10}};
        static const struct tg_share counts[] = {{0, 60}, {1, 25}, {2, 10}, {3, 5}};
        uint8_t count = tg_random_share(&world->random, counts);

        tg_put_items_begin(buffer, count);
        for (uint8_t i = 0; i < count; i++) {
                int64_t days = (int64_t)tg_random_below(&world->random, 400);

                tg_put_text(buffer, names[i]);
                tg_put_enum(buffer, tg_random_share(&world->random, sources));
                tg_put_optional_time(buffer, time_ms - days * TG_DAY_MS);
        }
        tg_put_items_end(buffer);
}

/* Stands for a message: opaque, some tens of bytes. */
static void put_payload(struct tg_world *world, struct tg_buffer *buffer)
{
        static const char text[] = "dear customer, here is something that you may like: ";
        char payload[sizeof text + PAYLOAD_WORDS_MAX * 16];
        uint64_t words = 1 + tg_random_below(&world->random, PAYLOAD_WORDS_MAX);
        size_t size = sizeof text - 1;

        memcpy(payload, text, size);
        while (words-- > 0) {
                uint64_t word = tg_random_next(&world->random);

                for (int i = 0; i < 16; i++, word >>= 4)
                        payload[size++] = "0123456789abcdef"[word & 15];
        }
        tg_put_span(buffer, tg_span_of(payload, size));
}

static void put_general(struct tg_world *world, const struct habit *habit, struct tg_buffer *buffer)
{
        if (!tg_random_percent(&world->random, habit->has_general)) {
                tg_put_null(buffer);
                return;
        }
        tg_put_present(buffer);
        tg_put_name(buffer, "campaign-",
                    tg_random_percent(&world->random, 30) ? tg_world_campaign(world) : 0);
        tg_put_null(buffer); /* topic: as requested */
        put_payload(world, buffer);
}

static void put_fallbacks(struct tg_world *world, struct tg_buffer *buffer)
{
        bool some = tg_random_percent(&world->random, 10);

        tg_put_items_begin(buffer, some);
        if (some)
                tg_put_enum(buffer, TG_CHANNEL_APP);
        tg_put_items_end(buffer);
}

/* What it was targeted with, and how it will look. */
static void put_manner(struct tg_world *world, int64_t time_ms, struct tg_buffer *buffer)
{
        static const struct tg_share levels[] = {{LEVEL_LOGGED_IN, 55},
                                                 {LEVEL_DEVICE, 25},
                                                 {LEVEL_ANONYMOUS, 10},
                                                 {LEVEL_VERIFIED, 10}};
        struct tg_random *random = &world->random;

        tg_put_enum(buffer, tg_random_share(random, levels));
        tg_put_bool(buffer, tg_random_percent(random, 5)); /* shared device */
        put_data(world, time_ms, buffer);
        tg_put_int(buffer, (int32_t)tg_random_below(random, 4)); /* personal */
        tg_put_int(buffer, (int32_t)tg_random_below(random, 4)); /* specific */
        tg_put_int(buffer, (int32_t)tg_random_below(random, 4)); /* insistent */
        tg_put_enum(buffer, tg_random_percent(random, 90) ? PRICING_LIST : PRICING_TIER);
        tg_put_null(buffer); /* price scheme */
}

static void put_request(struct tg_world *world, const struct habit *habit,
                        const struct tg_trace *trace, const struct tg_trace *cause,
                        struct tg_buffer *buffer)
{
        static const struct tg_share classes[] = {{TG_CLASS_NONE, 97},
                                                  {TG_CLASS_CREDIT, 1},
                                                  {TG_CLASS_INSURANCE, 1},
                                                  {TG_CLASS_HEALTH, 1}};
        struct tg_random *random = &world->random;
        char text[TG_NAME_SIZE];

        tg_put_span(buffer, tg_name_event(world, "r-", trace->event, text));
        tg_put_span(buffer, tg_name("customer-", trace->customer, text));
        tg_put_long(buffer, trace->time_ms);
        tg_put_optional_time(buffer, pick_expiry(random, trace->time_ms));
        tg_put_enum(buffer, trace->channel);
        tg_put_enum(buffer, habit->kind);
        tg_put_enum(buffer, tg_random_share(random, classes));
        tg_put_name(buffer, "campaign-", trace->campaign);
        tg_put_name(buffer, "product-", trace->subject);
        tg_put_name(buffer, "category-", tg_world_category(trace->subject));
        tg_put_name(buffer, "topic-", tg_world_topic(world, trace->campaign, trace->subject));
        tg_put_name(buffer, "segment-",
                    tg_random_percent(random, 30) ? 1 + tg_random_below(random, 20) : 0);
        tg_put_optional_text(buffer, habit->purpose);
        tg_put_int(buffer, habit->priority + (int32_t)tg_random_below(random, 10));
        put_about(world, cause, buffer);
        put_manner(world, trace->time_ms, buffer);
        put_general(world, habit, buffer);
        put_fallbacks(world, buffer);
        put_payload(world, buffer);
}

void tg_world_request(struct tg_world *world, uint64_t event, int64_t time_ms,
                      struct tg_buffer *buffer)
{
        const struct habit *habit = pick_habit(&world->random);
        const struct tg_trace *cause = pick_cause(world, habit);
        struct tg_trace trace = {.time_ms = time_ms, .event = event};

        fill_trace(world, habit, cause, &trace);
        put_request(world, habit, &trace, cause, buffer);
        tg_recent_add(&world->messages, &trace);
}
