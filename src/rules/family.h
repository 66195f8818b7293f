/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a rule family is: how its part of the policy is read, and the one question it answers.
 *
 * A family is a file of this folder and a line of the table in families.c. Its section of the YAML
 * is read by `compile`, which asks for the counters it needs; `earliest` is then called for every
 * request that the rule's `for` selects, on the hot path: no allocation, no lock.
 */
#pragma once

#include "config/reader.h"
#include "records/decision.h"
#include "rules/history.h"

struct tg_family;
struct tg_awaits;

/* A rule of a policy; owned by it, immutable once compiled. */
struct tg_rule {
        const char *name; /* borrowed from the document */
        const struct tg_family *family;
        const struct tg_node *node; /* where it stands, for messages */
        struct tg_selector for_;    /* which requests */
        struct tg_selector where;   /* which touches besides; empty unless the family reads it */
        enum tg_scope each;         /* whose counter */
        bool general;               /* `instead: general`: its never is no last word */
        bool cold;                  /* `cold: deny`: it waits for history rather than need it */
        bool shadow;                /* `mode: shadow`: it speaks without effect */
        bool reserves;              /* an item of `keep`: it has its counters and is never asked */
        union {
                struct tg_cap {
                        int64_t window_ms;
                        uint32_t at_most;
                        struct tg_counter_id counter;
                        struct tg_reservations {
                                struct tg_counter_id counter;
                                int64_t lapse_ms;
                        } reservations[TG_CHANNELS]; /* one for each different lapse */
                        unsigned reservation_count;
                } cap;
                struct tg_retarget {
                        int64_t within_ms;
                        struct tg_counter_id interest;
                        struct tg_counter_id until;
                        bool has_until;
                } retarget;
                struct tg_wait {
                        int64_t at_least_ms;
                        int64_t at_most_ms;
                        unsigned after; /* enum tg_type */
                        struct tg_counter_id counter;
                } wait;
                struct tg_gap {
                        int64_t at_least_ms;
                        struct tg_counter_id counter;
                } gap;
                struct tg_cooldown {
                        int64_t for_ms;
                        uint32_t times;
                        unsigned after_count;
                        struct tg_counter_id after[TG_COUNTED_TYPES];
                        struct tg_counter_id reset;
                        bool has_reset;
                } cooldown;
        };
};

/* What `compile` works with. */
struct tg_compiler {
        struct tg_diagnostics *diagnostics;
        struct tg_counters *counters;
        struct tg_awaits *awaits; /* rules/succession.h */
        int64_t confirm_within_ms[TG_CHANNELS];
        uint32_t permits_per_customer;
};

/* What a rule is asked about. */
struct tg_question {
        const struct tg_request *request;
        struct tg_history *history;   /* of the request's customer */
        const int64_t *cold_until_ms; /* by rule: it counts as full until then; NULL: none does */
};

/* What it answers. */
struct tg_answer {
        int64_t at_ms;   /* the earliest moment not before the one asked, or TG_NEVER */
        int64_t counter; /* what was counted, or TG_NO_COUNT */
        int64_t limit;   /* what it is held against, or TG_NO_COUNT */
};

struct tg_family {
        const char *name; /* the key of its section */

        /* Reads its section into RULE (name, for and node are there); mistakes are told. */
        void (*compile)(struct tg_compiler *compiler, struct tg_reader *section,
                        struct tg_rule *rule);

        /* The earliest moment ≥ T_MS at which the rule permits, with the state as it is. */
        struct tg_answer (*earliest)(const struct tg_rule *rule, const struct tg_question *question,
                                     int64_t t_ms);

        unsigned needs; /* what it looks at besides the cells of `each` (TG_NEED_CONSENTS) */
};

extern const struct tg_family tg_family_cap;
extern const struct tg_family tg_family_gap;
extern const struct tg_family tg_family_retarget;
extern const struct tg_family tg_family_wait;
extern const struct tg_family tg_family_cooldown;
extern const struct tg_family tg_family_consent;

/* All families, in the order in which people are told of them. */
extern const struct tg_family *const tg_families[];
extern const size_t tg_family_count;

/* Their names for a sentence: "cap, gap, … or consent". Returns TEXT. */
enum { TG_FAMILY_NAMES_SIZE = 512 };
char *tg_family_names(char text[static TG_FAMILY_NAMES_SIZE]);

/* Asks for a counter on behalf of the rule; if there is none left, tells so at NODE. */
void tg_compile_counter(struct tg_compiler *compiler, const struct tg_rule *rule,
                        const struct tg_counting *counting, struct tg_counter_id *ret_id);

/*
 * Read a type, or a list of types (bit = enum tg_type), that touches have: never TG_TYPE_UNKNOWN.
 * They return and fill as tg_read_word and tg_read_words do.
 */
const struct tg_node *tg_compile_type(struct tg_reader *section, const char *key, enum tg_need need,
                                      unsigned *type);
const struct tg_node *tg_compile_types(struct tg_reader *section, const char *key,
                                       enum tg_need need, uint64_t *types);

/* Reads `each` into RULE. */
void tg_compile_each(struct tg_reader *section, struct tg_rule *rule);

/* A rule that has no more to say than when. */
static inline struct tg_answer tg_answer_at(int64_t at_ms)
{
        return (struct tg_answer){.at_ms = at_ms, .counter = TG_NO_COUNT, .limit = TG_NO_COUNT};
}
