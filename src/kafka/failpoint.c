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

static int find_place(const char *name)
{
        for (int i = 0; i < TG_FAILPOINTS; i++)
                if (strcmp(name, names[i]) == 0)
                        return i;
        return -1;
}

/* "kill" or "stop"; 0: neither. */
static int find_signal(const char *action)
{
        return strcmp(action, "kill") == 0 ? SIGKILL : strcmp(action, "stop") == 0 ? SIGSTOP : 0;
}

int tg_failpoint_init(struct tg_error *error)
{
        const char *text = getenv("TOUCHGATE_FAILPOINT");
        char name[32], action[8];
        int times;

        if (!text)
                return 0;
        if (sscanf(text, "%31[^:]:%d:%7s", name, &times, action) != 3 || times < 1 ||
            find_place(name) < 0 || !find_signal(action))
                return tg_fail(error, EX_USAGE,
                               "TOUCHGATE_FAILPOINT=%s: write NAME:N:kill or NAME:N:stop, as in "
                               "after_commit:3:kill",
                               text);
        armed = find_place(name);
        signal_number = find_signal(action);
        atomic_init(&left, times);
        return 0;
}

void tg_failpoint(enum tg_failpoint place)
{
        if (armed == (int)place && atomic_fetch_sub(&left, 1) == 1)
                raise(signal_number);
}
