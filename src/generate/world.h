/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who and what there is: customers, campaigns, subjects, and what they did lately; and their names.
 *
 * Customers like a few subjects best and come back to them. Private to this folder. One owner, one
 * thread.
 */
#pragma once

#include "base/buffer.h"
#include "generate/recent.h"
#include "generate/skew.h"
#include "generate/traffic.h"

struct tg_world {
        const struct tg_traffic_options *options;
        struct tg_random random;
        struct tg_skew customers;
        struct tg_skew campaigns;
        struct tg_skew subjects;
        struct tg_recent interests; /* searches, views, carts */
        struct tg_recent services;  /* interactions, purchases, cases resolved: asked about later */
        struct tg_recent messages;  /* requests */
};

/* OPTIONS are borrowed. */
void tg_world_init(struct tg_world *world, const struct tg_traffic_options *options);
void tg_world_deinit(struct tg_world *world);

uint32_t tg_world_customer(struct tg_world *world);
uint32_t tg_world_campaign(struct tg_world *world);
uint32_t tg_world_subject(struct tg_world *world, uint32_t customer);

/* What a campaign, or else a subject, is filed under; 0 for neither. */
uint32_t tg_world_topic(const struct tg_world *world, uint32_t campaign, uint32_t subject);
uint32_t tg_world_category(uint32_t subject);

/* Long enough for every name of this folder. */
enum { TG_NAME_SIZE = 64 };

/* PREFIX and NUMBER: "customer-42". Written to TEXT, which it is a span of. */
struct tg_span tg_name(const char *prefix, uint64_t number, char text[static TG_NAME_SIZE]);

/* The id of an event of this seed: "t-1-42". */
struct tg_span tg_name_event(const struct tg_world *world, const char *prefix, uint64_t event,
                             char text[static TG_NAME_SIZE]);

/* Each appends ["null", string]: a name; null for 0. */
void tg_put_name(struct tg_buffer *buffer, const char *prefix, uint64_t number);

/* Each appends one record of EVENT at TIME_MS and remembers it. */
void tg_world_touchpoint(struct tg_world *world, uint64_t event, int64_t time_ms,
                         struct tg_buffer *buffer);
void tg_world_request(struct tg_world *world, uint64_t event, int64_t time_ms,
                      struct tg_buffer *buffer);
