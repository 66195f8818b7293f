/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/test_options.h"

#include <sysexits.h>

#include "cli/options.h"

static const char DOC[] =
        "Tells stories to a policy and checks its answers: who did what when, who wants to send "
        "what, and what must come of it, to the millisecond."
        "\v"
        "A scenario is a file that reads like this:\n"
        "\n"
        "  scenario: A product looked at 30 days ago\n"
        "  policy: spring.yaml    # beside this file; or the policy itself, indented\n"
        "  messages:\n"
        "    tent-ad: {channel: ads, kind: retarget, subject: tent}\n"
        "  cases:\n"
        "    - case: it may be shown for 30 days, and no millisecond longer\n"
        "      story:\n"
        "        - {at: 2026-03-01 12:00, ana: view, subject: tent}\n"
        "        - {at: +30d,     send: tent-ad, to: ana, answer: permit}\n"
        "        - {at: +30d 1ms, send: tent-ad, to: ana, answer: {deny: retarget}}\n"
        "\n"
        "Steps are read in the order written. A step is one of\n"
        "\n"
        "  {at: ..., ana: view}\n"
        "      Something happens to a customer: any touchpoint, with channel, campaign,\n"
        "      subject, category and topic where they apply, bot: true, and an id.\n"
        "  {at: ..., ana: consent, purpose: marketing}\n"
        "      She agrees: on one channel (channel: email) or on all, for ever or until\n"
        "      a moment (until: 730d, so long after it). implied: true if it follows\n"
        "      from a purchase; granted: false if she withdraws it.\n"
        "  {at: ..., ana: erasure}\n"
        "      She asks to be forgotten.\n"
        "  {at: ..., ana: preference, key: topics, value: gardening}\n"
        "  {at: ..., ana: profile, country: DE, time_zone: Europe/Berlin}\n"
        "      Who she is: time_zone, country, region, postal_code, phone_prefix,\n"
        "      language, tier, household; what is left out stays as it was.\n"
        "  {at: ..., ana: identity, canonical: anna}\n"
        "      She turns out to be another customer.\n"
        "  {at: ..., send: tent-ad, to: ana, answer: permit}\n"
        "      Somebody wants to send a message: one of \"messages\", or one described on\n"
        "      the spot, {channel: ads, kind: offer}. What is said here goes before\n"
        "      what is said there.\n"
        "  {at: ..., send: tent-ad, again: true, to: ana, answer: {repeat: permit}}\n"
        "      The same request, its id and all, is made once more.\n"
        "  {at: ...}\n"
        "      Time passes.\n"
        "\n"
        "A message has channel, kind, class, campaign, subject, category, topic, segment, purpose, "
        "priority, expires (24h after it is sent, or a moment) and about ({interaction: 14:00}), "
        "and what may be sent instead, "
        "general: {campaign: news, topic: camping}, where what is left out is as in the message. "
        "The second of one name is called name-2, and so on, unless it has an id.\n"
        "\n"
        "Moments are 2026-03-01 12:00:00.000 (UTC; parts may be left out from the right), 17:00 "
        "on the day of the step before, or +30d 1ms after the first step of the case. With "
        "{times: 10, every: 1h} a step happens ten times. One that is read after later ones has "
        "late: true. What happens is read in one batch with the step before if it has together: "
        "true; "
        "then it is the times that decide which comes first, and at the same time what happened "
        "comes before what is asked.\n"
        "\n"
        "A touchpoint about a message names it, as in {at: ..., ana: impression, of: tent-ad}: it "
        "gets the message's id, channel, campaign, subject and topic (campaign: ~ leaves one "
        "out), and with receipt: true the receipt of its permit. One about a message that the "
        "story does not send has message_id: X and receipt: {time: 17:00, tag: 77}.\n"
        "\n"
        "Any touchpoint may also say source (zero_party, first_party, second_party, third_party, "
        "inferred), identity_level (anonymous, device, logged_in, verified), shared_device: true, "
        "gift: true and attributes: {name: value}. These, preferences, profiles and identities are "
        "recorded as they are said; today no rule reads them.\n"
        "\n"
        "An answer is one of\n"
        "\n"
        "  permit                               at once, or when the deferral ends\n"
        "  {permit: 17:00}                      then\n"
        "  {deny: ads-weekly}                   for this reason and no other\n"
        "  {deny: ads-weekly, at: 17:00}        then\n"
        "  {defer: 17:00, because: ads-weekly}  it still waits when the story ends\n"
        "  [{defer: ...}, permit]               first the one, then the other\n"
        "  {permit: general, because: sale}     its general variant goes instead\n"
        "  {deny: [sale, mail], variant: general}   not even that; likewise a defer\n"
        "  {repeat: permit}                     what the same request was told before\n"
        "  {repeat: deny, at: 12:00}            and when that was decided\n"
        "  {repeat: defer, until: 17:00}        it waits\n"
        "\n"
        "Several reasons are a list, in any order. What a rule says is checked by {ads-weekly: 10 "
        "of 10}, {ads-weekly: until 17:00}, {ads-weekly: 10 of 10 until 17:00} or {sale-over: "
        "never}. The gate's own reasons have names, too: expired, expires first, history full and "
        "so on. A time without a day is on the day of the step.\n"
        "\n"
        "Example:\n"
        "  touchgate test tests/scenario/*.yaml\n";

enum { KEY_JSON = 256 };

static const struct argp_option OPTIONS[] = {
        {"policy", 'p', "FILE", 0, "Try the scenarios on this policy instead of their own", 0},
        {"json", KEY_JSON, NULL, 0, "Print the outcome as JSON", 0},
        {0},
};

static error_t take(int key, char *text, struct argp_state *state)
{
        struct tg_test_options *options = state->input;

        switch (key) {
        case 'p':
                options->policy = text;
                return 0;
        case KEY_JSON:
                options->json = true;
                return 0;
        case ARGP_KEY_ARGS:
                options->files = state->argv + state->next;
                options->file_count = state->argc - state->next;
                return 0;
        case ARGP_KEY_NO_ARGS:
                argp_error(state, "name the scenarios");
                return 0;
        default:
                return ARGP_ERR_UNKNOWN;
        }
}

int tg_test_options_parse(int argc, char **argv, struct tg_test_options *ret_options)
{
        static const struct argp argp = {
                .options = OPTIONS, .parser = take, .args_doc = "SCENARIO...", .doc = DOC};
        struct tg_test_options options = {0};

        if (tg_options_parse(&argp, argc, argv, &options) != 0)
                return EX_USAGE;
        *ret_options = options;
        return 0;
}
