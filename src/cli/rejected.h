/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `touchgate rejected`: lists dead letters, and submits chosen ones again.
 *
 * Returns a sysexits code: EX_NOINPUT if a letter that was named is not there, EX_DATAERR if one
 * was refused; 130 and 143 after a signal.
 */
#pragma once

/* Called once a process (argp, signals). */
int tg_cli_rejected(int argc, char **argv);
