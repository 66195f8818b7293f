/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is answered to an HTTP request: a status, a body of JSON or text, perhaps one header more.
 */
#pragma once

#include <jansson.h>

#include "base/buffer.h"

struct tg_reply {
        unsigned status;       /* of HTTP */
        const char *type;      /* of the body; static text */
        const char *header;    /* one more header, static text; NULL: none */
        char value[64];        /* of that header */
        struct tg_buffer body; /* owned */
};

void tg_reply_deinit(struct tg_reply *reply);

/* Fills REPLY, whose body is empty, with JSON, which is taken. */
void tg_reply_json(struct tg_reply *reply, unsigned status, json_t *json);

/* The same, of an error that a person can read: {"status": 404, "error": "..."}. */
void tg_reply_error(struct tg_reply *reply, unsigned status, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

/* The header that goes with it. */
void tg_reply_header(struct tg_reply *reply, const char *header, const char *value);
