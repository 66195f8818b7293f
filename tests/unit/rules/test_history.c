/* SPDX-License-Identifier: Apache-2.0 */
/* Which cells are fetched ahead: all that are looked at, or the processor waits for memory. */
#include "person.h"

#include <stdlib.h>
#include <time.h>

/* Each looks at other cells, so that one that is forgotten is missed by some policy. */
static const char *const policies[] = {
        "rules:\n- {rule: a, cap: {count: permit, at_most: 9, per: 7d, each: campaign}}\n",
        "rules:\n- {rule: a, for: {channel: ads}, cap: {count: impression, at_most: 9, per: 7d, "
        "each: topic}}\n",
        "rules:\n- {rule: a, for: {kind: retarget}, retarget: {after: view, within: 7d, each: "
        "subject, until: purchase}}\n",
        "rules:\n- {rule: a, wait: {after: interaction, each: channel}}\n",
        "rules:\n- {rule: a, cooldown: {after: [permit, click], for: 7d, each: subject}}\n",
        "rules:\n- {rule: a, for: {channel: email}, consent: {}}\n",
        "rules:\n- {rule: a, mode: shadow, gap: {at_least: 7d, each: topic}}\n",
        "keep:\n- {gap: {at_least: 7d, each: campaign}}\n",
        "rules: []\n",
};
enum { POLICIES = sizeof policies / sizeof policies[0], CASES = 2000 };

static struct tg_span maybe(unsigned *seed, const char *word)
{
        return rand_r(seed) % 2 ? text(word) : TG_SPAN_ABSENT;
}

static struct tg_history history_of(const struct person *person, const struct tg_traits *traits)
{
        struct tg_history history;

        tg_history_init(&history, &person->policy->counters, person->table, text("me"), traits,
                        START_MS, SKEW_MS);
        return history;
}

/* The places (bits as in `needed`) that were looked at without having been fetched. */
static unsigned missed(const struct tg_history *history)
{
        unsigned none = ((1U << TG_SCOPES) - 1) & ~history->scopes; /* there is nothing to fetch */

        return history->found & ~(history->needed | none);
}

/* All that deciding may come to look at, as it was prepared. */
static struct tg_history decide(const struct person *person, const struct tg_request *request)
{
        const struct tg_traits traits = tg_traits_of_request(request);
        unsigned needs = tg_rule_index_needs(&person->policy->index, &traits);
        struct tg_history history = history_of(person, &traits);
        const struct tg_question question = {request, &history, NULL};
        struct tg_reasons reasons;
        uint32_t tag;

        tg_history_need(&history, needs);
        tg_history_erased(&history);
        tg_history_incomplete(&history, needs);
        tg_evaluate(person->policy, &question, START_MS, TG_NEVER, &reasons);
        tg_facts_permits_full(&history);
        tg_facts_permit(&history, 7, &tag);
        return history;
}

Test(history, all_that_a_decision_looks_at_was_fetched_for_it)
{
        unsigned first = (unsigned)time(NULL), seed = first;

        for (int i = 0; i < POLICIES; i++) {
                PERSON(me, policies[i]);

                for (int j = 0; j < CASES; j++) {
                        const struct tg_request request = {
                                .channel = (uint8_t)(1 + rand_r(&seed) % (TG_CHANNELS - 1)),
                                .kind = (uint8_t)(rand_r(&seed) % TG_KINDS),
                                .campaign = maybe(&seed, "spring"),
                                .subject = maybe(&seed, "p1"),
                                .topic = maybe(&seed, "garden"),
                                .purpose = maybe(&seed, "marketing"),
                        };
                        struct tg_history history = decide(&me, &request);

                        cr_assert_eq(missed(&history), 0, "seed %u, policy %d: %x", first, i,
                                     missed(&history));
                }
        }
}

static struct tg_touchpoint any_touchpoint(unsigned *seed)
{
        return (struct tg_touchpoint){
                .id = text("e1"),
                .time_ms = START_MS - rand_r(seed) % 3,
                .type = (uint8_t)(rand_r(seed) % TG_TYPES),
                .channel = (uint8_t)(rand_r(seed) % 2 ? TG_CHANNEL_ADS : TG_CHANNEL_ABSENT),
                .campaign = maybe(seed, "spring"),
                .subject = maybe(seed, "p1"),
                .topic = maybe(seed, "garden"),
                .message_id = maybe(seed, "m1"),
                .receipt = {START_MS - 1, 7, rand_r(seed) % 2},
                .consent = {.purpose = text("marketing"),
                            .until_ms = TG_NO_TIME,
                            .channel = TG_CHANNEL_ABSENT,
                            .present = rand_r(seed) % 2},
        };
}

Test(history, all_that_a_touchpoint_is_recorded_in_was_fetched_for_it)
{
        unsigned first = (unsigned)time(NULL), seed = first;

        for (int i = 0; i < POLICIES; i++) {
                PERSON(me, policies[i]);

                for (int j = 0; j < CASES; j++) {
                        const struct tg_touchpoint touchpoint = any_touchpoint(&seed);
                        const struct tg_traits traits = tg_traits_of_touchpoint(&touchpoint);
                        struct tg_history history = history_of(&me, &traits);

                        tg_facts_need(&history, &touchpoint);
                        tg_facts_apply(&history, &touchpoint);
                        cr_assert_eq(missed(&history), 0, "seed %u, policy %d, %s: %x", first, i,
                                     tg_word(&tg_type_words, touchpoint.type), missed(&history));
                }
        }
}

Test(history, a_consent_is_fetched_where_it_is_set)
{
        PERSON(me, "rules:\n- {rule: a, consent: {}}\n");
        const struct tg_touchpoint touchpoint = {
                .id = text("e1"),
                .time_ms = START_MS,
                .type = TG_TYPE_CONSENT,
                .channel = TG_CHANNEL_ADS,
                .consent = {text("marketing"), TG_NO_TIME, TG_CHANNEL_EMAIL, .present = true},
        };
        const struct tg_traits traits = tg_traits_of_touchpoint(&touchpoint);
        struct tg_history history = history_of(&me, &traits);
        unsigned place;

        tg_facts_need(&history, &touchpoint);
        place = (unsigned)__builtin_ctz(history.needed >> TG_SCOPES) + TG_SCOPES;
        cr_assert_null(tg_table_find(me.table, history.identities[place]));
        cr_assert(tg_facts_apply(&history, &touchpoint));
        cr_assert_not_null(tg_table_find(me.table, history.identities[place]));
}

Test(history, what_is_fetched_of_somebody_who_is_not_there_changes_nothing)
{
        PERSON(me, policies[0]);
        const struct tg_request request = {.channel = TG_CHANNEL_ADS, .campaign = text("spring")};
        const struct tg_traits traits = tg_traits_of_request(&request);
        struct tg_history history = history_of(&me, &traits);
        struct tg_search searches[TG_HISTORY_CELLS];

        tg_history_need(&history, tg_rule_index_needs(&me.policy->index, &traits));
        cr_assert_neq(history.needed & 1 << TG_SCOPE_CAMPAIGN, 0);
        cr_assert_eq(tg_history_searches(&history, searches),
                     (size_t)__builtin_popcount(history.needed));
        cr_assert_eq(tg_table_cells(me.table), 0);
        cr_assert_null(tg_history_view(&history, TG_SCOPE_CAMPAIGN)->cell);
        cr_assert_null(tg_history_view(&history, TG_SCOPE_CUSTOMER)->cell);
}
