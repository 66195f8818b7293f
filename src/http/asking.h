/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a request in JSON to a question for the shard that owns its customer, and from the shard's
 * answer back to JSON: what POST /decide and GET /explain are about.
 *
 * Immutable once made, but for the inboxes; any thread.
 */
#pragma once

#include "http/reply.h"
#include "shard/board.h"
#include "shard/inbox.h"

/* The shards of the process. */
struct tg_http_shards {
        struct tg_board *const *boards;  /* borrowed, as all here, until the end */
        struct tg_inbox *const *inboxes; /* in the order of the boards */
        size_t count;                    /* at least 1 */
        uint32_t partitions;             /* of the request topic */
};

struct tg_asking;

/* Returns 0 or -1. */
int tg_asking_new(const struct tg_http_shards *shards, struct tg_asking **ret_asking,
                  struct tg_error *error);
void tg_asking_free(struct tg_asking *asking); /* NULL is fine; what was put is answered */

/*
 * Adds an argument of an address to REQUEST, an object, as the field that it is. Returns 0, or -1
 * with REPLY filled.
 */
int tg_asking_add(const struct tg_asking *asking, json_t *request, struct tg_span name,
                  struct tg_span value, struct tg_reply *reply);

/*
 * Reads REQUEST (an object, which is changed: a request without `time` has NOW_MS) and fills
 * INQUIRY. Returns 0, or -1 with REPLY filled.
 */
int tg_asking_read(const struct tg_asking *asking, json_t *request, int64_t now_ms,
                   struct tg_inquiry *inquiry, struct tg_reply *reply);

/*
 * Puts INQUIRY, which is read and knows whom to tell, into its shard's inbox. Returns 0: it is the
 * shard's now; or -1 with REPLY filled.
 */
int tg_asking_put(const struct tg_asking *asking, struct tg_inquiry *inquiry,
                  struct tg_reply *reply);

/* Fills REPLY with what INQUIRY was answered. */
void tg_asking_reply(const struct tg_asking *asking, const struct tg_inquiry *inquiry,
                     struct tg_reply *reply);
