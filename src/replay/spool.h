/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What one partition puts out, in its order, until all partitions can be merged.
 *
 * Kept in memory up to TG_SPOOL_MEMORY bytes, then written to a temporary file without a name,
 * which is gone with the process. One thread writes; then one (another, after a join) reads.
 */
#pragma once

#include "base/buffer.h"
#include "base/error.h"

enum { TG_SPOOL_MEMORY = 1 << 20 };

struct tg_spool {
        const char *directory;   /* where the temporary file is made; borrowed */
        struct tg_buffer buffer; /* not yet in the file */
        int file;                /* -1: there is none */
        size_t file_bytes;
};

/* One datum of a spool. */
struct tg_spooled {
        int64_t time_ms;
        uint32_t output; /* the caller's number of an output file */
        struct tg_span datum;
};

void tg_spool_init(struct tg_spool *spool, const char *directory);
void tg_spool_deinit(struct tg_spool *spool);

int tg_spool_put(struct tg_spool *spool, int64_t time_ms, uint32_t output, struct tg_span datum,
                 struct tg_error *error);

/* Reading from the first to the last; spans live until the reader is deinitialised. */
struct tg_spool_reader {
        struct tg_span bytes; /* all; mapped or borrowed from the spool */
        bool mapped;
        size_t offset;
        struct tg_spooled head; /* the next one */
        bool has_head;
};

int tg_spool_reader_init(struct tg_spool_reader *reader, struct tg_spool *spool,
                         struct tg_error *error);
void tg_spool_reader_deinit(struct tg_spool_reader *reader);
void tg_spool_reader_advance(struct tg_spool_reader *reader);
