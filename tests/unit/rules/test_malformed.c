/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Policies with one mistake each: it is told once, at its place, with what is wrong and what to do.
 * The place is marked with ^ in the text, which the parser never sees.
 */
#include "person.h"

#include <stdio.h>
#include <stdlib.h>

#define RULES "policy: p\nrules:\n"
#define RULE(rest) RULES "- {rule: a, " rest "}\n"
#define FOR(rest) RULE("for: " rest ", gap: {at_least: 1h}")
#define KEEP(rest) "policy: p\nkeep:\n- " rest "\n"
#define THROTTLE(rest) "policy: p\nthrottles:\n- " rest "\n"

#define TYPES "one of: impression, click, open"
#define CHANNELS "one of: unknown, ads, email"
#define KINDS "one of: unknown, retarget, promotion"
#define SCOPES "one of: customer, channel, campaign, subject, topic"
#define AS_MAPPING "write it as \"key: value\" lines or {key: value}"
#define NAMED_TWICE "decisions give this name as the reason: let each have its own"

static const struct malformed {
        const char *text;
        const char *message; /* a part of what is said */
        const char *advice;  /* a part of it; NULL: there is none */
} all[] = {
        /* the file */
        {"^- policy: p\n", "expected a mapping for policy, found a list", AS_MAPPING},
        {"^{}\n", "policy needs \"policy\"", "add it, as in \"policy: text\""},
        {"^rules: []\n", "policy needs \"policy\"", "add it, as in \"policy: text\""},
        {"policy: ^[p]\n", "expected text for \"policy\", found a list", NULL},
        {"^policy:\n", "expected text for \"policy\", found nothing", NULL},
        {"policy: p\n^policy: q\n", "key \"policy\" is given twice; the first is at p.yaml:1:1",
         "keep one of the two"},
        {"policy: p\n^colour: red\n", "unknown key \"colour\" in policy",
         "known keys: policy, defaults, limits, rules, throttles"},
        {"policy: p\n^rule: []\n", "unknown key \"rule\" in policy", "did you mean \"rules\"?"},
        {"policy: p\n^throttle: []\n", "unknown key \"throttle\" in policy",
         "did you mean \"throttles\"?"},

        /* defaults and limits */
        {"policy: p\ndefaults: ^[1h]\n", "expected a mapping for defaults", AS_MAPPING},
        {"policy: p\ndefaults: {^confirm: 1h}\n", "unknown key \"confirm\" in defaults",
         "known keys: confirm_within"},
        {"policy: p\ndefaults: {confirm_within: ^1h}\n", "expected a mapping for confirm_within",
         AS_MAPPING},
        {"policy: p\ndefaults: {confirm_within: {^fax: 1h}}\n",
         "unknown key \"fax\" in confirm_within", "known keys: ads, email, push"},
        {"policy: p\ndefaults: {confirm_within: {ads: ^1}}\n", "expected a duration with its unit",
         "add a unit, as in 1h"},
        {"policy: p\ndefaults: {confirm_within: {ads: ^0s}}\n",
         "expected a duration from 1ms to 6362d for \"ads\"", NULL},
        {"policy: p\nlimits: {^permits: 9}\n", "unknown key \"permits\" in limits",
         "permits_per_customer"},
        {"policy: p\nlimits: {permits_per_customer: ^0}\n",
         "expected a whole number from 1 to 4096 for \"permits_per_customer\", found the number 0",
         NULL},
        {"policy: p\nlimits: {permits_per_customer: ^many}\n",
         "expected a whole number from 1 to 4096", NULL},
        {"policy: p\nlimits: {dedupe_for: ^forever}\n",
         "expected a duration with its unit for \"dedupe_for\"",
         "write it as in 30d (units: ms, s, m, h, d, w)"},
        {"policy: p\nlimits: {dedupe_for: ^31d}\n", "expected a duration from 1ms to 30d for",
         NULL},
        {"policy: p\nlimits: {dedupe_per_partition: ^0}\n", "expected a whole number from 1 to",
         NULL},

        /* rules */
        {"policy: p\nrules: ^{rule: a}\n", "expected a list for \"rules\", found a mapping",
         "begin each item with \"- \""},
        {RULES "- ^a\n", "expected a mapping for rule, found text \"a\"", AS_MAPPING},
        {RULES "- ^{gap: {at_least: 1h}}\n", "rule needs \"rule\"", "add it, as in \"rule: text\""},
        {RULES "- {rule: ^[a], gap: {at_least: 1h}}\n", "expected text for \"rule\", found a list",
         NULL},
        {RULES "- {rule: a, wait: {after: click}}\n- {rule: ^a, wait: {after: open}}\n",
         "there is a rule \"a\" already, in line 3", NAMED_TWICE},
        {RULES "- ^{rule: a}\n", "a rule needs a section of one family",
         "say what it does: cap, gap, retarget, wait, cooldown or consent"},
        {RULE("^cpa: {count: click, at_most: 1, per: 1d}"), "unknown key \"cpa\" in rule",
         "did you mean \"cap\"?"},
        {RULE("^throttle: {}"), "unknown key \"throttle\" in rule",
         "known keys: rule, for, instead, mode, cold, cap, gap, retarget, wait"},
        {RULE("gap: {at_least: 1h}, ^wait: {after: click}"),
         "a rule is of one family; this one is a gap already", "make it a rule of its own"},
        {RULE("cap: ^5"), "expected a mapping for cap, found the number 5", AS_MAPPING},

        /* for */
        {FOR("^ads"), "expected a mapping for for, found text \"ads\"", AS_MAPPING},
        {FOR("{^campain: x}"), "unknown key \"campain\" in for", "did you mean \"campaign\"?"},
        {FOR("{channel: ^fax}"), "expected a known word for \"channel\", found text \"fax\"",
         CHANNELS},
        {FOR("{channel: [ads, ^ads]}"), "\"ads\" stands twice in this list", "take it out"},
        {FOR("{channel: ^[]}"),
         "expected a word or a list of words for \"channel\", found an empty list", NULL},
        {FOR("{kind: ^ofer}"), "expected a known word for \"kind\", found text \"ofer\"",
         "did you mean \"offer\"?"},
        {FOR("{kind: ^letter}"), "expected a known word for \"kind\"", KINDS},
        {FOR("{class: ^loans}"), "expected a known word for \"class\"",
         "one of: none, housing, credit"},
        {FOR("{campaign: ^{a: b}}"), "expected a pattern or a list of patterns for \"campaign\"",
         NULL},
        {FOR("{subject: [a, ^[b]]}"),
         "expected a pattern of at most 256 bytes for \"subject\", found a list",
         "* stands for any text"},
        {FOR("{topic: ^''}"),
         "expected a pattern of at most 256 bytes for \"topic\", found an empty text",
         "* stands for any text"},
        {FOR("{topic: "
             "[a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,1a,2a,3a,4a,5a,6a,^7a]}"),
         "more than 32 texts in a list", "say more with a pattern: `*` stands for any text"},

        /* instead */
        {RULE("instead: ^generic, gap: {at_least: 1h}"),
         "expected a known word for \"instead\", found text \"generic\"",
         "did you mean \"general\"?"},
        {RULE("instead: ^[general], gap: {at_least: 1h}"),
         "expected a known word for \"instead\", found a list", "one of: general"},
        {RULE("gap: {at_least: 1h, ^instead: general}"), "unknown key \"instead\" in gap",
         "known keys: at_least, each, where"},

        /* cap */
        {RULE("cap: ^{at_most: 1, per: 1d}"), "cap needs \"count\"",
         "add it, as in \"count: impression\""},
        {RULE("cap: ^{count: click, per: 1d}"), "cap needs \"at_most\"",
         "add it, as in \"at_most: 3\""},
        {RULE("cap: ^{count: click, at_most: 1}"), "cap needs \"per\"",
         "add it, as in \"per: 24h\""},
        {RULE("cap: {count: ^clik, at_most: 1, per: 1d}"),
         "expected a known word for \"count\", found text \"clik\"", "did you mean \"click\"?"},
        {RULE("cap: {count: ^[click, open], at_most: 1, per: 1d}"),
         "expected a known word for \"count\", found a list", TYPES},
        {RULE("cap: {count: ^unknown, at_most: 1, per: 1d}"),
         "expected a known word for \"count\", found text \"unknown\"", TYPES},
        {RULE("cap: {count: click, at_most: ^1001, per: 1d}"),
         "expected a whole number from 0 to 1000 for \"at_most\", found the number 1001", NULL},
        {RULE("cap: {count: click, at_most: ^1.5, per: 1d}"),
         "expected a whole number from 0 to 1000", NULL},
        {RULE("cap: {count: click, at_most: 1, per: ^0ms}"),
         "expected a duration from 1ms to 6362d for \"per\", found text \"0ms\"", NULL},
        {RULE("cap: {count: click, at_most: 1, per: ^3 hours}"), "expected a duration", "3h"},
        {RULE("for: {kind: offer}, cap: {count: ^click, at_most: 1, per: 1d}"),
         "a cap for a kind or a class can't count click: touchpoints have neither",
         "count permit instead, or leave kind and class out of `for`"},
        {RULE("for: {class: [credit]}, cap: {count: ^open, at_most: 1, per: 1d}"),
         "a cap for a kind or a class can't count open: touchpoints have neither",
         "count permit instead, or leave kind and class out of `for`"},
        {RULE("cap: {count: permit, at_most: 1, per: 1d, where: {^kind: offer}}"),
         "unknown key \"kind\" in where", "known keys: channel, campaign, subject, topic"},
        {RULE("cap: {count: permit, at_most: 1, per: 1d, where: ^ads}"),
         "expected a mapping for where, found text \"ads\"", AS_MAPPING},
        {RULE("cap: {count: permit, at_most: 1, per: 1d, each: ^person}"),
         "expected a known word for \"each\", found text \"person\"", SCOPES},

        /* gap */
        {RULE("gap: ^{}"), "gap needs \"at_least\"", "add it, as in \"at_least: 24h\""},
        {RULE("gap: ^24h"), "expected a mapping for gap, found text \"24h\"", AS_MAPPING},
        {RULE("gap: {at_least: ^24}"), "expected a duration with its unit for \"at_least\"",
         "add a unit, as in 24h"},
        {RULE("gap: {at_least: ^0s}"), "expected a duration from 1ms to 6362d for \"at_least\"",
         NULL},
        {RULE("gap: {at_least: ^549755813889ms}"),
         "expected a duration from 1ms to 6362d for \"at_least\"", NULL},
        {RULE("gap: {at_least: 1d, ^count: permit}"), "unknown key \"count\" in gap",
         "known keys: at_least, each, where"},
        {RULE("gap: {at_least: 1d, each: ^campain}"), "expected a known word for \"each\"",
         "did you mean \"campaign\"?"},

        /* retarget */
        {RULE("retarget: ^{within: 1d}"), "retarget needs \"after\"",
         "add it, as in \"after: impression\""},
        {RULE("retarget: ^{after: view}"), "retarget needs \"within\"",
         "add it, as in \"within: 24h\""},
        {RULE("retarget: {after: ^[view, permit], within: 1d}"),
         "an interest is a touchpoint, not a permit", NULL},
        {RULE("retarget: {after: ^unknown, within: 1d}"),
         "expected a known word for \"after\", found text \"unknown\"", TYPES},
        {RULE("retarget: {after: [view, ^kart], within: 1d}"),
         "expected a known word for \"after\", found text \"kart\"", "did you mean \"cart\"?"},
        {RULE("retarget: {after: view, within: 1d, until: ^permit}"),
         "an interest ends with a touchpoint, not with a permit", NULL},
        {RULE("retarget: {after: view, within: ^549755813888ms}"), "expected a duration from 1ms",
         NULL},

        /* wait */
        {RULE("wait: ^{at_least: 1h}"), "wait needs \"after\"",
         "add it, as in \"after: impression\""},
        {RULE("wait: {after: ^permit, at_least: 1h}"),
         "a message waits after a touchpoint, not after a permit", NULL},
        {RULE("wait: {after: ^unknown, at_least: 1h}"),
         "expected a known word for \"after\", found text \"unknown\"", TYPES},
        {RULE("wait: {after: ^[click, open]}"), "expected a known word for \"after\", found a list",
         TYPES},
        {RULE("wait: {after: click, at_least: 2h, at_most: ^1h}"),
         "this rule can never permit: it closes before it opens",
         "let at_most be at least as long as at_least"},
        {RULE("wait: {after: click, at_least: ^-1h}"),
         "expected a duration with its unit for \"at_least\", found text \"-1h\"",
         "write it as in 30d"},

        /* cooldown */
        {RULE("cooldown: ^{for: 1d}"), "cooldown needs \"after\"",
         "add it, as in \"after: impression\""},
        {RULE("cooldown: ^{after: click}"), "cooldown needs \"for\"", "add it, as in \"for: 24h\""},
        {RULE("cooldown: {after: [click, ^unknown], for: 1d}"),
         "expected a known word for \"after\", found text \"unknown\"", TYPES},
        {RULE("cooldown: {after: ^answer, for: 1d}"),
         "expected a known word for \"after\", found text \"answer\"", TYPES},
        {RULE("cooldown: {after: click, times: ^0, for: 1d}"),
         "expected a whole number from 1 to 1000 for \"times\", found the number 0", NULL},
        {RULE("cooldown: {after: click, times: ^1001, for: 1d}"),
         "expected a whole number from 1 to 1000 for \"times\"", NULL},
        {RULE("cooldown: {after: click, for: ^274877906945ms}"),
         "expected a duration from 1ms to 3181d for \"for\"", NULL},
        {RULE("cooldown: {after: click, for: 1d, reset_by: ^permit}"),
         "a cooldown is reset by touchpoints, not by permits", NULL},
        {RULE("cooldown: {after: click, for: 1d, reset_by: [open, ^unknown]}"),
         "expected a known word for \"reset_by\", found text \"unknown\"", TYPES},
        {RULE("cooldown: {after: [open, click], for: 1d, reset_by: ^[click, view]}"),
         "what resets a cooldown can't start it: click is in both lists",
         "leave it out of `after` or of `reset_by`"},
        {RULE("cooldown: {after: click, for: 1d, ^reset: open}"),
         "unknown key \"reset\" in cooldown",
         "known keys: after, times, for, reset_by, each, where"},
        {RULE("cooldown: {after: click, for: 1d, where: {^class: credit}}"),
         "unknown key \"class\" in where", "known keys: channel, campaign, subject, topic"},

        /* consent */
        {RULES "- rule: a\n  ^consent:\n", "expected a mapping for consent, found nothing",
         AS_MAPPING},
        {RULE("consent: ^true"), "expected a mapping for consent, found true", AS_MAPPING},
        {RULE("consent: {^purpose: news}"), "unknown key \"purpose\" in consent",
         "leave it out: consent has no keys"},

        /* throttles */
        {"policy: p\nthrottles: ^500/s\n", "expected a list for \"throttles\"",
         "begin each item with \"- \""},
        {THROTTLE("^{name: x}"), "throttle needs \"rate\"", "add it, as in \"rate: 500/s\""},
        {THROTTLE("{rate: ^500}"), "expected a rate for \"rate\"", "add a unit, as in 500/s"},
        {THROTTLE("{rate: ^0/s}"), "expected a rate of 1 to 1000000000 a unit for \"rate\"", NULL},
        {THROTTLE("{rate: 1/s, burst: ^0}"),
         "expected a whole number from 1 to 2147483647 for \"burst\", found the number 0", NULL},
        {THROTTLE("{name: ^[], rate: 1/s}"), "expected text for \"name\", found an empty list",
         NULL},
        {THROTTLE("{name: a, rate: 1/s}\n- {name: ^a, rate: 2/s}"),
         "there is a throttle \"a\" already, in line 3", "let each have its own"},
        {THROTTLE("{name: throttle-2, rate: 1/s}\n- ^{rate: 2/s}"),
         "there is a throttle \"throttle-2\" already, in line 3", "let each have its own"},
        {RULE("gap: {at_least: 1h}") "throttles:\n- {name: ^a, rate: 1/s}\n",
         "there is a rule \"a\" already, in line 3", "let each have its own"},

        {RULES "- {rule: ^history full, gap: {at_least: 1h}}\n",
         "\"history full\" is a reason of the gate itself", "let each have its own"},
        {THROTTLE("{name: ^expired, rate: 1/s}"), "\"expired\" is a reason of the gate itself",
         "let each have its own"},

        /* a policy that changes */
        {RULE("cold: ^permit, gap: {at_least: 1h}"), "expected a known word for \"cold\"",
         "one of: deny"},
        {RULE("^colt: deny, gap: {at_least: 1h}"), "unknown key \"colt\" in rule",
         "did you mean \"cold\"?"},
        {RULE("cold: ^deny, consent: {}"), "consents have no window that could pass",
         "leave it out"},
        {RULE("mode: ^shadows, gap: {at_least: 1h}"), "expected a known word for \"mode\"",
         "did you mean \"shadow\"?"},
        {RULE("^mod: shadow, gap: {at_least: 1h}"), "unknown key \"mod\" in rule",
         "did you mean \"mode\"?"},
        {KEEP("^click"), "expected a mapping for item of keep, found text \"click\"", AS_MAPPING},
        {"policy: p\nkeep: ^{gap: {at_least: 1h}}\n", "expected a list for \"keep\"",
         "begin each item with \"- \""},
        {"policy: p\n^keeps: []\n", "unknown key \"keeps\" in policy", "did you mean \"keep\"?"},
        {KEEP("{^rule: a, gap: {at_least: 1h}}"), "unknown key \"rule\" in item of keep",
         "known keys: for, cap, gap"},
        {KEEP("{gap: {at_least: 1h}, ^cold: deny}"), "unknown key \"cold\" in item of keep",
         "known keys: for, cap, gap"},
        {KEEP("^{for: {channel: ads}}"), "a rule needs a section of one family",
         "say what it does: cap, gap"},
        {KEEP("{gap: {at_least: ^1}}"), "expected a duration with its unit", "add a unit"},
        {KEEP("{cap: {count: click, per: 1d, ^at_mots: 3}}"), "unknown key \"at_mots\" in cap",
         "did you mean \"at_most\"?"},
        {KEEP("{for: {kind: offer}, cap: {count: ^click, at_most: 1, per: 1d}}"),
         "a cap for a kind or a class can't count click", "count permit instead"},
        {THROTTLE("{rate: 1/s, for: {^tipic: x}}"), "unknown key \"tipic\" in for",
         "did you mean \"topic\"?"},
};

