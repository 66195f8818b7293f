/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one partition puts out, until it is that partition's turn: first in, first out.
 *
 * What was added last is in memory; what had to make room for it goes by way of a temporary file
 * without a name, which is gone with the process. Who takes out as fast as another puts in has no
 * file. One thread at a time.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

enum { TG_SPOOL_MEMORY = 1 << 20 };

/* One datum of a spool. */
struct tg_spooled {
        int64_t time_ms;
        uint32_t output; /* the caller's number of an output file */
        struct tg_span datum;
};

struct tg_spool {
        const char *directory;  /* where the temporary file is made; borrowed */
        struct tg_buffer front; /* put in first */
        size_t taken;           /* of it, with the head */
        int file;               /* -1: there is none; what is in it comes behind `front` */
        size_t read;            /* of the file */
        size_t written;
        struct tg_buffer back;  /* put in last */
        struct tg_spooled head; /* the next one; its span lives until the spool is used */
        bool has_head;
};

/* Appends to BUFFER what is to be added to a spool. */
void tg_spooled_put(struct tg_buffer *buffer, int64_t time_ms, uint32_t output,
                    struct tg_span datum);

void tg_spool_init(struct tg_spool *spool, const char *directory);
void tg_spool_deinit(struct tg_spool *spool);

/* Takes what is in DATA, whole, and leaves it empty. Bounds memory only if it is a small part. */
int tg_spool_add(struct tg_spool *spool, struct tg_buffer *data, struct tg_error *error);

/* Drops the head, if there is one, and looks for the next. */
int tg_spool_next(struct tg_spool *spool, struct tg_error *error);
