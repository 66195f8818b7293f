/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes synthetic traffic into a directory as a recording.
 *
 * One file a stream (touchpoints.avro, requests.avro), or several, numbered, each with the same
 * share of the events; all have their names, or none. Memory is fixed, but for a note of each file.
 * The same options give the same bytes.
 */
#pragma once

#include "generate/traffic.h"
#include "recording/writer.h"

enum { TG_GENERATE_PIECES_MAX = 10000 };

struct tg_generate_options {
        struct tg_traffic_options traffic;
        const char *directory; /* made if it isn't there; must hold no recording yet */
        enum tg_codec codec;
        uint32_t pieces; /* files a stream; 0: as many as keep each below about 1 GiB */
        /* Told now and then; NULL: nobody asks. */
        void (*progress)(void *context, uint64_t events_made, uint64_t events);
        void *progress_context;
};

struct tg_generate_tally {
        uint64_t records[TG_STREAMS]; /* duplicates included */
        uint64_t duplicates;
        uint64_t late;
        uint64_t size_bytes[TG_STREAMS];
        uint32_t pieces;  /* files a stream */
        int64_t first_ms; /* TG_NO_TIME: no events */
        int64_t last_ms;
};

/* Returns 0, or -1 (EX_CANTCREAT, EX_IOERR); then nothing of it remains. */
int tg_generate(const struct tg_generate_options *options, struct tg_generate_tally *ret_tally,
                struct tg_error *error);
