/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a touchpoint says beside the words that every one may have: the body of its type, where it
 * comes from, and what is marked on it. All of schemas/touchpoint.avsc can be written; what no rule
 * reads is recorded all the same.
 */
#include <stdio.h>

#include "scenario/read.h"

/* The symbols of the schema's enums that records/words.h has no use for. */
static const char *const source_words[] = {
        "unknown", "zero_party", "first_party", "second_party", "third_party", "inferred", NULL};
static const char *const level_words[] = {"unknown",   "anonymous", "device",
                                          "logged_in", "verified",  NULL};

/* In the order of the schema. */
static const char *const profile_keys[TG_TWIN_PROFILE] = {
        "time_zone",    "country",  "region", "postal_code",
        "phone_prefix", "language", "tier",   "household",
};

/* The keys that only one type of touchpoint has. */
static const struct {
        const char *key;
        enum tg_type type;
} body_keys[] = {
        {"purpose", TG_TYPE_CONSENT},      {"granted", TG_TYPE_CONSENT},
        {"implied", TG_TYPE_CONSENT},      {"until", TG_TYPE_CONSENT},
        {"key", TG_TYPE_PREFERENCE},       {"value", TG_TYPE_PREFERENCE},
        {"time_zone", TG_TYPE_PROFILE},    {"country", TG_TYPE_PROFILE},
        {"region", TG_TYPE_PROFILE},       {"postal_code", TG_TYPE_PROFILE},
        {"phone_prefix", TG_TYPE_PROFILE}, {"language", TG_TYPE_PROFILE},
        {"tier", TG_TYPE_PROFILE},         {"household", TG_TYPE_PROFILE},
        {"canonical", TG_TYPE_IDENTITY},
};
enum { BODY_KEYS = sizeof body_keys / sizeof body_keys[0] };

/* What a touchpoint of another type says is no part of this one; of none, that was told. */
static void refuse_others(struct tg_draft *draft)
{
        enum tg_type type = draft->step.touchpoint.type;

        for (size_t i = 0; i < BODY_KEYS; i++) {
                const struct tg_node *node;

                if (body_keys[i].type == type || !tg_node_find(draft->node, body_keys[i].key))
                        continue;
                node = tg_read_node(&draft->reader, body_keys[i].key, TG_OPTIONAL, NULL);
                if (type == TG_TYPE_UNKNOWN)
                        continue;
                tg_diagnose(draft->reader.diagnostics, tg_node_key(node), TG_ERROR,
                            "put it into a step of its own", "\"%s\" is said by a %s, not by a %s",
                            body_keys[i].key, tg_word(&tg_type_words, body_keys[i].type),
                            tg_word(&tg_type_words, type));
        }
}

static void read_required(struct tg_draft *draft, const char *key, const char *example,
                          struct tg_span *value)
{
        tg_value_text(draft->reader.diagnostics,
                      tg_read_node(&draft->reader, key, TG_REQUIRED, example), value);
}

/* What a customer agreed to, or no longer does; its channel is that of the touchpoint. */
static void read_consent(struct tg_draft *draft)
{
        struct tg_touchpoint *touchpoint = &draft->step.touchpoint;
        struct tg_consent *consent = &touchpoint->consent;

        *consent = (struct tg_consent){
                .channel = touchpoint->channel,
                .granted = true,
                .present = true,
        };
        read_required(draft, "purpose", "marketing", &consent->purpose);
        tg_read_bool(&draft->reader, "granted", TG_OPTIONAL, &consent->granted);
        tg_read_bool(&draft->reader, "implied", TG_OPTIONAL, &consent->implied);
        draft->until = tg_read_node(&draft->reader, "until", TG_OPTIONAL, NULL);
        if (draft->until && !consent->granted)
                tg_diagnose(draft->reader.diagnostics, draft->until, TG_ERROR,
                            "let her agree anew in a step of its own",
                            "what was withdrawn stays withdrawn");
}

/* At least one word: what is absent is left as it was. */
static void read_profile(struct tg_draft *draft, struct tg_twin_details *details)
{
        for (size_t i = 0; i < TG_TWIN_PROFILE; i++) {
                tg_read_text(&draft->reader, profile_keys[i], TG_OPTIONAL, &details->profile[i]);
                details->has_profile |= tg_span_present(details->profile[i]);
        }
        if (!details->has_profile)
                tg_diagnose(draft->reader.diagnostics, draft->node, TG_ERROR,
                            "say what is known, as in \"country: DE\"; there are time_zone, "
                            "country, region, postal_code, phone_prefix, language, tier and "
                            "household",
                            "this profile says nothing");
}

static void read_word(struct tg_draft *draft, const char *key, const char *const *words,
                      uint8_t *value)
{
        unsigned word;

        if (tg_read_word(&draft->reader, key, TG_OPTIONAL, words, &word))
                *value = (uint8_t)word;
}

static void read_attributes(struct tg_draft *draft, struct tg_twin_details *details)
{
        const struct tg_node *node = tg_read_node(&draft->reader, "attributes", TG_OPTIONAL, NULL);
        struct tg_diagnostics *diagnostics = draft->reader.diagnostics;

        if (node && tg_node_kind(node) != TG_NODE_MAPPING) {
                tg_diagnose(diagnostics, node, TG_ERROR, "write {store: \"12\", till: \"3\"}",
                            "attributes have names");
                return;
        }
        for (const struct tg_node *one = node ? tg_node_first(node) : NULL; one;
             one = tg_node_next(one)) {
                struct tg_span value;

                if (!tg_value_text(diagnostics, one, &value))
                        continue;
                if (details->attribute_count == TG_TWIN_ATTRIBUTES_MAX) {
                        tg_diagnose(diagnostics, one, TG_ERROR, NULL, "more than %d attributes",
                                    TG_TWIN_ATTRIBUTES_MAX);
                        return;
                }
                details->attributes[details->attribute_count][0] = tg_node_text(tg_node_key(one));
                details->attributes[details->attribute_count++][1] = value;
        }
}

void tg_body_read(struct tg_draft *draft)
{
        struct tg_twin_details *details = &draft->step.details;

        switch (draft->step.touchpoint.type) {
        case TG_TYPE_CONSENT:
                read_consent(draft);
                break;
        case TG_TYPE_PREFERENCE:
                read_required(draft, "key", "topics", &details->preference_key);
                read_required(draft, "value", "gardening", &details->preference_value);
                break;
        case TG_TYPE_PROFILE:
                read_profile(draft, details);
                break;
        case TG_TYPE_IDENTITY:
                read_required(draft, "canonical", "ana", &details->canonical);
                break;
        default:
                break;
        }
        refuse_others(draft);
        tg_read_text(&draft->reader, "category", TG_OPTIONAL, &details->category);
        read_word(draft, "source", source_words, &details->source);
        read_word(draft, "identity_level", level_words, &details->identity_level);
        tg_read_bool(&draft->reader, "shared_device", TG_OPTIONAL, &details->shared_device);
        tg_read_bool(&draft->reader, "gift", TG_OPTIONAL, &details->gift);
        read_attributes(draft, details);
}
