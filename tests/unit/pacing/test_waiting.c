/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "pacing/waiting.h"

enum { THROTTLES = 2 };

static struct tg_waiting *waiting_of(size_t messages, size_t bytes)
{
        return tg_waiting_new(THROTTLES, (struct tg_waiting_limits){messages, bytes});
}

/* Throttles that conform at these moments. */
static void conform(struct tg_gcra *throttles, int64_t first_ms, int64_t second_ms)
{
        throttles[0] = (struct tg_gcra){.tat = {.ms = first_ms}};
        throttles[1] = (struct tg_gcra){.tat = {.ms = second_ms}};
}

static struct tg_waiter *waiter_of(struct tg_waiting *waiting, int32_t priority, int64_t age,
                                   int64_t due_ms)
{
        struct tg_waiter *waiter = tg_waiter_new(waiting, tg_span_text("datum"));

        cr_assert_not_null(waiter);
        waiter->priority = priority;
        waiter->age = age;
        waiter->offset = age;
        waiter->due_ms = due_ms;
        return waiter;
}

/* Takes the next one: its age; -1: none. */
static int64_t take_one(struct tg_waiting *waiting, const struct tg_gcra *throttles, int64_t t_ms)
{
        struct tg_waiter *waiter = tg_waiting_take(waiting, throttles, t_ms);
        int64_t age = waiter ? waiter->age : -1;

        if (waiter)
                tg_waiter_free(waiting, waiter);
        return age;
}

/* The same, once all that is due by T_MS is in line. */
static int64_t next(struct tg_waiting *waiting, const struct tg_gcra *throttles, int64_t t_ms)
{
        tg_waiting_gather(waiting, t_ms, SIZE_MAX);
        return take_one(waiting, throttles, t_ms);
}

Test(waiting, where_nothing_waits_nothing_is_due)
{
        struct tg_waiting *waiting = waiting_of(9, 999);
        struct tg_gcra throttles[THROTTLES];

        conform(throttles, 0, 0);
        cr_assert_eq(tg_waiting_due(waiting, throttles), TG_NEVER);
        cr_assert_null(tg_waiting_take(waiting, throttles, 100));
        cr_assert_eq(tg_waiting_oldest_offset(waiting), -1);
        tg_waiting_free(waiting);
        tg_waiting_free(NULL);
}

Test(waiting, a_message_keeps_its_bytes)
{
        struct tg_waiting *waiting = waiting_of(9, 999);
        char datum[] = "request";
        struct tg_waiter *waiter = tg_waiter_new(waiting, tg_span_of(datum, 7));

        datum[0] = 'X';
        cr_assert(tg_span_equal(tg_span_of(waiter->datum, waiter->size), tg_span_text("request")));
        tg_waiter_free(waiting, waiter);
        tg_waiting_free(waiting);
}

Test(waiting, a_deferred_message_is_due_at_its_moment_and_not_before)
{
        struct tg_waiting *waiting = waiting_of(9, 999);
        struct tg_gcra throttles[THROTTLES];

        conform(throttles, 0, 0);
        tg_waiting_defer(waiting, waiter_of(waiting, 0, 1, 100));
        cr_assert_eq(tg_waiting_due(waiting, throttles), 100);
        cr_assert_eq(next(waiting, throttles, 99), -1);
        cr_assert_eq(next(waiting, throttles, 100), 1);
        cr_assert_eq(tg_waiting_due(waiting, throttles), TG_NEVER);
        tg_waiting_free(waiting);
}

Test(waiting, of_what_is_due_at_one_moment_priority_goes_first_then_age)
{
        struct tg_waiting *waiting = waiting_of(9, 999);
        struct tg_gcra throttles[THROTTLES];

        conform(throttles, 0, 0);
        tg_waiting_defer(waiting, waiter_of(waiting, 0, 1, 100));
        tg_waiting_defer(waiting, waiter_of(waiting, 5, 3, 100));
        tg_waiting_defer(waiting, waiter_of(waiting, 5, 2, 100));
        tg_waiting_defer(waiting, waiter_of(waiting, -5, 0, 100));
        cr_assert_eq(next(waiting, throttles, 100), 2);
        cr_assert_eq(next(waiting, throttles, 100), 3);
        cr_assert_eq(next(waiting, throttles, 100), 1);
        cr_assert_eq(next(waiting, throttles, 100), 0);
        tg_waiting_free(waiting);
}

