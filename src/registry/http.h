/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request to a registry over HTTP or HTTPS, and its answer; nothing is tried twice here.
 *
 * Bounded: connecting and the whole exchange in time, the body in TG_REGISTRY_BODY_MAX bytes.
 * Redirects are not followed (a password would go with them). Connections are kept for the next
 * request. One owner, one thread at a time; blocks that thread.
 */
#pragma once

#include <stdatomic.h>

#include "base/buffer.h"
#include "base/error.h"
#include "registry/settings.h"

enum { TG_REGISTRY_BODY_MAX = 4 << 20 };

struct tg_registry_http;

struct tg_registry_http_answer {
        long status;         /* 200, 404, … */
        struct tg_span body; /* borrowed until the next request; never absent */
};

/*
 * Opens the files that SETTINGS name. STOP (borrowed; NULL: none) ends a request that is under way
 * within about a second once it is not 0. Returns 0 or -1.
 */
int tg_registry_http_new(const struct tg_registry_settings *settings, const atomic_int *stop,
                         struct tg_registry_http **ret_http, struct tg_error *error);
void tg_registry_http_free(struct tg_registry_http *http);

/*
 * GETs URL, or POSTs BODY (JSON) if it is not absent. Returns 0 and what was answered, whatever it
 * was; 1 with ERROR filled if there was no answer this time; -1 if there will never be one.
 */
int tg_registry_http_request(struct tg_registry_http *http, const char *url, struct tg_span body,
                             struct tg_registry_http_answer *ret_answer, struct tg_error *error);
