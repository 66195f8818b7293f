/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commits offsets, and waits for the answer: to each partition there is one.
 *
 * Retriable answers are worth another try, five in all within two seconds of pauses; those of a
 * rebalance are not. Librdkafka bounds how long each takes. From the thread that polls HANDLE.
 */
#pragma once

#include <librdkafka/rdkafka.h>

/* Returns the answer, or that of the first partition whose offset was refused. */
rd_kafka_resp_err_t tg_commit(rd_kafka_t *handle, const rd_kafka_topic_partition_list_t *offsets);
