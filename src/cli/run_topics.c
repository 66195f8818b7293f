/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_topics.h"

#include "kafka/creation.h"
#include "kafka/retention.h"
#include "rules/footprint.h"

/* What has no window is kept among the customers. */
void tg_run_topics_needs(const struct tg_policy *policy, struct tg_topic_needs *ret_needs)
{
        struct tg_topic_needs needs = {0};
        struct tg_footprint footprint;

        tg_footprint_of(policy, &footprint);
        if (footprint.touchpoints_ms)
                tg_topic_need_all(&needs.topics[TG_TOPIC_TOUCHPOINTS], footprint.touchpoints_ms);
        tg_topic_need_all(&needs.topics[TG_TOPIC_REQUESTS], footprint.requests_ms);
        tg_topic_need_all(&needs.topics[TG_TOPIC_DECISIONS], footprint.decisions_ms);
        tg_topic_need_last(&needs.topics[TG_TOPIC_CUSTOMERS]);
        needs.customers = footprint.consents;
        *ret_needs = needs;
}

static int check(struct tg_client *client, const struct tg_run_topics_options *options,
                 struct tg_topics_found *ret_found, struct tg_error *error)
{
        struct tg_topic_needs needs;
        const struct tg_creation creation = {
                .needs = &needs,
                .partitions = options->partitions,
                .replication = options->replication,
        };

        tg_run_topics_needs(options->policy, &needs);
        if (options->create && tg_topics_create(client, options->settings, &creation, error) < 0)
                return -1;
        if (tg_topics_check(client, options->settings, &needs, ret_found, error) < 0)
                return -1;
        if (!ret_found->customers)
                needs.topics[TG_TOPIC_CUSTOMERS].count = 0;
        if (!options->embedded)
                tg_retention_check(client, options->settings, &needs);
        return 0;
}

int tg_run_topics_check(const struct tg_run_topics_options *options,
                        struct tg_topics_found *ret_found, struct tg_error *error)
{
        const struct tg_client_options settings = {.settings = options->settings};
        struct tg_client client = {.notices = options->notices, .role = "start"};
        int result = tg_client_init(&client, RD_KAFKA_CONSUMER, &settings, error);

        if (result == 0)
                result = check(&client, options, ret_found, error);
        tg_client_deinit(&client);
        return result;
}
