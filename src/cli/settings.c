/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/settings.h"

#include <stdio.h>
#include <sysexits.h>

#include "cli/options.h"
#include "cli/run_configuration.h"

static const char DOC[] =
        "Prints the keys of the configuration of a run, with their defaults and what each of them "
        "means, as Markdown. Those of `kafka` are librdkafka's.";

int tg_cli_settings(int argc, char **argv)
{
        static const struct argp argp = {.doc = DOC};
        struct tg_buffer page = {0};

        if (tg_options_parse(&argp, argc, argv, NULL) != 0)
                return EX_USAGE;
        tg_run_configuration_describe(&page);
        fwrite(page.data, 1, page.size, stdout);
        tg_buffer_deinit(&page);
        return EX_OK;
}
