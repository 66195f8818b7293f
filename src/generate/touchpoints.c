/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What customers do: how often each type happens, where, and what it tells.
 *
 * About one touchpoint in five is about a message that was requested before, and names it.
 */
#include "avro/encode.h"
#include "generate/world.h"
#include "records/decision.h"
#include "records/words.h"

/* The symbols of the schema's enums that records/words.h has no use for. */
enum { SOURCE_ZERO_PARTY = 1, SOURCE_FIRST_PARTY, SOURCE_SECOND_PARTY, SOURCE_THIRD_PARTY };
enum { LEVEL_ANONYMOUS = 1, LEVEL_DEVICE, LEVEL_LOGGED_IN, LEVEL_VERIFIED };

enum field { CAMPAIGN = 1, SUBJECT = 2, INTEREST = 4, SERVICE = 8 };

enum { CHANNEL_SHARES = 5, MESSAGE_TRIES = 4 };

/* How one type of touchpoint usually is. */
static const struct habit {
        enum tg_type type;
        uint32_t per_mille; /* of all touchpoints */
        unsigned fields;    /* of enum field: what it has; where it is remembered */
        unsigned settles;   /* in a hundred: about one of the messages on these channels */
        uint64_t messages;  /* bit = enum tg_channel */
        struct tg_share channels[CHANNEL_SHARES];
} habits[] = {
#define BIT(channel) (UINT64_C(1) << TG_CHANNEL_##channel)
#define SENT (BIT(EMAIL) | BIT(PUSH) | BIT(SMS) | BIT(MESSENGER) | BIT(POST))
        {TG_TYPE_IMPRESSION,
         300,
         CAMPAIGN | SUBJECT,
         25,
         BIT(ADS) | BIT(WEB) | BIT(APP),
         {{TG_CHANNEL_ADS, 85}, {TG_CHANNEL_WEB, 10}, {TG_CHANNEL_APP, 5}}},
        {TG_TYPE_VIEW, 220, SUBJECT | INTEREST, 0, 0, {{TG_CHANNEL_WEB, 65}, {TG_CHANNEL_APP, 35}}},
        {TG_TYPE_SEARCH,
         90,
         SUBJECT | INTEREST,
         0,
         0,
         {{TG_CHANNEL_WEB, 60}, {TG_CHANNEL_APP, 40}}},
        {TG_TYPE_DELIVERED,
         80,
         CAMPAIGN,
         90,
         SENT,
         {{TG_CHANNEL_EMAIL, 60}, {TG_CHANNEL_PUSH, 30}, {TG_CHANNEL_SMS, 10}}},
        {TG_TYPE_CLICK,
         60,
         CAMPAIGN | SUBJECT,
         30,
         SENT | BIT(ADS),
         {{TG_CHANNEL_ADS, 60}, {TG_CHANNEL_EMAIL, 30}, {TG_CHANNEL_PUSH, 10}}},
        {TG_TYPE_OPEN,
         50,
         CAMPAIGN,
         60,
         BIT(EMAIL) | BIT(PUSH),
         {{TG_CHANNEL_EMAIL, 80}, {TG_CHANNEL_PUSH, 20}}},
        {TG_TYPE_CART, 45, SUBJECT | INTEREST, 0, 0, {{TG_CHANNEL_WEB, 60}, {TG_CHANNEL_APP, 40}}},
        {TG_TYPE_CONSENT, 45, 0, 0, 0, {{TG_CHANNEL_WEB, 60}, {TG_CHANNEL_APP, 40}}},
        {TG_TYPE_PURCHASE,
         30,
         SUBJECT | SERVICE,
         0,
         0,
         {{TG_CHANNEL_WEB, 40}, {TG_CHANNEL_APP, 20}, {TG_CHANNEL_STORE, 40}}},
        {TG_TYPE_INTERACTION,
         25,
         SERVICE,
         0,
         0,
         {{TG_CHANNEL_CALL, 50},
          {TG_CHANNEL_MESSENGER, 20},
          {TG_CHANNEL_STORE, 20},
          {TG_CHANNEL_EMAIL, 10}}},
        {TG_TYPE_SURVEY_INVITED,
         10,
         CAMPAIGN,
         50,
         SENT,
         {{TG_CHANNEL_EMAIL, 80}, {TG_CHANNEL_SMS, 20}}},
        {TG_TYPE_PREFERENCE, 9, 0, 0, 0, {{TG_CHANNEL_WEB, 60}, {TG_CHANNEL_APP, 40}}},
        {TG_TYPE_PROFILE, 8, 0, 0, 0, {{TG_CHANNEL_WEB, 60}, {TG_CHANNEL_APP, 40}}},
        {TG_TYPE_BOUNCE,
         6,
         CAMPAIGN,
         95,
         BIT(EMAIL) | BIT(SMS) | BIT(PUSH),
         {{TG_CHANNEL_EMAIL, 80}, {TG_CHANNEL_SMS, 20}}},
        {TG_TYPE_SURVEY_ANSWERED,
         5,
         CAMPAIGN,
         50,
         SENT,
         {{TG_CHANNEL_WEB, 70}, {TG_CHANNEL_APP, 30}}},
        {TG_TYPE_CASE_OPENED, 5, 0, 0, 0, {{TG_CHANNEL_CALL, 60}, {TG_CHANNEL_EMAIL, 40}}},
        {TG_TYPE_CASE_RESOLVED, 4, SERVICE, 0, 0, {{TG_CHANNEL_CALL, 60}, {TG_CHANNEL_EMAIL, 40}}},
        {TG_TYPE_REFUND, 3, SUBJECT, 0, 0, {{TG_CHANNEL_WEB, 50}, {TG_CHANNEL_STORE, 50}}},
        {TG_TYPE_UNSUBSCRIBE,
         3,
         CAMPAIGN,
         80,
         BIT(EMAIL) | BIT(SMS),
         {{TG_CHANNEL_EMAIL, 90}, {TG_CHANNEL_SMS, 10}}},
        {TG_TYPE_COMPLAINT,
         1,
         CAMPAIGN,
         50,
         SENT | BIT(ADS),
         {{TG_CHANNEL_EMAIL, 50}, {TG_CHANNEL_CALL, 50}}},
        {TG_TYPE_TOO_PERSONAL, 1, CAMPAIGN, 50, SENT | BIT(ADS), {{TG_CHANNEL_ADS, 100}}},
#undef SENT
#undef BIT
};

