/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/patience.h"

enum { TURN_MS = 10000, PAUSE_MS = 100, DOUBLINGS_MAX = 5 };

int tg_patience_turn_ms(const struct tg_patience *patience, int64_t now_ms)
{
        int64_t left_ms = patience->until_ms - now_ms;

        return left_ms < 1 ? 1 : left_ms > TURN_MS ? TURN_MS : (int)left_ms;
}

static bool is_final(rd_kafka_resp_err_t code)
{
        return code == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
               code == RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED ||
               code == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED ||
               code == RD_KAFKA_RESP_ERR__FATAL;
}

int64_t tg_patience_pause_ms(struct tg_patience *patience, rd_kafka_resp_err_t code, int64_t now_ms)
{
        unsigned doublings = patience->tries < DOUBLINGS_MAX ? patience->tries : DOUBLINGS_MAX;
        int64_t pause_ms = (int64_t)PAUSE_MS << doublings;

        patience->tries++;
        return is_final(code) || now_ms + pause_ms >= patience->until_ms ? -1 : pause_ms;
}
