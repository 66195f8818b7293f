/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the commands on Kafka beside `run` have in common: the configuration of the run whose topics
 * they are about, its schemas, a log for people, and an end by a signal.
 */
#pragma once

#include <stdatomic.h>

#include "cli/run_configuration.h"
#include "kafka/readings.h"
#include "telemetry/log.h"

struct tg_kafka_command {
        struct tg_log log;
        struct tg_notices notices;
        struct tg_run_configuration configuration;
        struct tg_readings *readings; /* owned; NULL: not asked for */
        const atomic_int *stop;       /* the signal that came */
};

/*
 * Reads the configuration at PATH, and with SCHEMAS which ids are read how. From here on signals
 * ask the command to stop. Returns 0, or -1; COMMAND, which must not move, is to be deinited.
 */
int tg_kafka_command_init(struct tg_kafka_command *command, const char *path, bool schemas,
                          struct tg_error *error);
void tg_kafka_command_deinit(struct tg_kafka_command *command);
