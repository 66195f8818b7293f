/* SPDX-License-Identifier: Apache-2.0 */
#include "http/live.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "support/policy.h"

static void rest(void)
{
        const struct timespec time = {0, 1000000};

        nanosleep(&time, NULL);
}

static int64_t now_ms(void *context)
{
        (void)context;
        return NOW_MS;
}

void live_init(struct live *live, const char *lines)
{
        *live = (struct live){
                .options = {.partition = {.policy = policy_of(lines),
                                          .partitions = 2,
                                          .table_bytes = 1 << 20,
                                          .waiting = {1000, 1 << 20},
                                          .skew_ms = TG_HOUR_MS,
                                          .facts_wait_ms = 30 * TG_SECOND_MS},
                            .clock = TG_CLOCK_WALL,
                            .batch = 7,
                            .end_ms = TG_NEVER},
        };
        tg_http_settings_init(&live->settings);
        live->settings.ask = true;
        cr_assert_eq(tg_http_settings_listen(&live->settings, tg_span_text("127.0.0.1:0")), 0);
        tg_twin_init(&live->twin, 2);
        tg_twin_clock(&live->twin, NOW_MS);
}

void live_serve(struct live *live)
{
        struct tg_error error;
        struct tg_http_options options = {
                .settings = &live->settings,
                .shards = {&live->board, &live->inbox, 1, 2},
                .pages = {.library = "2.0.2", .stop = &live->stop},
                .now_ms = now_ms,
        };

        live->board = tg_board_new(&live->options.partition);
        live->inbox = tg_inbox_new((size_t)live->settings.waiting);
        cr_assert_eq(tg_http_start(&options, &live->http, &error), 0, "%s", error.message);
}

/* Keeps ends from the shard, and that facts are known for good. */
static size_t without_ends(struct live *live, struct tg_record **records, size_t count)
{
        size_t kept = 0;

        for (size_t i = 0; i < count; i++) {
                if (records[i]->kind == TG_RECORD_END ||
                    (records[i]->kind == TG_RECORD_KNOWN && records[i]->offset == INT64_MAX))
                        live->inner.source.release(&live->twin, records[i]);
                else
                        records[kept++] = records[i];
        }
        return kept;
}

/* The twin's list, then nothing, until the shard is to stop. */
static int poll_on(void *context, struct tg_record **records, size_t capacity, size_t *ret_count,
                   struct tg_error *error)
{
        struct live *live = context;

        while (atomic_load(&live->stands)) {
                atomic_store(&live->standing, 1);
                rest();
        }
        atomic_store(&live->standing, 0);
        live->inner.source.poll(context, records, capacity, ret_count, error);
        if (live->endless)
                *ret_count = without_ends(live, records, *ret_count);
        if (*ret_count == 0)
                rest();
        return atomic_load(&live->stop) ? 1 : 0;
}

/* Refuses a commit with a decision in it, or puts one off, if it is to. */
static int commit_or_not(void *context, const struct tg_progress *progress, size_t count, bool now,
                         struct tg_error *error)
{
        struct live *live = context;

        if (atomic_load(&live->aborts) && live->twin.decisions.count > live->twin.begun.decisions) {
                atomic_store(&live->aborts, false);
                live->twin.aborts_now = true;
        }
        live->twin.puts_off_now |= atomic_load(&live->puts_off) && !now;
        return live->inner.sink.commit(context, progress, count, now, error);
}

static void *run_shard(void *argument)
{
        struct live *live = argument;
        struct tg_port port = live->inner;
        struct tg_error error;

        port.source.poll = poll_on;
        port.sink.commit = commit_or_not;
        cr_assert_eq(tg_shard_run(&live->options, &port, &live->summary, &error), 0);
        return NULL;
}

void live_run(struct live *live)
{
        live_serve(live);
        live->inner = tg_twin_port(&live->twin);
        live->options.board = live->board;
        live->options.inbox = live->inbox;
        cr_assert_eq(pthread_create(&live->thread, NULL, run_shard, live), 0);
        live->runs = true;
        while (tg_board_tally(live->board, TG_TALLY_PARTITIONS) < 1 ||
               (tg_board_tally(live->board, TG_TALLY_BEHIND) > 0 && !live->endless))
                rest();
}

void live_hold(struct live *live)
{
        atomic_store(&live->stands, true);
        while (!atomic_load(&live->standing))
                rest();
}

void live_go(struct live *live)
{
        atomic_store(&live->stands, false);
}

void live_end(struct live *live)
{
        atomic_store(&live->stands, false);
        atomic_store(&live->stop, 1);
        if (!live->runs)
                return;
        pthread_join(live->thread, NULL);
        tg_summary_deinit(&live->summary);
        live->runs = false;
}

void live_deinit(struct live *live)
{
        live_end(live);
        if (live->inbox)
                tg_inbox_close(live->inbox);
        tg_http_stop(live->http);
        tg_inbox_free(live->inbox);
        tg_board_free(live->board);
        tg_twin_deinit(&live->twin);
        tg_policy_free((struct tg_policy *)live->options.partition.policy);
}

static size_t collect(char *data, size_t size, size_t count, void *context)
{
        fwrite(data, size, count, context);
        return size * count;
}

struct answer ask(struct live *live, const char *path, const char *body)
{
        struct curl_slist *headers = curl_slist_append(
                NULL, live->content_type ? live->content_type : "Content-Type: application/json");
        struct answer answer = {0};
        char url[512];
        size_t body_size, header_size;
        FILE *body_file = open_memstream(&answer.body, &body_size);
        FILE *header_file = open_memstream(&answer.header, &header_size);
        CURL *curl = curl_easy_init();

        snprintf(url, sizeof url, "http://%s%s", tg_http_address(live->http), path);
        curl_easy_setopt(curl, CURLOPT_URL, url);
        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT, 20L);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, collect);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, body_file);
        curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, collect);
        curl_easy_setopt(curl, CURLOPT_HEADERDATA, header_file);
        if (body) {
                curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
                curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body);
                curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(body));
        }
        cr_assert_eq(curl_easy_perform(curl), CURLE_OK, "%s", url);
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer.status);
        curl_easy_cleanup(curl);
        curl_slist_free_all(headers);
        fclose(body_file);
        fclose(header_file);
        answer.json = json_loadb(answer.body, body_size, 0, NULL);
        return answer;
}

void answer_deinit(struct answer *answer)
{
        free(answer->body);
        free(answer->header);
        json_decref(answer->json);
}

const char *text_of(const struct answer *answer, const char *name)
{
        const char *text = json_string_value(json_object_get(answer->json, name));

        return text ? text : "";
}
