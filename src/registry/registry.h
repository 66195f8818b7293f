/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A client of a Schema Registry: schemas by id, ids by subject, as Confluent's API has them.
 *
 * Several addresses are tried in turn, beginning with the one that answered last. No answer, HTTP
 * 429 and 5xx are tried again, with pauses that double from 0.1 s to 5 s and are varied by chance,
 * so that many processes don't return at one moment; anything else is an answer. Nothing is cached
 * here (lookups.h does). One owner, one thread at a time; blocks that thread.
 */
#pragma once

#include <stdatomic.h>

#include "base/buffer.h"
#include "base/error.h"
#include "registry/settings.h"

struct tg_registry;

struct tg_registry_options {
        const struct tg_registry_settings *settings; /* borrowed until the end; has an address */
        const atomic_int *stop; /* borrowed: waiting ends once it is not 0; NULL: none */
        /* Called when the first try failed and others follow; NULL: nobody wants to know. */
        void (*tell)(void *context, const char *text);
        void *context;
};

/* Asks nothing yet. Returns 0, or -1 with the file that can't be read. */
int tg_registry_new(const struct tg_registry_options *options, struct tg_registry **ret_registry,
                    struct tg_error *error);
void tg_registry_free(struct tg_registry *registry);

/*
 * The three questions. PATIENCE_MS: so long is tried on (0: every address once). Return 0; 1 with
 * ERROR filled if the registry has no such thing; -1, with EX_UNAVAILABLE if nobody answered.
 */

/* The schema ID, appended to RET_JSON. */
int tg_registry_schema(struct tg_registry *registry, uint32_t id, int64_t patience_ms,
                       struct tg_buffer *ret_json, struct tg_error *error);

/*
 * The id of SCHEMA under SUBJECT (letters, digits, '.', '_', '-'). `find` only looks it up;
 * `register` makes it the subject's next version if it is none yet, and never returns 1.
 */
int tg_registry_find(struct tg_registry *registry, const char *subject, struct tg_span schema,
                     int64_t patience_ms, uint32_t *ret_id, struct tg_error *error);
int tg_registry_register(struct tg_registry *registry, const char *subject, struct tg_span schema,
                         int64_t patience_ms, uint32_t *ret_id, struct tg_error *error);
