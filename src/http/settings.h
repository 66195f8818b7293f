/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of a run's configuration that is about HTTP.
 *
 *     http: {listen: 127.0.0.1:8787}   # an address and a port; port 0: any; or: off
 *     http: {listen: "[::1]:8787", ask: true, timeout: 5s, waiting: 32, live_within: 30s}
 *
 * There are no users and no passwords, so who can reach the address may read all pages; what
 * decides, or tells of customers, is answered only with `ask: true`.
 *
 * Filled once at start, then read by any thread.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "config/settings.h"

enum { TG_HTTP_HOST_SIZE = 64 };

struct tg_http_settings {
        char host[TG_HTTP_HOST_SIZE]; /* a numeric address; empty: off */
        char port[8];
        bool chosen;            /* somebody asked for it: not to have it is an error */
        bool ask;               /* /decide and /explain are answered */
        int64_t timeout_ms;     /* a question that is not answered by then */
        int64_t waiting;        /* questions to one shard that are not answered, at most */
        int64_t live_within_ms; /* a shard that has not turned for so long stands still */
};

extern const struct tg_settings tg_http_settings_keys;

/* The defaults: on, where only this machine reaches it. */
void tg_http_settings_init(struct tg_http_settings *settings);

/* Reads `http` from ROOT, telling mistakes to its diagnostics. */
void tg_http_settings_read(struct tg_http_settings *settings, struct tg_reader *root);

/* "127.0.0.1:8787", "[::1]:0" or "off". Returns 0, or -1: it is none of these. */
int tg_http_settings_listen(struct tg_http_settings *settings, struct tg_span text);
