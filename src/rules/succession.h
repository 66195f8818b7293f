/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rule of a policy that follows a running one finds of the history it needs, told where it
 * is not enough.
 *
 * A rule whose history isn't kept is refused, unless it says `cold: deny`: then it counts as full
 * until one window has passed since the policy was taken up. So does one whose counters the running
 * policy keeps, but hasn't always kept. Used while a policy is compiled.
 */
#pragma once

#include "rules/family.h"

/* A rule that counts as full until a counter of it has been kept for one window. */
struct tg_awaited {
        const struct tg_rule *rule;
        struct tg_counter_id counter;
        int64_t window_ms;
        bool begins; /* it is kept from now on; else since an earlier change of policy */
};

/* All of a policy. Start from {0}. */
struct tg_awaits {
        struct tg_awaited *items; /* owned */
        size_t count;
};

void tg_awaits_deinit(struct tg_awaits *awaits);

/* RULE looks at COUNTER, of which it needs what COUNTING says. */
void tg_succession_counter(struct tg_compiler *compiler, const struct tg_rule *rule,
                           const struct tg_counting *counting, struct tg_counter_id counter);

/* RULE looks at consents, SECTION is where it says so: they have no window to wait for. */
void tg_succession_consents(struct tg_compiler *compiler, const struct tg_rule *rule,
                            const struct tg_node *section);

/* Requests must be remembered for FOR_MS; the running policy does so for HAS_MS. */
void tg_succession_dedupe(struct tg_compiler *compiler, const struct tg_node *node, int64_t for_ms,
                          int64_t has_ms);
