/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Records as libavro reads them, which knows nothing of our encoder: compact JSON of what they say,
 * without the fields that are at their defaults and without the names of union branches.
 */
#pragma once

#include <avro.h>

#include "records/schemas.h"

/* What an encoded record says; "undecodable" if it is no record of SCHEMA. For free(). */
char *said_by_bytes(enum tg_shipped schema, struct tg_span bytes);

/* What the records of a container file say, each followed by a newline. For free(). */
char *said_by_file(enum tg_shipped schema, const char *path);
