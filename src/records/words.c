/* SPDX-License-Identifier: Apache-2.0 */
#include "records/words.h"

#define WORDS(name, ...)                                              \
        static const char *const name##_list[] = {__VA_ARGS__, NULL}; \
        const struct tg_words tg_##name##_words = {name##_list,       \
                                                   sizeof name##_list / sizeof name##_list[0] - 1}

WORDS(channel, "unknown", "ads", "email", "push", "sms", "call", "messenger", "web", "app", "post",
      "store");
WORDS(type, "unknown", "impression", "click", "open", "search", "view", "cart", "purchase",
      "refund", "interaction", "case_opened", "case_resolved", "survey_invited", "survey_answered",
      "delivered", "bounce", "unsubscribe", "complaint", "too_personal", "consent", "preference",
      "profile", "identity", "erasure", "permit");
WORDS(kind, "unknown", "retarget", "promotion", "offer", "newsletter", "survey", "general",
      "transactional");
WORDS(class, "none", "housing", "credit", "employment", "insurance", "health", "minors", "other");
WORDS(outcome, "unknown", "permit", "deny", "defer");
WORDS(variant, "unknown", "as_requested", "general");

const char *tg_word(const struct tg_words *words, unsigned value)
{
        return value < words->count ? words->words[value] : "none";
}
