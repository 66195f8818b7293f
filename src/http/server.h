/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The HTTP server of a run: liveness, readiness, version, metrics, POST /decide and GET /explain.
 *
 * One thread of its own, on libmicrohttpd, does everything but the answering of questions, which is
 * the shards'; it never waits for one. Bounded: TG_HTTP_CONNECTIONS at a time, bodies of
 * TG_HTTP_BODY_MAX, ten seconds without a byte, `timeout` for an answer. No TLS, no users: listen
 * where only those who may ask can reach it.
 */
#pragma once

#include "base/error.h"
#include "http/asking.h"
#include "http/pages.h"
#include "http/settings.h"

enum {
        TG_HTTP_CONNECTIONS = 64,
        TG_HTTP_BODY_MAX = 1 << 20,
};

struct tg_http_options {
        const struct tg_http_settings *settings; /* borrowed, as all here, until the end; not off */
        struct tg_http_shards shards;
        struct tg_pages pages;            /* `boards`, `count` and `live_within_us` are filled in */
        int64_t (*now_ms)(void *context); /* the wall clock: the time of requests without one */
};

struct tg_http;

extern const struct tg_metrics tg_http_metrics;

/* Listens and answers from here on. Returns 0, or -1 (EX_UNAVAILABLE: the port is taken). */
int tg_http_start(const struct tg_http_options *options, struct tg_http **ret_http,
                  struct tg_error *error);

/* "127.0.0.1:8787": where it listens, the port that it was given included. */
const char *tg_http_address(const struct tg_http *http);

/* Ends it, once all inboxes are closed; whoever still waits is told. NULL is fine. */
void tg_http_stop(struct tg_http *http);