static const struct habit *pick_habit(struct tg_random *random)
{
        const struct habit *habit = habits;
        uint64_t at = tg_random_below(random, 1000);

        while (at >= habit->per_mille)
                at -= habit++->per_mille;
        return habit;
}

/* A message that this type of touchpoint may be about; NULL: about none. */
static const struct tg_trace *pick_message(struct tg_world *world, const struct habit *habit)
{
        if (habit->settles == 0 || !tg_random_percent(&world->random, habit->settles))
                return NULL;
        for (int i = 0; i < MESSAGE_TRIES; i++) {
                const struct tg_trace *message = tg_recent_pick(&world->messages, &world->random);

                if (message && habit->messages >> message->channel & 1)
                        return message;
        }
        return NULL;
}

/* What happens, to whom, about what; the time and number are the caller's. */
static void fill_trace(struct tg_world *world, const struct habit *habit,
                       const struct tg_trace *message, struct tg_trace *trace)
{
        trace->type = (uint8_t)habit->type;
        if (message) {
                trace->customer = message->customer;
                trace->campaign = message->campaign;
                trace->subject = message->subject;
                trace->channel = message->channel;
                return;
        }
        trace->customer = tg_world_customer(world);
        trace->channel = tg_random_share(&world->random, habit->channels);
        if (habit->fields & CAMPAIGN)
                trace->campaign = tg_world_campaign(world);
        if (habit->fields & SUBJECT)
                trace->subject = tg_world_subject(world, trace->customer);
}

static void put_message_id(const struct tg_world *world, struct tg_span customer,
                           const struct tg_trace *message, struct tg_buffer *buffer)
{
        char request[TG_NAME_SIZE], id[TG_MESSAGE_ID_SIZE + 1];

        if (!message) {
                tg_put_null(buffer);
                return;
        }
        tg_message_id(customer, tg_name_event(world, "r-", message->event, request), id);
        tg_put_optional_span(buffer, tg_span_of(id, TG_MESSAGE_ID_SIZE));
}

static void put_consent(struct tg_world *world, int64_t time_ms, struct tg_buffer *buffer)
{
        static const char *const purposes[] = {"marketing", "research", "service"};
        static const struct tg_share purpose[] = {{0, 60}, {1, 25}, {2, 15}};
        static const struct tg_share channels[] = {{TG_CHANNEL_ABSENT, 60},
                                                   {TG_CHANNEL_EMAIL, 20},
                                                   {TG_CHANNEL_PUSH, 10},
                                                   {TG_CHANNEL_SMS, 5},
                                                   {TG_CHANNEL_ADS, 5}};
        struct tg_random *random = &world->random;
        uint8_t channel = tg_random_share(random, channels);

        tg_put_present(buffer);
        tg_put_text(buffer, purposes[tg_random_share(random, purpose)]);
        if (channel == TG_CHANNEL_ABSENT) {
                tg_put_null(buffer);
        } else {
                tg_put_present(buffer);
                tg_put_enum(buffer, channel);
        }
        tg_put_bool(buffer, tg_random_percent(random, 85));
        tg_put_optional_time(
                buffer, tg_random_percent(random, 30)
                                ? time_ms + (int64_t)(1 + tg_random_below(random, 400)) * TG_DAY_MS
                                : TG_NO_TIME);
        tg_put_bool(buffer, tg_random_percent(random, 20));
}

static void put_preference(struct tg_world *world, struct tg_buffer *buffer)
{
        static const char *const preferences[][2] = {
                {"frequency", "weekly"}, {"frequency", "monthly"}, {"hours", "09:00-18:00"},
                {"channel", "email"},    {"channel", "push"},      {"pause", "30d"},
        };
        const char *const *preference = preferences[tg_random_below(
                &world->random, sizeof preferences / sizeof preferences[0])];

        tg_put_present(buffer);
        tg_put_text(buffer, preference[0]);
        tg_put_text(buffer, preference[1]);
}

