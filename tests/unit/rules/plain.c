/* SPDX-License-Identifier: Apache-2.0 */
#include "plain.h"

#include <stdio.h>
#include <stdlib.h>

static bool chance(unsigned *seed, int one_in)
{
        return random_below(seed, one_in) == 0;
}

static uint8_t some_channel(unsigned *seed)
{
        return chance(seed, 2) ? TG_CHANNEL_ADS : TG_CHANNEL_EMAIL;
}

static void make_rule(struct plain_rule *rule, unsigned *seed)
{
        static const enum tg_type counted[] = {TG_TYPE_CLICK, TG_TYPE_IMPRESSION, TG_TYPE_PERMIT};
        static const enum tg_scope scopes[] = {TG_SCOPE_CUSTOMER, TG_SCOPE_CUSTOMER,
                                               TG_SCOPE_CHANNEL, TG_SCOPE_CAMPAIGN};
        static const uint64_t outcomes[] = {
                1 << TG_TYPE_CLICK,
                1 << TG_TYPE_PERMIT,
                1 << TG_TYPE_CLICK | 1 << TG_TYPE_VIEW,
                1 << TG_TYPE_CLICK | 1 << TG_TYPE_PERMIT,
        };

        *rule = (struct plain_rule){
                .family = chance(seed, 3) ? PLAIN_CAP : (enum plain_family)random_below(seed, 5),
                .for_channel = chance(seed, 3) ? some_channel(seed) : TG_CHANNEL_UNKNOWN,
                .each = scopes[random_below(seed, 4)],
                .type = counted[random_below(seed, 3)],
                .count = random_below(seed, 12) ? 1 + random_below(seed, 3) : 0,
                .window_ms = 1 + random_below(seed, PLAIN_SPAN_MS),
                .until = chance(seed, 2),
                .after = outcomes[random_below(seed, 4)],
        };
        if (rule->family == PLAIN_GAP || rule->family == PLAIN_COOLDOWN)
                rule->type = TG_TYPE_PERMIT;
        if (rule->family == PLAIN_COOLDOWN && rule->count == 0)
                rule->count = 1;
        rule->at_least_ms = random_below(seed, (int)rule->window_ms + 1);
}

static int write_cooldown(const struct plain_rule *rule, char *yaml, size_t size)
{
        char types[64] = "";
        int used = 0;

        for (unsigned type = 0; type < TG_COUNTED_TYPES; type++) {
                if (rule->after >> type & 1)
                        used += snprintf(types + used, sizeof types - (size_t)used, "%s%s",
                                         used ? ", " : "", tg_word(&tg_type_words, type));
        }
        return snprintf(yaml, size, "  cooldown: {after: [%s], times: %d, for: %dms, each: %s%s}\n",
                        types, rule->count, (int)rule->window_ms,
                        tg_word(&tg_scope_words, rule->each),
                        rule->until ? ", reset_by: purchase" : "");
}

static int write_rule(const struct plain_rule *rule, int number, char *yaml, size_t size)
{
        const char *each = tg_word(&tg_scope_words, rule->each);
        int window = (int)rule->window_ms, used;

        used = snprintf(yaml, size, "- rule: r%d\n", number);
        if (rule->for_channel)
                used += snprintf(yaml + used, size - (size_t)used, "  for: {channel: %s}\n",
                                 tg_word(&tg_channel_words, rule->for_channel));
        yaml += used;
        size -= (size_t)used;
        if (rule->family == PLAIN_CAP)
                return used + snprintf(yaml, size,
                                       "  cap: {count: %s, at_most: %d, per: %dms, each: %s}\n",
                                       tg_word(&tg_type_words, rule->type), rule->count, window,
                                       each);
        if (rule->family == PLAIN_COOLDOWN)
                return used + write_cooldown(rule, yaml, size);
        if (rule->family == PLAIN_GAP)
                return used +
                       snprintf(yaml, size, "  gap: {at_least: %dms, each: %s}\n", window, each);
        if (rule->family == PLAIN_RETARGET)
                return used + snprintf(yaml, size,
                                       "  retarget: {after: [view, cart], within: %dms, each: %s%s}"
                                       "\n",
                                       window, each, rule->until ? ", until: purchase" : "");
        return used + snprintf(yaml, size,
                               "  wait: {after: interaction, at_least: %dms, at_most: %dms, each: "
                               "%s}\n",
                               (int)rule->at_least_ms, window, each);
}

