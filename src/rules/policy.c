/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/policy.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/memory.h"
#include "rules/names.h"
#include "rules/throttles.h"

enum { PERMITS_PER_CUSTOMER = 256, PERMITS_PER_CUSTOMER_MAX = 4096 };

enum { DEDUPE_PER_PARTITION = 1000000, DEDUPE_PER_PARTITION_MAX = 1000000000 };

#define CONFIRM_ADS_MS TG_HOUR_MS
#define CONFIRM_MS (72 * TG_HOUR_MS)
#define DEDUPE_FOR_MS (72 * TG_HOUR_MS)

static void read_confirm_within(struct tg_compiler *compiler, struct tg_reader *defaults)
{
        struct tg_reader channels;

        for (unsigned channel = 0; channel < TG_CHANNELS; channel++)
                compiler->confirm_within_ms[channel] =
                        channel == TG_CHANNEL_ADS ? CONFIRM_ADS_MS : CONFIRM_MS;
        if (!tg_read_mapping(defaults, "confirm_within", TG_OPTIONAL, &channels))
                return;
        for (unsigned channel = 1; channel < TG_CHANNELS; channel++)
                tg_read_duration(&channels, tg_channel_words.words[channel], TG_OPTIONAL, 1,
                                 TG_WINDOW_MAX_MS, &compiler->confirm_within_ms[channel]);
        tg_reader_finish(&channels);
}

static void read_defaults(struct tg_compiler *compiler, struct tg_reader *reader)
{
        struct tg_reader defaults;

        tg_read_mapping(reader, "defaults", TG_OPTIONAL, &defaults);
        read_confirm_within(compiler, &defaults);
        tg_reader_finish(&defaults);
}

static void read_limits(struct tg_compiler *compiler, struct tg_policy *policy,
                        struct tg_reader *reader, const struct tg_policy *running)
{
        int64_t permits = PERMITS_PER_CUSTOMER, requests = DEDUPE_PER_PARTITION;
        const struct tg_node *node = tg_document_root(policy->document), *dedupe;
        struct tg_reader limits;

        policy->dedupe_for_ms = DEDUPE_FOR_MS;
        if (tg_read_mapping(reader, "limits", TG_OPTIONAL, &limits)) {
                tg_read_integer(&limits, "permits_per_customer", TG_OPTIONAL, 1,
                                PERMITS_PER_CUSTOMER_MAX, &permits);
                dedupe = tg_read_duration(&limits, "dedupe_for", TG_OPTIONAL, 1,
                                          TG_DEDUPE_FOR_MAX_MS, &policy->dedupe_for_ms);
                node = dedupe ? dedupe : node;
                tg_read_integer(&limits, "dedupe_per_partition", TG_OPTIONAL, 1,
                                DEDUPE_PER_PARTITION_MAX, &requests);
                tg_reader_finish(&limits);
        }
        compiler->permits_per_customer = (uint32_t)permits;
        policy->dedupe_per_partition = (uint32_t)requests;
        if (running)
                tg_succession_dedupe(compiler, node, policy->dedupe_for_ms, running->dedupe_for_ms);
}

static void compile_family(struct tg_compiler *compiler, struct tg_reader *section,
                           struct tg_rule *rule)
{
        bool consents = compiler->counters->consents;

        compiler->counters->consents = false;
        rule->family->compile(compiler, section, rule);
        tg_reader_finish(section);
        if (compiler->counters->consents)
                tg_succession_consents(compiler, rule, section->node);
        compiler->counters->consents |= consents;
}

/* The one section that says which family the rule is of. */
static void read_family(struct tg_compiler *compiler, struct tg_reader *reader,
                        struct tg_rule *rule)
{
        size_t told = compiler->diagnostics->errors;
        char names[TG_FAMILY_NAMES_SIZE], advice[TG_FAMILY_NAMES_SIZE + 32];
        struct tg_reader section;

        for (size_t i = 0; i < tg_family_count; i++) {
                const struct tg_family *family = tg_families[i];
                const struct tg_node *node =
                        tg_read_mapping(reader, family->name, TG_OPTIONAL, &section);

                if (!node)
                        continue;
                if (rule->family) {
                        tg_diagnose(compiler->diagnostics, tg_node_key(node), TG_ERROR,
                                    "make it a rule of its own",
                                    "a rule is of one family; this one is a %s already",
                                    rule->family->name);
                        continue;
                }
                rule->family = family;
                compile_family(compiler, &section, rule);
        }
        tg_reader_finish(reader);
        /* A rule or section that is misspelt or no mapping was told already. */
        if (rule->family || !reader->node || compiler->diagnostics->errors > told)
                return;
        snprintf(advice, sizeof advice, "say what it does: %s", tg_family_names(names));
        tg_diagnose(compiler->diagnostics, rule->node, TG_ERROR, advice,
                    "a rule needs a section of one family");
}

