/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The entries are what shards and thread share, under one lock: an id is awaited from the first
 * question until the thread has its answer, then gone (it arrived) or failed for a while. The
 * thread takes the one that has waited longest and never holds the lock while it fetches.
 */
#include "registry/lookups.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/memory.h"
#include "registry/registry.h"

enum { NOTICE_SIZE = 896 };

struct entry {
        uint32_t id;
        bool failed;
        int64_t since_ms; /* it is awaited, or failed */
        char *why;        /* owned; of one that failed */
};

struct tg_lookups {
        struct tg_lookups_options options;
        struct tg_registry *registry; /* the thread's */
        pthread_t thread;
        pthread_mutex_t lock; /* of the next three */
        pthread_cond_t changed;
        struct entry entries[TG_LOOKUPS_MAX];
        size_t count;
        atomic_int stop;
        bool silent; /* the registry did not answer last; the thread's */
};

static void remove_entry(struct tg_lookups *lookups, struct entry *entry)
{
        free(entry->why);
        *entry = lookups->entries[--lookups->count];
}

static struct entry *find(struct tg_lookups *lookups, uint32_t id)
{
        for (size_t i = 0; i < lookups->count; i++)
                if (lookups->entries[i].id == id)
                        return &lookups->entries[i];
        return NULL;
}

/* The one that has been awaited, or has failed, the longest; NULL: there is none. */
static struct entry *oldest(struct tg_lookups *lookups, bool failed)
{
        struct entry *found = NULL;

        for (size_t i = 0; i < lookups->count; i++) {
                struct entry *entry = &lookups->entries[i];

                if (entry->failed == failed && (!found || entry->since_ms < found->since_ms))
                        found = entry;
        }
        return found;
}

/* With all entries awaited there is no room: whoever asks for one more asks again. */
static void await(struct tg_lookups *lookups, uint32_t id)
{
        if (lookups->count == TG_LOOKUPS_MAX) {
                struct entry *victim = oldest(lookups, true);

                if (!victim)
                        return;
                remove_entry(lookups, victim);
        }
        lookups->entries[lookups->count++] =
                (struct entry){.id = id, .since_ms = tg_clock_monotonic_ms()};
        pthread_cond_signal(&lookups->changed);
}

enum tg_lookup tg_lookups_ask(struct tg_lookups *lookups, uint32_t id, struct tg_error *ret_why)
{
        enum tg_lookup answer = TG_LOOKUP_AWAITED;
        struct entry *entry;

        pthread_mutex_lock(&lookups->lock);
        entry = find(lookups, id);
        if (entry && entry->failed &&
            tg_clock_monotonic_ms() - entry->since_ms >= TG_LOOKUPS_FORGET_MS) {
                remove_entry(lookups, entry);
                entry = NULL;
        }
        if (!entry) {
                await(lookups, id);
        } else if (entry->failed) {
                tg_fail(ret_why, EX_DATAERR, "%s", entry->why);
                answer = TG_LOOKUP_FAILED;
        }
        pthread_mutex_unlock(&lookups->lock);
        return answer;
}

static void tell(const struct tg_lookups *lookups, uint32_t id, const char *why)
{
        char text[NOTICE_SIZE];

        snprintf(text, sizeof text,
                 "schema id %u is unknown, records that carry it are dead letters: %.700s", id,
                 why);
        lookups->options.tell(lookups->options.context, text);
}

/* How long this entry's records can still wait. */
static int64_t patience_ms(const struct tg_lookups *lookups, const struct entry *entry)
{
        int64_t left_ms = lookups->options.settings->record_wait_ms -
                          (tg_clock_monotonic_ms() - entry->since_ms);

        return lookups->silent || left_ms < 0 ? 0 : left_ms;
}

/* Returns 0, or -1 or 1 with why not. */
static int fetch(struct tg_lookups *lookups, uint32_t id, int64_t patience, struct tg_error *error)
{
        struct tg_buffer json = {0};
        int result = tg_registry_schema(lookups->registry, id, patience, &json, error);

        lookups->silent = result < 0 && error->exit_code == EX_UNAVAILABLE;
        if (result == 0)
                result = lookups->options.arrived(lookups->options.context, id,
                                                  tg_buffer_span(&json), error);
        tg_buffer_deinit(&json);
        return result;
}

/* Called with the lock, which it lends while it fetches. */
static void settle(struct tg_lookups *lookups, const struct entry *next)
{
        uint32_t id = next->id;
        int64_t patience = patience_ms(lookups, next);
        struct tg_error error;
        struct entry *entry;
        int result;

        pthread_mutex_unlock(&lookups->lock);
        result = fetch(lookups, id, patience, &error);
        if (result && !lookups->stop)
                tell(lookups, id, error.message);
        pthread_mutex_lock(&lookups->lock);
        entry = find(lookups, id); /* others may have moved it; nobody else removes it */
        if (result == 0) {
                remove_entry(lookups, entry);
                return;
        }
        entry->failed = true;
        entry->since_ms = tg_clock_monotonic_ms();
        entry->why = tg_duplicate(error.message, strlen(error.message));
}

static void *thread_main(void *argument)
{
        struct tg_lookups *lookups = argument;

        pthread_mutex_lock(&lookups->lock);
        while (!lookups->stop) {
                struct entry *next = oldest(lookups, false);

                if (next)
                        settle(lookups, next);
                else
                        pthread_cond_wait(&lookups->changed, &lookups->lock);
        }
        pthread_mutex_unlock(&lookups->lock);
        return NULL;
}

int tg_lookups_new(const struct tg_lookups_options *options, struct tg_lookups **ret_lookups,
                   struct tg_error *error)
{
        struct tg_lookups *lookups = tg_allocate_zeroed(1, sizeof *lookups);
        const struct tg_registry_options registry = {
                .settings = options->settings,
                .stop = &lookups->stop,
        };
        int code;

        lookups->options = *options;
        if (tg_registry_new(&registry, &lookups->registry, error) < 0) {
                free(lookups);
                return -1;
        }
        pthread_mutex_init(&lookups->lock, NULL);
        pthread_cond_init(&lookups->changed, NULL);
        code = pthread_create(&lookups->thread, NULL, thread_main, lookups);
        if (code) {
                tg_registry_free(lookups->registry);
                free(lookups);
                return tg_fail_errno(error, EX_OSERR, code, "a thread that fetches schemas");
        }
        *ret_lookups = lookups;
        return 0;
}

void tg_lookups_free(struct tg_lookups *lookups)
{
        if (!lookups)
                return;
        pthread_mutex_lock(&lookups->lock);
        lookups->stop = 1;
        pthread_cond_signal(&lookups->changed);
        pthread_mutex_unlock(&lookups->lock);
        pthread_join(lookups->thread, NULL);
        tg_registry_free(lookups->registry);
        while (lookups->count > 0)
                remove_entry(lookups, &lookups->entries[0]);
        pthread_cond_destroy(&lookups->changed);
        pthread_mutex_destroy(&lookups->lock);
        free(lookups);
}
