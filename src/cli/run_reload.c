/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/run_reload.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "cli/log_notices.h"

void tg_run_reload_init(struct tg_run_reload *reload, const struct tg_policy *first,
                        const char *path, uint32_t partitions, uint32_t shards, struct tg_log *log)
{
        *reload = (struct tg_run_reload){
                .path = path,
                .partitions = partitions,
                .log = log,
                .running = first,
        };
        tg_swap_init(&reload->swap, shards);
}

void tg_run_reload_deinit(struct tg_run_reload *reload)
{
        tg_policy_free(reload->current);
        tg_policy_free(reload->previous);
        *reload = (struct tg_run_reload){0};
}

void tg_run_reload_ask(struct tg_run_reload *reload)
{
        reload->asked = true;
}

/* NULL: there is none to be taken up, and it was told why. */
static struct tg_policy *read_next(struct tg_run_reload *reload)
{
        const struct tg_policy_name *running = &reload->running->name;
        struct tg_diagnostics diagnostics = {0};
        struct tg_policy *next = NULL;

        if (tg_policy_load_next(reload->path, reload->partitions, reload->running, &diagnostics,
                                &next) < 0)
                next = NULL;
        tg_log_mistakes(reload->log, &diagnostics);
        tg_diagnostics_deinit(&diagnostics);
        if (!next) {
                tg_log(reload->log, TG_LOG_ERROR,
                       "%s is not taken up, policy %s with hash %s goes on: correct it, and send "
                       "SIGHUP again",
                       reload->path, running->name, running->hash);
        } else if (strcmp(next->name.hash, running->hash) == 0) {
                tg_log(reload->log, TG_LOG_INFO, "policy %s with hash %s goes on: %s says the same",
                       running->name, running->hash, reload->path);
                tg_policy_free(next);
                next = NULL;
        }
        return next;
}

static void begin(struct tg_run_reload *reload)
{
        struct tg_policy *next = read_next(reload);

        reload->asked = false;
        if (!next)
                return;
        snprintf(reload->before, sizeof reload->before, "%s", reload->running->name.hash);
        reload->offered = tg_swap_offer(&reload->swap, next);
        assert(reload->offered);
        reload->previous = reload->current;
        reload->current = next;
        reload->running = next;
}

/* Nobody looks at the previous one any more. */
static void finish(struct tg_run_reload *reload)
{
        const struct tg_policy_name *running = &reload->running->name;

        tg_log(reload->log, TG_LOG_INFO, "policy %s with hash %s decides now, after hash %s",
               running->name, running->hash, reload->before);
        tg_policy_free(reload->previous);
        reload->previous = NULL;
        reload->offered = false;
}

void tg_run_reload_turn(struct tg_run_reload *reload)
{
        if (reload->offered && tg_swap_done(&reload->swap))
                finish(reload);
        if (reload->asked && !reload->offered)
                begin(reload);
}
