/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/bookmark.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define FORMAT                                                                          \
        "touchgate/1 commit=%" PRIx64 "-%" PRIu64 " decided=%" PRId64 " clock=%" PRId64 \
        " kept=%" PRIx64
#define SCAN                                                                            \
        "touchgate/1 commit=%" SCNx64 "-%" SCNu64 " decided=%" SCNd64 " clock=%" SCNd64 \
        " kept=%" SCNx64

void tg_bookmark_write(const struct tg_commit_name *name, const struct tg_progress *progress,
                       char text[static TG_BOOKMARK_SIZE])
{
        snprintf(text, TG_BOOKMARK_SIZE, FORMAT, name->producer, name->serial, progress->decided,
                 progress->clock_ms, progress->kept);
}

bool tg_bookmark_read(struct tg_span text, struct tg_commit_name *ret_name,
                      struct tg_progress *progress)
{
        char copy[TG_BOOKMARK_SIZE] = ""; /* what librdkafka gives has no zero at its end */
        struct tg_commit_name name;
        int64_t decided, clock_ms;
        uint64_t kept = 0; /* not there before there was a place to keep anything */

        if (text.size >= sizeof copy)
                return false;
        if (text.size)
                memcpy(copy, text.data, text.size);
        if (sscanf(copy, SCAN, &name.producer, &name.serial, &decided, &clock_ms, &kept) < 4)
                return false;
        if (ret_name)
                *ret_name = name;
        progress->decided = decided;
        progress->clock_ms = clock_ms;
        progress->kept = kept;
        return true;
}
