/* SPDX-License-Identifier: Apache-2.0 */
#include <jansson.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sysexits.h>

#include "base/memory.h"
#include "support/process.h"

static const char POLICY[] = "policy: spring\n"
                             "rules:\n"
                             "  - {rule: two, cap: {count: impression, at_most: 2, per: 1d}}\n";
static const char PLACES[] = "policy: p.yaml\n"
                             "kafka:\n"
                             "  bootstrap.servers: ${BROKERS}\n"
                             "  group.id: gate-${REGION:-west}\n"
                             "  sasl.password: ${PASSWORD}\n"
                             "  ssl.key.password_file: key-password\n"
                             "shards: ${SHARDS:-3}\n"
                             "commit: ${COMMIT}\n";

Test(configuration, it_is_checked_with_its_policy_and_without_the_environment)
{
        FOLDER(folder);

        folder_put(&folder, "p.yaml", POLICY);
        folder_put(&folder, "run.yaml", PLACES);
        OUTCOME(outcome, &folder, "check", "--config", "run.yaml");
        cr_expect_eq(outcome.code, EX_OK, "%s", outcome.said);
        expect_part(outcome.said, "run.yaml: the configuration is fine\n");
        expect_part(outcome.said, "run.yaml: a run needs these environment variables: BROKERS, "
                                  "PASSWORD, COMMIT\n");
        expect_part(outcome.said, "run.yaml: a run takes these, if they are set: REGION, SHARDS\n");
        expect_part(outcome.said, "p.yaml: policy spring is fine: 1 rules");
}

Test(configuration, its_mistakes_and_those_of_its_policy_are_told_at_once)
{
        FOLDER(folder);

        folder_put(&folder, "p.yaml", "policy: spring\nruels: []\n");
        folder_put(&folder, "run.yaml",
                   "policy: p.yaml\n"
                   "kafka: {bootstrap.servers: there, group.id: g}\n"
                   "shards: ${SHARDS:-many}\n");
        OUTCOME(outcome, &folder, "check", "--config", "run.yaml");
        OUTCOME(json, &folder, "check", "--json", "--config", "run.yaml");
        cr_expect_eq(outcome.code, EX_CONFIG);
        expect_part(outcome.said, "run.yaml:3:9: error: expected a whole number from 1 to 256 for "
                                  "\"shards\", found what \"${SHARDS:-many}\" stands for");
        expect_part(outcome.said, "p.yaml:2:1: error: unknown key \"ruels\"");
        cr_expect_eq(json.code, EX_CONFIG);
        expect_part(json.said, "\"ruels\\\"");
        expect_part(json.said, "\"name\": \"SHARDS\"");
        expect_part(json.said, "\"policy\": null");
}

Test(configuration, a_policy_named_by_a_variable_is_left_to_another_check)
{
        FOLDER(folder);

        folder_put(&folder, "run.yaml",
                   "policy: ${POLICY}\nkafka: {bootstrap.servers: there, group.id: g}\n");
        OUTCOME(outcome, &folder, "check", "--config", "run.yaml");
        cr_expect_eq(outcome.code, EX_OK, "%s", outcome.said);
        expect_part(outcome.said, "which policy it is, the environment says");
}

/* What `check` says of a configuration with these LINES in it; for free(). */
static char *checked(const char *lines)
{
        FOLDER(folder);
        char text[300], *said;

        folder_put(&folder, "p.yaml", POLICY);
        snprintf(text, sizeof text,
                 "policy: p.yaml\n"
                 "kafka: {bootstrap.servers: there, group.id: g}\n"
                 "%s",
                 lines);
        folder_put(&folder, "run.yaml", text);
        OUTCOME(outcome, &folder, "check", "--config", "run.yaml");
        said = outcome.said;
        outcome.said = NULL;
        return said;
}

static void expect_fine(const char *lines)
{
        tg_cleanup(tg_free_pointer) char *said = checked(lines);

        expect_part(said, "run.yaml: the configuration is fine\n");
}

/* One mistake is told, and it is this. */
static void expect_mistake(const char *lines, const char *mistake)
{
        tg_cleanup(tg_free_pointer) char *said = checked(lines);
        const char *first = strstr(said, ": error: ");

        expect_part(said, mistake);
        cr_assert_not_null(first);
        cr_expect_null(strstr(first + 1, ": error: "), "%s", said);
}

#define ABORTED "error: the brokers would abort transactions that take so long\n"

