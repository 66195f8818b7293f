/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/metrics.h"

#include <stdio.h>
#include <sysexits.h>

#include "cli/options.h"
#include "cli/run_http.h"

static const char DOC[] =
        "Prints what GET /metrics of a run tells, and what each of it means, as Markdown.";

static const char HEAD[] =
        "# Metrics\n"
        "\n"
        "`GET /metrics` of `touchgate run` (docs/http.md) tells these, in the text format 0.0.4 of "
        "Prometheus. Counters begin at zero\n"
        "with the process; they count what was committed. This page is printed by `touchgate "
        "metrics`, from the declarations beside\n"
        "the code that counts.\n"
        "\n";

int tg_cli_metrics(int argc, char **argv)
{
        static const struct argp argp = {.doc = DOC};
        struct tg_buffer page = {0};

        if (tg_options_parse(&argp, argc, argv, NULL) != 0)
                return EX_USAGE;
        tg_buffer_append(&page, HEAD, sizeof HEAD - 1);
        tg_run_http_describe(&page);
        fwrite(page.data, 1, page.size, stdout);
        tg_buffer_deinit(&page);
        return EX_OK;
}
