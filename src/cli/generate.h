/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `touchgate generate`: a synthetic recording from a seed.
 *
 * Memory does not grow with the recording. Prints what was made to stderr, with --json to stdout
 * too. Returns a sysexits code: EX_USAGE, EX_CANTCREAT (the directory, or a recording is in it
 * already), EX_IOERR.
 */
#pragma once

/* Called once a process (argp). */
int tg_cli_generate(int argc, char **argv);