Test(configuration, commits_further_apart_than_half_a_transactions_time_are_refused)
{
        expect_fine("commit: 5s\n");
        expect_mistake("commit: 5001ms\n", "run.yaml:3:9: " ABORTED);
        expect_mistake("commit: ${COMMIT:-1m}\n", "at most half of transaction_timeout (10s if");
        expect_fine("transaction_timeout: 2m\ncommit: 1m\n");
        expect_mistake("transaction_timeout: 119999ms\ncommit: 1m\n", "run.yaml:4:9: " ABORTED);
        expect_fine("transaction_timeout: 1s\n");
        expect_fine("delivery: at_least_once\ncommit: 1m\n");
}

Test(configuration, they_are_not_judged_by_a_default_that_will_not_hold)
{
        expect_fine("commit: 1m\ntransaction_timeout: ${TIMEOUT}\n");
        expect_fine("commit: 1m\ndelivery: ${DELIVERY}\n");
        expect_mistake("commit: 1m\ntransaction_timeout: 1d\n", "a duration from 1s to 15m");
        expect_mistake("commit: 1m\ndelivery: at_least\n", "a known word for \"delivery\"");
}

Test(configuration, a_run_without_a_variable_it_needs_does_not_start)
{
        FOLDER(folder);

        unsetenv("PASSWORD");
        setenv("BROKERS", "127.0.0.1:9", 1);
        setenv("COMMIT", "1s", 1);
        folder_put(&folder, "p.yaml", POLICY);
        folder_put(&folder, "key-password", "x");
        folder_put(&folder, "run.yaml", PLACES);
        OUTCOME(outcome, &folder, "run", "--log", "text", "--config", "run.yaml");
        cr_expect_eq(outcome.code, EX_CONFIG);
        expect_part(outcome.told, "run.yaml:5:18: error: the environment variable PASSWORD is not "
                                  "set");
}

/* Nothing that touchgate says in such a run may hold what only a secret holds. */
static void expect_discretion(const char *log, const char *kafka, const char *const *part)
{
        FOLDER(folder);
        char text[1000];

        setenv("TOUCHGATE_TEST_SECRET", "hunter2", 1);
        folder_put(&folder, "p.yaml", POLICY);
        chmod(folder_put(&folder, "secret", "hunter2\n"), 0644);
        snprintf(text, sizeof text,
                 "policy: p.yaml\n"
                 "kafka:\n"
                 "  bootstrap.servers: 127.0.0.1:9\n"
                 "  group.id: g\n"
                 "%s\n",
                 kafka);
        folder_put(&folder, "run.yaml", text);
        OUTCOME(run, &folder, "run", "-v", "--log", log, "--config", "run.yaml");
        OUTCOME(check, &folder, "check", "--config", "run.yaml");
        cr_expect_neq(run.code, 0);
        for (; *part; part++)
                expect_part(run.told, *part);
        cr_expect_null(strstr(run.told, "hunter2"), "%s", run.told);
        cr_expect_null(strstr(run.said, "hunter2"), "%s", run.said);
        cr_expect_null(strstr(check.said, "hunter2"), "%s", check.said);
        cr_expect_null(strstr(check.told, "hunter2"), "%s", check.told);
}

#define PARTS(...) ((const char *const[]){__VA_ARGS__, NULL})

Test(configuration, a_secret_is_in_no_message, .timeout = 60)
{
        expect_discretion("json",
                          "  sasl.mechanism: PLAIN\n"
                          "  security.protocol: SASL_PLAINTEXT\n"
                          "  sasl.username: ali\n"
                          "  sasl.password_file: secret\n"
                          "  debug: all\n",
                          PARTS("no broker answered", "everybody on this machine may read"));
        expect_discretion("json", "  sasl.password: hunter2\n  sasl.pasword: hunter2\n",
                          PARTS("sasl.pasword"));
        expect_discretion("text", "  sasl.password: hunter2\n  sasl.pasword: hunter2\n",
                          PARTS("sasl.pasword"));
        expect_discretion("text", "  linger.ms: ${TOUCHGATE_TEST_SECRET}\n", PARTS("linger.ms"));
        expect_discretion("text", "  acks_file: secret\n", PARTS("acks"));
        expect_discretion("text", "  ssl.key.password: \"hunter2\n", PARTS("run.yaml:5:"));
        expect_discretion("text", "shards: ${TOUCHGATE_TEST_SECRET}\n", PARTS("shards"));
        expect_discretion("text", "clock: ${TOUCHGATE_TEST_SECRET}\n", PARTS("clock"));
        expect_discretion("text", "topics: {requests: \"${TOUCHGATE_TEST_SECRET}!\"}\n",
                          PARTS("no topic of Kafka"));
}
