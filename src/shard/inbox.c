/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/inbox.h"

#include <assert.h>
#include <pthread.h>
#include <stdlib.h>

#include "base/memory.h"

struct tg_inbox {
        size_t capacity;
        _Atomic bool waiting; /* something is in line; a hint for who looks without the lock */
        pthread_mutex_t lock; /* of what follows */
        struct tg_inquiry *first;
        struct tg_inquiry **last; /* where the next one is chained */
        size_t open;              /* put in and not answered */
        bool closed;
};

struct tg_inquiry *tg_inquiry_new(enum tg_inquiry_kind kind)
{
        struct tg_inquiry *inquiry = tg_allocate_zeroed(1, sizeof *inquiry);

        inquiry->kind = kind;
        return inquiry;
}

void tg_inquiry_free(struct tg_inquiry *inquiry)
{
        if (!inquiry)
                return;
        tg_buffer_deinit(&inquiry->datum);
        tg_buffer_deinit(&inquiry->decision);
        tg_buffer_deinit(&inquiry->permitted);
        free(inquiry);
}

struct tg_inbox *tg_inbox_new(size_t capacity)
{
        struct tg_inbox *inbox = tg_allocate_zeroed(1, sizeof *inbox);

        inbox->capacity = capacity;
        inbox->last = &inbox->first;
        pthread_mutex_init(&inbox->lock, NULL);
        return inbox;
}

void tg_inbox_free(struct tg_inbox *inbox)
{
        if (!inbox)
                return;
        assert(!inbox->first);
        pthread_mutex_destroy(&inbox->lock);
        free(inbox);
}

int tg_inbox_put(struct tg_inbox *inbox, struct tg_inquiry *inquiry)
{
        int answer;

        pthread_mutex_lock(&inbox->lock);
        answer = inbox->closed ? 2 : inbox->open >= inbox->capacity;
        if (answer == 0) {
                inquiry->next = NULL;
                *inbox->last = inquiry;
                inbox->last = &inquiry->next;
                inbox->open++;
                atomic_store_explicit(&inbox->waiting, true, memory_order_relaxed);
        }
        pthread_mutex_unlock(&inbox->lock);
        return answer;
}

/* With the lock held. */
static struct tg_inquiry *take_all(struct tg_inbox *inbox)
{
        struct tg_inquiry *first = inbox->first;

        inbox->first = NULL;
        inbox->last = &inbox->first;
        atomic_store_explicit(&inbox->waiting, false, memory_order_relaxed);
        return first;
}

struct tg_inquiry *tg_inbox_take(struct tg_inbox *inbox)
{
        struct tg_inquiry *first;

        /* Whoever misses one that is just put in sees it a batch later. */
        if (!atomic_load_explicit(&inbox->waiting, memory_order_relaxed))
                return NULL;
        pthread_mutex_lock(&inbox->lock);
        first = take_all(inbox);
        pthread_mutex_unlock(&inbox->lock);
        return first;
}

void tg_inbox_answer(struct tg_inbox *inbox, struct tg_inquiry *inquiry,
                     enum tg_inquiry_answer answer)
{
        pthread_mutex_lock(&inbox->lock);
        assert(inbox->open > 0);
        inbox->open--;
        pthread_mutex_unlock(&inbox->lock);
        inquiry->answer = answer;
        inquiry->answered(inquiry);
}

void tg_inbox_close(struct tg_inbox *inbox)
{
        struct tg_inquiry *inquiry, *next;

        pthread_mutex_lock(&inbox->lock);
        inbox->closed = true;
        inquiry = take_all(inbox);
        pthread_mutex_unlock(&inbox->lock);
        for (; inquiry; inquiry = next) {
                next = inquiry->next;
                tg_inbox_answer(inbox, inquiry, TG_INQUIRY_CLOSED);
        }
}
