/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The flow of decisions, shown to a person: a line each on standard output, files to look at.
 *
 *     2017-03-01 12:00:00  permit  customer-42   email  spring-sale
 *     2017-03-01 12:00:01  deny    customer-43   ads    shoes        ads-weekly 10 of 10
 *     2017-03-01 12:00:02  defer   customer-44   email  csat         breathe until 15:00:00
 *
 * On a terminal only as many lines as an eye can follow, and a counter below them; elsewhere all.
 * With a folder, everything goes to decisions.jsonl, permitted.<channel>.jsonl and rejected.jsonl
 * in it. What is shown was read back from the broker (embedded/witness.h), in whose thread it is
 * all called.
 */
#pragma once

#include "base/error.h"
#include "embedded/witness.h"
#include "kafka/settings.h"

struct tg_flow;

/* FOLDER is made if need be; NULL: no files. Returns 0 or -1. */
int tg_flow_new(const struct tg_kafka_settings *settings, const char *folder,
                struct tg_flow **ret_flow, struct tg_error *error);

/* Wipes the counter and closes the files. Returns 0, or -1 if they could not be written. */
int tg_flow_finish(struct tg_flow *flow, struct tg_error *error);
void tg_flow_free(struct tg_flow *flow);

/* The topics to be read back; borrowed. */
const char *const *tg_flow_topics(const struct tg_flow *flow, size_t *ret_count);

/* For struct tg_witness_options; the context is the flow. */
void tg_flow_see(void *context, const struct tg_witnessed *record);
void tg_flow_idle(void *context);
