/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Set-up and tear-down of a run: configuration, topics, policy, then a thread a shard, and around
 * them, for a laptop, the embedded broker with what feeds it and what looks at its outputs. What
 * fails anywhere stops all; the first failure is the exit code.
 */
#include "cli/run.h"

#include <signal.h>
#include <sodium.h>
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/time.h"
#include "cli/flow.h"
#include "cli/log_notices.h"
#include "cli/run_attendant.h"
#include "cli/run_configuration.h"
#include "cli/run_http.h"
#include "cli/run_options.h"
#include "cli/run_shards.h"
#include "cli/run_topics.h"
#include "cli/signals.h"
#include "embedded/broker.h"
#include "embedded/feeder.h"
#include "kafka/failpoint.h"
#include "rules/policy.h"

enum {
        DEMO_MS = 15000,      /* a recording lasts about so long on a terminal */
        PACE_MIN_PER_S = 100, /* but no record waits longer than this */
        WAITING_COST = 256,   /* bytes of a message that waits, about */
};

#define LAST_WORDS                                                                         \
        "second signal: leaving at once; what was not committed is decided again after a " \
        "restart\n"
#define LAST_WORDS_JSON                                                                    \
        "{\"level\":\"error\",\"message\":\"second signal: leaving at once; what was not " \
        "committed is decided again after a restart\"}\n"

struct run {
        struct tg_run_options options;
        struct tg_run_configuration configuration;
        struct tg_log log;
        struct tg_notices notices;
        struct tg_lifetime lifetime;
        struct tg_readings *readings;
        struct tg_subjects *subjects;
        struct tg_policy *policy;
        struct tg_run_reload reload;
        struct tg_run_attendant *attendant; /* NULL: not started */
        struct tg_shard_options shard_options;
        struct tg_run_http http;
        struct tg_run_shards *shards; /* NULL: not started */
        struct tg_topics_found topics;
        struct tg_embedded *embedded; /* these three with --embedded */
        struct tg_feeder *feeder;
        struct tg_flow *flow;
        struct tg_witness *witness;
        struct tg_run_tally tally;
};

static int told(struct run *run, struct tg_diagnostics *diagnostics, int result, const char *path,
                struct tg_error *error)
{
        tg_log_mistakes(&run->log, diagnostics);
        tg_diagnostics_deinit(diagnostics);
        return result < 0 ? tg_fail(error, EX_CONFIG, "%s has to be corrected first", path) : 0;
}

static int load_configuration(struct run *run, struct tg_error *error)
{
        struct tg_diagnostics diagnostics = {0};
        const char *path = run->options.configuration;
        int result = tg_run_configuration_load(path, &diagnostics, &run->configuration);

        if (run->options.shards)
                run->configuration.shards = run->options.shards;
        return told(run, &diagnostics, result, path, error);
}

static int load_policy(struct run *run, struct tg_error *error)
{
        struct tg_diagnostics diagnostics = {0};
        const char *path = run->configuration.policy;
        int result =
                tg_policy_load(path, (uint32_t)run->topics.partitions, &diagnostics, &run->policy);

        return told(run, &diagnostics, result, path, error);
}

static int start_broker(struct run *run, struct tg_error *error)
{
        if (!run->options.embedded)
                return 0;
        if (tg_embedded_new(&run->configuration.kafka, run->options.partitions, &run->embedded,
                            error) < 0)
                return -1;
        tg_embedded_use(run->embedded, &run->configuration.kafka);
        run->configuration.transaction_ms = 0; /* the embedded broker has no transactions */
        return 0;
}

/*
 * By the policy as it is now, without a word of what it is warned of: that is told when it is
 * loaded for the number of partitions that is found here.
 */
static int check_topics(struct run *run, struct tg_error *error)
{
        struct tg_run_topics_options options = {
                .settings = &run->configuration.kafka,
                .notices = &run->notices,
                .create = run->options.create_topics,
                .partitions = run->options.partitions,
                .replication = run->options.replication,
                .embedded = run->embedded != NULL,
        };
        struct tg_diagnostics diagnostics = {0};
        const char *path = run->configuration.policy;
        struct tg_policy *policy;
        int result;

        if (tg_policy_load(path, 0, &diagnostics, &policy) < 0)
                return told(run, &diagnostics, -1, path, error);
        tg_diagnostics_deinit(&diagnostics);
        options.policy = policy;
        result = tg_run_topics_check(&options, &run->topics, error);
        tg_policy_free(policy);
        return result;
}

static int open_schemas(struct run *run, struct tg_error *error)
{
        const struct tg_subjects_options options = {
                .settings = &run->configuration.kafka,
                .notices = &run->notices,
                .stop = &run->lifetime.stop,
                .channels = run->topics.channels,
                .customers = run->topics.customers,
        };

        if (tg_readings_new(&run->configuration.kafka, &run->notices, &run->readings, error) < 0)
                return -1;
        return tg_subjects_new(&options, &run->subjects, error);
}

