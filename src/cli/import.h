/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `touchgate import`: a table becomes a recording, by a mapping.
 *
 * Streams: memory does not grow with the table. Prints what a person should know to stderr, with
 * --json the summary to stdout too. Returns a sysexits code: EX_USAGE, EX_CONFIG (the mapping),
 * EX_NOINPUT, EX_DATAERR (the table can't be read on; a bad line with --strict; nothing but bad
 * lines), EX_CANTCREAT, EX_IOERR. Unless it is 0, the directory keeps what it had.
 */
#pragma once

/* Called once a process (argp). */
int tg_cli_import(int argc, char **argv);
