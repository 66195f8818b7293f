/* SPDX-License-Identifier: Apache-2.0 */
#include "person.h"

#include <stdlib.h>
#include <time.h>

#define ASKED "rules:\n- {rule: agreed, consent: {}}\n"
#define END_MS (START_MS + TG_DAY_MS)

static const struct tg_request email = {.channel = TG_CHANNEL_EMAIL, .kind = TG_KIND_NEWSLETTER};
static const struct tg_consent given = {.purpose = {(const uint8_t *)"news", 4},
                                        .until_ms = TG_NO_TIME,
                                        .channel = TG_CHANNEL_ABSENT,
                                        .granted = true,
                                        .present = true};

/* What the customer says, at TIME_MS. */
static void say(struct person *me, struct tg_consent consent, int64_t time_ms)
{
        cr_assert(tell(me, (struct tg_touchpoint){.type = TG_TYPE_CONSENT,
                                                  .time_ms = time_ms,
                                                  .channel = TG_CHANNEL_WEB,
                                                  .consent = consent}));
}

static struct tg_consent withdrawn(struct tg_consent consent)
{
        consent.granted = false;
        return consent;
}

static struct tg_consent until(struct tg_consent consent, int64_t until_ms)
{
        consent.until_ms = until_ms;
        return consent;
}

static struct tg_consent on(uint8_t channel, struct tg_consent consent)
{
        consent.channel = channel;
        return consent;
}

static struct tg_consent implied(struct tg_consent consent)
{
        consent.implied = true;
        return consent;
}

static bool agreed_at(struct person *me, int64_t t_ms)
{
        struct tg_request request = email;

        request.purpose = text("news");
        return ask(me, &request, t_ms).outcome == TG_PERMIT;
}

static bool agreed(struct person *me)
{
        return agreed_at(me, START_MS);
}

Test(consent, no_word_is_a_no_for_good)
{
        PERSON(me, ASKED);

        cr_assert_not(agreed(&me));
        cr_assert_eq(me.verdict.outcome, TG_DENY);
        cr_assert_str_eq(spoken(&me), "agreed", "it counts nothing, and nothing expires first");
        cr_assert_eq(me.reasons.items[0].until_ms, TG_NEVER);
}

Test(consent, a_request_without_a_purpose_is_never_permitted)
{
        PERSON(me, ASKED);

        say(&me, given, START_MS);
        cr_assert_eq(ask(&me, &email, START_MS).outcome, TG_DENY);
}

Test(consent, it_holds_for_its_purpose_alone)
{
        PERSON(me, ASKED);
        struct tg_consent other = given;

        other.purpose = text("ads");
        say(&me, other, START_MS);
        cr_assert_not(agreed(&me));
        say(&me, given, START_MS);
        cr_assert(agreed(&me));
}

Test(consent, it_holds_until_its_end_and_not_at_it)
{
        PERSON(me, ASKED);

        say(&me, until(given, END_MS), START_MS);
        cr_assert(agreed_at(&me, END_MS - 1));
        cr_assert_not(agreed_at(&me, END_MS));
        cr_assert_eq(me.verdict.outcome, TG_DENY);
}

Test(consent, one_without_an_end_holds_for_good)
{
        PERSON(me, ASKED);

        say(&me, given, START_MS);
        cr_assert(agreed_at(&me, START_MS + 10000 * TG_DAY_MS));
}

Test(consent, the_later_word_holds_in_whatever_order_it_is_told)
{
        PERSON(me, ASKED);

        say(&me, withdrawn(given), START_MS - 5);
        say(&me, given, START_MS - 9);
        cr_assert_not(agreed(&me));
        say(&me, given, START_MS - 4);
        cr_assert(agreed(&me));
        say(&me, withdrawn(given), START_MS + 1);
        cr_assert_not(agreed(&me), "one from the future is known already");
}

Test(consent, of_two_words_of_one_moment_the_withdrawal_holds)
{
        PERSON(me, ASKED);
        PERSON(you, ASKED);

        say(&me, given, START_MS);
        say(&me, until(withdrawn(given), END_MS), START_MS);
        cr_assert_not(agreed(&me));
        say(&you, until(withdrawn(given), END_MS), START_MS);
        say(&you, given, START_MS);
        cr_assert_not(agreed(&you));
}

