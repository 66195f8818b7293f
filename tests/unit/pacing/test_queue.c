/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"
#include "pacing/queue.h"
#include "pacing/waiting.h"

/* Puts messages of these ages and one priority, then takes all; they must leave by age. */
static void pass(const int64_t *ages, size_t count, struct tg_queue *queue)
{
        struct tg_waiter *waiters = tg_allocate_zeroed(count, sizeof *waiters);

        for (size_t i = 0; i < count; i++) {
                waiters[i].age = ages[i];
                tg_queue_put(queue, &waiters[i]);
        }
        for (int64_t last = -1; queue->count > 0;) {
                int64_t age = tg_queue_take(queue)->age;

                cr_assert_gt(age, last);
                last = age;
        }
        free(waiters);
}

Test(queue, what_joins_in_order_of_age_is_one_run_and_needs_no_heap)
{
        struct tg_queue queue = {0};
        int64_t ages[] = {1, 2, 3, 50, 51, 52};

        pass(ages, 6, &queue);
        cr_assert_eq(queue.heap_pieces, 0);
        tg_queue_deinit(&queue);
}

Test(queue, what_joins_in_the_opposite_order_leaves_by_age_too)
{
        struct tg_queue queue = {0};
        int64_t ages[100];

        for (int i = 0; i < 100; i++)
                ages[i] = 100 - i;
        pass(ages, 100, &queue);
        cr_assert_gt(queue.heap_pieces, 0);
        cr_assert_eq(queue.run_count, 0);
        tg_queue_deinit(&queue);
}

/* The place of who is next in a plain list. */
static size_t plain_first(struct tg_waiter *const *list, size_t count)
{
        size_t first = 0;

        for (size_t i = 1; i < count; i++) {
                if (list[i]->priority > list[first]->priority ||
                    (list[i]->priority == list[first]->priority && list[i]->age < list[first]->age))
                        first = i;
        }
        return first;
}

Test(queue, at_random_it_does_as_a_plain_list_does)
{
        enum { COUNT = 8000, MOST = 3000 };
        unsigned first = (unsigned)time(NULL), seed = first;

        for (int priorities = 1; priorities <= 64; priorities *= 4) {
                struct tg_waiter *waiters = tg_allocate_zeroed(COUNT, sizeof *waiters);
                struct tg_waiter *list[MOST];
                struct tg_queue queue = {0};
                size_t made = 0, count = 0;

                while (made < COUNT || count > 0) {
                        if (made < COUNT && count < MOST && rand_r(&seed) % 20 < 11) {
                                struct tg_waiter *waiter = &waiters[made];

                                waiter->priority = rand_r(&seed) % priorities - 2;
                                waiter->age = (int64_t)made++ * 10;
                                if (rand_r(&seed) % 3 == 0)
                                        waiter->age -= rand_r(&seed) % 2000 * 10 + 5;
                                tg_queue_put(&queue, waiter);
                                list[count++] = waiter;
                        } else if (count > 0) {
                                size_t place = plain_first(list, count);
                                const struct tg_waiter *taken = tg_queue_take(&queue);

                                cr_assert_eq(taken->priority, list[place]->priority, "seed %u",
                                             first);
                                cr_assert_eq(taken->age, list[place]->age, "seed %u", first);
                                for (size_t i = 0; i < count; i++) {
                                        if (list[i] == taken)
                                                place = i;
                                }
                                list[place] = list[--count];
                        }
                        cr_assert_eq(queue.count, count);
                }
                tg_queue_deinit(&queue);
                free(waiters);
        }
}
