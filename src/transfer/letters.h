/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Dead letters as they lie in their topic: what was rejected, where it was read, why, and how often
 * it has been submitted again.
 *
 * Reads the topic as it is now, by the letters' timestamps; commits nothing. One owner, one thread.
 */
#pragma once

#include <librdkafka/rdkafka.h>
#include <stdatomic.h>

#include "base/error.h"
#include "base/span.h"
#include "kafka/notice.h"
#include "kafka/settings.h"

/* The headers that the gate adds begin so; all others are the record's own. */
#define TG_LETTER_HEADER "touchgate."
/* Added when a letter is submitted again: how often that has been done. */
#define TG_LETTER_RESUBMITTED TG_LETTER_HEADER "resubmitted"

/* Spans are borrowed from the message; a text that isn't there is absent, a number -1. */
struct tg_letter {
        int32_t partition; /* of the letter */
        int64_t offset;
        int64_t time_ms; /* when it was rejected */
        struct tg_span origin_topic;
        int64_t origin_partition;
        int64_t origin_offset;
        struct tg_span reason;
        struct tg_span detail;
        int64_t resubmitted; /* 0: never */
        struct tg_span key;
        struct tg_span value;
        const rd_kafka_message_t *message;
};

/* Which letters. */
struct tg_letters_choice {
        int32_t partition;      /* -1: of all */
        const int64_t *offsets; /* borrowed; none: all */
        size_t offset_count;
        const char *reason; /* NULL: whatever it is */
};

struct tg_letters_options {
        const struct tg_kafka_settings *settings; /* borrowed, as all here */
        const struct tg_notices *notices;
        const struct tg_letters_choice *choice;
        const atomic_int *stop; /* a signal's number: leave */
        /* Called for each that was chosen. Returns 0 or -1, which ends it. */
        int (*see)(void *context, const struct tg_letter *letter, struct tg_error *error);
        void *context;
};

/*
 * Returns 0, 1: stopped, or -1. A record without our headers is no letter: it is counted in
 * RET_FOREIGN.
 */
int tg_letters_read(const struct tg_letters_options *options, uint64_t *ret_foreign,
                    struct tg_error *error);
