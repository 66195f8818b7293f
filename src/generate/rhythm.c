/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/rhythm.h"

#include "base/time.h"

enum { HOURS = 24 };

/* How busy each hour of the day is, beside the others. */
static const uint8_t busy[HOURS] = {3,  2,  1,  1,  1,  2,  4,  7,  9,  10, 10, 10,
                                    11, 11, 10, 10, 10, 11, 12, 13, 13, 11, 8,  5};

static uint64_t busy_day(void)
{
        uint64_t sum = 0;

        for (int hour = 0; hour < HOURS; hour++)
                sum += busy[hour];
        return sum;
}

/* The hour at hand gets the events between its two ends on the scale of all weights. */
static void begin_hour(struct tg_rhythm *rhythm)
{
        uint64_t until;

        rhythm->weight_before += busy[rhythm->hour];
        until = (uint64_t)((unsigned __int128)rhythm->events * rhythm->weight_before /
                           rhythm->weight);
        rhythm->in_hour = until - rhythm->events_before;
        rhythm->events_before = until;
        rhythm->position = 0;
}

struct tg_rhythm tg_rhythm_of(int64_t start_ms, uint32_t days, uint64_t events)
{
        struct tg_rhythm rhythm = {
                .hour_ms = start_ms,
                .hours_left = days * HOURS - 1,
                .hour = (uint32_t)(((start_ms % TG_DAY_MS) + TG_DAY_MS) % TG_DAY_MS / TG_HOUR_MS),
                .events = events,
                .weight = days * busy_day(),
        };

        assert(days > 0);
        begin_hour(&rhythm);
        return rhythm;
}

int64_t tg_rhythm_next(struct tg_rhythm *rhythm, struct tg_random *random)
{
        enum { FRACTION_BITS = 8 };
        uint64_t place;

        while (rhythm->position == rhythm->in_hour) {
                assert(rhythm->hours_left > 0);
                rhythm->hours_left--;
                rhythm->hour_ms += TG_HOUR_MS;
                rhythm->hour = (rhythm->hour + 1) % HOURS;
                begin_hour(rhythm);
        }
        place = rhythm->position++ << FRACTION_BITS |
                tg_random_next(random) >> (64 - FRACTION_BITS);
        return rhythm->hour_ms +
               (int64_t)(place * (uint64_t)TG_HOUR_MS / rhythm->in_hour >> FRACTION_BITS);
}
