/* SPDX-License-Identifier: Apache-2.0 */
#include "shard/prefault.h"

#include <assert.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

#include "base/memory.h"

enum { REST_NS = 5 * 1000 * 1000, SECOND_NS = 1000 * 1000 * 1000 };

struct tg_prefault {
        pthread_t thread;
        pthread_mutex_t mutex; /* of all below */
        pthread_cond_t stopped;
        struct tg_table **tables; /* owned; those that are served */
        size_t count;
        size_t most;
        bool stop;
};

static struct timespec after_rest(void)
{
        struct timespec end;

        clock_gettime(CLOCK_MONOTONIC, &end);
        end.tv_nsec += REST_NS;
        if (end.tv_nsec >= SECOND_NS) {
                end.tv_nsec -= SECOND_NS;
                end.tv_sec++;
        }
        return end;
}

static void *run(void *context)
{
        struct tg_prefault *prefault = context;

        pthread_mutex_lock(&prefault->mutex);
        while (!prefault->stop) {
                struct timespec end;

                for (size_t i = 0; i < prefault->count && !prefault->stop; i++)
                        tg_table_prefault(prefault->tables[i]);
                end = after_rest();
                pthread_cond_timedwait(&prefault->stopped, &prefault->mutex, &end);
        }
        pthread_mutex_unlock(&prefault->mutex);
        return NULL;
}

/* Signals are for threads that know what to do with them. */
static int start(struct tg_prefault *prefault)
{
        sigset_t all, before;
        int code;

        sigfillset(&all);
        pthread_sigmask(SIG_SETMASK, &all, &before);
        code = pthread_create(&prefault->thread, NULL, run, prefault);
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        return code;
}

static void release(struct tg_prefault *prefault)
{
        pthread_cond_destroy(&prefault->stopped);
        pthread_mutex_destroy(&prefault->mutex);
        free(prefault->tables);
        free(prefault);
}

struct tg_prefault *tg_prefault_new(size_t tables)
{
        struct tg_prefault *prefault = tg_allocate_zeroed(1, sizeof *prefault);
        pthread_condattr_t attributes;

        prefault->tables = tg_allocate(tables * sizeof(struct tg_table *));
        prefault->most = tables;
        pthread_mutex_init(&prefault->mutex, NULL);
        pthread_condattr_init(&attributes);
        pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
        pthread_cond_init(&prefault->stopped, &attributes);
        pthread_condattr_destroy(&attributes);
        if (start(prefault) == 0)
                return prefault;
        release(prefault);
        return NULL;
}

void tg_prefault_free(struct tg_prefault *prefault)
{
        if (!prefault)
                return;
        pthread_mutex_lock(&prefault->mutex);
        prefault->stop = true;
        pthread_cond_signal(&prefault->stopped);
        pthread_mutex_unlock(&prefault->mutex);
        pthread_join(prefault->thread, NULL);
        release(prefault);
}

void tg_prefault_add(struct tg_prefault *prefault, struct tg_table *table)
{
        if (!prefault)
                return;
        pthread_mutex_lock(&prefault->mutex);
        assert(prefault->count < prefault->most);
        prefault->tables[prefault->count++] = table;
        pthread_mutex_unlock(&prefault->mutex);
}

void tg_prefault_remove(struct tg_prefault *prefault, const struct tg_table *table)
{
        if (!prefault)
                return;
        pthread_mutex_lock(&prefault->mutex);
        for (size_t i = 0; i < prefault->count; i++) {
                if (prefault->tables[i] == table)
                        prefault->tables[i--] = prefault->tables[--prefault->count];
        }
        pthread_mutex_unlock(&prefault->mutex);
}