Test(waiting, of_all_that_is_overdue_priority_goes_first_whatever_fell_due_first)
{
        struct tg_waiting *waiting = waiting_of(9, 999);
        struct tg_gcra throttles[THROTTLES];

        conform(throttles, 0, 0);
        tg_waiting_defer(waiting, waiter_of(waiting, 0, 1, 50));
        tg_waiting_defer(waiting, waiter_of(waiting, 9, 2, 100));
        cr_assert_eq(tg_waiting_due(waiting, throttles), 50);
        cr_assert_eq(next(waiting, throttles, 200), 2);
        cr_assert_eq(tg_waiting_due(waiting, throttles), TG_NO_TIME, "the rest is due at once");
        cr_assert_eq(next(waiting, throttles, 200), 1);
        tg_waiting_free(waiting);
}

Test(waiting, a_queue_is_due_when_its_throttle_conforms)
{
        struct tg_waiting *waiting = waiting_of(9, 999);
        struct tg_gcra throttles[THROTTLES];

        conform(throttles, 300, 200);
        tg_waiting_queue(waiting, 0, waiter_of(waiting, 0, 1, 0));
        cr_assert_eq(tg_waiting_due(waiting, throttles), 300);
        tg_waiting_queue(waiting, 1, waiter_of(waiting, 0, 2, 0));
        cr_assert_eq(tg_waiting_due(waiting, throttles), 200);
        cr_assert_eq(next(waiting, throttles, 199), -1);
        cr_assert_eq(next(waiting, throttles, 200), 2);
        cr_assert_eq(next(waiting, throttles, 299), -1);
        tg_waiting_free(waiting);
}

Test(waiting, queues_go_first_in_policy_order_then_the_deferred)
{
        struct tg_waiting *waiting = waiting_of(9, 999);
        struct tg_gcra throttles[THROTTLES];

        conform(throttles, 100, 100);
        tg_waiting_defer(waiting, waiter_of(waiting, 9, 0, 100));
        tg_waiting_queue(waiting, 1, waiter_of(waiting, 9, 1, 0));
        tg_waiting_queue(waiting, 0, waiter_of(waiting, 0, 2, 0));
        tg_waiting_queue(waiting, 0, waiter_of(waiting, 1, 3, 0));
        cr_assert_eq(next(waiting, throttles, 100), 3);
        cr_assert_eq(next(waiting, throttles, 100), 2);
        cr_assert_eq(next(waiting, throttles, 100), 1);
        cr_assert_eq(next(waiting, throttles, 100), 0);
        tg_waiting_free(waiting);
}

Test(waiting, no_more_messages_wait_than_the_bound_says)
{
        struct tg_waiting *waiting = waiting_of(2, 999);
        struct tg_waiter *first = waiter_of(waiting, 0, 1, 0);

        tg_waiting_defer(waiting, waiter_of(waiting, 0, 2, 0));
        cr_assert_null(tg_waiter_new(waiting, tg_span_text("")));
        cr_assert_eq(tg_waiting_count(waiting), 2);
        tg_waiter_free(waiting, first);
        tg_waiting_defer(waiting, waiter_of(waiting, 0, 3, 0));
        tg_waiting_free(waiting);
}

Test(waiting, no_more_bytes_wait_than_the_bound_says)
{
        struct tg_waiting *waiting = waiting_of(9, 10);
        struct tg_waiter *first = tg_waiter_new(waiting, tg_span_text("1234567"));

        cr_assert_null(tg_waiter_new(waiting, tg_span_text("1234")));
        tg_waiting_defer(waiting, tg_waiter_new(waiting, tg_span_text("123")));
        tg_waiter_free(waiting, first);
        tg_waiting_defer(waiting, tg_waiter_new(waiting, tg_span_text("1234567")));
        tg_waiting_free(waiting);
}

Test(waiting, the_oldest_offset_is_that_of_all_that_wait)
{
        struct tg_waiting *waiting = waiting_of(9, 999);
        struct tg_gcra throttles[THROTTLES];

        conform(throttles, 500, 500);
        tg_waiting_queue(waiting, 1, waiter_of(waiting, 0, 4, 0));
        tg_waiting_defer(waiting, waiter_of(waiting, 0, 7, 100));
        tg_waiting_defer(waiting, waiter_of(waiting, 9, 8, 100));
        cr_assert_eq(tg_waiting_oldest_offset(waiting), 4);
        conform(throttles, 500, 0);
        cr_assert_eq(next(waiting, throttles, 10), 4);
        cr_assert_eq(tg_waiting_oldest_offset(waiting), 7);
        cr_assert_eq(next(waiting, throttles, 100), 8, "the other is ready");
        cr_assert_eq(tg_waiting_oldest_offset(waiting), 7);
        tg_waiting_commit(waiting);
        cr_assert_eq(tg_waiting_oldest_offset(waiting), 7);
        cr_assert_eq(next(waiting, throttles, 100), 7);
        cr_assert_eq(tg_waiting_oldest_offset(waiting), -1);
        tg_waiting_free(waiting);
}

