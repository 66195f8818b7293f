/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SIGINT and SIGTERM ask a command to stop; a second one leaves at once.
 */
#pragma once

#include <stdatomic.h>

enum { TG_SIGNAL_STATUS = 128 }; /* plus the signal: as shells tell of what a signal ended */

/*
 * From here on the first of these signals puts its number into *STOP, which was 0 and must live as
 * long as the process. Called once.
 */
void tg_signals_catch(atomic_int *stop);

/* What is written to standard error when a second signal ends the process: static text, a line. */
void tg_signals_say_last(const char *words);
