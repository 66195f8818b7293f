/* SPDX-License-Identifier: Apache-2.0 */
#include "scenario/run.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"
#include "scenario/tell.h"
#include "shard/shard.h"
#include "shard/twin.h"

enum {
        BATCH = 256,
        TABLE_BYTES = 4 << 20,
        WAITING_BYTES = 64 << 20,
};
#define SKEW_MS (10 * TG_MINUTE_MS)

/* Where the request of a step was put. */
struct place {
        int32_t partition;
        int64_t offset;
};

/* One run of a case. */
struct run {
        const struct tg_scenario *scenario;
        const struct tg_case *story;
        struct place *places;        /* by step */
        struct tg_receipt *receipts; /* by step: of the message it sends, as far as is known */
        struct tg_twin twin;
};

/* Time passes in every partition: a touchpoint that counts nowhere moves its clock. */
static void play_time(struct run *run, int64_t at_ms)
{
        uint32_t partitions = run->scenario->partitions;
        char customer[32];

        for (uint32_t partition = 0; partition < partitions; partition++) {
                int size, attempt = 0;

                do
                        size = snprintf(customer, sizeof customer, "nobody-%d", attempt++);
                while (tg_partition_of(tg_span_of(customer, (size_t)size), partitions) !=
                       partition);
                tg_twin_touchpoint(&run->twin, &(struct tg_touchpoint){
                                                       .id = tg_span_text("nothing"),
                                                       .customer = tg_span_text(customer),
                                                       .time_ms = at_ms,
                                                       .channel = TG_CHANNEL_ABSENT,
                                                       .bot = true,
                                               });
        }
}

/* What is known of each stream is now read to its end, so that nothing is waited for. */
static void play_ends(struct run *run)
{
        for (uint32_t partition = 0; partition < run->scenario->partitions; partition++) {
                for (int stream = 0; stream < TG_STREAMS; stream++)
                        tg_twin_end(&run->twin, (enum tg_stream)stream, (int32_t)partition);
        }
        tg_twin_pause(&run->twin);
}

static void play_touchpoint(struct run *run, const struct tg_step *step)
{
        tg_cleanup(tg_buffer_deinit) struct tg_buffer datum = {0};
        struct tg_touchpoint touchpoint = step->touchpoint;

        if (step->with_receipt)
                touchpoint.receipt = run->receipts[step->of];
        tg_twin_encode_detailed(&datum, &touchpoint, &step->details);
        tg_twin_datum(&run->twin, TG_STREAM_TOUCHPOINTS, tg_buffer_span(&datum));
}

static void play_send(struct run *run, const struct tg_step *step, struct place *ret_place)
{
        const struct tg_request *request = &step->request;
        uint32_t partition = tg_partition_of(request->customer, run->scenario->partitions);

        *ret_place = (struct place){(int32_t)partition,
                                    run->twin.offsets[partition][TG_STREAM_REQUESTS]};
        tg_twin_request(&run->twin, request);
}

static void play_step(struct run *run, size_t i)
{
        const struct tg_step *step = &run->story->steps[i];

        if (!step->together && (step->kind == TG_STEP_PASS || run->scenario->partitions > 1)) {
                play_time(run, step->at_ms);
                play_ends(run);
        }
        if (step->kind == TG_STEP_TOUCHPOINT)
                play_touchpoint(run, step);
        else if (step->kind == TG_STEP_SEND)
                play_send(run, step, &run->places[i]);
        if (i + 1 == run->story->step_count || !step[1].together)
                play_ends(run);
}

static int play(struct run *run, struct tg_error *error)
{
        struct tg_shard_options options = {
                .partition = {.policy = run->scenario->policy,
                              .partitions = run->scenario->partitions,
                              .table_bytes = TABLE_BYTES,
                              .waiting = {TG_SCENARIO_STEPS_MAX, WAITING_BYTES},
                              .skew_ms = SKEW_MS},
                .clock = TG_CLOCK_EVENT,
                .batch = BATCH,
                .end_ms = TG_NEVER,
        };
        struct tg_summary summary;
        struct tg_port port;
        int result;

        tg_twin_init(&run->twin, run->scenario->partitions);
        play_ends(run);
        for (size_t i = 0; i < run->story->step_count; i++)
                play_step(run, i);
        port = tg_twin_port(&run->twin);
        result = tg_shard_run(&options, &port, &summary, error);
        tg_summary_deinit(&summary);
        return result;
}

/* The answers to the message that step I sends, in their order; returns how many. */
static size_t collect(const struct run *run, size_t i,
                      const struct tg_decision *ret_answers[TG_TOLD_ANSWERS_MAX])
{
        const struct place *place = &run->places[i];
        size_t count = 0;

        for (size_t k = 0; k < run->twin.decisions.count; k++) {
                const struct tg_decision *decision = &run->twin.decisions.items[k]->decision;

                if (decision->source.offset == place->offset &&
                    decision->source.partition == place->partition && count < TG_TOLD_ANSWERS_MAX)
                        ret_answers[count++] = decision;
        }
        return count;
}

