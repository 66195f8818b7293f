/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands that print a page of docs/, in Markdown, from the declarations beside the code. Each
 * returns a sysexits code.
 */
#pragma once

/* `touchgate metrics`: what GET /metrics of a run tells, and what each means; docs/metrics.md. */
int tg_cli_metrics(int argc, char **argv);

/*
 * `touchgate settings`: the keys of a run's configuration, and what each means; the tables of
 * docs/configuration.md.
 */
int tg_cli_settings(int argc, char **argv);
