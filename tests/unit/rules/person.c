/* SPDX-License-Identifier: Apache-2.0 */
#include "person.h"

#include <stdio.h>
#include <stdlib.h>

void person_init(struct person *person, const char *lines)
{
        static const struct tg_hash_key key = {{4}};
        struct tg_error error;

        *person = (struct person){.policy = policy_of(lines), .now_ms = START_MS};
        cr_assert_eq(tg_table_new(1 << 20, &key, &person->table, &error), 0);
}

void person_deinit(struct person *person)
{
        tg_policy_free(person->policy);
        tg_table_free(person->table);
}

static struct tg_history history_of(struct person *person, struct tg_traits traits)
{
        struct tg_history history;

        tg_history_init(&history, &person->policy->counters, person->table, text("me"), &traits,
                        person->now_ms, SKEW_MS);
        return history;
}

bool tell(struct person *person, struct tg_touchpoint touchpoint)
{
        struct tg_history history;
        char id[16];

        snprintf(id, sizeof id, "e%u", person->events++);
        if (!tg_span_present(touchpoint.id))
                touchpoint.id = text(id);
        history = history_of(person, tg_traits_of_touchpoint(&touchpoint));
        return tg_facts_apply(&history, &touchpoint);
}

void tell_of(struct person *person, enum tg_type type, int64_t time_ms)
{
        tell(person, (struct tg_touchpoint){
                             .type = (uint8_t)type,
                             .time_ms = time_ms,
                             .channel = TG_CHANNEL_ABSENT,
                     });
}

uint32_t permit(struct person *person, const struct tg_request *request, int64_t t_ms, uint32_t tag)
{
        struct tg_history history;

        person->now_ms = t_ms;
        history = history_of(person, tg_traits_of_request(request));
        cr_assert(tg_facts_permit(&history, tag, &tag));
        return tag;
}

uint32_t permits_full(struct person *person, const struct tg_request *request, int64_t t_ms)
{
        struct tg_history history;

        person->now_ms = t_ms;
        history = history_of(person, tg_traits_of_request(request));
        return tg_facts_permits_full(&history);
}

struct tg_verdict ask(struct person *person, const struct tg_request *request, int64_t t_ms)
{
        struct tg_history history;
        struct tg_question question = {request, &history};
        int64_t expiry_ms = request->expires_ms ? request->expires_ms : t_ms + 100 * TG_DAY_MS;

        person->now_ms = t_ms;
        history = history_of(person, tg_traits_of_request(request));
        person->verdict = tg_evaluate(person->policy, &question, t_ms, expiry_ms, &person->reasons);
        return person->verdict;
}

int64_t earliest(struct person *person, const struct tg_request *request, int64_t t_ms)
{
        struct tg_verdict verdict = ask(person, request, t_ms);

        if (verdict.outcome == TG_PERMIT)
                return t_ms;
        return verdict.outcome == TG_DEFER ? verdict.until_ms : TG_NEVER;
}

const char *spoken(const struct person *person)
{
        static char line[1024];
        size_t used = 0;

        line[0] = '\0';
        for (size_t i = 0; i < person->reasons.count; i++) {
                const struct tg_reason *reason = &person->reasons.items[i];

                used += (size_t)snprintf(line + used, sizeof line - used, "%s%s", i ? ", " : "",
                                         reason->rule);
                if (reason->counter != TG_NO_COUNT)
                        used += (size_t)snprintf(line + used, sizeof line - used, " %d/%d",
                                                 (int)reason->counter, (int)reason->limit);
        }
        return line;
}