/* Takes up the receipts that were given; true if that changed what was known. */
static bool learn_receipts(struct run *run)
{
        const struct tg_decision *answers[TG_TOLD_ANSWERS_MAX];
        bool changed = false;

        for (size_t i = 0; i < run->story->step_count; i++) {
                struct tg_receipt receipt = {0}, *known = &run->receipts[i];
                size_t count;

                if (run->story->steps[i].kind != TG_STEP_SEND)
                        continue;
                count = collect(run, i, answers);
                for (size_t k = 0; k < count; k++) {
                        if (answers[k]->outcome == TG_PERMIT)
                                receipt = answers[k]->receipt;
                }
                changed = changed || receipt.present != known->present ||
                          receipt.time_ms != known->time_ms || receipt.tag != known->tag;
                *known = receipt;
        }
        return changed;
}

static bool needs_receipts(const struct tg_case *story)
{
        for (size_t i = 0; i < story->step_count; i++) {
                if (story->steps[i].with_receipt)
                        return true;
        }
        return false;
}

static bool reason_agrees(const struct tg_expected_reason *expected,
                          const struct tg_decision *decision)
{
        for (size_t i = 0; i < decision->reason_count; i++) {
                const struct tg_reason *reason = &decision->reasons[i];

                if (reason->source == expected->source)
                        return (expected->counter == TG_NO_COUNT ||
                                (expected->counter == reason->counter &&
                                 expected->limit == reason->limit)) &&
                               (!expected->until_given || expected->until_ms == reason->until_ms);
        }
        return false;
}

static bool is_expected(const struct tg_expected_answer *expected, size_t source)
{
        for (size_t i = 0; i < expected->reason_count; i++) {
                if (expected->reasons[i].source == source)
                        return true;
        }
        return false;
}

/* How many reasons must be expected: those of rules without effect need not be. */
static size_t reasons_to_expect(const struct tg_expected_answer *expected,
                                const struct tg_decision *decision)
{
        size_t count = 0;

        for (size_t i = 0; i < decision->reason_count; i++)
                count += !decision->reasons[i].shadow ||
                         is_expected(expected, decision->reasons[i].source);
        return count;
}

static bool answer_agrees(const struct tg_expected_answer *expected,
                          const struct tg_decision *decision)
{
        if (expected->outcome != decision->outcome || expected->variant != decision->variant ||
            expected->repeat != decision->repeat ||
            (expected->repeat && expected->told_ms != decision->told_ms) ||
            (expected->at_ms != TG_NO_TIME && expected->at_ms != decision->time_ms) ||
            (expected->outcome == TG_DEFER && expected->until_ms != decision->until_ms))
                return false;
        if (expected->reason_count != reasons_to_expect(expected, decision))
                return false;
        for (size_t i = 0; i < expected->reason_count; i++) {
                if (!reason_agrees(&expected->reasons[i], decision))
                        return false;
        }
        return true;
}

static void compare_send(const struct run *run, size_t index, struct tg_case_result *result)
{
        const struct tg_step *step = &run->story->steps[index];
        const struct tg_decision *answers[TG_TOLD_ANSWERS_MAX];
        size_t count = collect(run, index, answers);
        bool agrees = count == step->answer_count;

        for (size_t i = 0; agrees && i < count; i++)
                agrees = answer_agrees(&step->answers[i], answers[i]);
        if (!agrees)
                tg_tell_answers(result, run->scenario->policy, step, answers, count);
}

static void compare(const struct run *run, struct tg_case_result *result)
{
        for (size_t i = 0; i < run->story->step_count; i++) {
                const struct tg_step *step = &run->story->steps[i];

                if (step->kind == TG_STEP_SEND)
                        compare_send(run, i, result);
                else if (step->with_receipt && !run->receipts[step->of].present)
                        tg_tell_no_receipt(result, step, &run->story->steps[step->of]);
        }
        for (size_t i = 0; i < run->twin.rejected.count; i++)
                tg_tell_rejection(result, run->story->line, run->twin.rejected.items[i].detail);
}

/*
 * A touchpoint may carry the receipt of a message that is permitted only later, so the story is
 * played again with the receipts it gave, until they stay the same: each time one more is right.
 */
int tg_case_run(const struct tg_scenario *scenario, const struct tg_case *story,
                struct tg_case_result *ret_result, struct tg_error *error)
{
        struct run run = {.scenario = scenario, .story = story};
        bool again = needs_receipts(story);
        int result;

        run.places = tg_allocate_zeroed(story->step_count, sizeof run.places[0]);
        run.receipts = tg_allocate_zeroed(story->step_count, sizeof run.receipts[0]);
        result = play(&run, error);
        for (size_t i = 0; again && result == 0 && i <= story->step_count; i++) {
                again = learn_receipts(&run);
                if (!again)
                        break;
                tg_twin_deinit(&run.twin);
                result = play(&run, error);
        }
        *ret_result = (struct tg_case_result){0};
        if (result == 0)
                compare(&run, ret_result);
        tg_twin_deinit(&run.twin);
        free(run.places);
        free(run.receipts);
        return result;
}

void tg_case_result_deinit(struct tg_case_result *result)
{
        for (size_t i = 0; i < result->count; i++) {
                free(result->differences[i].message);
                free(result->differences[i].expected);
                free(result->differences[i].happened);
        }
        free(result->differences);
        *result = (struct tg_case_result){0};
}
