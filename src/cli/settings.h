/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `touchgate settings`: prints the keys of a run's configuration, and what each means; the tables
 * of docs/configuration.md. Returns a sysexits code.
 */
#pragma once

int tg_cli_settings(int argc, char **argv);
