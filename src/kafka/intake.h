/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a message's bytes to a record: framing, schema, customer and time; or why it can't be read.
 *
 * Opens nothing and reads no clock. Costs a look-up, the decoding and a hash of the customer. One
 * owner, one thread.
 */
#pragma once

#include "kafka/readings.h"
#include "shard/port.h"

enum { TG_INTAKE_DETAILS_MAX = 64 };

struct tg_intake {
        const struct tg_readings *readings; /* borrowed */
        int32_t partitions;                 /* of the topics */
        uint64_t other_keys;                /* messages whose key isn't the customer */
        uint64_t other_partitions;          /* messages in a partition that isn't the customer's */
        char *details[TG_INTAKE_DETAILS_MAX]; /* owned: why records were faulty, each text once */
        size_t detail_count;
};

/* A message: where it was read, and what it carried. Borrowed. */
struct tg_arrival {
        enum tg_stream stream;
        int32_t partition;
        int64_t offset;
        struct tg_span key; /* absent: none */
        struct tg_span value;
};

void tg_intake_init(struct tg_intake *intake, const struct tg_readings *readings,
                    int32_t partitions);
void tg_intake_deinit(struct tg_intake *intake);

/*
 * Fills all of RET_RECORD but its owner: TG_RECORD_DATA, or TG_RECORD_FAULTY as "unframed",
 * "unknown schema", "undecodable" or "no customer", with a detail that lives as long as INTAKE. A
 * message with an odd key or in an odd partition is read all the same, and counted. Returns false
 * if its schema is still being asked for: come again with the same message, before any later one
 * of its partition.
 */
bool tg_intake_read(struct tg_intake *intake, const struct tg_arrival *arrival,
                    struct tg_record *ret_record);

/* A message of this stream will be read later: its schema may be asked for ahead. */
void tg_intake_announce(const struct tg_intake *intake, enum tg_stream stream,
                        struct tg_span value);
