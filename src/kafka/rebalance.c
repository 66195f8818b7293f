/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/rebalance.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "kafka/ranges.h"

enum { KEY_SIZE = 64 };

/* What comes with partitions of requests: their facts, and what was written about them. */
static rd_kafka_topic_partition_list_t *with_company(const struct tg_member *member,
                                                     const struct tg_resume *resumes, int count)
{
        rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(count * TG_LANES);

        for (int i = 0; i < count; i++) {
                const struct tg_progress *progress = &resumes[i].progress;

                tg_member_list(member, list, TG_STREAM_REQUESTS, progress->partition,
                               progress->next[TG_STREAM_REQUESTS]);
                tg_member_list(member, list, TG_STREAM_TOUCHPOINTS, progress->partition,
                               resumes[i].facts_from);
                for (int j = TG_STREAMS; j < TG_LANES; j++)
                        if (resumes[i].ends[j] > 0)
                                tg_member_list(member, list, (enum tg_stream)j, progress->partition,
                                               -1);
        }
        return list;
}

static bool cooperative(const struct tg_member *member)
{
        return strcmp(rd_kafka_rebalance_protocol(member->client.handle), "COOPERATIVE") == 0;
}

/* Those of LIST that librdkafka has: what came too late it was never given. */
static rd_kafka_error_t *unassign(rd_kafka_t *handle, const rd_kafka_topic_partition_list_t *list)
{
        rd_kafka_topic_partition_list_t *given = rd_kafka_topic_partition_list_new(list->cnt);
        rd_kafka_topic_partition_list_t *all = NULL;
        rd_kafka_error_t *error;

        rd_kafka_assignment(handle, &all);
        for (int i = 0; all && i < all->cnt; i++)
                if (rd_kafka_topic_partition_list_find((rd_kafka_topic_partition_list_t *)list,
                                                       all->elems[i].topic,
                                                       all->elems[i].partition))
                        rd_kafka_topic_partition_list_add(given, all->elems[i].topic,
                                                          all->elems[i].partition);
        error = rd_kafka_incremental_unassign(handle, given);
        if (all)
                rd_kafka_topic_partition_list_destroy(all);
        rd_kafka_topic_partition_list_destroy(given);
        return error;
}

/* Hands LIST to librdkafka: an eager unassignment is of everything. */
static void assign(struct tg_member *member, const rd_kafka_topic_partition_list_t *list)
{
        rd_kafka_t *handle = member->client.handle;
        rd_kafka_error_t *error = NULL;
        rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

        if (cooperative(member))
                error = member->gaining ? rd_kafka_incremental_assign(handle, list)
                                        : unassign(handle, list);
        else
                code = rd_kafka_assign(handle, member->gaining ? list : NULL);
        if (error) {
                tg_client_fail(&member->client, rd_kafka_error_code(error), "assignment",
                               rd_kafka_error_string(error));
                rd_kafka_error_destroy(error);
        }
        if (code)
                tg_client_fail(&member->client, code, "assignment", rd_kafka_err2str(code));
}

/* What is known of partitions that go. */
static void recall(const struct tg_member *member, const rd_kafka_topic_partition_list_t *requests,
                   struct tg_resume *resumes)
{
        for (int i = 0; i < requests->cnt; i++) {
                int32_t partition = requests->elems[i].partition;
                const struct tg_stream_state *streams =
                        member->assignment.partitions[partition].streams;

                resumes[i] = (struct tg_resume){.progress = {.partition = partition}};
                for (int j = TG_STREAMS; j < TG_LANES; j++)
                        resumes[i].ends[j] = streams[j].end;
        }
}

