/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a committed offset of requests carries beside itself, as the text of its metadata: which
 * commit it was, how far its partition had been decided, and what lasts of the facts was kept.
 *
 * The offset is where reading begins again, and lies before what has been decided as long as an
 * older request waits. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "shard/port.h"

enum { TG_BOOKMARK_SIZE = 160 };

/* One commit of one producer: no two are alike. */
struct tg_commit_name {
        uint64_t producer; /* drawn at its start */
        uint64_t serial;
};

void tg_bookmark_write(const struct tg_commit_name *name, const struct tg_progress *progress,
                       char text[static TG_BOOKMARK_SIZE]);

/*
 * Reads TEXT (may be absent) into RET_NAME (may be NULL) and PROGRESS, of which it fills `decided`,
 * `clock_ms` and `kept` (0 if it does not say). False, and nothing is changed: it is not of our
 * making.
 */
bool tg_bookmark_read(struct tg_span text, struct tg_commit_name *ret_name,
                      struct tg_progress *progress);
