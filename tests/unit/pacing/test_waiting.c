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
        throttles[0] = (struct tg_gcra){.tat_ns = first_ms * TG_MS_NS};
        throttles[1] = (struct tg_gcra){.tat_ns = second_ms * TG_MS_NS};
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

/* Takes the next one due at T_MS: its age; -1: none. */
static int64_t next(struct tg_waiting *waiting, const struct tg_gcra *throttles, int64_t t_ms)
{
        struct tg_waiter *waiter = tg_waiting_take(waiting, throttles, t_ms);
        int64_t age = waiter ? waiter->age : -1;

        if (waiter)
                tg_waiter_free(waiting, waiter);
        return age;
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
        tg_waiting_defer(waiting, waiter_of(waiting, 0, 7, 100));
        tg_waiting_defer(waiting, waiter_of(waiting, 9, 8, 100));
        cr_assert_eq(tg_waiting_oldest_offset(waiting), 7);
        tg_waiting_queue(waiting, 1, waiter_of(waiting, 0, 4, 0));
        cr_assert_eq(tg_waiting_oldest_offset(waiting), 4);
        conform(throttles, 500, 0);
        cr_assert_eq(next(waiting, throttles, 10), 4);
        cr_assert_eq(next(waiting, throttles, 100), 8, "the other is ready");
        cr_assert_eq(tg_waiting_oldest_offset(waiting), 7);
        tg_waiting_free(waiting);
}

/* The plain reference: a list that is searched. */
enum { RANDOM = 300 };

struct plain {
        int32_t priority;
        int64_t due_ms;
        bool waits;
};

/* Who is next: of the due, by priority, then age; -1: none. */
static int64_t plain_next(const struct plain *plain, int64_t t_ms)
{
        int64_t next = -1;

        for (int i = 0; i < RANDOM; i++) {
                if (plain[i].waits && plain[i].due_ms <= t_ms &&
                    (next < 0 || plain[i].priority > plain[next].priority))
                        next = i;
        }
        return next;
}

Test(waiting, random_messages_leave_in_the_order_of_a_plain_list)
{
        unsigned first = (unsigned)time(NULL), seed = first;
        struct tg_gcra throttles[THROTTLES];

        conform(throttles, 0, 0);
        for (int round = 0; round < 50; round++) {
                struct tg_waiting *waiting = waiting_of(RANDOM, RANDOM * 10);
                struct plain plain[RANDOM];
                int64_t t_ms = 0, expected;

                for (int i = 0; i < RANDOM; i++) {
                        plain[i] = (struct plain){rand_r(&seed) % 4, rand_r(&seed) % 100, true};
                        tg_waiting_defer(waiting,
                                         waiter_of(waiting, plain[i].priority, i, plain[i].due_ms));
                }
                while (t_ms <= 100) {
                        expected = plain_next(plain, t_ms);
                        cr_assert_eq(next(waiting, throttles, t_ms), expected, "seed %u", first);
                        if (expected >= 0)
                                plain[expected].waits = false;
                        else
                                t_ms += 1 + rand_r(&seed) % 9;
                }
                tg_waiting_free(waiting);
        }
}
