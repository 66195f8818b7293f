/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_attendant.h"

#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/time.h"

enum { LOOK_MS = 200, LINE_SIZE = 200 };

struct tg_run_attendant {
        struct tg_run_attendant_options options;
        pthread_t thread;
        atomic_bool ending;
        int64_t stop_ms; /* when it was first seen that the run stops; 0: it doesn't */
        int64_t shown_ms;
        uint64_t shown[TG_TALLIES]; /* what the status line said last */
};

static void hangup_only(sigset_t *set)
{
        sigemptyset(set);
        sigaddset(set, SIGHUP);
}

void tg_run_attendant_prepare(void)
{
        sigset_t hangup;

        hangup_only(&hangup);
        pthread_sigmask(SIG_BLOCK, &hangup, NULL);
}

/* A broker that is away must not keep a process that was asked to leave: its offsets are safe. */
static void limit_leaving(struct tg_run_attendant *attendant, int64_t now_ms)
{
        const struct tg_run_attendant_options *options = &attendant->options;
        char text[TG_TIME_TEXT_SIZE];

        if (!atomic_load_explicit(&options->lifetime->stop, memory_order_relaxed))
                return;
        if (attendant->stop_ms == 0)
                attendant->stop_ms = now_ms;
        if (now_ms - attendant->stop_ms < options->stop_wait_ms)
                return;
        tg_log(options->log, TG_LOG_ERROR,
               "not done %s after it was asked to stop: leaving now; what was not committed is "
               "decided again after a restart",
               tg_duration_text(options->stop_wait_ms, text));
        _exit(EX_TEMPFAIL);
}

/* Records not read yet, as far as they are known. */
static uint64_t behind(const struct tg_board *board)
{
        uint64_t sum = 0;

        for (uint32_t i = 0; i < board->partitions; i++) {
                for (int stream = 0; stream < TG_STREAMS; stream++) {
                        int64_t lag = atomic_load_explicit(&board->shares[i].lags[stream],
                                                           memory_order_relaxed);

                        if (tg_board_owns(board, (int32_t)i) && lag > 0)
                                sum += (uint64_t)lag;
                }
        }
        return sum;
}

static void show_status(struct tg_run_attendant *attendant, int64_t now_ms)
{
        const struct tg_run_attendant_options *options = &attendant->options;
        double elapsed_s = (double)(now_ms - attendant->shown_ms) / TG_SECOND_MS;
        uint64_t now[TG_TALLIES] = {0}, lag = 0;
        char line[LINE_SIZE];

        if (now_ms - attendant->shown_ms < TG_SECOND_MS)
                return;
        for (unsigned i = 0; i < options->shards; i++) {
                if (!options->boards[i])
                        return;
                for (int tally = 0; tally < TG_TALLIES; tally++)
                        now[tally] += tg_board_tally(options->boards[i], (enum tg_tally)tally);
                lag += behind(options->boards[i]);
        }
        snprintf(line, sizeof line,
                 "%.0f touchpoints/s  %.0f requests/s  permitted %" PRIu64 "  denied %" PRIu64
                 "  waiting %" PRIu64 "  unread %" PRIu64,
                 (double)(now[TG_TALLY_TOUCHPOINTS] - attendant->shown[TG_TALLY_TOUCHPOINTS]) /
                         elapsed_s,
                 (double)(now[TG_TALLY_REQUESTS] - attendant->shown[TG_TALLY_REQUESTS]) / elapsed_s,
                 now[TG_TALLY_PERMITTED], now[TG_TALLY_DENIED], now[TG_TALLY_PENDING], lag);
        memcpy(attendant->shown, now, sizeof now);
        attendant->shown_ms = now_ms;
        tg_log_status(options->log, line);
}

static void *look_around(void *argument)
{
        struct tg_run_attendant *attendant = argument;
        const struct timespec wait = {.tv_nsec = LOOK_MS * TG_MS_NS};
        sigset_t hangup;

        hangup_only(&hangup);
        attendant->shown_ms = tg_clock_monotonic_ms();
        for (;;) {
                int number = sigtimedwait(&hangup, NULL, &wait);
                int64_t now_ms = tg_clock_monotonic_ms();

                if (atomic_load(&attendant->ending))
                        return NULL;
                if (number == SIGHUP)
                        tg_run_reload_ask(attendant->options.reload);
                tg_run_reload_turn(attendant->options.reload);
                limit_leaving(attendant, now_ms);
                if (attendant->options.status)
                        show_status(attendant, now_ms);
        }
}

int tg_run_attendant_start(const struct tg_run_attendant_options *options,
                           struct tg_run_attendant **ret_attendant, struct tg_error *error)
{
        struct tg_run_attendant *attendant = tg_allocate_zeroed(1, sizeof *attendant);
        int code;

        attendant->options = *options;
        code = pthread_create(&attendant->thread, NULL, look_around, attendant);
        if (code) {
                free(attendant);
                return tg_fail_errno(error, EX_OSERR, code, "a thread beside the shards");
        }
        *ret_attendant = attendant;
        return 0;
}

void tg_run_attendant_stop(struct tg_run_attendant *attendant)
{
        if (!attendant)
                return;
        atomic_store(&attendant->ending, true);
        pthread_kill(attendant->thread, SIGHUP); /* so that it need not wait */
        pthread_join(attendant->thread, NULL);
        tg_log_status(attendant->options.log, NULL);
        free(attendant);
}
