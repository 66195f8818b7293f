/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `touchgate record`: topics to a recording, so that what was live can be replayed.
 *
 * Returns a sysexits code, after having said on standard error what was wrong; 130 and 143 if a
 * signal came before the end that was asked for.
 */
#pragma once

/* Called once a process (argp, signals). */
int tg_cli_record(int argc, char **argv);
