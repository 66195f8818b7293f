/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a replay puts out: decisions.avro, permitted.<channel>.avro, rejected.avro in a directory.
 *
 * What partitions put out is merged by time, partition and order within it, so that the bytes do
 * not depend on the number of shards. That is done as it is committed, as far as all have come;
 * files have their names only once they are whole. A partition's sink is used by one thread at a
 * time; partitions of different shards by different threads.
 */
#pragma once

#include "avro/container.h"
#include "shard/port.h"

struct tg_outputs;

/* Makes DIRECTORY if it is not there. Outputs of an earlier replay in it are replaced at the end.
 */
int tg_outputs_new(const char *directory, uint32_t partitions, struct tg_outputs **ret_outputs,
                   struct tg_error *error);

/* NULL is fine. Unless all was written, nothing of it remains. */
void tg_outputs_free(struct tg_outputs *outputs);

/* A sink for any of the partitions; borrows OUTPUTS. */
struct tg_sink tg_outputs_sink(struct tg_outputs *outputs);

/* Writes what is left, and makes the files whole; SYNC separates their blocks. Once, after all
 * shards. */
int tg_outputs_write(struct tg_outputs *outputs, const uint8_t sync[static TG_CONTAINER_SYNC_SIZE],
                     struct tg_error *error);