Test(consent, of_two_grants_of_one_moment_the_earlier_end_holds)
{
        PERSON(me, ASKED);

        say(&me, given, START_MS);
        say(&me, until(given, END_MS + 1), START_MS);
        say(&me, until(given, END_MS), START_MS);
        say(&me, until(given, END_MS + 2), START_MS);
        cr_assert(agreed_at(&me, END_MS - 1));
        cr_assert_not(agreed_at(&me, END_MS));
}

Test(consent, what_was_said_of_the_channel_beats_what_was_said_of_all)
{
        PERSON(me, ASKED);

        say(&me, on(TG_CHANNEL_EMAIL, withdrawn(given)), START_MS - 9);
        say(&me, given, START_MS);
        cr_assert_not(agreed(&me), "however old");
        say(&me, on(TG_CHANNEL_EMAIL, given), START_MS - 8);
        say(&me, withdrawn(given), START_MS + 1);
        cr_assert(agreed(&me));
        say(&me, on(TG_CHANNEL_PUSH, withdrawn(given)), START_MS + 1);
        cr_assert(agreed(&me), "another channel's is no matter");
}

Test(consent, an_ended_word_about_the_channel_still_beats_the_general_one)
{
        PERSON(me, ASKED);

        say(&me, given, START_MS);
        say(&me, on(TG_CHANNEL_EMAIL, until(given, END_MS)), START_MS);
        cr_assert(agreed_at(&me, END_MS - 1));
        cr_assert_not(agreed_at(&me, END_MS));
}

Test(consent, implied_consent_is_asked_where_nothing_was_ever_said)
{
        PERSON(me, ASKED);

        say(&me, implied(until(given, END_MS)), START_MS);
        cr_assert(agreed_at(&me, END_MS - 1));
        cr_assert_not(agreed_at(&me, END_MS));
        say(&me, implied(on(TG_CHANNEL_EMAIL, withdrawn(given))), START_MS - 9);
        cr_assert_not(agreed_at(&me, END_MS - 1), "first of the channel, then of all");
}

Test(consent, any_explicit_word_beats_an_implied_one_however_late)
{
        PERSON(me, ASKED);

        say(&me, implied(on(TG_CHANNEL_EMAIL, given)), START_MS);
        say(&me, withdrawn(given), START_MS - TG_DAY_MS);
        cr_assert_not(agreed(&me), "even if it was said of all channels");
        say(&me, given, START_MS - 1);
        say(&me, implied(withdrawn(given)), START_MS);
        cr_assert(agreed(&me));
}

Test(consent, the_channel_is_that_of_the_consent_and_not_where_it_was_given)
{
        PERSON(me, ASKED);
        struct tg_request web = {.channel = TG_CHANNEL_WEB, .purpose = text("news")};

        say(&me, on(TG_CHANNEL_EMAIL, given), START_MS);
        cr_assert_eq(ask(&me, &web, START_MS).outcome, TG_DENY);
}

Test(consent, a_touchpoint_without_its_body_is_refused_and_leaves_nothing)
{
        PERSON(me, "rules:\n- {rule: cap, cap: {count: consent, at_most: 1, per: 1d}}\n");
        struct tg_touchpoint bare = {.type = TG_TYPE_CONSENT, .time_ms = START_MS};

        cr_assert_not(tell(&me, bare));
        cr_assert(agreed(&me));
        bare.type = TG_TYPE_CLICK;
        cr_assert(tell(&me, bare), "others need none");
        say(&me, given, START_MS);
        cr_assert_not(agreed(&me), "with it, it is a touch as well");
}

Test(consent, what_a_bot_says_is_nothing)
{
        PERSON(me, ASKED);

        cr_assert(tell(&me, (struct tg_touchpoint){.type = TG_TYPE_CONSENT,
                                                   .time_ms = START_MS,
                                                   .bot = true,
                                                   .consent = given}));
        cr_assert_not(agreed(&me));
}

