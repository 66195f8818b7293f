/* SPDX-License-Identifier: Apache-2.0 */
/*
 * recording.json: what a recording of topics was made of, beside its files.
 *
 *     {"format": 1,
 *      "made_by": "touchgate 0.1.0", "recorded_at": "2026-05-31T12:00:00.000Z",
 *      "partitions": 4,
 *      "streams": {"touchpoints": {"topic": "touchpoints", "records": 9, "rejected": 0, ...,
 *                                  "partitions": [{"partition": 0, "from": 0, "to": 9}, ...]},
 *                  "requests": {...}},
 *      ...}
 *
 * Written last: a recording of topics without it is not whole. A recording that was imported or
 * generated has none.
 */
#pragma once

#include <stdint.h>

#include "base/error.h"

#define TG_MANIFEST_NAME "recording.json"

struct json_t;

/* Writes MANIFEST into DIRECTORY, whole or not at all. Returns 0, or -1 (EX_IOERR). */
int tg_manifest_write(const char *directory, const struct json_t *manifest, struct tg_error *error);

/*
 * How many partitions the topics had that the recording in DIRECTORY was made of; 0: it has no
 * recording.json. Returns 0, or -1 if that can't be read.
 */
int tg_manifest_partitions(const char *directory, uint32_t *ret_partitions, struct tg_error *error);
