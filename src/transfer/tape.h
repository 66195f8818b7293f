/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stream of a recording as Kafka would carry it: every record with the id of its schema.
 *
 * A record borrows the recording until the next one is read. A record that can't be read is an
 * error: what is played into a broker must be whole. One owner, one thread.
 */
#pragma once

#include "transfer/framing_ids.h"

struct tg_tape {
        const struct tg_framing_ids *ids; /* borrowed */
        enum tg_stream stream;
        struct tg_stream_reader *reader; /* owned */
        struct tg_stream_record record;  /* just read */
        uint32_t schema_id;              /* of that record */
        bool holds;                      /* the record is to be released */
};

/* RECORDING and IDS outlive the tape. */
void tg_tape_init(struct tg_tape *tape, const struct tg_recording *recording, enum tg_stream stream,
                  const struct tg_framing_ids *ids);
void tg_tape_deinit(struct tg_tape *tape);

/* Reads one record. Returns 0, 1 behind the last one, or -1. */
int tg_tape_next(struct tg_tape *tape, struct tg_error *error);
