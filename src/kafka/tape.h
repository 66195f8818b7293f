/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One stream of a recording, read record by record: DIRECTORY/<stem>*.avro in the order of names.
 *
 * Files are mapped, one at a time; a record borrows the mapping, or the tape where the file is
 * compressed, until the next one is read. Every record is decoded once to find where it ends, so a
 * damaged file is told with its name. One owner, one thread.
 */
#pragma once

#include <glob.h>

#include "avro/container.h"
#include "kafka/readings.h"
#include "records/head.h"
#include "shard/port.h"

struct tg_tape {
        const struct tg_readings *readings; /* borrowed */
        enum tg_stream stream;
        glob_t files;
        size_t file;          /* index of the next one to open */
        struct tg_span bytes; /* the open file, mapped */
        struct tg_container container;
        struct tg_span left; /* of the block */
        uint64_t left_count; /* records of the block */
        uint32_t schema_id;  /* of the open file */
        const struct tg_reading *reading;
        struct tg_head head;  /* of the record just read */
        struct tg_span datum; /* the record just read */
};

/* Returns 0, or -1 if there is no such file. */
int tg_tape_init(struct tg_tape *tape, const char *directory, const char *stem,
                 enum tg_stream stream, const struct tg_readings *readings, struct tg_error *error);
void tg_tape_deinit(struct tg_tape *tape);

/* Reads one record into `head`, `datum` and `schema_id`. Returns 0, 1 behind the last one, or -1.
 */
int tg_tape_next(struct tg_tape *tape, struct tg_error *error);