void plain_policy(struct plain *plain, unsigned *seed, char *ret_yaml, size_t size)
{
        int used;

        *plain = (struct plain){.rule_count = 1 + random_below(seed, PLAIN_RULES)};
        for (int i = 0; i < 2; i++)
                plain->confirm_ms[i] = 1 + random_below(seed, PLAIN_SPAN_MS);
        used = snprintf(ret_yaml, size,
                        "defaults: {confirm_within: {ads: %dms, email: %dms}}\nrules:\n",
                        (int)plain->confirm_ms[0], (int)plain->confirm_ms[1]);
        for (int i = 0; i < plain->rule_count; i++) {
                make_rule(&plain->rules[i], seed);
                used += write_rule(&plain->rules[i], i, ret_yaml + used, size - (size_t)used);
        }
}

/* A settlement of one of the permits so far, by receipt. */
static void make_settlement(const struct plain *plain, struct plain_event *event, unsigned *seed)
{
        int settled = random_below(seed, plain->event_count + 1);

        if (settled == plain->event_count || plain->events[settled].type != TG_TYPE_PERMIT)
                return;
        event->settles = settled;
        event->type = chance(seed, 2) ? TG_TYPE_BOUNCE : TG_TYPE_IMPRESSION;
        if (chance(seed, 4))
                return;
        event->channel = plain->events[settled].channel;
        event->campaign = plain->events[settled].campaign;
}

const struct plain_event *plain_event(struct plain *plain, int64_t clock_ms, unsigned *seed)
{
        static const enum tg_type types[] = {TG_TYPE_CLICK, TG_TYPE_IMPRESSION, TG_TYPE_VIEW,
                                             TG_TYPE_CART,  TG_TYPE_PURCHASE,   TG_TYPE_INTERACTION,
                                             TG_TYPE_SEARCH};
        struct plain_event *event = &plain->events[plain->event_count];

        *event = (struct plain_event){
                .type = types[random_below(seed, 7)],
                .time_ms = clock_ms + 10 - random_below(seed, PLAIN_SPAN_MS),
                .channel = chance(seed, 5) ? TG_CHANNEL_ABSENT : some_channel(seed),
                .campaign = random_below(seed, 3),
                .settles = -1,
        };
        if (chance(seed, 3)) {
                event->type = TG_TYPE_PERMIT;
                event->time_ms = clock_ms;
                event->channel = some_channel(seed);
        } else if (chance(seed, 2)) {
                make_settlement(plain, event, seed);
        }
        plain->event_count++;
        return event;
}

/* Whether an event with these words is in the request's scope. */
static bool in_scope(enum tg_scope each, const struct plain_request *request, uint8_t channel,
                     int campaign)
{
        if (each == TG_SCOPE_CHANNEL)
                return channel == request->channel;
        return each != TG_SCOPE_CAMPAIGN || (campaign && campaign == request->campaign);
}

static bool has_scope(enum tg_scope each, const struct plain_request *request)
{
        return each != TG_SCOPE_CAMPAIGN || request->campaign;
}

static bool settled(const struct plain *plain, const struct plain_rule *rule, int permit)
{
        const struct plain_event *given = &plain->events[permit];
        struct plain_request words = {given->channel, given->campaign};

        for (int i = 0; i < plain->event_count; i++) {
                const struct plain_event *event = &plain->events[i];

                if (event->settles == permit &&
                    (event->type == TG_TYPE_BOUNCE ||
                     (event->type == rule->type && rule->type == TG_TYPE_IMPRESSION)) &&
                    in_scope(rule->each, &words, event->channel, event->campaign))
                        return true;
        }
        return false;
}

/* Whether event number I counts for a cap or a gap at T_MS. */
static bool counts(const struct plain *plain, const struct plain_rule *rule, int i, int64_t t_ms)
{
        const struct plain_event *event = &plain->events[i];

        if (rule->for_channel && event->channel != rule->for_channel)
                return false;
        if (event->type != TG_TYPE_PERMIT)
                return event->type == rule->type && event->time_ms > t_ms - rule->window_ms;
        if (settled(plain, rule, i))
                return false;
        if (rule->type == TG_TYPE_PERMIT)
                return event->time_ms > t_ms - rule->window_ms;
        return rule->type == TG_TYPE_IMPRESSION &&
               t_ms < event->time_ms + plain->confirm_ms[event->channel == TG_CHANNEL_EMAIL];
}

static int counted(const struct plain *plain, const struct plain_rule *rule,
                   const struct plain_request *request, int64_t t_ms)
{
        int count = 0;

        for (int i = 0; i < plain->event_count; i++) {
                const struct plain_event *event = &plain->events[i];

                count += in_scope(rule->each, request, event->channel, event->campaign) &&
                         counts(plain, rule, i, t_ms);
        }
        return count;
}

/* The time of the latest of these types in the scope; TG_NO_TIME: none. */
static int64_t latest(const struct plain *plain, const struct plain_rule *rule,
                      const struct plain_request *request, uint64_t types)
{
        int64_t latest_ms = TG_NO_TIME;

        for (int i = 0; i < plain->event_count; i++) {
                const struct plain_event *event = &plain->events[i];

                if (types >> event->type & 1 && event->time_ms > latest_ms &&
                    in_scope(rule->each, request, event->channel, event->campaign))
                        latest_ms = event->time_ms;
        }
        return latest_ms;
}

