/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/failpoint.h"

#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const names[TG_FAILPOINTS] = {
        [TG_FAIL_BEFORE_BEGIN] = "before_begin",   [TG_FAIL_AFTER_BEGIN] = "after_begin",
        [TG_FAIL_AFTER_PRODUCE] = "after_produce", [TG_FAIL_BEFORE_OFFSETS] = "before_offsets",
        [TG_FAIL_AFTER_OFFSETS] = "after_offsets", [TG_FAIL_AFTER_COMMIT] = "after_commit",
        [TG_FAIL_AFTER_ABORT] = "after_abort",
};

static int armed = -1;    /* the place, or -1 */
static int signal_number; /* what happens there */
static atomic_int left;   /* times until then */

void tg_failpoint_init(void)
{
        const char *text = getenv("TOUCHGATE_FAILPOINT");
        char name[32], action[8];
        int times;

        if (!text || sscanf(text, "%31[^:]:%d:%7s", name, &times, action) != 3)
                return;
        for (int i = 0; i < TG_FAILPOINTS; i++) {
                if (strcmp(name, names[i]) == 0)
                        armed = i;
        }
        atomic_init(&left, times);
        signal_number = strcmp(action, "stop") == 0 ? SIGSTOP : SIGKILL;
}

void tg_failpoint(enum tg_failpoint place)
{
        if (armed == (int)place && atomic_fetch_sub(&left, 1) == 1)
                raise(signal_number);
}
