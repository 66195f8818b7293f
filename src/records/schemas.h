/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The schemas that touchgate reads and writes, as shipped in schemas/ and built into the
 * executable.
 */
#pragma once

#include "base/span.h"

enum tg_shipped {
        TG_SCHEMA_TOUCHPOINT,
        TG_SCHEMA_REQUEST,
        TG_SCHEMA_PERMITTED,
        TG_SCHEMA_DECISION,
        TG_SCHEMA_REJECTED,
        TG_SCHEMAS,
};

/* "touchpoint", "request", …: the stem of the file. */
const char *tg_shipped_name(enum tg_shipped schema);

/* The text of the file, as it is. */
struct tg_span tg_shipped_text(enum tg_shipped schema);
