/* SPDX-License-Identifier: Apache-2.0 */
#include "rules/traits.h"

static const char *const scopes[] = {"customer", "channel", "campaign", "subject", "topic", NULL};
const struct tg_words tg_scope_words = {scopes, TG_SCOPES};

struct tg_traits tg_traits_of_request(const struct tg_request *request)
{
        return (struct tg_traits){
                .channel = request->channel,
                .kind = request->kind,
                .class = request->class,
                .campaign = request->campaign,
                .subject = request->subject,
                .topic = request->topic,
                .purpose = request->purpose,
        };
}

struct tg_traits tg_traits_of_touchpoint(const struct tg_touchpoint *touchpoint)
{
        return (struct tg_traits){
                .channel = touchpoint->channel,
                .kind = TG_WORD_UNSAID,
                .class = TG_WORD_UNSAID,
                .campaign = touchpoint->campaign,
                .subject = touchpoint->subject,
                .topic = touchpoint->topic,
        };
}

struct tg_span tg_traits_value(const struct tg_traits *traits, enum tg_scope scope)
{
        switch (scope) {
        case TG_SCOPE_CHANNEL:
                if (traits->channel == TG_CHANNEL_ABSENT)
                        return TG_SPAN_ABSENT;
                return tg_span_text(tg_word(&tg_channel_words, traits->channel));
        case TG_SCOPE_CAMPAIGN:
                return traits->campaign;
        case TG_SCOPE_SUBJECT:
                return traits->subject;
        case TG_SCOPE_TOPIC:
                return traits->topic;
        default:
                return TG_SPAN_ABSENT;
        }
}
