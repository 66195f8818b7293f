/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/succession.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/memory.h"

static const char advice[] =
        "say `cold: deny` in the rule (it then counts as full until one window has passed), take "
        "up a policy that keeps it first (`keep`), or start anew: the state is then built from the "
        "log";

static const char advice_without_window[] =
        "start anew: the state is then built from the log (what a policy may need later, it can "
        "keep from its start: `keep`)";

enum { COUNTED_SIZE = 160 };

void tg_awaits_deinit(struct tg_awaits *awaits)
{
        free(awaits->items);
        *awaits = (struct tg_awaits){0};
}

/* "impression for each campaign", "search, view and cart". Returns TEXT. */
static char *counted_text(const struct tg_counting *counting, char text[static COUNTED_SIZE])
{
        int used = 0;

        for (uint64_t types = counting->types; types; types &= types - 1) {
                const char *between = types == counting->types ? ""
                                      : types & (types - 1)    ? ", "
                                                               : " and ";
                const char *word = tg_word(&tg_type_words, (unsigned)__builtin_ctzll(types));

                if (used + (int)strlen(word) + 40 > COUNTED_SIZE)
                        break;
                used += snprintf(text + used, COUNTED_SIZE - (size_t)used, "%s%s", between, word);
        }
        if (counting->scope != TG_SCOPE_CUSTOMER)
                snprintf(text + used, COUNTED_SIZE - (size_t)used, " for each %s",
                         tg_word(&tg_scope_words, counting->scope));
        return text;
}

/* A window as the rule says it: what is still within at its end needs a millisecond more. */
static char *window_text(int64_t window_ms, char text[static TG_TIME_TEXT_SIZE])
{
        return tg_duration_text(window_ms - (window_ms % TG_SECOND_MS == 1), text);
}

/* The section of the rule's family: where it says what it needs. */
static const struct tg_node *section_of(const struct tg_rule *rule)
{
        const struct tg_node *section = tg_node_find(rule->node, rule->family->name);

        return section ? section : rule->node;
}

static void refuse(struct tg_compiler *compiler, const struct tg_rule *rule,
                   const struct tg_counting *counting, struct tg_extent has)
{
        char counted[COUNTED_SIZE], needed[TG_TIME_TEXT_SIZE], kept[TG_TIME_TEXT_SIZE];
        const struct tg_node *section = section_of(rule);

        counted_text(counting, counted);
        window_text(counting->window_ms, needed);
        if (has.window_ms == 0)
                tg_diagnose(compiler->diagnostics, section, TG_ERROR, advice,
                            "rule %s needs %s of the last %s, counted by its `for` and `where`: "
                            "nothing of that is kept",
                            rule->name, counted, needed);
        else if (has.window_ms < counting->window_ms)
                tg_diagnose(compiler->diagnostics, section, TG_ERROR, advice,
                            "rule %s needs %s of the last %s: those of the last %s are kept",
                            rule->name, counted, needed, window_text(has.window_ms, kept));
        else
                tg_diagnose(compiler->diagnostics, section, TG_ERROR, advice,
                            "rule %s needs the latest %" PRIu32 " of %s: the latest %" PRIu32
                            " are kept",
                            rule->name, counting->keep, counted, has.keep);
}

static void await(struct tg_awaits *awaits, const struct tg_awaited *awaited)
{
        awaits->items = tg_reallocate(awaits->items, (awaits->count + 1) * sizeof awaits->items[0]);
        awaits->items[awaits->count++] = *awaited;
}

void tg_succession_counter(struct tg_compiler *compiler, const struct tg_rule *rule,
                           const struct tg_counting *counting, struct tg_counter_id counter)
{
        struct tg_extent has;
        enum tg_kept kept = tg_counters_kept(compiler->counters, counting, &has);

        if (kept == TG_KEPT_WHOLE || rule->reserves)
                return;
        if (kept != TG_KEPT_PROMISED && !rule->cold) {
                refuse(compiler, rule, counting, has);
                return;
        }
        if (!rule->cold)
                tg_diagnose(compiler->diagnostics, section_of(rule), TG_WARNING, NULL,
                            "rule %s counts as full until what it looks at has been kept for one "
                            "window: the running policy hasn't always kept it",
                            rule->name);
        await(compiler->awaits, &(struct tg_awaited){.rule = rule,
                                                     .counter = counter,
                                                     .window_ms = counting->window_ms,
                                                     .begins = kept != TG_KEPT_PROMISED});
}

void tg_succession_consents(struct tg_compiler *compiler, const struct tg_rule *rule,
                            const struct tg_node *section)
{
        const struct tg_counters *running = compiler->counters->running;

        if (!running || running->consents_whole || rule->reserves)
                return;
        tg_diagnose(compiler->diagnostics, section, TG_ERROR, advice_without_window,
                    running->consents
                            ? "rule %s needs all consents: they are kept only since an earlier "
                              "change of policy"
                            : "rule %s needs all consents: none are kept",
                    rule->name);
}

void tg_succession_dedupe(struct tg_compiler *compiler, const struct tg_node *node, int64_t for_ms,
                          int64_t has_ms)
{
        char needed[TG_TIME_TEXT_SIZE], kept[TG_TIME_TEXT_SIZE];

        if (for_ms <= has_ms)
                return;
        tg_diagnose(compiler->diagnostics, node, TG_ERROR, advice_without_window,
                    "requests would have to be known for %s: they are remembered for %s",
                    tg_duration_text(for_ms, needed), tg_duration_text(has_ms, kept));
}
