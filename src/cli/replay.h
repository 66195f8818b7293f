/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `touchgate replay`: a recording through the gate with a virtual clock.
 */
#pragma once

/* Takes the command's own arguments, argv[0] its name; returns the exit status (sysexits.h). */
int tg_cli_replay(int argc, char **argv);
