/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `touchgate check`: every mistake of a policy at once, offline.
 */
#pragma once

/* Takes the command's own arguments, argv[0] its name; returns the exit status (sysexits.h). */
int tg_cli_check(int argc, char **argv);
