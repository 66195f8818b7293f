/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/commit.h"

#include <time.h>

#include "base/time.h"
#include "kafka/client.h"

enum { TRIES = 5, PAUSE_MS = 200 /* longer by as much before each further try */ };

/* Called within the commit. */
static void on_commit(rd_kafka_t *handle, rd_kafka_resp_err_t code,
                      rd_kafka_topic_partition_list_t *offsets, void *opaque)
{
        (void)handle;
        *(rd_kafka_resp_err_t *)opaque = tg_client_answer(code, offsets);
}

/* Not rd_kafka_commit(), which tells of partitions that were refused only if all were. */
static rd_kafka_resp_err_t commit_once(rd_kafka_t *handle,
                                       const rd_kafka_topic_partition_list_t *offsets)
{
        rd_kafka_resp_err_t answer = RD_KAFKA_RESP_ERR_NO_ERROR;
        rd_kafka_resp_err_t code = rd_kafka_commit_queue(handle, offsets, NULL, on_commit, &answer);

        return code ? code : answer;
}

rd_kafka_resp_err_t tg_commit(rd_kafka_t *handle, const rd_kafka_topic_partition_list_t *offsets)
{
        rd_kafka_resp_err_t code = RD_KAFKA_RESP_ERR_NO_ERROR;

        for (int i = 0; i < TRIES; i++) {
                const struct timespec pause = {.tv_nsec = i * PAUSE_MS * TG_MS_NS};

                nanosleep(&pause, NULL);
                code = commit_once(handle, offsets);
                if (code != RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT &&
                    code != RD_KAFKA_RESP_ERR__TRANSPORT &&
                    code != RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS &&
                    code != RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE &&
                    code != RD_KAFKA_RESP_ERR_NOT_COORDINATOR &&
                    code != RD_KAFKA_RESP_ERR__WAIT_COORD)
                        break;
        }
        return code;
}