/* TEXT without its mark; where that stood, from 1. */
static char *unmark(const char *text, uint32_t *ret_line, uint32_t *ret_column)
{
        const char *mark = strchr(text, '^');
        const char *line = mark;
        char *plain;

        cr_assert_not_null(mark, "%s", text);
        while (line > text && line[-1] != '\n')
                line--;
        *ret_line = 1;
        for (const char *at = text; at < line; at++)
                *ret_line += *at == '\n';
        *ret_column = (uint32_t)(mark - line) + 1;
        cr_assert(asprintf(&plain, "%.*s%s", (int)(mark - text), text, mark + 1) >= 0);
        return plain;
}

static bool says(const char *text, const char *part)
{
        return part ? text && strstr(text, part) : text == NULL;
}

static void expect_told(const struct malformed *malformed)
{
        struct tg_diagnostics diagnostics = {0};
        struct tg_policy *policy = NULL;
        uint32_t line, column;
        char *text = unmark(malformed->text, &line, &column);

        cr_assert_eq(tg_policy_parse("p.yaml", tg_span_text(text), 0, &diagnostics, &policy), -1,
                     "%s is taken", text);
        cr_expect_eq(diagnostics.count, 1, "%zu told of\n%s", diagnostics.count, text);
        for (size_t i = 0; i < diagnostics.count; i++) {
                const struct tg_diagnostic *told = &diagnostics.items[i];

                cr_expect(told->line == line && told->column == column &&
                                  says(told->message, malformed->message) &&
                                  says(told->advice, malformed->advice),
                          "%s\nin %u:%u gave\n%u:%u %s | %s", text, line, column, told->line,
                          told->column, told->message, told->advice ? told->advice : "-");
        }
        tg_diagnostics_deinit(&diagnostics);
        free(text);
}

Test(malformed, every_mistake_is_told_once_where_it_is_with_what_to_do)
{
        cr_assert_geq(sizeof all / sizeof all[0], 60);
        for (size_t i = 0; i < sizeof all / sizeof all[0]; i++)
                expect_told(&all[i]);
}