/* Each shard has a key of its own: what it says thins out nothing of the others. */
static void tell_change(const struct tg_member *member, const struct tg_resume *changed, int count)
{
        const struct tg_assignment *assignment = &member->assignment;
        const struct tg_notices *notices = member->client.notices;
        bool *flags = tg_allocate_zeroed((size_t)assignment->count, sizeof flags[0]);
        char these[TG_RANGES_TEXT_SIZE], ours[TG_RANGES_TEXT_SIZE];
        const char *verb = member->gaining ? "came" : "went";
        char key[KEY_SIZE], text[KEY_SIZE + sizeof these + sizeof ours];

        for (int i = 0; i < count; i++)
                flags[changed[i].progress.partition] = true;
        tg_ranges_text(flags, assignment->count, these);
        for (int32_t i = 0; i < assignment->count; i++)
                flags[i] = tg_assignment_owns(assignment, i);
        tg_ranges_text(flags, assignment->count, ours);
        free(flags);
        snprintf(key, sizeof key, "shard %u: partitions %s", member->shard, verb);
        snprintf(text, sizeof text, "shard %u: %s %s; it has %s", member->shard, these, verb, ours);
        notices->tell(notices->context, TG_NOTICE_INFO, key, text);
}

static void change_hands(struct tg_member *member, const struct tg_resume *resumes, int count)
{
        rd_kafka_topic_partition_list_t *list = with_company(member, resumes, count);

        if (!member->gaining) /* what is paused stays so in librdkafka, even if it comes again */
                rd_kafka_resume_partitions(member->client.handle, list);
        assign(member, list);
        for (int i = 0; i < count; i++) {
                int32_t partition = resumes[i].progress.partition;

                if (member->gaining)
                        tg_assignment_gain(&member->assignment, &resumes[i].progress,
                                           resumes[i].ends);
                else
                        tg_assignment_lose(&member->assignment, partition);
                member->assignment.partitions[partition].facts_from = resumes[i].facts_from;
        }
        /* After an eager revocation, what remains ours is yet to be said. */
        member->assigned = member->gaining || member->assignment.owned > 0;
        tell_change(member, resumes, count);
        rd_kafka_topic_partition_list_destroy(list);
}

/* Looks for what is missing of partitions that come. */
static void look_for_losses(struct tg_member *member, const struct tg_resume *resumes, int count)
{
        const struct tg_losses *losses = &member->losses;

        for (int i = 0; i < count && !tg_lifetime_over(member->office.lifetime); i++)
                tg_losses_look(&member->losses, &member->office.scout, member->settings,
                               &resumes[i].progress);
        if (!member->board)
                return;
        tg_board_put(member->board, TG_TALLY_LOST_REQUESTS, losses->records[TG_STREAM_REQUESTS]);
        tg_board_put(member->board, TG_TALLY_LOST_TOUCHPOINTS,
                     losses->records[TG_STREAM_TOUCHPOINTS]);
}

void tg_rebalance_carry_out(struct tg_member *member)
{
        rd_kafka_topic_partition_list_t *requests = member->rebalance;
        struct tg_resume *resumes;
        int count, result = 0;

        if (!requests)
                return;
        member->rebalance = NULL;
        count = requests->cnt;
        resumes = tg_allocate(((size_t)count + 1) * sizeof resumes[0]);
        if (member->gaining && !member->closing && count > 0)
                result = tg_resume_find(&member->office, requests, resumes);
        if (member->gaining && (member->closing || result > 0))
                count = 0; /* what comes too late is not taken */
        if (!member->gaining)
                recall(member, requests, resumes);
        else if (result == 0)
                look_for_losses(member, resumes, count);
        if (result >= 0)
                change_hands(member, resumes, count);
        free(resumes);
        rd_kafka_topic_partition_list_destroy(requests);
}

void tg_rebalance_note(rd_kafka_t *handle, rd_kafka_resp_err_t code,
                       rd_kafka_topic_partition_list_t *partitions, void *opaque)
{
        struct tg_member *member = ((struct tg_client *)opaque)->owner;
        bool lost = rd_kafka_assignment_lost(handle);

        assert(!member->rebalance);
        member->gaining = code == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        member->rebalance = rd_kafka_topic_partition_list_copy(partitions);
        if (!member->gaining)
                for (int i = 0; i < partitions->cnt; i++)
                        tg_assignment_leave(&member->assignment, partitions->elems[i].partition,
                                            lost);
        if (lost)
                tg_notice(member->client.notices, TG_NOTICE_WARNING,
                          "the group went on without this member: its partitions were lost");
        if (lost || member->closing)
                tg_rebalance_carry_out(member);
}
