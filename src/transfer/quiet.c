/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/quiet.h"

void tg_quiet_init(struct tg_quiet *quiet)
{
        for (int i = 0; i < TG_STREAMS; i++) {
                quiet->streams[i].last_ms = INT64_MIN;
                quiet->streams[i].endangered_ms = INT64_MIN;
                quiet->streams[i].told = true;
        }
}

bool tg_quiet_tell(struct tg_quiet *quiet, enum tg_stream stream, int64_t timestamp_ms,
                   int64_t idle_ms)
{
        bool shown = false;

        for (int i = 0; i < TG_STREAMS; i++) {
                if (i == (int)stream || quiet->streams[i].told ||
                    timestamp_ms >= quiet->streams[i].endangered_ms)
                        continue;
                quiet->streams[i].told = true;
                shown = true;
        }
        /* Before the first record there is silence. */
        if (quiet->streams[stream].last_ms == INT64_MIN ||
            timestamp_ms - quiet->streams[stream].last_ms >= idle_ms) {
                quiet->streams[stream].endangered_ms = timestamp_ms;
                quiet->streams[stream].told = false;
        }
        if (timestamp_ms > quiet->streams[stream].last_ms)
                quiet->streams[stream].last_ms = timestamp_ms;
        return shown;
}
