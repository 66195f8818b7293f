/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/registry.h"

#include <assert.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/memory.h"
#include "base/time.h"
#include "registry/answer.h"
#include "registry/http.h"

enum {
        PAUSE_MIN_MS = 100,
        PAUSE_MAX_MS = 5000,
        SLICE_MS = 50, /* how late a stop is noticed in a pause */
        PATH_SIZE = 512,
        URL_SIZE = TG_REGISTRY_URL_SIZE_MAX + PATH_SIZE,
        NOTICE_SIZE = 768,
};

struct tg_registry {
        struct tg_registry_options options;
        struct tg_registry_http *http;
        unsigned preferred; /* the address that answered last */
};

int tg_registry_new(const struct tg_registry_options *options, struct tg_registry **ret_registry,
                    struct tg_error *error)
{
        struct tg_registry *registry;
        struct tg_registry_http *http;

        assert(options->settings->url_count > 0);
        if (tg_registry_http_new(options->settings, options->stop, &http, error) < 0)
                return -1;
        registry = tg_allocate_zeroed(1, sizeof *registry);
        registry->options = *options;
        registry->http = http;
        *ret_registry = registry;
        return 0;
}

void tg_registry_free(struct tg_registry *registry)
{
        if (!registry)
                return;
        tg_registry_http_free(registry->http);
        free(registry);
}

static bool stopped(const struct tg_registry *registry)
{
        return registry->options.stop &&
               atomic_load_explicit(registry->options.stop, memory_order_relaxed);
}

static void pause_for(const struct tg_registry *registry, int64_t pause_ms)
{
        const struct timespec slice = {.tv_nsec = SLICE_MS * TG_MS_NS};

        for (int64_t slept = 0; slept < pause_ms && !stopped(registry); slept += SLICE_MS)
                nanosleep(&slice, NULL);
}

static const char *address(const struct tg_registry *registry)
{
        return registry->options.settings->urls[registry->preferred];
}

static int context(const struct tg_registry *registry, struct tg_error *error)
{
        return tg_fail_context(error, "schema registry %s", address(registry));
}

static bool is_passing(long status)
{
        return status == 429 || status >= 500;
}

/* Asks every address until one answers. Returns as tg_registry_http_request(). */
static int ask_each(struct tg_registry *registry, const char *path, struct tg_span body,
                    struct tg_registry_http_answer *ret_answer, struct tg_error *error)
{
        const struct tg_registry_settings *settings = registry->options.settings;
        char url[URL_SIZE], reason[TG_ANSWER_TEXT_SIZE];
        int result = 1;

        for (unsigned i = 0; i < settings->url_count && result == 1; i++) {
                snprintf(url, sizeof url, "%s%s", address(registry), path);
                result = tg_registry_http_request(registry->http, url, body, ret_answer, error);
                if (result == 0 && !is_passing(ret_answer->status))
                        return 0;
                if (result == 0) {
                        tg_answer_failure(ret_answer->body, reason);
                        tg_fail(error, EX_UNAVAILABLE, "HTTP %ld%s%s", ret_answer->status,
                                reason[0] ? ": " : "", reason);
                        result = 1;
                }
                context(registry, error);
                if (result == 1)
                        registry->preferred = (registry->preferred + 1) % settings->url_count;
        }
        return result;
}

static void tell_waiting(const struct tg_registry *registry, int64_t patience_ms,
                         const struct tg_error *error)
{
        char text[NOTICE_SIZE], patience[TG_TIME_TEXT_SIZE];

        if (!registry->options.tell)
                return;
        snprintf(text, sizeof text, "%.600s; trying on for at most %s", error->message,
                 tg_duration_text(patience_ms, patience));
        registry->options.tell(registry->options.context, text);
}

/* Asks until somebody answers or patience ends. Returns 0 or -1. */
static int ask(struct tg_registry *registry, const char *path, struct tg_span body,
               int64_t patience_ms, struct tg_registry_http_answer *ret_answer,
               struct tg_error *error)
{
        int64_t deadline_ms = tg_clock_monotonic_ms() + patience_ms;

