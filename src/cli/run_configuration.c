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

#define MIB (INT64_C(1) << 20)
#define GIB (INT64_C(1) << 30)

#define TRANSACTION_TIMEOUT "10s"

static const char *const clocks[] = {[TG_CLOCK_EVENT] = "event", [TG_CLOCK_WALL] = "wall", NULL};

static const char *const deliveries[] = {
        [TG_AT_LEAST_ONCE] = "at_least_once",
        [TG_EXACTLY_ONCE] = "exactly_once",
        NULL,
};

enum { BATCH_MAX = 1 << 16 };

static const struct tg_setting root_items[] = {
        TG_SETTING_PATH(struct tg_run_configuration, policy, "policy", NULL,
                        "the policy's file. SIGHUP reads it again, see "
                        "[below](#changing-the-policy-of-a-running-process)."),
        TG_SETTING_WORD(struct tg_run_configuration, clock, "clock", "wall", clocks,
                        "what time it is when a request is decided. `wall`: now. `event`: the time "
                        "written in the records, for recordings: streams are merged by it, so a "
                        "recording is decided as it happened."),
        TG_SETTING_INTEGER(struct tg_run_configuration, shards, "shards", "1", 1,
                           TG_OPTION_SHARDS_MAX,
                           "threads. Each has a share of the partitions; more than "
                           "cores or partitions bring nothing. `--shards` goes before it."),
        TG_SETTING_INTEGER(struct tg_run_configuration, batch, "batch", "4096", 1, BATCH_MAX,
                           "records that a shard takes at a time. Smaller ones are "
                           "answered a little sooner, larger ones cost less."),
        TG_SETTING_WORD(struct tg_run_configuration, delivery, "delivery", "exactly_once",
                        deliveries,
                        "what is written and the offsets are committed as one, in a transaction of "
                        "each shard: readers with `isolation.level=read_committed` (Java's default "
                        "is the other) see every final decision, message and dead letter once. "
                        "`at_least_once`: without transactions, half a network round trip sooner; "
                        "after a crash what was decided since the last commit is decided, and "
                        "written, once more."),
        TG_SETTING_DURATION(struct tg_run_configuration, commit_ms, "commit", "100ms", 0,
                            TG_MINUTE_MS,
                            "the least time between two commits; what was decided since the last "
                            "one is decided again after a crash. With transactions also how long a "
                            "reader waits for what is decided, and at most half of "
                            "`transaction_timeout`."),
        TG_SETTING_DURATION(struct tg_run_configuration, transaction_ms, "transaction_timeout",
                            TRANSACTION_TIMEOUT, TG_SECOND_MS, 15 * TG_MINUTE_MS,
                            "a transaction that takes longer is aborted by the brokers; so long "
                            "may a process that was killed hold up readers of its partitions. A "
                            "broker that does not answer half as long leaves a commit in doubt."),
        TG_SETTING_DURATION(struct tg_run_configuration, idle_ms, "idle", "500ms", 1, TG_HOUR_MS,
                            "a topic at whose end nothing came for so long has ended: what "
                            "`clock: event` waits for a stream that is silent, and `--exit-at-end` "
                            "for all."),
        TG_SETTING_DURATION(struct tg_run_configuration, facts_wait_ms, "facts_wait_max", "30s",
                            TG_SECOND_MS, TG_HOUR_MS,
                            "how long a request waits for touchpoints that were there before it "
                            "and can't be read, or not so fast; then it is deferred for as long "
                            "again (`facts behind`), see "
                            "[semantics.md](semantics.md#facts-before-requests). With "
                            "`clock: event` without effect."),
        TG_SETTING_DURATION(struct tg_run_configuration, stop_wait_ms, "stop_wait_max", "30s",
                            TG_SECOND_MS, TG_HOUR_MS,
                            "asked to stop (SIGTERM), a process commits and leaves within this "
                            "time; if brokers do not answer, it ends all the same, with exit code "
                            "75."),
        TG_SETTING_DURATION(struct tg_run_configuration, future_skew_ms, "future_skew_max", "10m",
                            0, TG_SKEW_MAX_MS,
                            "a record whose time is further in the future is a dead letter."),
};
static const struct tg_settings root_keys = TG_SETTINGS("", root_items);

