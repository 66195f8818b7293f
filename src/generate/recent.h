/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happened lately, so that later events can be about it: the last few thousand traces.
 *
 * A ring of fixed size, so memory does not grow with the recording. One owner, one thread.
 */
#pragma once

#include <stddef.h>

#include "generate/random.h"

/* What is remembered of an event. Numbers are those in its names; 0: it has none. */
struct tg_trace {
        int64_t time_ms;
        uint64_t event; /* its number, as in its id */
        uint32_t customer;
        uint32_t campaign;
        uint32_t subject;
        uint8_t type;    /* enum tg_type, of a touchpoint */
        uint8_t channel; /* enum tg_channel */
};

struct tg_recent {
        struct tg_trace *traces; /* owned */
        uint32_t capacity;       /* a power of two */
        uint64_t added;
};

void tg_recent_init(struct tg_recent *recent, uint32_t capacity);
void tg_recent_deinit(struct tg_recent *recent);

void tg_recent_add(struct tg_recent *recent, const struct tg_trace *trace);

/* One of those remembered, the younger the likelier; NULL: there is none. Until the next is added.
 */
const struct tg_trace *tg_recent_pick(const struct tg_recent *recent, struct tg_random *random);