/* The one word that KEY may have; its node, NULL: it is not there. */
static const struct tg_node *read_only_word(struct tg_reader *reader, const char *key,
                                            const char *word)
{
        const char *const words[] = {word, NULL};
        unsigned which;

        return tg_read_word(reader, key, TG_OPTIONAL, words, &which);
}

/* What has no window is never warm. */
static void check_cold(struct tg_compiler *compiler, const struct tg_rule *rule,
                       const struct tg_node *cold)
{
        if (rule->family == &tg_family_consent)
                tg_diagnose(compiler->diagnostics, cold, TG_ERROR,
                            "leave it out: a consent rule can only follow one that kept consents",
                            "consents have no window that could pass");
}

static void read_rule(struct tg_compiler *compiler, struct tg_policy *policy,
                      const struct tg_node *node)
{
        struct tg_rule *rule = &policy->rules[policy->rule_count];
        struct tg_span name = tg_span_text("");
        const struct tg_node *named, *cold;
        struct tg_reader reader;

        rule->node = node;
        tg_reader_init(&reader, compiler->diagnostics, node, "rule");
        named = tg_read_text(&reader, "rule", TG_REQUIRED, &name);
        rule->name = (const char *)name.data;
        if (named)
                tg_name_check(policy, compiler->diagnostics, named, rule->name);
        tg_selector_read(&rule->for_, &reader, "for", TG_SELECT_REQUESTS);
        rule->general = read_only_word(&reader, "instead", "general") != NULL;
        rule->shadow = read_only_word(&reader, "mode", "shadow") != NULL;
        policy->shadows |= rule->shadow;
        cold = read_only_word(&reader, "cold", "deny");
        rule->cold = cold != NULL;
        read_family(compiler, &reader, rule);
        check_cold(compiler, rule, cold);
        tg_rule_index_add(&policy->index, policy->rule_count++, &rule->for_);
}

static void read_rules(struct tg_compiler *compiler, struct tg_policy *policy,
                       struct tg_reader *reader)
{
        const struct tg_node *list = tg_read_sequence(reader, "rules", TG_OPTIONAL);

        if (!list)
                return;
        /* Rules are never moved: counters borrow their selectors. */
        policy->rules = tg_allocate_zeroed(tg_node_count(list), sizeof policy->rules[0]);
        for (const struct tg_node *node = tg_node_first(list); node; node = tg_node_next(node)) {
                if (policy->rule_count == TG_RULES_MAX) {
                        tg_diagnose(compiler->diagnostics, node, TG_ERROR,
                                    "one rule can select several channels and campaigns",
                                    "more than %d rules", TG_RULES_MAX);
                        return;
                }
                read_rule(compiler, policy, node);
        }
}

/* A rule that may come: it has its counters, and is never asked. */
static void read_reserve(struct tg_compiler *compiler, struct tg_policy *policy,
                         const struct tg_node *node)
{
        struct tg_rule *rule = &policy->reserves[policy->reserve_count++];
        struct tg_reader reader;

        *rule = (struct tg_rule){.name = "of keep", .node = node, .reserves = true};
        tg_reader_init(&reader, compiler->diagnostics, node, "item of keep");
        tg_selector_read(&rule->for_, &reader, "for", TG_SELECT_REQUESTS);
        read_family(compiler, &reader, rule);
}

static void read_keep(struct tg_compiler *compiler, struct tg_policy *policy,
                      struct tg_reader *reader)
{
        const struct tg_node *list = tg_read_sequence(reader, "keep", TG_OPTIONAL);

        if (!list)
                return;
        policy->reserves = tg_allocate_zeroed(tg_node_count(list), sizeof policy->reserves[0]);
        for (const struct tg_node *node = tg_node_first(list); node; node = tg_node_next(node))
                read_reserve(compiler, policy, node);
}

