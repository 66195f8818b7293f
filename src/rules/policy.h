/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A policy: compiled once from YAML into an immutable table of rules, counters and throttles.
 *
 * Any number of threads may read it. It owns its document, which names and patterns borrow.
 */
#pragma once

#include "config/document.h"
#include "records/decision.h"
#include "rules/index.h"
#include "rules/succession.h"

enum { TG_THROTTLES_MAX = 64 };

/* The longest that a request can be remembered (limits: dedupe_for). */
#define TG_DEDUPE_FOR_MAX_MS (30 * TG_DAY_MS)

/* Pacing: at most `rate`, in bursts of at most `burst`, over all partitions together. */
struct tg_throttle {
        const char *name;           /* its own, or "throttle-<position in the policy>" */
        const struct tg_node *node; /* where it stands, for messages */
        struct tg_selector for_;
        struct tg_rate rate;
        int64_t burst;
};

struct tg_policy {
        struct tg_policy_name name;
        struct tg_rule *rules; /* owned; in policy order */
        size_t rule_count;
        bool shadows; /* some rule speaks without effect */
        struct tg_rule_index index;
        struct tg_throttle *throttles; /* owned; in policy order */
        size_t throttle_count;
        struct tg_rule *reserves; /* owned; the items of `keep` */
        size_t reserve_count;
        struct tg_counters counters;
        struct tg_awaits awaits; /* which rules wait for history, if it follows another policy */
        uint32_t generation; /* 0: nothing came before; else that of the policy it follows + 1 */
        uint32_t permits_per_customer; /* of one counter, at most */
        int64_t dedupe_for_ms;         /* how long a request is remembered after its end */
        uint32_t dedupe_per_partition; /* how many requests are remembered, at most */
        struct tg_document *document;  /* owned */
        char *text;                    /* owned: names made up here */
};

/*
 * Reads a policy. Every mistake is told to DIAGNOSTICS; returns 0 and a policy, or -1 if there were
 * errors. Warnings alone are no hindrance. PARTITIONS is how many share each throttle (0: not
 * known).
 */
int tg_policy_load(const char *path, uint32_t partitions, struct tg_diagnostics *diagnostics,
                   struct tg_policy **ret_policy);

/* The same from TEXT; NAME stands for the file in messages. */
int tg_policy_parse(const char *name, struct tg_span text, uint32_t partitions,
                    struct tg_diagnostics *diagnostics, struct tg_policy **ret_policy);

/*
 * The same for a policy that is to follow RUNNING without a new start (shard/swap.h): its counters
 * have the numbers that they have there, and a rule that needs more history than is kept there is
 * refused, or waits for it (`cold: deny`). RUNNING is borrowed for the call alone.
 */
int tg_policy_load_next(const char *path, uint32_t partitions, const struct tg_policy *running,
                        struct tg_diagnostics *diagnostics, struct tg_policy **ret_policy);
int tg_policy_parse_next(const char *name, struct tg_span text, uint32_t partitions,
                         const struct tg_policy *running, struct tg_diagnostics *diagnostics,
                         struct tg_policy **ret_policy);

void tg_policy_free(struct tg_policy *policy); /* NULL is fine */
