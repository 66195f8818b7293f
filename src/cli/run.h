/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `touchgate run`: decides live, from Kafka to Kafka.
 *
 * One thread a shard, each a member of the consumer group with a producer of its own. Returns a
 * sysexits code, after having said on standard error what was wrong and what to do.
 */
#pragma once

/* Called once a process (argp, signals). */
int tg_cli_run(int argc, char **argv);
