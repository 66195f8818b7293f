/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a terminal may be shown.
 */
#pragma once

#include <stdbool.h>
#include <stdio.h>

/* FILE is a terminal, and nobody has asked for none with NO_COLOR (no-color.org). */
bool tg_terminal_colours(FILE *file);
