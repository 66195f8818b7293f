/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/reach.h"

void tg_reach_begin(struct tg_reach *reach, int64_t now_ms)
{
        *reach = (struct tg_reach){
                .known = -1,
                .horizon = -1,
                .reached_ms = now_ms - TG_REACH_AGAIN_MS,
                .behind = true,
        };
}

void tg_reach_rewind(struct tg_reach *reach)
{
        reach->known = reach->horizon = -1;
        reach->asked = false;
}

bool tg_reach_asks(struct tg_reach *reach, int64_t next, int64_t now_ms)
{
        if (reach->asked) {
                if (reach->end < 0 || now_ms - reach->again_ms < TG_REACH_BEHIND_MS)
                        return false;
                reach->again_ms = now_ms;
                return true;
        }
        if (next <= reach->horizon && now_ms - reach->reached_ms < TG_REACH_AGAIN_MS)
                return false;
        reach->asked = true;
        reach->asked_ms = reach->again_ms = now_ms;
        reach->horizon = next;
        reach->end = -1;
        return true;
}

void tg_reach_answer(struct tg_reach *reach, int64_t end)
{
        if (reach->asked && (reach->end < 0 || end < reach->end))
                reach->end = end;
}

static void fill(const struct tg_reach *reach, enum tg_record_kind kind,
                 struct tg_record *ret_record)
{
        *ret_record = (struct tg_record){
                .kind = kind,
                .stream = TG_STREAM_TOUCHPOINTS,
                .offset = kind == TG_RECORD_KNOWN ? reach->known : 0,
                .time_ms = TG_NO_TIME,
        };
}

/* The round is over. What changes nothing need not be told. */
static bool tells_known(struct tg_reach *reach, int64_t now_ms, struct tg_record *ret_record)
{
        bool news = reach->behind || reach->horizon > reach->known;

        reach->asked = reach->behind = false;
        reach->known = reach->horizon;
        reach->reached_ms = now_ms;
        if (news)
                fill(reach, TG_RECORD_KNOWN, ret_record);
        return news;
}

bool tg_reach_tells(struct tg_reach *reach, int64_t next, int64_t now_ms,
                    struct tg_record *ret_record)
{
        if (reach->asked && reach->end >= 0 && next >= reach->end)
                return tells_known(reach, now_ms, ret_record);
        if (reach->behind || now_ms - reach->reached_ms < TG_REACH_BEHIND_MS)
                return false;
        reach->behind = true;
        fill(reach, TG_RECORD_BEHIND, ret_record);
        return true;
}
