/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/signals.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

/* What the handler can reach. */
static atomic_int *signalled;
static const char *last_words;

static void on_signal(int number)
{
        ssize_t written;

        if (!atomic_exchange(signalled, number))
                return;
        written = write(STDERR_FILENO, last_words, strlen(last_words));
        (void)written; /* if nobody listens, nothing can be done about it */
        _exit(TG_SIGNAL_STATUS + number);
}

void tg_signals_say_last(const char *words)
{
        last_words = words;
}

void tg_signals_catch(atomic_int *stop)
{
        struct sigaction action = {.sa_handler = on_signal};

        signalled = stop;
        if (!last_words)
                last_words = "touchgate: a second signal: left at once, nothing was finished\n";
        sigaction(SIGTERM, &action, NULL);
        sigaction(SIGINT, &action, NULL);
}