/* Of what the document says, not of how it is written: comments and spacing change nothing. */
static void hash_document(const struct tg_document *document,
                          char ret_hash[static TG_POLICY_HASH_SIZE + 1])
{
        struct tg_buffer canonical = {0};
        XXH128_hash_t hash;

        tg_document_canonical(document, &canonical);
        hash = XXH3_128bits(canonical.data, canonical.size);
        snprintf(ret_hash, TG_POLICY_HASH_SIZE + 1, "%016" PRIx64 "%016" PRIx64,
                 (uint64_t)hash.high64, (uint64_t)hash.low64);
        tg_buffer_deinit(&canonical);
}

static void read_policy(struct tg_compiler *compiler, struct tg_policy *policy, uint32_t partitions,
                        const struct tg_policy *running)
{
        struct tg_span name = tg_span_text("");
        struct tg_reader reader;

        tg_reader_init(&reader, compiler->diagnostics, tg_document_root(policy->document),
                       "policy");
        tg_read_text(&reader, "policy", TG_REQUIRED, &name);
        policy->name.name = (const char *)name.data;
        read_defaults(compiler, &reader);
        read_limits(compiler, policy, &reader, running);
        policy->permits_per_customer = compiler->permits_per_customer;
        read_rules(compiler, policy, &reader);
        tg_throttles_read(policy, &reader, partitions);
        read_keep(compiler, policy, &reader);
        tg_reader_finish(&reader);
}

/* Takes DOCUMENT. */
static int compile(struct tg_document *document, uint32_t partitions,
                   const struct tg_policy *running, struct tg_diagnostics *diagnostics,
                   struct tg_policy **ret_policy)
{
        struct tg_policy *policy = tg_allocate_zeroed(1, sizeof *policy);
        struct tg_compiler compiler = {.diagnostics = diagnostics,
                                       .counters = &policy->counters,
                                       .awaits = &policy->awaits};

        policy->document = document;
        hash_document(document, policy->name.hash);
        if (running) {
                policy->generation = running->generation + 1;
                policy->counters.running = &running->counters;
        }
        read_policy(&compiler, policy, partitions, running);
        tg_counters_finish(&policy->counters);
        if (diagnostics->errors) {
                tg_policy_free(policy);
                return -1;
        }
        tg_rule_index_finish(&policy->index, policy->rules, &policy->counters);
        *ret_policy = policy;
        return 0;
}

int tg_policy_load(const char *path, uint32_t partitions, struct tg_diagnostics *diagnostics,
                   struct tg_policy **ret_policy)
{
        struct tg_document *document;

        if (tg_document_load(path, diagnostics, &document) < 0)
                return -1;
        return compile(document, partitions, NULL, diagnostics, ret_policy);
}

int tg_policy_parse(const char *name, struct tg_span text, uint32_t partitions,
                    struct tg_diagnostics *diagnostics, struct tg_policy **ret_policy)
{
        struct tg_document *document;

        if (tg_document_parse(name, text, diagnostics, &document) < 0)
                return -1;
        return compile(document, partitions, NULL, diagnostics, ret_policy);
}

int tg_policy_load_next(const char *path, uint32_t partitions, const struct tg_policy *running,
                        struct tg_diagnostics *diagnostics, struct tg_policy **ret_policy)
{
        struct tg_document *document;

        if (tg_document_load(path, diagnostics, &document) < 0)
                return -1;
        return compile(document, partitions, running, diagnostics, ret_policy);
}

int tg_policy_parse_next(const char *name, struct tg_span text, uint32_t partitions,
                         const struct tg_policy *running, struct tg_diagnostics *diagnostics,
                         struct tg_policy **ret_policy)
{
        struct tg_document *document;

        if (tg_document_parse(name, text, diagnostics, &document) < 0)
                return -1;
        return compile(document, partitions, running, diagnostics, ret_policy);
}

static void free_rules(struct tg_rule *rules, size_t count)
{
        for (size_t i = 0; i < count; i++) {
                tg_selector_deinit(&rules[i].for_);
                tg_selector_deinit(&rules[i].where);
        }
        free(rules);
}

void tg_policy_free(struct tg_policy *policy)
{
        if (!policy)
                return;
        free_rules(policy->rules, policy->rule_count);
        free_rules(policy->reserves, policy->reserve_count);
        for (size_t i = 0; i < policy->throttle_count; i++)
                tg_selector_deinit(&policy->throttles[i].for_);
        tg_awaits_deinit(&policy->awaits);
        free(policy->throttles);
        free(policy->text);
        tg_document_free(policy->document);
        free(policy);
}
