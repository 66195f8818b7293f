/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `touchgate test`: stories that a person can read, held against a policy.
 *
 * Prints a line a case, what came out differently, and the count to stdout (with --json all of it
 * as JSON); mistakes in files to stderr. Returns 0, 1 if a case failed, or a sysexits code:
 * EX_USAGE, EX_NOINPUT (a file can't be read), EX_CONFIG (a mistake in a scenario or its policy;
 * the other files are run all the same).
 */
#pragma once

/* Called once a process (argp). */
int tg_cli_test(int argc, char **argv);
