/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_configuration.h"

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/time.h"
#include "cli/options.h"
#include "config/path.h"

#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)

static const char *const clocks[] = {[TG_CLOCK_EVENT] = "event", [TG_CLOCK_WALL] = "wall", NULL};

/* In the order of the words. */
enum delivery { AT_LEAST_ONCE, EXACTLY_ONCE };
static const char *const deliveries[] = {"at_least_once", "exactly_once", NULL};

enum { BATCH_MAX = 1 << 16 };

static void init(struct tg_run_configuration *configuration)
{
        *configuration = (struct tg_run_configuration){
                .clock = TG_CLOCK_WALL,
                .idle_ms = 500,
                .commit_ms = 100,
                .facts_wait_ms = 30 * TG_SECOND_MS,
                .stop_wait_ms = 30 * TG_SECOND_MS,
                .transaction_ms = 10 * TG_SECOND_MS,
                .future_skew_ms = 10 * TG_MINUTE_MS,
                .shards = 1,
                .batch = 4096,
                .customers_bytes = 64 * MIB,
                .waiting_bytes = 16 * MIB,
        };
        tg_kafka_settings_init(&configuration->kafka);
        tg_http_settings_init(&configuration->http);
}

void tg_run_configuration_deinit(struct tg_run_configuration *configuration)
{
        tg_kafka_settings_deinit(&configuration->kafka);
        free(configuration->policy);
        *configuration = (struct tg_run_configuration){0};
}

static void read_clock(struct tg_run_configuration *configuration, struct tg_reader *root)
{
        unsigned clock;

        if (tg_read_word(root, "clock", TG_OPTIONAL, clocks, &clock))
                configuration->clock = (enum tg_clock_mode)clock;
        tg_read_duration(root, "idle", TG_OPTIONAL, 1, TG_HOUR_MS, &configuration->idle_ms);
        tg_read_duration(root, "facts_wait_max", TG_OPTIONAL, TG_SECOND_MS, TG_HOUR_MS,
                         &configuration->facts_wait_ms);
        tg_read_duration(root, "stop_wait_max", TG_OPTIONAL, TG_SECOND_MS, TG_HOUR_MS,
                         &configuration->stop_wait_ms);
        tg_read_duration(root, "future_skew_max", TG_OPTIONAL, 0, TG_SKEW_MAX_MS,
                         &configuration->future_skew_ms);
}

static void read_delivery(struct tg_run_configuration *configuration, struct tg_reader *root)
{
        unsigned delivery = EXACTLY_ONCE;

        tg_read_word(root, "delivery", TG_OPTIONAL, deliveries, &delivery);
        tg_read_duration(root, "commit", TG_OPTIONAL, 0, TG_MINUTE_MS, &configuration->commit_ms);
        tg_read_duration(root, "transaction_timeout", TG_OPTIONAL, TG_SECOND_MS, 15 * TG_MINUTE_MS,
                         &configuration->transaction_ms);
        if (delivery == AT_LEAST_ONCE)
                configuration->transaction_ms = 0;
}

static void read_root(struct tg_run_configuration *configuration, struct tg_reader *root,
                      const char *folder)
{
        struct tg_reader memory;

        tg_read_path(root, "policy", TG_REQUIRED, folder, &configuration->policy);
        tg_read_mapping(root, "memory", TG_OPTIONAL, &memory);
        tg_kafka_settings_read(&configuration->kafka, root, &memory, folder);
        tg_read_size(&memory, "customers", TG_OPTIONAL, MIB, 1024 * GIB,
                     &configuration->customers_bytes);
        tg_read_size(&memory, "waiting", TG_OPTIONAL, MIB, 1024 * GIB,
                     &configuration->waiting_bytes);
        tg_reader_finish(&memory);
        read_clock(configuration, root);
        read_delivery(configuration, root);
        tg_http_settings_read(&configuration->http, root);
        tg_read_integer(root, "shards", TG_OPTIONAL, 1, TG_OPTION_SHARDS_MAX,
                        &configuration->shards);
        tg_read_integer(root, "batch", TG_OPTIONAL, 1, BATCH_MAX, &configuration->batch);
}

/* LOOKUP NULL: only checked. */
static int load(const char *path, tg_variable_lookup *lookup, struct tg_diagnostics *diagnostics,
                struct tg_variables *variables, struct tg_run_configuration *ret_configuration)
{
        tg_cleanup(tg_document_free_pointer) struct tg_document *document = NULL;
        char copy[PATH_MAX];
        struct tg_reader root;

        init(ret_configuration);
        ret_configuration->kafka.offline = !lookup;
        if (tg_document_load(path, diagnostics, &document) < 0)
                return -1;
        tg_variables_expand(document, lookup, diagnostics, variables);
        snprintf(copy, sizeof copy, "%s", path); /* dirname() cuts its argument */
        tg_reader_init(&root, diagnostics, tg_document_root(document), "the configuration");
        read_root(ret_configuration, &root, dirname(copy));
        tg_reader_finish(&root);
        return diagnostics->errors ? -1 : 0;
}

int tg_run_configuration_load(const char *path, struct tg_diagnostics *diagnostics,
                              struct tg_run_configuration *ret_configuration)
{
        tg_cleanup(tg_variables_deinit) struct tg_variables variables = {0};

        return load(path, getenv, diagnostics, &variables, ret_configuration);
}

int tg_run_configuration_check(const char *path, struct tg_diagnostics *diagnostics,
                               struct tg_variables *variables,
                               struct tg_run_configuration *ret_configuration)
{
        return load(path, NULL, diagnostics, variables, ret_configuration);
}