static const struct tg_setting memory_items[] = {
        TG_SETTING_SIZE(struct tg_run_configuration, customers_bytes, "customers", "64MiB", MIB,
                        1024 * GIB,
                        "what is remembered of customers, of each partition. When it is full, "
                        "requests of who is not in it are denied (`state incomplete`)."),
        TG_SETTING_SIZE(struct tg_run_configuration, waiting_bytes, "waiting", "16MiB", MIB,
                        1024 * GIB,
                        "requests that wait for their time, of each partition. When it is full, "
                        "what would have to wait is denied (`deferral full`)."),
};
static const struct tg_settings memory_keys = TG_SETTINGS("memory", memory_items);

void tg_run_configuration_describe(struct tg_buffer *page)
{
        static const struct tg_settings *const all[] = {
                &root_keys,
                &tg_kafka_settings_topic_keys,
                &tg_kafka_settings_schema_keys,
                &tg_kafka_settings_id_keys,
                &tg_registry_settings_keys,
                &tg_registry_settings_basic_keys,
                &tg_registry_settings_certificate_keys,
                &tg_kafka_settings_memory_keys,
                &memory_keys,
                &tg_http_settings_keys,
        };

        tg_settings_describe(page, all, sizeof all / sizeof all[0]);
}

static void init(struct tg_run_configuration *configuration)
{
        *configuration = (struct tg_run_configuration){0};
        tg_settings_init(&root_keys, configuration);
        tg_settings_init(&memory_keys, configuration);
        tg_kafka_settings_init(&configuration->kafka);
        tg_http_settings_init(&configuration->http);
}

void tg_run_configuration_deinit(struct tg_run_configuration *configuration)
{
        tg_kafka_settings_deinit(&configuration->kafka);
        free(configuration->policy);
        *configuration = (struct tg_run_configuration){0};
}

/* It is no default that stands for a mistake, or for a variable that was not looked up. */
static bool knows_delivery(const struct tg_run_configuration *configuration,
                           const struct tg_reader *root)
{
        const struct tg_node *node = tg_node_find(root->node, "delivery");

        return !node ||
               tg_span_equal(tg_node_text(node), tg_span_text(deliveries[configuration->delivery]));
}

/* Likewise. */
static bool knows_timeout(const struct tg_run_configuration *configuration,
                          const struct tg_reader *root)
{
        const struct tg_node *node = tg_node_find(root->node, "transaction_timeout");
        struct tg_span text;
        int64_t written_ms;

        if (!node)
                return true;
        text = tg_node_text(node);
        return tg_duration_parse((const char *)text.data, text.size, &written_ms) == 0 &&
               written_ms == configuration->transaction_ms;
}

/*
 * A transaction is open for as long as its commit is put off: the brokers must not abort it first.
 * Nobody is told the values, which may be those of variables.
 */
static void check_transactions(const struct tg_run_configuration *configuration,
                               const struct tg_reader *root)
{
        if (configuration->delivery == TG_AT_LEAST_ONCE ||
            2 * configuration->commit_ms <= configuration->transaction_ms ||
            !knows_delivery(configuration, root) || !knows_timeout(configuration, root))
                return;
        tg_diagnose(root->diagnostics, tg_node_find(root->node, "commit"), TG_ERROR,
                    "write at most half of transaction_timeout (" TRANSACTION_TIMEOUT
                    " if it is not given), or raise that",
                    "the brokers would abort transactions that take so long");
}

static void read_root(struct tg_run_configuration *configuration, struct tg_reader *root,
                      const char *folder)
{
        struct tg_reader memory;

        tg_settings_read(&root_keys, root, folder, configuration);
        check_transactions(configuration, root);
        if (configuration->delivery == TG_AT_LEAST_ONCE)
                configuration->transaction_ms = 0;
        tg_read_mapping(root, memory_keys.section, TG_OPTIONAL, &memory);
        tg_kafka_settings_read(&configuration->kafka, root, &memory, folder);
        tg_settings_read(&memory_keys, &memory, folder, configuration);
        tg_reader_finish(&memory);
        tg_http_settings_read(&configuration->http, root);
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
