/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A scenario: a story that a person can read and `touchgate test` can check.
 *
 *     scenario: A product looked at 30 days ago
 *     policy: retarget.yaml                # a file beside this one, or the policy itself
 *     messages:
 *       tent-ad: {channel: ads, kind: retarget, subject: tent}
 *     cases:
 *       - case: to the millisecond, it may be shown
 *         story:
 *           - {at: 2026-03-01 12:00, ana: view, subject: tent}
 *           - {at: +30d, send: tent-ad, to: ana, answer: permit}
 *
 * What a key means is told by `touchgate test --help`. Reading checks all of it and tells every
 * mistake with its place. A scenario borrows nothing; its texts live as long as it does. Immutable
 * once loaded.
 */
#pragma once

#include "config/document.h"
#include "records/touchpoint.h"
#include "rules/policy.h"
#include "shard/twin.h"

enum {
        TG_SCENARIO_STEPS_MAX = 10000, /* of one case, repeats counted */
        TG_SCENARIO_REASONS_MAX = 16,  /* of one answer */
};

/* What one rule is expected to say. */
struct tg_expected_reason {
        size_t source;   /* as in tg_reason */
        int64_t counter; /* TG_NO_COUNT: whatever it is */
        int64_t limit;   /* likewise */
        int64_t until_ms;
        bool until_given; /* otherwise whatever it is */
};

struct tg_expected_answer {
        enum tg_outcome outcome;
        enum tg_variant variant; /* which form of the message it is about */
        bool repeat;             /* it was given before; this message only comes again */
        int64_t told_ms;         /* of a repeat: when it is given once more */
        int64_t at_ms;           /* when it is given first; TG_NO_TIME: whenever */
        int64_t until_ms;        /* of TG_DEFER */
        struct tg_expected_reason reasons[TG_SCENARIO_REASONS_MAX];
        size_t reason_count;
};

enum { TG_ANSWERS_MAX = 2 }; /* a deferral and the end */

enum tg_step_kind {
        TG_STEP_PASS,       /* time passes */
        TG_STEP_TOUCHPOINT, /* something happens */
        TG_STEP_SEND,       /* somebody wants to send something */
};

struct tg_step {
        enum tg_step_kind kind;
        uint32_t line;
        int64_t at_ms;
        bool together; /* read with the step before, as one batch: then the times decide */

        /* TG_STEP_TOUCHPOINT */
        struct tg_touchpoint touchpoint; /* its receipt may come of the run */
        struct tg_twin_details details;
        size_t of;         /* the step that sends the message it is about, or SIZE_MAX */
        bool with_receipt; /* of that message */
        unsigned unsaid;   /* bit = enum tg_scope: words that are taken over from that message */
        const struct tg_node *of_node; /* where that message is named; NULL: nowhere */

        /* TG_STEP_SEND */
        struct tg_request request;
        bool again; /* its id was asked before */
        struct tg_expected_answer answers[TG_ANSWERS_MAX];
        size_t answer_count;
};

struct tg_case {
        const char *name;
        uint32_t line;
        struct tg_step *steps; /* owned; in the order in which they are read */
        size_t step_count;
};

struct tg_scenario_text;

struct tg_scenario {
        const char *name;
        const char *file; /* as it was named */
        uint32_t partitions;
        struct tg_policy *policy; /* owned */
        struct tg_case *cases;    /* owned */
        size_t case_count;
        struct tg_document *document;   /* owned */
        struct tg_scenario_text *texts; /* owned: names made up while reading */
};

/*
 * Reads the scenario PATH. POLICY (or NULL) is the path of a policy to be used instead of its own.
 * Returns 0, or -1 with the mistakes told.
 */
int tg_scenario_load(const char *path, const char *policy, struct tg_diagnostics *diagnostics,
                     struct tg_scenario **ret_scenario);

/* The same from TEXT; NAME stands for the file in messages. */
int tg_scenario_parse(const char *name, struct tg_span text, const char *policy,
                      struct tg_diagnostics *diagnostics, struct tg_scenario **ret_scenario);

void tg_scenario_free(struct tg_scenario *scenario);          /* NULL is fine */
void tg_scenario_free_pointer(struct tg_scenario **scenario); /* for tg_cleanup() */
