/* SPDX-License-Identifier: Apache-2.0 */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>

#include "support/policy.h"

void world_init(struct world *world, const char *lines)
{
        *world = (struct world){
                .options = {.partition = {.policy = policy_of(lines),
                                          .partitions = 1,
                                          .table_bytes = 1 << 20,
                                          .waiting = {1000, 1 << 20},
                                          .skew_ms = TG_HOUR_MS,
                                          .facts_wait_ms = 30 * TG_SECOND_MS},
                            .clock = TG_CLOCK_EVENT,
                            .batch = 7,
                            .end_ms = TG_NEVER},
        };
        tg_twin_init(&world->twin, 1);
}

void world_deinit(struct world *world)
{
        tg_policy_free((struct tg_policy *)world->options.partition.policy);
        for (size_t i = 0; i < world->next_count; i++)
                tg_policy_free(world->next[i]);
        tg_summary_deinit(&world->summary);
        tg_twin_deinit(&world->twin);
        free(world->told);
}

void fact(struct world *world, struct tg_touchpoint touchpoint)
{
        char id[16];

        snprintf(id, sizeof id, "e%zu", world->twin.entry_count);
        touchpoint.time_ms += START_MS;
        if (!tg_span_present(touchpoint.id))
                touchpoint.id = tg_span_text(id);
        if (!tg_span_present(touchpoint.customer))
                touchpoint.customer = tg_span_text("me");
        tg_twin_touchpoint(&world->twin, &touchpoint);
}

void click(struct world *world, int64_t after_ms)
{
        fact(world, (struct tg_touchpoint){
                            .type = TG_TYPE_CLICK, .time_ms = after_ms, .channel = TG_CHANNEL_ADS});
}

void request(struct world *world, struct tg_request request)
{
        request.time_ms += START_MS;
        request.expires_ms = request.expires_ms ? request.expires_ms + START_MS : TG_NO_TIME;
        request.payload = tg_span_text("payload");
        if (!tg_span_present(request.customer))
                request.customer = tg_span_text("me");
        tg_twin_request(&world->twin, &request);
}

void ad(struct world *world, const char *id, int64_t after_ms, int32_t priority,
        int64_t expires_after_ms)
{
        request(world, (struct tg_request){.id = tg_span_text(id),
                                           .time_ms = after_ms,
                                           .channel = TG_CHANNEL_ADS,
                                           .kind = TG_KIND_PROMOTION,
                                           .priority = priority,
                                           .expires_ms = expires_after_ms});
}

static void tell(FILE *file, const struct tg_decision *decision)
{
        fprintf(file, "%jd %.*s %s", (intmax_t)(decision->time_ms - START_MS),
                TG_SPAN_FORMAT(decision->request->id),
                tg_word(&tg_outcome_words, decision->outcome));
        if (decision->outcome == TG_DEFER)
                fprintf(file, " until %jd", (intmax_t)(decision->until_ms - START_MS));
        if (decision->repeat)
                fprintf(file, " again");
        if (decision->variant == TG_VARIANT_GENERAL)
                fprintf(file, " in general");
        for (size_t i = 0; i < decision->reason_count; i++)
                fprintf(file, "%s%s", i ? ", " : ": ", decision->reasons[i].rule);
        fprintf(file, "\n");
}

void then(struct world *world, size_t commits, const char *lines)
{
        const struct tg_policy *running = world->next_count ? world->next[world->next_count - 1]
                                                            : world->options.partition.policy;

        cr_assert_lt(world->next_count, WORLD_CHANGES_MAX);
        world->next[world->next_count] = policy_after(running, lines);
        world->next_after[world->next_count++] = commits;
        tg_swap_init(&world->swap, 1);
        world->options.swap = &world->swap;
}

/* The twin's commit, after which it may be time for another policy. */
static int commit_and_offer(void *context, const struct tg_progress *progress, size_t count,
                            bool now, struct tg_error *error)
{
        struct world *world = context;
        int answer = world->commit(context, progress, count, now, error);

        for (size_t i = 0; i < world->next_count; i++) {
                if (world->twin.commits == world->next_after[i])
                        cr_assert(tg_swap_offer(&world->swap, world->next[i]));
        }
        return answer;
}

const char *run(struct world *world)
{
        struct tg_port port = tg_twin_port(&world->twin);
        struct tg_error error;
        size_t size;
        FILE *file;

        world->commit = port.sink.commit;
        port.sink.commit = commit_and_offer;
        cr_assert_eq(tg_shard_run(&world->options, &port, &world->summary, &error), 0);
        cr_assert_eq(world->twin.given, world->twin.released, "every record is released");
        file = open_memstream(&world->told, &size);
        for (size_t i = 0; i < world->twin.decisions.count; i++)
                tell(file, &world->twin.decisions.items[i]->decision);
        fclose(file);
        return world->told;
}