Test(consent, only_a_policy_that_asks_for_consents_keeps_them)
{
        PERSON(me, "rules:\n- {rule: gap, gap: {at_least: 1h}}\n");

        say(&me, given, START_MS);
        cr_assert_eq(tg_table_cells(me.table), 0);
}

Test(consent, when_the_table_is_full_a_consent_that_is_not_found_may_have_been_lost)
{
        PERSON(me, ASKED "- {rule: cap, cap: {count: purchase, at_most: 9, per: 1d}}\n");
        struct tg_request request = email;
        struct tg_traits traits;
        struct tg_history history;

        request.purpose = text("news");
        traits = tg_traits_of_request(&request);
        tell_of(&me, TG_TYPE_PURCHASE, START_MS);
        say(&me, given, START_MS);
        for (int i = 0; !tg_table_overflowed(me.table); i++) {
                struct tg_consent other = given;

                other.purpose = tg_span_of(&i, sizeof i);
                say(&me, other, START_MS);
        }
        tg_history_init(&history, &me.policy->counters, me.table, text("me"), &traits, START_MS,
                        SKEW_MS);
        cr_assert(tg_history_incomplete(&history, TG_NEED_CONSENTS),
                  "a withdrawal for the channel, perhaps");
        cr_assert_not(tg_history_incomplete(&history, 0), "it needs no consent");
        history.traits.purpose = TG_SPAN_ABSENT;
        cr_assert_not(tg_history_incomplete(&history, TG_NEED_CONSENTS), "nor without a purpose");
}

/* All that was ever said, for the plain way to find what holds. */
struct said {
        struct tg_consent consent;
        int64_t time_ms;
};

static const struct said *stricter(const struct said *a, const struct said *b)
{
        int64_t a_end_ms = a->consent.until_ms == TG_NO_TIME ? TG_NEVER : a->consent.until_ms;
        int64_t b_end_ms = b->consent.until_ms == TG_NO_TIME ? TG_NEVER : b->consent.until_ms;

        if (a->time_ms != b->time_ms)
                return a->time_ms > b->time_ms ? a : b;
        if (a->consent.granted != b->consent.granted)
                return a->consent.granted ? b : a;
        return a_end_ms < b_end_ms ? a : b;
}

static const struct said *holds(const struct said *said, int count, uint8_t channel, bool implied)
{
        const struct said *best = NULL;

        for (int i = 0; i < count; i++) {
                if (said[i].consent.channel == channel && said[i].consent.implied == implied)
                        best = best ? stricter(best, &said[i]) : &said[i];
        }
        return best;
}

static bool plainly_agreed(const struct said *said, int count, int64_t t_ms)
{
        const struct said *best = holds(said, count, TG_CHANNEL_EMAIL, false);

        best = best ? best : holds(said, count, TG_CHANNEL_ABSENT, false);
        best = best ? best : holds(said, count, TG_CHANNEL_EMAIL, true);
        best = best ? best : holds(said, count, TG_CHANNEL_ABSENT, true);
        return best && best->consent.granted &&
               (best->consent.until_ms == TG_NO_TIME || t_ms < best->consent.until_ms);
}

Test(consent, random_words_are_judged_as_by_reading_all_of_them)
{
        static const uint8_t channels[] = {TG_CHANNEL_EMAIL, TG_CHANNEL_ABSENT, TG_CHANNEL_PUSH};
        unsigned seed = (unsigned)time(NULL);

        for (int round = 0; round < 500; round++) {
                unsigned first = seed;
                struct said said[16];
                PERSON(me, ASKED);

                for (int i = 0; i < 16; i++) {
                        int64_t t_ms = START_MS + rand_r(&seed) % 12;

                        said[i].consent = on(channels[rand_r(&seed) % 3], given);
                        said[i].consent.granted = rand_r(&seed) % 3;
                        said[i].consent.implied = rand_r(&seed) % 2;
                        if (rand_r(&seed) % 3)
                                said[i].consent.until_ms = START_MS + rand_r(&seed) % 12;
                        said[i].time_ms = START_MS + rand_r(&seed) % 4;
                        say(&me, said[i].consent, said[i].time_ms);
                        cr_assert_eq(agreed_at(&me, t_ms), plainly_agreed(said, i + 1, t_ms),
                                     "seed %u", first);
                }
        }
}