Test(waiting, a_message_that_is_due_at_once_is_taken_at_once)
{
        struct tg_waiting *waiting = waiting_of(9, 999);
        struct tg_gcra throttles[THROTTLES];

        conform(throttles, 0, 0);
        tg_waiting_defer(waiting, waiter_of(waiting, 0, 1, 100));
        cr_assert_eq(next(waiting, throttles, 100), 1);
        tg_waiting_defer(waiting, waiter_of(waiting, 0, 2, 100));
        cr_assert_eq(tg_waiting_due(waiting, throttles), TG_NO_TIME);
        cr_assert_eq(next(waiting, throttles, 100), 2);
        tg_waiting_free(waiting);
}

Test(waiting, a_part_of_what_is_due_is_not_taken_before_all_of_it_is_in_line)
{
        struct tg_waiting *waiting = waiting_of(9, 999);
        struct tg_gcra throttles[THROTTLES];

        conform(throttles, 0, 0);
        for (int i = 0; i < 5; i++)
                tg_waiting_defer(waiting, waiter_of(waiting, i, i, 100));
        tg_waiting_queue(waiting, 0, waiter_of(waiting, 0, 9, 100));
        cr_assert(!tg_waiting_gather(waiting, 100, 2));
        cr_assert_eq(take_one(waiting, throttles, 100), 9, "a queue's head does not wait for them");
        cr_assert_eq(take_one(waiting, throttles, 100), -1);
        cr_assert_eq(tg_waiting_due(waiting, throttles), TG_NO_TIME);
        tg_waiting_defer(waiting, waiter_of(waiting, 8, 8, 101));
        cr_assert(!tg_waiting_gather(waiting, 101, 2));
        cr_assert(tg_waiting_gather(waiting, 101, 2), "what was begun is finished first");
        cr_assert_eq(take_one(waiting, throttles, 101), 4);
        cr_assert(tg_waiting_gather(waiting, 101, 2));
        cr_assert_eq(take_one(waiting, throttles, 101), 8);
        cr_assert_eq(take_one(waiting, throttles, 101), 3);
        tg_waiting_free(waiting);
}

Test(waiting, a_million_due_at_one_instant_leave_by_priority_then_age)
{
        enum { MILLION = 1000000 };
        struct tg_waiting *waiting = waiting_of(MILLION, 5 * MILLION);
        int64_t last[3] = {-1, -1, -1};
        struct tg_gcra throttles[THROTTLES];
        int priority = 2;

        conform(throttles, 0, 0);
        for (int i = 0; i < MILLION; i++)
                tg_waiting_defer(waiting, waiter_of(waiting, i % 7 % 3, i, 1500000000000));
        cr_assert_eq(next(waiting, throttles, 1499999999999), -1);
        for (int i = 0; i < MILLION; i++) {
                int64_t age = next(waiting, throttles, 1500000000000);

                cr_assert_leq(age % 7 % 3, priority);
                priority = (int)(age % 7 % 3);
                cr_assert_gt(age, last[priority]);
                last[priority] = age;
        }
        cr_assert_eq(tg_waiting_count(waiting), 0);
        tg_waiting_free(waiting);
}

/* The plain reference: a list that is searched, and copied at each commit. */
enum { RANDOM = 40, STEPS = 3000 };

struct plain {
        struct plain_message {
                int32_t priority;
                int64_t age;
                int64_t due_ms;
                int throttle; /* -1: it is deferred */
        } messages[RANDOM];   /* in the order they were made */
        int count;
};

/* Who is next, by its place in the list; -1: nobody. */
static int plain_next(const struct plain *plain, const struct tg_gcra *throttles, int64_t t_ms)
{
        for (int place = 0; place <= THROTTLES; place++) {
                int throttle = place < THROTTLES ? place : -1, first = -1;

                if (throttle >= 0 && tg_gcra_conforms_ms(&throttles[throttle]) > t_ms)
                        continue;
                for (int i = 0; i < plain->count; i++) {
                        const struct plain_message *message = &plain->messages[i];

                        if (message->throttle == throttle &&
                            (throttle >= 0 || message->due_ms <= t_ms) &&
                            (first < 0 || message->priority > plain->messages[first].priority))
                                first = i;
                }
                if (first >= 0)
                        return first;
        }
        return -1;
}

