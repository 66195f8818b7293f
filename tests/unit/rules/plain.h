/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A judge of small random policies and histories, written the plain way: it keeps lists and tries
 * one millisecond after the other. Windows are some milliseconds long.
 */
#pragma once

#include "person.h"

enum { PLAIN_RULES = 4, PLAIN_EVENTS = 24, PLAIN_SPAN_MS = 60 };

enum plain_family { PLAIN_CAP, PLAIN_RETARGET, PLAIN_WAIT, PLAIN_GAP, PLAIN_COOLDOWN };

struct plain_rule {
        enum plain_family family;
        uint8_t for_channel; /* TG_CHANNEL_UNKNOWN: any */
        enum tg_scope each;  /* customer, channel or campaign */
        enum tg_type type;   /* of a cap: what it counts */
        uint64_t after;      /* of a cooldown: bit = enum tg_type */
        int count;           /* at_most, times */
        int64_t window_ms;   /* per, within, at_most; of a gap at_least, of a cooldown for */
        int64_t at_least_ms;
        bool until; /* of a retarget: a purchase ends it; of a cooldown: it resets it */
};

/* A touch, or a permit (with type TG_TYPE_PERMIT; its tag is its place in the list). */
struct plain_event {
        enum tg_type type;
        int64_t time_ms;
        uint8_t channel;
        int campaign; /* 0: none */
        int settles;  /* the place of the permit that it is about; -1: none */
};

struct plain {
        struct plain_rule rules[PLAIN_RULES];
        int rule_count;
        struct plain_event events[PLAIN_EVENTS];
        int event_count;
        int64_t confirm_ms[2]; /* of ads, of email */
};

/* A message: its words. */
struct plain_request {
        uint8_t channel;
        int campaign;
};

/* Makes up rules; writes them as YAML to RET_YAML. */
void plain_policy(struct plain *plain, unsigned *seed, char *ret_yaml, size_t size);

/* Makes up the next event, not a permit before CLOCK_MS. */
const struct plain_event *plain_event(struct plain *plain, int64_t clock_ms, unsigned *seed);

/* What tg_evaluate should say, reasons included. */
struct tg_verdict plain_judge(const struct plain *plain, const struct plain_request *request,
                              int64_t t_ms, int64_t expiry_ms, struct tg_reasons *ret_reasons);

/* From 0 to BELOW - 1. */
static inline int random_below(unsigned *seed, int below)
{
        return rand_r(seed) % below;
}