static void put_profile(struct tg_world *world, struct tg_buffer *buffer)
{
        static const char *const places[][6] = {
                {"Europe/Berlin", "DE", "BE", "10115", "+4930", "de"},
                {"Europe/Paris", "FR", "IDF", "75001", "+331", "fr"},
                {"America/New_York", "US", "NY", "10001", "+1212", "en-US"},
                {"America/Los_Angeles", "US", "CA", "90001", "+1213", "en-US"},
                {"Asia/Tokyo", "JP", "13", "100-0001", "+813", "ja"},
        };
        const char *const *place =
                places[tg_random_below(&world->random, sizeof places / sizeof places[0])];
        bool whole = tg_random_percent(&world->random, 60);

        tg_put_present(buffer);
        for (int i = 0; i < 6; i++)
                tg_put_optional_text(buffer, whole || i == 0 ? place[i] : NULL);
        tg_put_optional_text(buffer, tg_random_percent(&world->random, 20) ? "gold" : NULL);
        tg_put_name(buffer, "household-", 0);
}

/* The bodies: each belongs to one type, and is null on all others. */
static void put_bodies(struct tg_world *world, const struct tg_trace *trace,
                       struct tg_buffer *buffer)
{
        if (trace->type == TG_TYPE_CONSENT)
                put_consent(world, trace->time_ms, buffer);
        else
                tg_put_null(buffer);
        if (trace->type == TG_TYPE_PREFERENCE)
                put_preference(world, buffer);
        else
                tg_put_null(buffer);
        if (trace->type == TG_TYPE_PROFILE)
                put_profile(world, buffer);
        else
                tg_put_null(buffer);
        tg_put_null(buffer); /* identity: customers stay who they are */
}

static void put_attributes(struct tg_world *world, struct tg_buffer *buffer)
{
        bool some = tg_random_percent(&world->random, 10);

        tg_put_items_begin(buffer, some);
        if (some) {
                tg_put_text(buffer, "device");
                tg_put_text(buffer, tg_random_percent(&world->random, 70) ? "phone" : "desktop");
        }
        tg_put_items_end(buffer);
}

static void put_touchpoint(struct tg_world *world, const struct tg_trace *trace,
                           const struct tg_trace *message, struct tg_buffer *buffer)
{
        static const struct tg_share sources[] = {{SOURCE_FIRST_PARTY, 85},
                                                  {SOURCE_ZERO_PARTY, 8},
                                                  {SOURCE_SECOND_PARTY, 4},
                                                  {SOURCE_THIRD_PARTY, 3}};
        static const struct tg_share levels[] = {{LEVEL_LOGGED_IN, 50},
                                                 {LEVEL_DEVICE, 30},
                                                 {LEVEL_ANONYMOUS, 15},
                                                 {LEVEL_VERIFIED, 5}};
        struct tg_random *random = &world->random;
        char id[TG_NAME_SIZE], customer_name[TG_NAME_SIZE];
        struct tg_span customer = tg_name("customer-", trace->customer, customer_name);

        tg_put_span(buffer, tg_name_event(world, "t-", trace->event, id));
        tg_put_span(buffer, customer);
        tg_put_long(buffer, trace->time_ms);
        tg_put_enum(buffer, trace->type);
        tg_put_present(buffer);
        tg_put_enum(buffer, trace->channel);
        tg_put_name(buffer, "campaign-", trace->campaign);
        tg_put_name(buffer, "product-", trace->subject);
        tg_put_name(buffer, "category-", tg_world_category(trace->subject));
        tg_put_name(buffer, "topic-", tg_world_topic(world, trace->campaign, trace->subject));
        put_message_id(world, customer, message, buffer);
        tg_put_null(buffer); /* receipt: only who has read the permit could echo it */
        tg_put_enum(buffer, tg_random_share(random, sources));
        tg_put_enum(buffer, tg_random_share(random, levels));
        tg_put_bool(buffer, tg_random_percent(random, 3)); /* shared device */
        tg_put_bool(buffer, tg_random_percent(random, 1)); /* bot */
        tg_put_bool(buffer, trace->type == TG_TYPE_PURCHASE && tg_random_percent(random, 5));
        put_bodies(world, trace, buffer);
        put_attributes(world, buffer);
}

void tg_world_touchpoint(struct tg_world *world, uint64_t event, int64_t time_ms,
                         struct tg_buffer *buffer)
{
        const struct habit *habit = pick_habit(&world->random);
        const struct tg_trace *message = pick_message(world, habit);
        struct tg_trace trace = {.time_ms = time_ms, .event = event};

        fill_trace(world, habit, message, &trace);
        put_touchpoint(world, &trace, message, buffer);
        if (habit->fields & INTEREST)
                tg_recent_add(&world->interests, &trace);
        if (habit->fields & SERVICE)
                tg_recent_add(&world->services, &trace);
}
