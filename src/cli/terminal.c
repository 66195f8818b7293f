/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/terminal.h"

#include <stdlib.h>
#include <unistd.h>

bool tg_terminal_colours(FILE *file)
{
        const char *unwanted = getenv("NO_COLOR");

        return isatty(fileno(file)) && !(unwanted && *unwanted);
}