static int later_first(const void *a, const void *b)
{
        int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

        return (x < y) - (x > y);
}

/* Whether a cooldown lets a message leave at T_MS. */
static bool cooled(const struct plain *plain, const struct plain_rule *rule,
                   const struct plain_request *request, int64_t t_ms)
{
        int64_t times_ms[PLAIN_EVENTS], reset_ms = TG_NO_TIME;
        int count = 0;

        if (rule->until)
                reset_ms = latest(plain, rule, request, 1 << TG_TYPE_PURCHASE);
        for (int i = 0; i < plain->event_count; i++) {
                const struct plain_event *event = &plain->events[i];

                if (rule->after >> event->type & 1 && event->time_ms > reset_ms &&
                    in_scope(rule->each, request, event->channel, event->campaign) &&
                    !(event->type == TG_TYPE_PERMIT && settled(plain, rule, i)))
                        times_ms[count++] = event->time_ms;
        }
        qsort(times_ms, (size_t)count, sizeof times_ms[0], later_first);
        return count < rule->count || times_ms[0] - times_ms[rule->count - 1] > rule->window_ms ||
               t_ms >= times_ms[0] + rule->window_ms;
}

static bool permits(const struct plain *plain, const struct plain_rule *rule,
                    const struct plain_request *request, int64_t t_ms)
{
        int64_t x_ms;

        if (rule->family == PLAIN_CAP)
                return !has_scope(rule->each, request) ||
                       counted(plain, rule, request, t_ms) < rule->count;
        if (rule->family == PLAIN_GAP)
                return !has_scope(rule->each, request) || !counted(plain, rule, request, t_ms);
        if (rule->family == PLAIN_COOLDOWN)
                return !has_scope(rule->each, request) || cooled(plain, rule, request, t_ms);
        if (!has_scope(rule->each, request))
                return false;
        if (rule->family == PLAIN_WAIT) {
                x_ms = latest(plain, rule, request, 1 << TG_TYPE_INTERACTION);
                return x_ms != TG_NO_TIME && x_ms + rule->at_least_ms <= t_ms &&
                       t_ms <= x_ms + rule->window_ms;
        }
        x_ms = latest(plain, rule, request, 1 << TG_TYPE_VIEW | 1 << TG_TYPE_CART);
        return x_ms >= t_ms - rule->window_ms &&
               !(rule->until && latest(plain, rule, request, 1 << TG_TYPE_PURCHASE) >= x_ms);
}

/* One millisecond after the other, until everything has left every window. */
static int64_t first_permitted(const struct plain *plain, const struct plain_rule *rule,
                               const struct plain_request *request, int64_t t_ms)
{
        if (rule->for_channel && rule->for_channel != request->channel)
                return t_ms;
        for (int64_t moment_ms = t_ms; moment_ms < t_ms + 4 * PLAIN_SPAN_MS; moment_ms++) {
                if (permits(plain, rule, request, moment_ms))
                        return moment_ms;
        }
        return TG_NEVER;
}

struct tg_verdict plain_judge(const struct plain *plain, const struct plain_request *request,
                              int64_t t_ms, int64_t expiry_ms, struct tg_reasons *ret_reasons)
{
        struct tg_reason spoken[PLAIN_RULES] = {0};
        int64_t asked_ms = t_ms, next_ms = t_ms;

        do {
                asked_ms = next_ms;
                for (int i = 0; i < plain->rule_count; i++) {
                        const struct plain_rule *rule = &plain->rules[i];
                        int64_t at_ms = first_permitted(plain, rule, request, asked_ms);

                        if (at_ms > asked_ms && !spoken[i].family)
                                spoken[i] = (struct tg_reason){
                                        .source = (size_t)i,
                                        .family = "spoken",
                                        .counter = rule->family == PLAIN_CAP ||
                                                                   rule->family == PLAIN_COOLDOWN
                                                           ? rule->count
                                                           : TG_NO_COUNT,
                                        .until_ms = at_ms,
                                };
                        next_ms = at_ms > next_ms ? at_ms : next_ms;
                }
        } while (next_ms > asked_ms && next_ms < expiry_ms);
        ret_reasons->count = 0;
        for (int i = 0; i < plain->rule_count; i++) {
                if (spoken[i].family)
                        ret_reasons->items[ret_reasons->count++] = spoken[i];
        }
        if (next_ms == t_ms)
                return (struct tg_verdict){TG_PERMIT, TG_NO_TIME};
        if (next_ms >= expiry_ms)
                return (struct tg_verdict){TG_DENY, TG_NO_TIME};
        return (struct tg_verdict){TG_DEFER, next_ms};
}
