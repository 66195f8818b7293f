/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which plans decode a message, by the schema id or fingerprint in front of it.
 *
 * Compiled for both streams from each writer's schema: the shipped ones, and either those of a
 * folder (<id>.avsc), read at start, or those that a Schema Registry gives when their id is first
 * met. What is compiled stays until the end, and shards share it: finding is a probe or two in a
 * table, a few nanoseconds, without a lock, while a thread beside adds to it.
 */
#pragma once

#include "avro/framing.h"
#include "base/error.h"
#include "kafka/notice.h"
#include "kafka/settings.h"
#include "shard/port.h"

enum { TG_READINGS_MAX = 4096 };

struct tg_readings;

/*
 * With a registry (in SETTINGS, borrowed as NOTICES until the end) its ids alone count, and a
 * thread is started that asks it. Returns 0, or -1 with the file that can't be read.
 */
int tg_readings_new(const struct tg_kafka_settings *settings, const struct tg_notices *notices,
                    struct tg_readings **ret_readings, struct tg_error *error);
void tg_readings_free(struct tg_readings *readings);

enum tg_readings_answer {
        TG_READINGS_FOUND,   /* RET_READING is filled, borrowed from READINGS */
        TG_READINGS_UNFIT,   /* a known schema, but no record of this stream: RET_WHY */
        TG_READINGS_UNKNOWN, /* RET_WHY */
        TG_READINGS_AWAITED, /* the registry is being asked: come again soon */
};

/* How FRAME's value is read as a record of STREAM. */
enum tg_readings_answer tg_readings_find(const struct tg_readings *readings, enum tg_stream stream,
                                         const struct tg_frame *frame,
                                         const struct tg_reading **ret_reading,
                                         struct tg_error *ret_why);

/*
 * The schema that FRAME's value was written with, whatever record it is of: its text, which lives
 * as long as READINGS, and its fingerprint. Never TG_READINGS_UNFIT.
 */
struct tg_written {
        struct tg_span json;
        uint64_t fingerprint;
};
enum tg_readings_answer tg_readings_written(const struct tg_readings *readings,
                                            const struct tg_frame *frame,
                                            struct tg_written *ret_written,
                                            struct tg_error *ret_why);

/* The id of the schema with this fingerprint; false: it is not known. */
bool tg_readings_id(const struct tg_readings *readings, uint64_t fingerprint, uint32_t *ret_id);
