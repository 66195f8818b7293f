/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signals.h"

#include <signal.h>
#include <unistd.h>

/* What the handler can reach. */
static atomic_int *signalled;

static void on_signal(int number)
{
        if (atomic_exchange(signalled, number))
                _exit(TG_SIGNAL_STATUS + number);
}

void tg_signals_catch(atomic_int *stop)
{
        struct sigaction action = {.sa_handler = on_signal};

        signalled = stop;
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGINT, &action, NULL);
}
