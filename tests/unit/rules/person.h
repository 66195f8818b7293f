/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One customer under one policy: what the tests of rules/ share.
 *
 * A policy is given as YAML without its first line, facts are told, and a request is asked about at
 * any moment.
 */
#pragma once

#include <criterion/criterion.h>

#include "base/memory.h"
#include "rules/evaluate.h"
#include "rules/facts.h"
#include "support/policy.h"

#define START_MS INT64_C(1500000000000)
#define SKEW_MS TG_HOUR_MS

struct person {
        struct tg_policy *policy; /* owned */
        struct tg_table *table;   /* owned */
        int64_t now_ms;
        struct tg_verdict verdict; /* of the last question */
        struct tg_reasons reasons;
        unsigned events; /* told so far: each has an id of its own */
};

void person_init(struct person *person, const char *lines);
void person_deinit(struct person *person);

#define PERSON(name, lines)                           \
        tg_cleanup(person_deinit) struct person name; \
        person_init(&name, lines)

/* Tells a fact at the present clock; an id is made up if it has none. False if it was refused. */
bool tell(struct person *person, struct tg_touchpoint touchpoint);

/* The same in short: only a type and a time. */
void tell_of(struct person *person, enum tg_type type, int64_t time_ms);

/* Permits REQUEST at T_MS without asking; returns the tag it got. */
uint32_t permit(struct person *person, const struct tg_request *request, int64_t t_ms,
                uint32_t tag);

/* How many permits are kept for REQUEST at T_MS, if that is the limit or more; else 0. */
uint32_t permits_full(struct person *person, const struct tg_request *request, int64_t t_ms);

/* Asks at T_MS; the request expires 100 days later unless it says when. */
struct tg_verdict ask(struct person *person, const struct tg_request *request, int64_t t_ms);

/* When REQUEST may leave, asked at T_MS: the earliest moment, or TG_NEVER. */
int64_t earliest(struct person *person, const struct tg_request *request, int64_t t_ms);

/* The rules that spoke: "cap 2/2, wait", with counter and limit where they count. Static. */
const char *spoken(const struct person *person);

#define text(literal) tg_span_text(literal)
