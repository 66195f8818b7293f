/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A shard that lives: its in-memory twin's list is played, then the loop turns until it is told to
 * stop; and the HTTP server beside it, on a port of the loopback, asked with libcurl.
 */
#pragma once

#include <criterion/criterion.h>
#include <jansson.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/memory.h"
#include "http/server.h"
#include "shard/shard.h"
#include "shard/twin.h"

#define NOW_MS INT64_C(1500000000000)

struct live {
        struct tg_twin twin; /* first: its port's calls are told of it */
        struct tg_shard_options options;
        struct tg_http_settings settings;
        struct tg_board *board;
        struct tg_inbox *inbox;
        struct tg_http *http; /* NULL: not started */
        struct tg_summary summary;
        struct tg_port inner; /* the twin's own */
        pthread_t thread;
        bool runs;
        bool endless;             /* the facts are never at their end */
        const char *content_type; /* the header that goes with bodies; NULL: it is JSON */
        atomic_int stop;
        atomic_bool stands;   /* the loop stands still */
        atomic_int standing;  /* it has noticed */
        atomic_bool aborts;   /* the next commit of a decision is refused */
        atomic_bool puts_off; /* commits are */
};

/* A policy of these lines, by the wall clock, which stands at NOW_MS; two partitions. */
void live_init(struct live *live, const char *lines);
void live_deinit(struct live *live);

/* Starts the server alone, or also the shard. */
void live_serve(struct live *live);
void live_run(struct live *live);

/* The shard ends; the server goes on. */
void live_end(struct live *live);

/* The loop stands still from now on, and turns again. */
void live_hold(struct live *live);
void live_go(struct live *live);

#define LIVE(name, lines)                         \
        tg_cleanup(live_deinit) struct live name; \
        live_init(&name, lines)

/* What was answered. */
struct answer {
        long status;
        char *body;   /* owned */
        char *header; /* owned: all headers, as they came */
        json_t *json; /* owned; NULL: it is none */
};

/* One request; BODY NULL: a GET, else a POST of JSON. */
struct answer ask(struct live *live, const char *path, const char *body);
void answer_deinit(struct answer *answer);

#define ANSWER(name, live, path, body) \
        tg_cleanup(answer_deinit) struct answer name = ask(live, path, body)

/* A member of the answer, as text; "" if it is none. */
const char *text_of(const struct answer *answer, const char *name);
