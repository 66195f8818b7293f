/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/world.h"

#include "avro/encode.h"

enum {
        INTERESTS_KEPT = 1 << 15,
        SERVICES_KEPT = 1 << 12,
        MESSAGES_KEPT = 1 << 13,
        WORLD_PURPOSE = 1, /* of its random stream */
        FAVOURITES = 4,    /* subjects of a customer */
        FAVOURITE_PERCENT = 70,
        CATEGORIES = 50,
        ZIPF_QUARTERS = 4, /* campaigns and subjects: 1 / rank */
        BUSIEST = 1,       /* the customer who is a burst, if one is asked for */
};

void tg_world_init(struct tg_world *world, const struct tg_traffic_options *options)
{
        *world = (struct tg_world){
                .options = options,
                .random = tg_random_of(options->seed, WORLD_PURPOSE),
                .customers = tg_skew_of(options->customers, options->skew_quarters),
                .campaigns = tg_skew_of(options->campaigns, ZIPF_QUARTERS),
                .subjects = tg_skew_of(options->subjects, ZIPF_QUARTERS),
        };
        tg_recent_init(&world->interests, INTERESTS_KEPT);
        tg_recent_init(&world->services, SERVICES_KEPT);
        tg_recent_init(&world->messages, MESSAGES_KEPT);
}

void tg_world_deinit(struct tg_world *world)
{
        tg_recent_deinit(&world->interests);
        tg_recent_deinit(&world->services);
        tg_recent_deinit(&world->messages);
}

uint32_t tg_world_customer(struct tg_world *world)
{
        if (world->options->burst_per_million > 0 &&
            tg_random_chance(&world->random, world->options->burst_per_million))
                return BUSIEST;
        return tg_skew_pick(&world->customers, &world->random);
}

uint32_t tg_world_campaign(struct tg_world *world)
{
        return tg_skew_pick(&world->campaigns, &world->random);
}

uint32_t tg_world_subject(struct tg_world *world, uint32_t customer)
{
        struct tg_random favourites;

        if (!tg_random_percent(&world->random, FAVOURITE_PERCENT))
                return tg_skew_pick(&world->subjects, &world->random);
        favourites = tg_random_of(customer, tg_random_below(&world->random, FAVOURITES));
        return tg_skew_pick(&world->subjects, &favourites);
}

uint32_t tg_world_topic(const struct tg_world *world, uint32_t campaign, uint32_t subject)
{
        uint32_t of = campaign ? campaign : subject;

        return of ? of % world->options->topics + 1 : 0;
}

uint32_t tg_world_category(uint32_t subject)
{
        return subject ? subject % CATEGORIES + 1 : 0;
}

/* Writes NUMBER at AT; returns the byte behind it. */
static char *write_number(char *at, uint64_t number)
{
        char digits[20];
        int count = 0;

        do
                digits[count++] = (char)('0' + number % 10);
        while (number /= 10);
        while (count > 0)
                *at++ = digits[--count];
        return at;
}

struct tg_span tg_name(const char *prefix, uint64_t number, char text[static TG_NAME_SIZE])
{
        size_t size = strlen(prefix);

        assert(size + 20 <= TG_NAME_SIZE);
        memcpy(text, prefix, size);
        return tg_span_of(text, (size_t)(write_number(text + size, number) - text));
}

struct tg_span tg_name_event(const struct tg_world *world, const char *prefix, uint64_t event,
                             char text[static TG_NAME_SIZE])
{
        struct tg_span name = tg_name(prefix, world->options->seed, text);
        char *end = text + name.size;

        assert(name.size + 21 <= TG_NAME_SIZE);
        *end = '-';
        return tg_span_of(text, (size_t)(write_number(end + 1, event) - text));
}

void tg_put_name(struct tg_buffer *buffer, const char *prefix, uint64_t number)
{
        char text[TG_NAME_SIZE];

        tg_put_optional_span(buffer, number ? tg_name(prefix, number, text) : TG_SPAN_ABSENT);
}