static void set_shard_options(struct run *run)
{
        const struct tg_run_configuration *configuration = &run->configuration;

        run->shard_options = (struct tg_shard_options){
                .partition =
                        {
                                .policy = run->policy,
                                .partitions = (uint32_t)run->topics.partitions,
                                .table_bytes = (size_t)configuration->customers_bytes,
                                .waiting = {.messages = (size_t)configuration->waiting_bytes /
                                                        WAITING_COST,
                                            .bytes = (size_t)configuration->waiting_bytes},
                                .skew_ms = configuration->future_skew_ms,
                                .facts_wait_ms = configuration->facts_wait_ms,
                                .tells_again = configuration->transaction_ms == 0,
                        },
                .clock = configuration->clock,
                .batch = (size_t)configuration->batch,
                .swap = &run->reload.swap,
                .end_ms = TG_NEVER,
        };
        tg_run_reload_init(&run->reload, run->policy, configuration->policy,
                           (uint32_t)run->topics.partitions, (uint32_t)configuration->shards,
                           &run->log);
        /* State does not outlive the process, so a new key each time keeps ids the safest. */
        randombytes_buf(run->shard_options.partition.hash_key.bytes, TG_HASH_KEY_SIZE);
}

static int prepare(struct run *run, struct tg_error *error)
{
        if (sodium_init() < 0)
                return tg_fail(error, EX_OSERR, "libsodium can't start");
        if (load_configuration(run, error) < 0)
                return -1;
        tg_client_tell_versions(&run->configuration.kafka, &run->notices);
        if (start_broker(run, error) < 0 || check_topics(run, error) < 0 ||
            load_policy(run, error) < 0 || open_schemas(run, error) < 0)
                return -1;
        set_shard_options(run);
        return 0;
}

/* On a terminal a recording takes a while, so that one can watch; elsewhere no time. */
static unsigned pace(const struct run *run)
{
        struct tg_feeder_counts counts = tg_feeder_counts(run->feeder);
        uint64_t total = counts.records[TG_STREAM_TOUCHPOINTS] + counts.records[TG_STREAM_REQUESTS];
        uint64_t natural = total * TG_SECOND_MS / DEMO_MS;

        if (run->options.pace_per_s >= 0)
                return (unsigned)run->options.pace_per_s;
        if (!isatty(STDOUT_FILENO))
                return 0;
        return natural < PACE_MIN_PER_S ? PACE_MIN_PER_S : (unsigned)natural;
}

/* Plays the recording; all of it before the shards start, unless somebody is to watch. */
static int start_feeder(struct run *run, struct tg_error *error)
{
        const struct tg_feeder_options options = {
                .settings = &run->configuration.kafka,
                .readings = run->readings,
                .notices = &run->notices,
                .lifetime = &run->lifetime,
                .directory = run->options.embedded,
                .partitions = run->topics.partitions,
        };
        struct tg_feeder_counts counts;

        if (tg_feeder_new(&options, &run->feeder, error) < 0)
                return -1;
        counts = tg_feeder_counts(run->feeder);
        tg_feeder_set_pace(run->feeder, pace(run));
        tg_log(&run->log, TG_LOG_INFO,
               "playing %s into the embedded broker: %llu touchpoints, %llu requests, %d "
               "partitions",
               run->options.embedded, (unsigned long long)counts.records[TG_STREAM_TOUCHPOINTS],
               (unsigned long long)counts.records[TG_STREAM_REQUESTS], (int)run->topics.partitions);
        atomic_fetch_add(&run->lifetime.busy, 1);
        tg_feeder_start(run->feeder);
        return pace(run) == 0 ? tg_feeder_wait(run->feeder, error) : 0;
}

static int start_witness(struct run *run, struct tg_error *error)
{
        struct tg_witness_options options = {
                .settings = &run->configuration.kafka,
                .notices = &run->notices,
                .partitions = run->topics.partitions,
                .see = tg_flow_see,
                .idle = tg_flow_idle,
        };

        if (tg_flow_new(&run->configuration.kafka, run->options.output, &run->flow, error) < 0)
                return -1;
        options.topics = tg_flow_topics(run->flow, &options.topic_count);
        options.context = run->flow;
        return tg_witness_new(&options, &run->witness, error);
}

