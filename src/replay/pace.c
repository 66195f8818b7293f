/* SPDX-License-Identifier: Apache-2.0 */
#include "replay/pace.h"

#include <math.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "base/time.h"

enum { AHEAD = 256 }; /* records read before they are due: few, so that progress is true */
#define LOOK_NS (100 * TG_MS_NS) /* how soon a stop is noticed while waiting */
#define SECOND_NS (TG_SECOND_MS * TG_MS_NS)

static int64_t monotonic_now_ns(void *context)
{
        struct timespec now;

        (void)context;
        clock_gettime(CLOCK_MONOTONIC, &now);
        return now.tv_sec * SECOND_NS + now.tv_nsec;
}

static void monotonic_wait(void *context, int64_t duration_ns)
{
        int64_t wait_ns = duration_ns < LOOK_NS ? duration_ns : LOOK_NS;
        struct timespec wait = {.tv_sec = wait_ns / SECOND_NS, .tv_nsec = wait_ns % SECOND_NS};

        (void)context;
        nanosleep(&wait, NULL);
}

const struct tg_pace_clock tg_pace_monotonic = {
        .now_ns = monotonic_now_ns,
        .wait = monotonic_wait,
};

/* Of the first record that can be read. A broken file is told by the shards that read it. */
static int64_t first_time_ms(const struct tg_recording *recording, enum tg_stream stream)
{
        struct tg_stream_reader *reader = tg_stream_reader_new(recording, stream);
        int64_t first_ms = TG_NEVER;
        struct tg_stream_record record;
        struct tg_error ignored;

        while (first_ms == TG_NEVER && tg_stream_reader_next(reader, &record, &ignored) == 0) {
                if (!record.fault && tg_time_in_calendar(record.head.time_ms))
                        first_ms = record.head.time_ms;
                tg_stream_release(record.owner);
        }
        tg_stream_reader_free(reader);
        return first_ms;
}

void tg_pace_start(struct tg_pace *pace, const struct tg_recording *recording)
{
        pace->first_ms = TG_NEVER;
        for (int stream = 0; pace->speed > 0 && stream < TG_STREAMS; stream++) {
                int64_t time_ms = first_time_ms(recording, (enum tg_stream)stream);

                if (time_ms < pace->first_ms)
                        pace->first_ms = time_ms;
        }
        if (pace->first_ms == TG_NEVER)
                pace->first_ms = TG_NO_TIME;
        pace->start_ns = pace->clock->now_ns(pace->clock->context);
}

int64_t tg_pace_due_ns(const struct tg_pace *pace, int64_t time_ms)
{
        double after_ns;

        if (pace->speed <= 0 || pace->first_ms == TG_NO_TIME || time_ms <= pace->first_ms ||
            time_ms > pace->last_ms || !tg_time_in_calendar(time_ms))
                return pace->start_ns;
        after_ns = ceil((double)(time_ms - pace->first_ms) * (double)TG_MS_NS / pace->speed);
        return after_ns < (double)(INT64_MAX / 2) ? pace->start_ns + (int64_t)after_ns : INT64_MAX;
}

struct tg_paced {
        const struct tg_pace *pace;
        struct tg_source source;
        struct tg_record *held[AHEAD]; /* read, and not all of them given */
        size_t held_count;
        size_t given; /* of them */
        bool ended;   /* there is nothing behind them */
        _Atomic uint64_t
                records; /* these two are figures for people: relaxed, they order nothing */
        _Atomic int64_t time_ms;
};

struct tg_paced *tg_paced_new(const struct tg_pace *pace, const struct tg_source *source)
{
        struct tg_paced *paced = tg_allocate_zeroed(1, sizeof *paced);

        paced->pace = pace;
        paced->source = *source;
        paced->time_ms = TG_NO_TIME;
        return paced;
}

static void release(void *context, struct tg_record *record)
{
        struct tg_paced *paced = context;

        paced->source.release(paced->source.context, record);
}