        for (int64_t pause_ms = PAUSE_MIN_MS;; pause_ms *= 2) {
                int result = ask_each(registry, path, body, ret_answer, error);

                if (result <= 0)
                        return result;
                if (pause_ms > PAUSE_MAX_MS)
                        pause_ms = PAUSE_MAX_MS;
                if (tg_clock_monotonic_ms() + pause_ms >= deadline_ms || stopped(registry))
                        return -1;
                if (pause_ms == PAUSE_MIN_MS)
                        tell_waiting(registry, patience_ms, error);
                pause_for(registry,
                          pause_ms / 2 + arc4random_uniform((uint32_t)(pause_ms / 2) + 1));
        }
}

/* An answer that is none to the question. Returns 1 if it is that there is no such thing, or -1. */
static int refused(const struct tg_registry *registry, const struct tg_registry_http_answer *answer,
                   struct tg_error *error)
{
        char reason[TG_ANSWER_TEXT_SIZE];
        int code = tg_answer_failure(answer->body, reason);
        long status = answer->status;

        if (status == 404 && code)
                tg_fail(error, EX_DATAERR, "%s", reason);
        else if (status == 404)
                tg_fail(error, EX_CONFIG,
                        "HTTP 404: there is no registry under this address; check the path in "
                        "`url` (Apicurio's is /apis/ccompat/v7)");
        else if (status >= 300 && status < 400)
                tg_fail(error, EX_CONFIG,
                        "it redirects (HTTP %ld), which is not followed: write the address where "
                        "it is into `url`",
                        status);
        else if (status == 401 || status == 403)
                tg_fail(error, EX_NOPERM,
                        "it refuses us (HTTP %ld%s%s): check basic_auth, client_certificate and "
                        "the rights of this user",
                        status, reason[0] ? ": " : "", reason);
        else if (status == 409)
                tg_fail(error, EX_CONFIG,
                        "the schema does not fit those registered before: %s; see the subject's "
                        "compatibility",
                        reason);
        else
                tg_fail(error, EX_PROTOCOL, "HTTP %ld%s%s", status, reason[0] ? ": " : "", reason);
        context(registry, error);
        return status == 404 && code ? 1 : -1;
}

int tg_registry_schema(struct tg_registry *registry, uint32_t id, int64_t patience_ms,
                       struct tg_buffer *ret_json, struct tg_error *error)
{
        struct tg_registry_http_answer answer;
        char path[PATH_SIZE];

        snprintf(path, sizeof path, "/schemas/ids/%" PRIu32, id);
        if (ask(registry, path, TG_SPAN_ABSENT, patience_ms, &answer, error) < 0)
                return -1;
        if (answer.status != 200)
                return refused(registry, &answer, error);
        if (tg_answer_schema(answer.body, ret_json, error) < 0)
                return context(registry, error);
        return 0;
}

/* {"schema": "…"}, for free(). */
static char *schema_body(struct tg_span schema)
{
        json_t *json = json_pack("{s: s%}", "schema", (const char *)schema.data, schema.size);
        char *text = json_dumps(json, JSON_COMPACT);

        assert(text); /* fails for what is no UTF-8 alone: schemas are our own */
        json_decref(json);
        return text;
}

static int post(struct tg_registry *registry, const char *path, struct tg_span schema,
                int64_t patience_ms, uint32_t *ret_id, struct tg_error *error)
{
        tg_cleanup(tg_free_pointer) char *body = schema_body(schema);
        struct tg_registry_http_answer answer;

        if (ask(registry, path, tg_span_text(body), patience_ms, &answer, error) < 0)
                return -1;
        if (answer.status != 200 && answer.status != 201)
                return refused(registry, &answer, error);
        if (tg_answer_id(answer.body, ret_id, error) < 0)
                return context(registry, error);
        return 0;
}

int tg_registry_find(struct tg_registry *registry, const char *subject, struct tg_span schema,
                     int64_t patience_ms, uint32_t *ret_id, struct tg_error *error)
{
        char path[PATH_SIZE];

        snprintf(path, sizeof path, "/subjects/%s", subject);
        return post(registry, path, schema, patience_ms, ret_id, error);
}

int tg_registry_register(struct tg_registry *registry, const char *subject, struct tg_span schema,
                         int64_t patience_ms, uint32_t *ret_id, struct tg_error *error)
{
        char path[PATH_SIZE];

        snprintf(path, sizeof path, "/subjects/%s/versions", subject);
        return post(registry, path, schema, patience_ms, ret_id, error) ? -1 : 0;
}