/* A recording that is played for a look at it has nobody to ask anything, unless they said so. */
static int start_http(struct run *run, struct tg_error *error)
{
        struct tg_http_settings *settings = &run->configuration.http;
        const struct tg_run_http_options options = {
                .settings = settings,
                .kafka = &run->configuration.kafka,
                .shard = &run->shard_options,
                .stop = &run->lifetime.stop,
                .log = &run->log,
                .shards = (unsigned)run->configuration.shards,
        };

        if (run->options.http &&
            tg_http_settings_listen(settings, tg_span_text(run->options.http)) < 0)
                return tg_fail(error, EX_USAGE,
                               "--http %s: write 127.0.0.1:8787, [::1]:8787, a port of 0 for any, "
                               "or off",
                               run->options.http);
        if (run->embedded && !settings->chosen)
                settings->host[0] = '\0';
        return tg_run_http_start(&run->http, &options, error);
}

static int start_shards(struct run *run, struct tg_error *error)
{
        const struct tg_run_shards_options options = {
                .settings = &run->configuration.kafka,
                .readings = run->readings,
                .subjects = run->subjects,
                .notices = &run->notices,
                .shard = &run->shard_options,
                .lifetime = &run->lifetime,
                .boards = run->http.boards,
                .inboxes = run->http.inboxes,
                .count = (unsigned)run->configuration.shards,
                .idle_ms = run->configuration.idle_ms,
                .commit_ms = run->configuration.commit_ms,
                .transaction_ms = run->configuration.transaction_ms,
                .customers = run->topics.customers,
        };

        return tg_run_shards_start(&options, &run->shards, error);
}

static int start_attendant(struct run *run, struct tg_error *error)
{
        const struct tg_run_attendant_options options = {
                .reload = &run->reload,
                .lifetime = &run->lifetime,
                .log = &run->log,
                .boards = run->http.boards,
                .shards = (unsigned)run->configuration.shards,
                .stop_wait_ms = run->configuration.stop_wait_ms,
                .status = !run->embedded, /* which shows decisions */
        };

        return tg_run_attendant_start(&options, &run->attendant, error);
}

/* Takes the first failure of those that ran beside the shards. */
static int join_company(struct run *run, struct tg_error *error)
{
        struct tg_error ignored;
        int result = 0;

        if (run->feeder && tg_feeder_wait(run->feeder, error) < 0)
                result = -1;
        if (run->witness && tg_witness_finish(run->witness, result ? &ignored : error) < 0)
                result = -1;
        if (run->flow && tg_flow_finish(run->flow, result ? &ignored : error) < 0)
                result = -1;
        return result;
}

static int serve(struct run *run, struct tg_error *error)
{
        struct tg_error ignored;
        int64_t start_ms = tg_clock_monotonic_ms();
        int result = 0;

        tg_summary_init(&run->tally.shards, run->policy);
        if (run->embedded && (start_feeder(run, error) < 0 || start_witness(run, error) < 0))
                result = -1;
        if (result == 0)
                result = start_http(run, error);
        if (result == 0)
                result = start_attendant(run, error);
        if (result == 0)
                result = start_shards(run, error);
        if (tg_run_shards_join(run->shards, &run->tally, result ? &ignored : error) < 0)
                result = -1;
        tg_run_attendant_stop(run->attendant);
        tg_run_http_stop(&run->http);
        if (result < 0)
                tg_lifetime_stop(&run->lifetime);
        if (join_company(run, result ? &ignored : error) < 0)
                result = -1;
        run->tally.elapsed_ms = tg_clock_monotonic_ms() - start_ms;
        tg_run_summary_print(stderr, run->log.json, &run->tally);
        return result;
}

static void run_deinit(struct run *run)
{
        tg_witness_free(run->witness);
        tg_flow_free(run->flow);
        tg_feeder_free(run->feeder);
        tg_summary_deinit(&run->tally.shards);
        tg_run_reload_deinit(&run->reload);
        tg_policy_free(run->policy);
        tg_subjects_free(run->subjects);
        tg_readings_free(run->readings);
        tg_embedded_free(run->embedded);
        tg_run_configuration_deinit(&run->configuration);
        tg_log_deinit(&run->log);
}

int tg_cli_run(int argc, char **argv)
{
        struct run run = {0};
        struct tg_error error = {0};
        int code = tg_run_options_parse(argc, argv, &run.options);

        if (code)
                return code;
        tg_log_init(&run.log, stderr, run.options.log_format, run.options.log_level);
        run.notices = tg_log_notices(&run.log);
        run.lifetime.exit_at_end = run.options.exit_at_end;
        tg_signals_say_last(run.log.json ? LAST_WORDS_JSON : LAST_WORDS);
        tg_signals_catch(&run.lifetime.stop);
        tg_run_attendant_prepare();
        signal(SIGPIPE, SIG_IGN); /* a broker that goes away is an error, not an end */
        if (tg_failpoint_init(&error) < 0 || prepare(&run, &error) < 0 || serve(&run, &error) < 0) {
                tg_log_line(&run.log, TG_LOG_ERROR, error.message, error.message);
                code = error.exit_code;
        }
        run_deinit(&run);
        return code;
}
