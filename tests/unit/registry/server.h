/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A web server on the loopback that answers as a test wants, one request a connection.
 *
 * A thread of its own. A reply with a path is given to all requests of that path; the others are
 * given in turn, the last one again and again.
 */
#pragma once

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdatomic.h>

struct reply {
        int status;
        const char *path;    /* NULL: it has its turn */
        const char *body;    /* NULL: empty */
        const char *headers; /* lines with their ends; NULL: none */
        int delay_ms;        /* before the answer */
        size_t filler;       /* so many blanks behind the body */
        bool hang_up;        /* no answer at all */
};

enum { SERVER_REQUESTS_MAX = 64, SERVER_REQUEST_SIZE = 16384 };

struct server {
        char url[64];
        const struct reply *replies;
        size_t reply_count;
        int socket;
        pthread_t thread;
        atomic_uint count;                   /* of requests */
        char *requests[SERVER_REQUESTS_MAX]; /* owned: with head and body */
};

void server_start(struct server *server, const struct reply *replies, size_t count);
void server_stop(struct server *server);

/* A port of the loopback where nobody listens. */
void server_nowhere(char url[static 64]);

#define SERVER(name, ...)                                         \
        const struct reply name##_replies[] = {__VA_ARGS__};      \
        __attribute__((cleanup(server_stop))) struct server name; \
        server_start(&name, name##_replies, sizeof name##_replies / sizeof name##_replies[0])
