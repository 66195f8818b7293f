/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/kafka_command.h"

#include <signal.h>

#include "cli/log_notices.h"
#include "cli/signals.h"

static atomic_int stop;

int tg_kafka_command_init(struct tg_kafka_command *command, const char *path, bool schemas,
                          struct tg_error *error)
{
        struct tg_diagnostics diagnostics = {0};
        int result;

        *command = (struct tg_kafka_command){.stop = &stop};
        tg_log_init(&command->log, stderr, TG_LOG_TEXT, TG_LOG_WARNING);
        command->notices = tg_log_notices(&command->log);
        tg_signals_catch(&stop);
        signal(SIGPIPE, SIG_IGN); /* a broker that goes away is an error, not an end */
        result = tg_run_configuration_load(path, &diagnostics, &command->configuration);
        tg_log_mistakes(&command->log, &diagnostics);
        tg_diagnostics_deinit(&diagnostics);
        if (result < 0)
                return tg_fail(error, EX_CONFIG, "%s has to be corrected first", path);
        if (!schemas)
                return 0;
        return tg_readings_new(&command->configuration.kafka, &command->notices, &command->readings,
                               error);
}

void tg_kafka_command_deinit(struct tg_kafka_command *command)
{
        tg_readings_free(command->readings);
        tg_run_configuration_deinit(&command->configuration);
        tg_log_deinit(&command->log);
}
