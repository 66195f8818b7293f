/* SPDX-License-Identifier: Apache-2.0 */
#include "transfer/player.h"

#include <stdlib.h>

#include "avro/framing.h"
#include "base/memory.h"

enum { WAIT_MS = 100 };

struct tg_player {
        struct tg_client client;
        struct tg_player_options options;
        struct tg_player_counts confirmed;
        struct tg_buffer frame;
        rd_kafka_topic_t *topics[TG_STREAMS];
};

static const enum tg_topic topics[TG_STREAMS] = {
        [TG_STREAM_TOUCHPOINTS] = TG_TOPIC_TOUCHPOINTS,
        [TG_STREAM_REQUESTS] = TG_TOPIC_REQUESTS,
};

/* A message carries its stream's count, so that who has it is known when it is confirmed. */
static void on_delivery(rd_kafka_t *handle, const rd_kafka_message_t *message, void *opaque)
{
        (void)handle;
        if (message->err)
                tg_client_fail(opaque, message->err, "writing the recording",
                               rd_kafka_err2str(message->err));
        else
                ++*(uint64_t *)message->_private;
}

static void prepare(rd_kafka_conf_t *conf)
{
        rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
}

int tg_player_new(const struct tg_player_options *options, struct tg_player **ret_player,
                  struct tg_error *error)
{
        const struct tg_client_property fixed[] = {
                {"partitioner", "murmur2_random"},
                {"enable.idempotence", "true"}, /* keeps the order, whatever is tried again */
                {"client.id", options->role},
                {NULL, NULL},
        };
        const struct tg_client_options client = {
                .settings = options->settings,
                .fixed = fixed,
                .prepare = prepare,
        };
        struct tg_player *player = tg_allocate_zeroed(1, sizeof *player);

        player->options = *options;
        player->client = (struct tg_client){
                .notices = options->notices,
                .role = options->role,
                .trusted = true,
        };
        if (tg_client_init(&player->client, RD_KAFKA_PRODUCER, &client, error) < 0) {
                tg_player_free(player);
                return -1;
        }
        for (int i = 0; i < TG_STREAMS; i++)
                player->topics[i] = rd_kafka_topic_new(player->client.handle,
                                                       options->settings->topics[topics[i]], NULL);
        *ret_player = player;
        return 0;
}

void tg_player_free(struct tg_player *player)
{
        if (!player)
                return;
        for (int i = 0; i < TG_STREAMS; i++)
                if (player->topics[i])
                        rd_kafka_topic_destroy(player->topics[i]);
        tg_client_deinit(&player->client);
        tg_buffer_deinit(&player->frame);
        free(player);
}

static int failed(const struct tg_player *player, struct tg_error *error)
{
        if (!player->client.failed)
                return 0;
        *error = player->client.failure;
        return -1;
}

static int write_record(struct tg_player *player, const struct tg_tape *tape,
                        struct tg_error *error)
{
        struct tg_span customer = tape->record.head.customer;

        tg_buffer_reset(&player->frame);
        tg_put_confluent(&player->frame, tape->schema_id);
        tg_buffer_append(&player->frame, tape->record.datum.data, tape->record.datum.size);
        while (rd_kafka_produce(player->topics[tape->stream], RD_KAFKA_PARTITION_UA,
                                RD_KAFKA_MSG_F_COPY, player->frame.data, player->frame.size,
                                customer.data, customer.size,
                                &player->confirmed.records[tape->stream]) < 0) {
                rd_kafka_resp_err_t code = rd_kafka_last_error();

                if (code != RD_KAFKA_RESP_ERR__QUEUE_FULL)
                        return tg_client_error(code, "writing the recording",
                                               rd_kafka_err2str(code), error);
                rd_kafka_poll(player->client.handle, WAIT_MS);
                if (failed(player, error) < 0)
                        return -1;
        }
        rd_kafka_poll(player->client.handle, 0);
        return failed(player, error);
}

/* Lets the record's time come, and hears of deliveries meanwhile. Returns 0, 1 (the end) or -1. */
static int await_turn(struct tg_player *player, uint64_t written, const struct tg_tape *tape,
                      struct tg_error *error)
{
        const struct tg_player_options *options = &player->options;

        for (;;) {
                int wait_ms = 0;
                int paced = options->keep_pace(options->context, written, tape->stream,
                                               &tape->record, &wait_ms, error);

                if (paced || wait_ms <= 0)
                        return paced;
                rd_kafka_poll(player->client.handle, wait_ms < WAIT_MS ? wait_ms : WAIT_MS);
                if (failed(player, error) < 0)
                        return -1;
        }
}

/* The merge: the stream whose next record is earlier; on a tie the touchpoint. */
static enum tg_stream earlier(const int answers[static TG_STREAMS],
                              const struct tg_tape tapes[static TG_STREAMS])
{
        if (answers[TG_STREAM_TOUCHPOINTS] != 0)
                return TG_STREAM_REQUESTS;
        if (answers[TG_STREAM_REQUESTS] != 0)
                return TG_STREAM_TOUCHPOINTS;
        return tapes[TG_STREAM_REQUESTS].record.head.time_ms <
                               tapes[TG_STREAM_TOUCHPOINTS].record.head.time_ms
                       ? TG_STREAM_REQUESTS
                       : TG_STREAM_TOUCHPOINTS;
}

static int play(struct tg_player *player, struct tg_tape tapes[static TG_STREAMS],
                struct tg_error *error)
{
        int answers[TG_STREAMS];

        for (int i = 0; i < TG_STREAMS; i++)
                if ((answers[i] = tg_tape_next(&tapes[i], error)) < 0)
                        return -1;
        for (uint64_t written = 0;
             answers[TG_STREAM_TOUCHPOINTS] == 0 || answers[TG_STREAM_REQUESTS] == 0; written++) {
                enum tg_stream next = earlier(answers, tapes);
                int turn = await_turn(player, written, &tapes[next], error);

                if (turn)
                        return turn;
                if (write_record(player, &tapes[next], error) < 0 ||
                    (answers[next] = tg_tape_next(&tapes[next], error)) < 0)
                        return -1;
        }
        return 0;
}

static int deliver(struct tg_player *player, struct tg_error *error)
{
        while (rd_kafka_flush(player->client.handle, WAIT_MS) == RD_KAFKA_RESP_ERR__TIMED_OUT &&
               !player->client.failed)
                ;
        return failed(player, error);
}

int tg_player_run(struct tg_player *player, struct tg_error *error)
{
        struct tg_tape tapes[TG_STREAMS];
        int result;

        for (int i = 0; i < TG_STREAMS; i++)
                tg_tape_init(&tapes[i], player->options.recording, (enum tg_stream)i,
                             player->options.ids);
        result = play(player, tapes, error);
        for (int i = 0; i < TG_STREAMS; i++)
                tg_tape_deinit(&tapes[i]);
        if (result >= 0 && deliver(player, error) < 0)
                return -1;
        return result;
}

struct tg_player_counts tg_player_counts(const struct tg_player *player)
{
        return player->confirmed;
}
