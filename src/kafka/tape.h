/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stream of a recording as Kafka would carry it: every record with the id of its schema.
 *
 * A record borrows the recording until the next one is read. A record that can't be read, or of a
 * schema without an id, is an error: what is played into a broker must be whole. One owner, one
 * thread.
 */
#pragma once

#include "kafka/readings.h"
#include "recording/reader.h"

struct tg_tape {
        const struct tg_readings *readings; /* borrowed */
        struct tg_stream_reader *reader;    /* owned */
        struct tg_stream_record record;     /* just read */
        uint32_t schema_id;                 /* of that record */
        bool holds;                         /* the record is to be released */
};

/* RECORDING and READINGS outlive the tape. */
void tg_tape_init(struct tg_tape *tape, const struct tg_recording *recording, enum tg_stream stream,
                  const struct tg_readings *readings);
void tg_tape_deinit(struct tg_tape *tape);

/* Reads one record. Returns 0, 1 behind the last one, or -1. */
int tg_tape_next(struct tg_tape *tape, struct tg_error *error);
