/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/rejected.h"

#include <inttypes.h>
#include <stdio.h>

#include "cli/kafka_command.h"
#include "cli/letter_line.h"
#include "cli/rejected_options.h"
#include "cli/signals.h"
#include "transfer/origins.h"
#include "transfer/resubmitter.h"

struct work {
        const struct tg_rejected_options *options;
        struct tg_kafka_command command;
        struct tg_resubmitter *resubmitter; /* NULL: nothing is sent */
        struct tg_origins origins;          /* of the letters that were seen */
        uint64_t seen;
        uint64_t again; /* of these: of records that an older one was of */
        uint64_t refused;
};

/* Counts it, and returns whether an older letter was of the same record. */
static bool meet(struct work *work, const struct tg_letter *letter)
{
        bool again = !tg_origins_add(&work->origins, letter);

        work->seen++;
        work->again += again;
        return again;
}

static int list(void *context, const struct tg_letter *letter, struct tg_error *error)
{
        struct work *work = context;
        bool again = meet(work, letter);

        (void)error;
        if (work->options->json) {
                tg_letter_print_json(stdout, letter, again, work->options->show);
                return 0;
        }
        tg_letter_print(stdout, letter, again);
        if (work->options->show)
                tg_letter_print_bytes(stdout, letter);
        return 0;
}

/* Why a letter is not submitted again; NULL: it is. */
static const char *refusal(const struct work *work, const struct tg_letter *letter)
{
        char *const *topics = work->command.configuration.kafka.topics;

        if (work->options->force)
                return NULL;
        if (letter->resubmitted >= TG_REJECTED_TIMES_MAX)
                return "submitted again 3 times already";
        if (!tg_span_equal(letter->origin_topic, tg_span_text(topics[TG_TOPIC_TOUCHPOINTS])) &&
            !tg_span_equal(letter->origin_topic, tg_span_text(topics[TG_TOPIC_REQUESTS])))
                return "its origin is no input topic of this configuration";
        return NULL;
}

static int resubmit(void *context, const struct tg_letter *letter, struct tg_error *error)
{
        struct work *work = context;
        const char *why = refusal(work, letter);

        if (meet(work, letter)) /* one record is submitted once */
                return 0;
        if (why) {
                work->refused++;
                fprintf(stderr, "refused (%s; --force submits it): ", why);
                tg_letter_print(stderr, letter, false);
                return 0;
        }
        if (!work->resubmitter) {
                tg_letter_print(stdout, letter, false);
                return 0;
        }
        return tg_resubmitter_submit(work->resubmitter, letter, error);
}

static int check_found(const struct work *work, struct tg_error *error)
{
        const struct tg_letters_choice *choice = &work->options->choice;

        if (work->seen >= choice->offset_count)
                return 0;
        return tg_fail(error, EX_NOINPUT,
                       "%" PRIu64 " of the %zu offsets of partition %d of topic %s are such "
                       "letters: see `touchgate rejected list`",
                       work->seen, choice->offset_count, (int)choice->partition,
                       work->command.configuration.kafka.topics[TG_TOPIC_REJECTED]);
}

static void print_counts(const struct work *work, uint64_t foreign)
{
        const struct tg_rejected_options *options = work->options;
        const char *topic = work->command.configuration.kafka.topics[TG_TOPIC_REJECTED];
        uint64_t chosen = work->seen - work->again - work->refused;

        if (options->resubmit)
                fprintf(stderr, "%" PRIu64 " dead letter%s %s, %" PRIu64 " refused\n", chosen,
                        chosen == 1 ? "" : "s",
                        options->dry_run ? "would be submitted again" : "submitted again",
                        work->refused);
        else
                fprintf(stderr, "%" PRIu64 " dead letter%s in %s\n", work->seen,
                        work->seen == 1 ? "" : "s", topic);
        if (work->again > 0)
                fprintf(stderr,
                        "%" PRIu64 " of them are of records that were rejected before: touchpoints "
                        "are read anew at every start\n",
                        work->again);
        if (foreign > 0)
                fprintf(stderr,
                        "%" PRIu64 " records of %s have no header touchgate.topic or "
                        "touchgate.reason: no letters of a gate\n",
                        foreign, topic);
}

/* Returns 0, 1 (stopped) or -1. */
static int read_letters(struct work *work, struct tg_error *error)
{
        const struct tg_rejected_options *options = work->options;
        const struct tg_letters_options letters = {
                .settings = &work->command.configuration.kafka,
                .notices = &work->command.notices,
                .choice = &options->choice,
                .stop = work->command.stop,
                .see = options->resubmit ? resubmit : list,
                .context = work,
        };
        uint64_t foreign;
        int result;

        if (options->resubmit && !options->dry_run &&
            tg_resubmitter_new(letters.settings, letters.notices, &work->resubmitter, error) < 0)
                return -1;
        result = tg_letters_read(&letters, &foreign, error);
        if (result >= 0 && work->resubmitter && tg_resubmitter_finish(work->resubmitter, error) < 0)
                return -1;
        if (result < 0)
                return -1;
        print_counts(work, foreign);
        return result ? result : check_found(work, error);
}

int tg_cli_rejected(int argc, char **argv)
{
        struct tg_rejected_options options;
        struct work work = {.options = &options};
        struct tg_error error = {0};
        int code = tg_rejected_options_parse(argc, argv, &options);
        int result;

        if (code)
                return code;
        result = tg_kafka_command_init(&work.command, options.configuration, false, &error);
        if (result == 0)
                result = read_letters(&work, &error);
        if (result > 0)
                code = TG_SIGNAL_STATUS + atomic_load(work.command.stop);
        else if (work.refused > 0)
                code = EX_DATAERR;
        if (result < 0) {
                fprintf(stderr, "touchgate rejected: %s\n", error.message);
                code = error.exit_code;
        }
        tg_resubmitter_free(work.resubmitter);
        tg_origins_deinit(&work.origins);
        tg_kafka_command_deinit(&work.command);
        return code;
}
