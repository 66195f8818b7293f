/* SPDX-License-Identifier: Apache-2.0 */
/*
 * When events happen: a given number of them over some days, few at night, many in the evening.
 *
 * Times never go back. Each hour gets its share of the events, spread over it with a little chance.
 * Integers alone; constant memory.
 */
#pragma once

#include "generate/random.h"

struct tg_rhythm {
        int64_t hour_ms;        /* where the present hour begins */
        uint32_t hours_left;    /* behind it */
        uint32_t hour;          /* of the day, UTC */
        uint64_t events;        /* all that are to come, from the first on */
        uint64_t weight;        /* of all hours */
        uint64_t weight_before; /* of the hours up to the present one's end */
        uint64_t events_before; /* of the same */
        uint64_t in_hour;       /* events of the present hour */
        uint64_t position;      /* of the next one in it */
};

/* EVENTS up to 10^10 over DAYS, not 0, from START_MS on. */
struct tg_rhythm tg_rhythm_of(int64_t start_ms, uint32_t days, uint64_t events);

/* The time of the next event; asked at most as often as there are events. */
int64_t tg_rhythm_next(struct tg_rhythm *rhythm, struct tg_random *random);
