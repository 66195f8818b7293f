/* SPDX-License-Identifier: Apache-2.0 */
#include "generate/traffic.h"

#include <stdlib.h>

#include "base/memory.h"
#include "generate/rhythm.h"
#include "generate/world.h"

/* Of random streams; world.c has the first. */
enum { RHYTHM_PURPOSE = 2, DUPLICATES_PURPOSE, LATE_PURPOSE };

#define START_MS INT64_C(1767225600000) /* 2026-01-01 */

const struct tg_traffic_options tg_traffic_defaults = {
        .seed = 1,
        .events = 1000000,
        .customers = 100000,
        .campaigns = 200,
        .subjects = 10000,
        .topics = 30,
        .start_ms = START_MS,
        .days = 30,
        .touchpoints_per_request = 5,
        .skew_quarters = 2,
        .late_max_ms = TG_HOUR_MS,
};

struct tg_traffic {
        struct tg_traffic_options options;
        struct tg_world world;
        struct tg_rhythm rhythm;
        struct tg_random rhythm_random;
        struct tg_random duplicates_random;
        struct tg_random late_random;
        uint64_t event; /* the next one */
        struct tg_buffer buffer;
        struct tg_generated last;
        bool repeat; /* the last one comes again */
};

struct tg_traffic *tg_traffic_new(const struct tg_traffic_options *options)
{
        struct tg_traffic *traffic = tg_allocate_zeroed(1, sizeof *traffic);

        assert(options->events <= TG_TRAFFIC_EVENTS_MAX && options->topics > 0);
        assert(options->late_per_million == 0 || options->late_max_ms > 0);
        traffic->options = *options;
        tg_world_init(&traffic->world, &traffic->options);
        traffic->rhythm = tg_rhythm_of(options->start_ms, options->days, options->events);
        traffic->rhythm_random = tg_random_of(options->seed, RHYTHM_PURPOSE);
        traffic->duplicates_random = tg_random_of(options->seed, DUPLICATES_PURPOSE);
        traffic->late_random = tg_random_of(options->seed, LATE_PURPOSE);
        return traffic;
}

void tg_traffic_free(struct tg_traffic *traffic)
{
        if (!traffic)
                return;
        tg_world_deinit(&traffic->world);
        tg_buffer_deinit(&traffic->buffer);
        free(traffic);
}

static enum tg_stream stream_of(const struct tg_traffic *traffic)
{
        uint64_t period = (uint64_t)traffic->options.touchpoints_per_request + 1;

        return period > 1 && traffic->event % period == period - 1 ? TG_STREAM_REQUESTS
                                                                   : TG_STREAM_TOUCHPOINTS;
}

/* How long before its place the event happened; 0: it is not late. */
static int64_t lateness(struct tg_traffic *traffic, int64_t time_ms)
{
        const struct tg_traffic_options *options = &traffic->options;
        int64_t late_ms;

        if (!tg_random_chance(&traffic->late_random, options->late_per_million))
                return 0;
        late_ms =
                1 + (int64_t)tg_random_below(&traffic->late_random, (uint64_t)options->late_max_ms);
        return late_ms < time_ms - options->start_ms ? late_ms : time_ms - options->start_ms;
}

bool tg_traffic_next(struct tg_traffic *traffic, struct tg_generated *ret_record)
{
        struct tg_generated *record = &traffic->last;
        int64_t late_ms;

        if (traffic->repeat) {
                traffic->repeat = false;
                record->duplicate = true;
                *ret_record = *record;
                return true;
        }
        if (traffic->event == traffic->options.events)
                return false;
        *record = (struct tg_generated){
                .stream = stream_of(traffic),
                .event = traffic->event++,
                .time_ms = tg_rhythm_next(&traffic->rhythm, &traffic->rhythm_random),
        };
        late_ms = lateness(traffic, record->time_ms);
        record->late = late_ms > 0;
        record->time_ms -= late_ms;
        tg_buffer_reset(&traffic->buffer);
        if (record->stream == TG_STREAM_REQUESTS)
                tg_world_request(&traffic->world, record->event, record->time_ms, &traffic->buffer);
        else
                tg_world_touchpoint(&traffic->world, record->event, record->time_ms,
                                    &traffic->buffer);
        record->datum = tg_buffer_span(&traffic->buffer);
        traffic->repeat = tg_random_chance(&traffic->duplicates_random,
                                           traffic->options.duplicates_per_million);
        *ret_record = *record;
        return true;
}