void tg_paced_free(struct tg_paced *paced)
{
        if (!paced)
                return;
        while (paced->given < paced->held_count)
                release(paced, paced->held[paced->given++]);
        free(paced);
}

uint64_t tg_paced_records(const struct tg_paced *paced)
{
        return atomic_load_explicit(&paced->records, memory_order_relaxed);
}

int64_t tg_paced_time_ms(const struct tg_paced *paced)
{
        return atomic_load_explicit(&paced->time_ms, memory_order_relaxed);
}

static void note(struct tg_paced *paced, struct tg_record *const *records, size_t count)
{
        atomic_fetch_add_explicit(&paced->records, count, memory_order_relaxed);
        while (count > 0 && records[count - 1]->kind != TG_RECORD_DATA)
                count--;
        if (count > 0)
                atomic_store_explicit(&paced->time_ms, records[count - 1]->time_ms,
                                      memory_order_relaxed);
}

static int check_stop(const struct tg_paced *paced, struct tg_error *error)
{
        const atomic_int *stop = paced->pace->stop;
        int signal = stop ? atomic_load_explicit(stop, memory_order_relaxed) : 0;

        if (signal)
                return tg_fail(error, TG_PACE_STOPPED + signal, "interrupted");
        if (atomic_load_explicit(&paced->pace->failed, memory_order_relaxed))
                return tg_fail(error, EX_OK, "another shard failed");
        return 0;
}

static int64_t due_ns(const struct tg_paced *paced, const struct tg_record *record)
{
        if (record->kind != TG_RECORD_DATA)
                return paced->pace->start_ns;
        return tg_pace_due_ns(paced->pace, record->time_ms);
}

/* Waits for the next one that is held; returns the time then, or -1. */
static int64_t wait_for_next(const struct tg_paced *paced, struct tg_error *error)
{
        const struct tg_pace_clock *clock = paced->pace->clock;
        int64_t due = due_ns(paced, paced->held[paced->given]);
        int64_t now = clock->now_ns(clock->context);

        while (now < due) {
                if (check_stop(paced, error) < 0)
                        return -1;
                clock->wait(clock->context, due - now);
                now = clock->now_ns(clock->context);
        }
        return now;
}

static int poll_paced(struct tg_paced *paced, struct tg_record **records, size_t capacity,
                      size_t *ret_count, struct tg_error *error)
{
        size_t count = 0;
        int64_t now;

        if (paced->given == paced->held_count && !paced->ended) {
                int answer;

                paced->given = paced->held_count = 0;
                answer = paced->source.poll(paced->source.context, paced->held, AHEAD,
                                            &paced->held_count, error);
                if (answer < 0)
                        return -1;
                paced->ended = answer > 0;
        }
        if (paced->given < paced->held_count) {
                now = wait_for_next(paced, error);
                if (now < 0)
                        return -1;
                while (count < capacity && paced->given < paced->held_count &&
                       due_ns(paced, paced->held[paced->given]) <= now)
                        records[count++] = paced->held[paced->given++];
        }
        *ret_count = count;
        return paced->ended && paced->given == paced->held_count;
}

static int poll(void *context, struct tg_record **records, size_t capacity, size_t *ret_count,
                struct tg_error *error)
{
        struct tg_paced *paced = context;
        int answer;

        if (check_stop(paced, error) < 0)
                return -1;
        if (paced->pace->speed > 0)
                answer = poll_paced(paced, records, capacity, ret_count, error);
        else
                answer = paced->source.poll(paced->source.context, records, capacity, ret_count,
                                            error);
        if (answer >= 0)
                note(paced, records, *ret_count);
        return answer;
}

static const char *stream_name(void *context, enum tg_stream stream)
{
        const struct tg_paced *paced = context;

        return paced->source.stream_name(paced->source.context, stream);
}

struct tg_source tg_paced_port(struct tg_paced *paced)
{
        return (struct tg_source){
                .poll = poll,
                .release = release,
                .stream_name = stream_name,
                .context = paced,
        };
}
