/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pages.h"

#include <stdio.h>
#include <sysexits.h>

#include "cli/options.h"
#include "cli/run_configuration.h"
#include "cli/run_http.h"

static const char METRICS_DOC[] =
        "Prints what GET /metrics of a run tells, and what each of it means, as Markdown.";

static const char METRICS_HEAD[] =
        "# Metrics\n"
        "\n"
        "`GET /metrics` of `touchgate run` (docs/http.md) tells these, in the text format 0.0.4 of "
        "Prometheus. Counters begin at zero\n"
        "with the process; they count what was committed. This page is printed by `touchgate "
        "metrics`, from the declarations beside\n"
        "the code that counts.\n"
        "\n";

static const char SETTINGS_DOC[] =
        "Prints the keys of the configuration of a run, with their defaults and what each of them "
        "means, as Markdown. Those of `kafka` are librdkafka's.";

static int print(int argc, char **argv, const char *doc, const char *head,
                 void (*describe)(struct tg_buffer *page))
{
        const struct argp argp = {.doc = doc};
        struct tg_buffer page = {0};

        if (tg_options_parse(&argp, argc, argv, NULL) != 0)
                return EX_USAGE;
        describe(&page);
        fputs(head, stdout);
        fwrite(page.data, 1, page.size, stdout);
        tg_buffer_deinit(&page);
        return EX_OK;
}

int tg_cli_metrics(int argc, char **argv)
{
        return print(argc, argv, METRICS_DOC, METRICS_HEAD, tg_run_http_describe);
}

int tg_cli_settings(int argc, char **argv)
{
        return print(argc, argv, SETTINGS_DOC, "", tg_run_configuration_describe);
}
