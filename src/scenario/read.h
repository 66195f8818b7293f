/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of reading a scenario: moments, messages, answers, steps, the policy. Private to the
 * files scenario*.c.
 */
#pragma once

#include "config/reader.h"
#include "scenario/scenario.h"

/* What moments that are not written in full count from. */
struct tg_moments {
        int64_t first_ms; /* the first event of the case: "+30d"; TG_NO_TIME: not known yet */
        int64_t day_ms;   /* the event before, or the event itself: "17:00"; likewise */
};

/* A message that may be sent, as it stands under `messages`; steps add to it. */
struct tg_message {
        const char *name;
        struct tg_request request;     /* without id, customer and times */
        bool has_channel, has_kind;    /* given somewhere */
        const struct tg_node *expires; /* a moment, or so long after it was sent; NULL: default */
        const struct tg_node *about;   /* {touchpoint: moment}; NULL: about none */
};

/* While a scenario is read. */
struct tg_scenario_reading {
        struct tg_scenario *scenario;
        struct tg_diagnostics *diagnostics;
        struct tg_message *messages; /* owned */
        size_t message_count;
};

/* A story while it is read. */
struct tg_telling {
        struct tg_scenario_reading *reading;
        struct tg_case *story;
        struct tg_moments moments;
        int64_t clock_ms; /* the latest time so far; TG_NO_TIME: none */
};

/* A step on its way from the file to one or more steps of the case. */
struct tg_draft {
        const struct tg_node *node;
        struct tg_reader reader;
        struct tg_step step;
        struct tg_span id;             /* given; absent: made up */
        const struct tg_node *id_node; /* where; NULL: it was not given */
        const struct tg_node *until;   /* of a consent: when it ends; NULL: never */
        const char *name;              /* of a message: what ids are made up from */
        unsigned number;               /* the last one put behind it; 1: none */
        int64_t times;
        int64_t every_ms;
};

/* A text that lives as long as the scenario. */
const char *tg_scenario_text(struct tg_scenario *scenario, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/*
 * "2026-03-01 12:00:00.000" (parts may be left out from the right), "12:00" on the day known, or
 * "+30d 1ms" after the first event. False: told.
 */
bool tg_moment_read(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                    const struct tg_moments *moments, int64_t *ret_ms);

/* The same for a part of NODE's text, which mistakes point at. */
bool tg_moment_parse(struct tg_diagnostics *diagnostics, const struct tg_node *node,
                     struct tg_span text, const struct tg_moments *moments, int64_t *ret_ms);

/* "2026-03-01 12:00:00.000", as scenarios have it. Returns TEXT. */
char *tg_moment_text(int64_t time_ms, char text[static TG_TIME_TEXT_SIZE]);

/* Reads the words of a message that READER has into MESSAGE; what is absent stays as it is. */
void tg_message_read(struct tg_reader *reader, struct tg_message *message);

/* Reads `messages`. */
void tg_messages_read(struct tg_scenario_reading *reading, struct tg_reader *reader);

/*
 * When something ends that began at FROM_MS: a moment, or so long after it. RET_MS becomes
 * TG_NO_TIME if NODE is NULL or wrong, which is told.
 */
void tg_end_read(struct tg_scenario_reading *reading, const struct tg_node *node,
                 const struct tg_moments *moments, int64_t from_ms, int64_t *ret_ms);

/* What was said about MESSAGE becomes the times of a request that is sent at AT_MS. */
void tg_message_times(struct tg_scenario_reading *reading, const struct tg_message *message,
                      const struct tg_moments *moments, int64_t at_ms, struct tg_request *request);

/* Reads the answers that NODE expects of the message that STEP sends when it is NOW_MS. */
void tg_answers_read(struct tg_scenario_reading *reading, const struct tg_node *node,
                     const struct tg_moments *moments, int64_t now_ms, struct tg_step *step);

/* Reads one case of the list. */
void tg_case_read(struct tg_scenario_reading *reading, const struct tg_node *node,
                  struct tg_case *ret_case);

/* The step that sends the message ID, or SIZE_MAX. */
size_t tg_telling_find(const struct tg_case *story, struct tg_span id);

/* Appends the draft's step as it stands now; NULL: there are too many, which was told. */
struct tg_step *tg_telling_append(struct tg_telling *telling, const struct tg_draft *draft);

/* Reads what the draft's touchpoint says beside its words: the body of its type, marks and more. */
void tg_body_read(struct tg_draft *draft);

/* Read the rest of a step, and append it as often as it says. */
void tg_touchpoint_step_read(struct tg_telling *telling, struct tg_draft *draft,
                             const struct tg_node *customer);
void tg_send_step_read(struct tg_telling *telling, struct tg_draft *draft,
                       const struct tg_node *send);

/*
 * Reads the policy at NODE: the path of a file beside the scenario, or the policy itself, whose
 * mistakes are told where they stand. TEXT is the scenario as it is written. False: told.
 */
bool tg_scenario_policy_read(struct tg_scenario_reading *reading, const struct tg_node *node,
                             struct tg_span text, struct tg_policy **ret_policy);
