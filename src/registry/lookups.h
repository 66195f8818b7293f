/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fetches schemas by id in a thread of its own, so that whoever meets an unknown id need not wait.
 *
 * An id that was asked for is fetched within `record_wait_max`, and handed to `arrived`, which
 * keeps it for good; or it fails (the registry has no such id, refuses, does not answer), is told
 * once, and then is not asked for again for TG_LOOKUPS_FORGET_MS: a flood of records with a bogus
 * id costs one request a minute. Once the registry has not answered in time, later ids are tried
 * once each without waiting, until it answers again.
 *
 * Asking takes a lock and walks at most TG_LOOKUPS_MAX entries: fit for what is unknown, not for
 * every record. Thread-safe.
 */
#pragma once

#include "base/error.h"
#include "base/span.h"
#include "registry/settings.h"

enum {
        TG_LOOKUPS_MAX = 256, /* ids that are awaited or have failed lately; others ask in vain */
        TG_LOOKUPS_FORGET_MS = 60000,
};

struct tg_lookups;

struct tg_lookups_options {
        const struct tg_registry_settings *settings; /* borrowed until the end; has an address */
        /* Called in the thread, before the id stops being awaited. Returns 0, or -1: unusable. */
        int (*arrived)(void *context, uint32_t id, struct tg_span json, struct tg_error *error);
        /* A line for people: an id failed. Called in the thread. */
        void (*tell)(void *context, const char *text);
        void *context;
};

enum tg_lookup {
        TG_LOOKUP_AWAITED, /* ask again soon */
        TG_LOOKUP_FAILED,
};

/* Starts the thread. Returns 0, or -1 with the file that can't be read. */
int tg_lookups_new(const struct tg_lookups_options *options, struct tg_lookups **ret_lookups,
                   struct tg_error *error);

/* Ends the thread, within about a second. NULL is fine. */
void tg_lookups_free(struct tg_lookups *lookups);

/* Asks for ID, which has not arrived. TG_LOOKUP_FAILED: RET_WHY is filled. */
enum tg_lookup tg_lookups_ask(struct tg_lookups *lookups, uint32_t id, struct tg_error *ret_why);
