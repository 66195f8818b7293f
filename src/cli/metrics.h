/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `touchgate metrics`: prints what GET /metrics of a run tells, and what each of it means; the page
 * docs/metrics.md. Returns a sysexits code.
 */
#pragma once

int tg_cli_metrics(int argc, char **argv);
