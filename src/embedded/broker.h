/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker inside our own process, for a laptop: librdkafka's mock cluster with the run's topics.
 *
 * Everything goes through it over loopback sockets as with a real one, but nothing is kept longer
 * than the process lives, and of each partition no more than 5 MiB or 100,000 batches: older ones
 * are dropped without a word. TG_EMBEDDED_BYTES_MAX stays below both.
 *
 * Its groups are rough: while partitions are shared out among several members, on a busy machine
 * also a second time right after the start, it refuses offsets, and what was decided meanwhile is
 * decided again. With one shard nothing is ever shared out.
 */
#pragma once

#include "base/error.h"
#include "kafka/settings.h"

enum {
        TG_EMBEDDED_BYTES_MAX = 4 << 20, /* of one partition, with TG_EMBEDDED_RECORD_COST */
        TG_EMBEDDED_RECORD_COST = 90,    /* bytes a record takes beside its key and value */
};

struct tg_embedded;

/* Makes the topics of SETTINGS, permitted ones of all channels too. Returns 0 or -1. */
int tg_embedded_new(const struct tg_kafka_settings *settings, int32_t partitions,
                    struct tg_embedded **ret_embedded, struct tg_error *error);
void tg_embedded_free(struct tg_embedded *embedded);

/*
 * Puts its address into SETTINGS, with what makes clients of it quick, and takes a schema registry
 * out of them.
 */
void tg_embedded_use(const struct tg_embedded *embedded, struct tg_kafka_settings *settings);