static void put(struct tg_waiting *waiting, struct tg_waiter *waiter, struct plain_message *message,
                int throttle, int64_t due_ms)
{
        waiter->due_ms = message->due_ms = due_ms;
        message->throttle = throttle;
        if (throttle < 0)
                tg_waiting_defer(waiting, waiter);
        else
                tg_waiting_queue(waiting, (size_t)throttle, waiter);
}

static void make(struct tg_waiting *waiting, struct plain *plain, int64_t age, int throttle,
                 int64_t due_ms, int32_t priority)
{
        struct tg_waiter *waiter;

        if (plain->count == RANDOM) {
                cr_assert_null(tg_waiter_new(waiting, tg_span_text("")));
                return;
        }
        plain->messages[plain->count] = (struct plain_message){priority, age, 0, 0};
        waiter = waiter_of(waiting, priority, age, 0);
        put(waiting, waiter, &plain->messages[plain->count++], throttle, due_ms);
}

/* Takes what is next; it ends, or waits again. */
static void take(struct tg_waiting *waiting, struct plain *plain, const struct tg_gcra *throttles,
                 int64_t t_ms, int throttle, int64_t due_ms, unsigned seed)
{
        int expected = plain_next(plain, throttles, t_ms);
        struct plain_message *message;
        struct tg_waiter *waiter;

        for (int earlier = 1; earlier >= 0; earlier--) {
                while (!tg_waiting_gather(waiting, t_ms, 1 + (size_t)due_ms % 3))
                        continue;
        }
        waiter = tg_waiting_take(waiting, throttles, t_ms);
        cr_assert_eq(waiter ? waiter->age : -1, expected < 0 ? -1 : plain->messages[expected].age,
                     "seed %u", seed);
        if (!waiter)
                return;
        message = &plain->messages[expected];
        if (due_ms % 3) {
                put(waiting, waiter, message, throttle, due_ms);
                return;
        }
        tg_waiter_free(waiting, waiter);
        plain->count--;
        memmove(message, message + 1, (size_t)(plain->count - expected) * sizeof *message);
}

/* Mostly near, now and then years away. */
static int64_t random_distance(unsigned *seed)
{
        int64_t far = (int64_t)rand_r(seed) << rand_r(seed) % 12;

        return rand_r(seed) % 40 ? rand_r(seed) % 90 : far;
}

/* Some 126 years on: throttles reckon in nanoseconds. */
#define LAST_MS INT64_C(4000000000000)

Test(waiting, at_random_it_does_as_a_plain_list_does_and_undoes_what_was_not_committed)
{
        unsigned first = (unsigned)time(NULL), seed = first;
        struct tg_gcra throttles[THROTTLES];

        for (int round = 0; round < 30; round++) {
                struct tg_waiting *waiting = waiting_of(RANDOM, RANDOM * 10);
                struct plain plain = {.count = 0}, committed = plain;
                int64_t t_ms = round % 2 ? 1500000000000 : -70;

                for (int step = 0; step < STEPS; step++) {
                        int act = rand_r(&seed) % 60;
                        int throttle = rand_r(&seed) % 4 - 2;
                        int64_t due_ms = t_ms + random_distance(&seed);

                        throttle = throttle < 0 ? -1 : throttle;
                        conform(throttles, t_ms + rand_r(&seed) % 9 - 4,
                                t_ms + rand_r(&seed) % 9 - 4);
                        if (act == 0) {
                                tg_waiting_commit(waiting);
                                committed = plain;
                        } else if (act == 1) {
                                tg_waiting_undo(waiting);
                                plain = committed;
                        } else if (act < 5) {
                                t_ms += random_distance(&seed);
                                if (t_ms > LAST_MS)
                                        t_ms = LAST_MS;
                        } else if (act < 7) {
                                tg_waiting_gather(waiting, t_ms, 1 + (size_t)act % 2);
                        } else if (act < 20) {
                                make(waiting, &plain, step, throttle, due_ms, rand_r(&seed) % 4);
                        } else {
                                take(waiting, &plain, throttles, t_ms, throttle, due_ms, first);
                        }
                        cr_assert_eq(tg_waiting_count(waiting), (size_t)plain.count, "seed %u",
                                     first);
                        cr_assert_eq(tg_waiting_oldest_offset(waiting),
                                     plain.count ? plain.messages[0].age : -1, "seed %u", first);
                }
                tg_waiting_free(waiting);
        }
}
