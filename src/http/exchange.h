/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One HTTP request on its way to its answer, while libmicrohttpd calls for it again and again.
 *
 * Belongs to the server's thread alone.
 */
#pragma once

#include <microhttpd.h>

#include "http/reply.h"
#include "shard/inbox.h"

struct tg_route;

struct tg_exchange {
        struct MHD_Connection *connection;
        const struct tg_route *route; /* NULL: there is no such page */
        struct tg_buffer body;        /* owned; as it comes in */
        struct tg_inquiry *inquiry;   /* with `waits`: the shard's */
        struct tg_reply reply;        /* owned; with status: what is to be answered */
        int64_t begun_us;
        int64_t until_us;                  /* with `waits`: then it has waited for too long */
        bool has_body;                     /* it is posted */
        bool waits;                        /* suspended, for a shard's answer */
        bool sent;                         /* the answer is libmicrohttpd's */
        bool oversized;                    /* what still comes of the body is thrown away */
        struct tg_exchange *next, **place; /* with `waits`: in the list of those that wait */
};

struct tg_exchange *tg_exchange_new(struct MHD_Connection *connection);
void tg_exchange_free(struct tg_exchange *exchange);

/* Hands the reply, which is filled, to libmicrohttpd. */
enum MHD_Result tg_exchange_send(struct tg_exchange *exchange);
