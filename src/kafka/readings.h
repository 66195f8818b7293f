/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which plans decode a message, by the schema id or fingerprint in front of it.
 *
 * Compiled at start from the shipped schemas and a folder of writers' schemas (<id>.avsc), each for
 * both streams; immutable afterwards, so shards share one. Finding is a binary search among at most
 * TG_READINGS_MAX schemas, a few nanoseconds.
 */
#pragma once

#include "avro/framing.h"
#include "base/error.h"
#include "kafka/settings.h"
#include "shard/port.h"

enum { TG_READINGS_MAX = 4096 };

struct tg_readings;

/* Returns 0, or -1 with the file that can't be read. */
int tg_readings_new(const struct tg_kafka_settings *settings, struct tg_readings **ret_readings,
                    struct tg_error *error);
void tg_readings_free(struct tg_readings *readings);

/*
 * How FRAME's value is read as a record of STREAM, or NULL. Then *ret_problem (borrowed from
 * READINGS) says why a known schema is no record of this stream; it is NULL if the schema is not
 * known at all.
 */
const struct tg_reading *tg_readings_find(const struct tg_readings *readings, enum tg_stream stream,
                                          const struct tg_frame *frame, const char **ret_problem);

/* The id of the schema with this fingerprint; false: it is not known. */
bool tg_readings_id(const struct tg_readings *readings, uint64_t fingerprint, uint32_t *ret_id);
