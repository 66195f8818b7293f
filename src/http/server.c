/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread waits in poll() for libmicrohttpd's sockets or for an answer of a shard. A question
 * suspends its connection; its answer, or the time being up, resumes it, whereupon libmicrohttpd
 * calls for the exchange once more, which then has its reply. A question that nobody waits for any
 * more is thrown away when its answer comes.
 */
#include "http/server.h"

#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/memory.h"
#include "http/exchange.h"
#include "http/listen.h"

enum {
        TICK_MS = 50,   /* how late a time-out may be told */
        SILENCE_S = 10, /* a connection without a byte for so long is closed */
        CODES = 600,
        TRIES = 200, /* turns of the loop in which the last answers leave */
};

/* HEAD goes without saying where there is GET. */
enum { GET = 1, POST = 2 };
static const char *const method_names[] = {
        [GET] = "GET",
        [POST] = "POST",
        [GET | POST] = "GET, POST",
};

struct tg_route {
        const char *path;
        unsigned methods;                                                   /* those it takes */
        void (*page)(const struct tg_pages *pages, struct tg_reply *reply); /* or a question: */
        enum tg_inquiry_kind kind;
};

enum { ROUTES = 6 };
static const struct tg_route routes[ROUTES] = {
        {"/livez", GET, tg_page_live, 0},
        {"/readyz", GET, tg_page_ready, 0},
        {"/version", GET, tg_page_version, 0},
        {"/metrics", GET, NULL, 0}, /* known to the server alone: it has numbers of its own */
        {"/decide", POST, NULL, TG_INQUIRE_DECISION},
        {"/explain", GET | POST, NULL, TG_INQUIRE_EXPLANATION},
};
static const struct tg_route *const metrics_route = &routes[3];

struct tg_http {
        struct tg_http_options options;
        struct tg_asking *asking;
        struct MHD_Daemon *daemon;
        int socket;
        int wake; /* an eventfd: a shard has answered, or it is to end */
        char address[TG_HTTP_ADDRESS_SIZE];
        pthread_t thread;
        atomic_bool stop;
        pthread_mutex_t lock;        /* of the next one */
        struct tg_inquiry *answered; /* chained */

        struct tg_exchange *waiting; /* from here on the thread's own */
        uint64_t counts[ROUTES + 1][CODES];
        struct tg_histogram times;
};

static const struct tg_metric requests = {
        .name = "touchgate_http_requests_total",
        .type = TG_METRIC_COUNTER,
        .unit = "requests",
        .labels = "path, code",
        .help = "HTTP requests answered, by path and status",
        .about = "503 on /decide is an inbox that is full (http.waiting), a partition that is not "
                 "caught up, or an aborted transaction; 504 is a shard that did not answer in "
                 "time. Paths that there are not are counted as `other`.",
};

static const struct tg_metric times = {
        .name = "touchgate_http_request_seconds",
        .type = TG_METRIC_HISTOGRAM,
        .unit = "seconds",
        .help = "How long it took from an HTTP request's head to its answer",
        .about = "POST /decide waits for the next batch and for its commit (`commit`).",
};

static const struct tg_metric *const items[] = {&requests, &times};

const struct tg_metrics tg_http_metrics = {"HTTP", items, sizeof items / sizeof items[0]};

static void write_metrics(const struct tg_http *http, struct tg_buffer *page)
{
        tg_metric_begin(page, &requests);
        for (int i = 0; i <= ROUTES; i++) {
                for (int code = 0; code < CODES; code++) {
                        char text[16];
                        const struct tg_label labels[] = {
                                {"path", i < ROUTES ? routes[i].path : "other"},
                                {"code", text},
                                {NULL, NULL},
                        };

                        snprintf(text, sizeof text, "%d", code);
                        if (http->counts[i][code])
                                tg_metric_sample(page, &requests, labels,
                                                 (double)http->counts[i][code]);
                }
        }
        tg_metric_histogram(page, &times, &http->times, &tg_bounds_work);
}

static void wake(const struct tg_http *http)
{
        const uint64_t one = 1;
        ssize_t written = write(http->wake, &one, sizeof one);

        (void)written; /* it can only be full, which wakes as well */
}

/* In the thread of the shard. */
static void take_answer(struct tg_inquiry *inquiry)
{
        struct tg_http *http = inquiry->context;

        pthread_mutex_lock(&http->lock);
        inquiry->next = http->answered;
        http->answered = inquiry;
        pthread_mutex_unlock(&http->lock);
        wake(http);
}

static void count(struct tg_http *http, const struct tg_exchange *exchange)
{
        size_t route = exchange->route ? (size_t)(exchange->route - routes) : ROUTES;

        assert(exchange->reply.status < CODES);
        http->counts[route][exchange->reply.status]++;
        tg_histogram_add(&http->times, &tg_bounds_work, tg_watch_us() - exchange->begun_us);
}

static enum MHD_Result reply(struct tg_http *http, struct tg_exchange *exchange)
{
        count(http, exchange);
        return tg_exchange_send(exchange);
}

static void begin_waiting(struct tg_http *http, struct tg_exchange *exchange,
                          struct tg_inquiry *inquiry)
{
        exchange->inquiry = inquiry;
        exchange->waits = true;
        exchange->until_us = tg_watch_us() + http->options.settings->timeout_ms * 1000;
        exchange->next = http->waiting;
        exchange->place = &http->waiting;
        if (exchange->next)
                exchange->next->place = &exchange->next;
        http->waiting = exchange;
        MHD_suspend_connection(exchange->connection);
}

/* Its reply is filled: libmicrohttpd is to call for it. */
static void end_waiting(struct tg_exchange *exchange)
{
        *exchange->place = exchange->next;
        if (exchange->next)
                exchange->next->place = exchange->place;
        exchange->waits = false;
        MHD_resume_connection(exchange->connection);
}

/* Asks a shard; or fills the reply with why not. */
static enum MHD_Result ask(struct tg_http *http, struct tg_exchange *exchange, json_t *request)
{
        struct tg_inquiry *inquiry = tg_inquiry_new(exchange->route->kind);
        const struct tg_http_options *options = &http->options;

        inquiry->answered = take_answer;
        inquiry->context = http;
        if (tg_asking_read(http->asking, request, options->now_ms(NULL), inquiry,
                           &exchange->reply) < 0 ||
            tg_asking_put(http->asking, inquiry, &exchange->reply) < 0) {
                tg_inquiry_free(inquiry);
                return reply(http, exchange);
        }
        begin_waiting(http, exchange, inquiry);
        return MHD_YES;
}

/* What is asked about an explanation need not be named. */
static enum MHD_Result ask_of(struct tg_http *http, struct tg_exchange *exchange, json_t *request)
{
        enum MHD_Result result;

        if (exchange->route->kind == TG_INQUIRE_EXPLANATION && json_is_object(request) &&
            !json_object_get(request, "id"))
                json_object_set_new(request, "id", json_string("explain"));
        result = ask(http, exchange, request);
        json_decref(request);
        return result;
}

/* The body is a request. */
static enum MHD_Result ask_body(struct tg_http *http, struct tg_exchange *exchange)
{
        json_error_t error;
        const char *body = exchange->body.size ? (const char *)exchange->body.data : "";
        json_t *request = json_loadb(body, exchange->body.size, JSON_REJECT_DUPLICATES, &error);

        if (!exchange->body.size) {
                tg_reply_error(&exchange->reply, 400, "there is no body: send the request as JSON");
                return reply(http, exchange);
        }
        if (!request) {
                tg_reply_error(&exchange->reply, 400, "line %d, column %d: %s", error.line,
                               error.column, error.text);
                return reply(http, exchange);
        }
        return ask_of(http, exchange, request);
}

/* The arguments of an address, on their way to be a request. */
struct query {
        const struct tg_asking *asking;
        struct tg_reply *reply; /* filled: one of them is wrong */
        json_t *request;
};

static enum MHD_Result add_argument(void *context, enum MHD_ValueKind kind, const char *name,
                                    size_t name_size, const char *value, size_t value_size)
{
        struct query *query = context;

        (void)kind;
        if (tg_asking_add(query->asking, query->request, tg_span_of(name, name_size),
                          tg_span_of(value ? value : "", value_size), query->reply) < 0)
                return MHD_NO;
        return MHD_YES;
}

/* The arguments of the query are the fields of a request. */
static enum MHD_Result ask_query(struct tg_http *http, struct tg_exchange *exchange)
{
        struct query query = {http->asking, &exchange->reply, json_object()};

        MHD_get_connection_values_n(exchange->connection, MHD_GET_ARGUMENT_KIND, add_argument,
                                    &query);
        if (!exchange->reply.status)
                return ask_of(http, exchange, query.request);
        json_decref(query.request);
        return reply(http, exchange);
}

/* The request is whole. */
static enum MHD_Result answer(struct tg_http *http, struct tg_exchange *exchange)
{
        if (exchange->oversized)
                tg_reply_error(&exchange->reply, 413, "the body is larger than %d bytes",
                               TG_HTTP_BODY_MAX);
        else if (exchange->route->page)
                exchange->route->page(&http->options.pages, &exchange->reply);
        else
                return exchange->has_body ? ask_body(http, exchange) : ask_query(http, exchange);
        return reply(http, exchange);
}

static void page_metrics(struct tg_http *http, struct tg_exchange *exchange)
{
        tg_page_metrics(&http->options.pages, &exchange->reply);
        write_metrics(http, &exchange->reply.body);
}

static unsigned method_of(const char *name)
{
        if (strcmp(name, "GET") == 0 || strcmp(name, "HEAD") == 0)
                return GET;
        return strcmp(name, "POST") == 0 ? POST : 0;
}

static bool is_question(const struct tg_route *route)
{
        return !route->page && route != metrics_route;
}

static bool is_json(struct MHD_Connection *connection)
{
        static const char json[] = "application/json";
        const char *type = MHD_lookup_connection_value(connection, MHD_HEADER_KIND,
                                                       MHD_HTTP_HEADER_CONTENT_TYPE);

        return type && strncasecmp(type, json, sizeof json - 1) == 0 &&
               strchr("; \t", type[sizeof json - 1]);
}

/*
 * What can be said by the head alone. That a body must say it is JSON keeps web pages, which may
 * send other types to any address unasked, from asking in the name of who looks at them.
 */
static void look_at_head(const struct tg_http *http, struct tg_exchange *exchange, const char *path,
                         const char *method)
{
        const char *length;

        for (size_t i = 0; i < ROUTES; i++) {
                if (strcmp(routes[i].path, path) == 0)
                        exchange->route = &routes[i];
        }
        if (!exchange->route) {
                tg_reply_error(&exchange->reply, 404,
                               "there is no such page; there are /livez, /readyz, /version, "
                               "/metrics, /decide and /explain");
                return;
        }
        if (!(exchange->route->methods & method_of(method))) {
                const char *allowed = method_names[exchange->route->methods];

                tg_reply_error(&exchange->reply, 405, "%s takes only: %s", path, allowed);
                tg_reply_header(&exchange->reply, MHD_HTTP_HEADER_ALLOW, allowed);
                return;
        }
        if (is_question(exchange->route) && !http->options.settings->ask) {
                tg_reply_error(&exchange->reply, 403,
                               "%s is off; to let everybody ask who can reach this address, say "
                               "http: {ask: true} in the configuration",
                               path);
                return;
        }
        exchange->has_body = method_of(method) == POST;
        length = MHD_lookup_connection_value(exchange->connection, MHD_HEADER_KIND,
                                             MHD_HTTP_HEADER_CONTENT_LENGTH);
        if (length && strtoull(length, NULL, 10) > TG_HTTP_BODY_MAX)
                tg_reply_error(&exchange->reply, 413, "the body is larger than %d bytes",
                               TG_HTTP_BODY_MAX);
        else if (exchange->has_body && !is_json(exchange->connection))
                tg_reply_error(&exchange->reply, 415,
                               "send the request as JSON, with Content-Type: application/json");
}

static void take_body(struct tg_exchange *exchange, const char *data, size_t size)
{
        if (exchange->body.size + size > TG_HTTP_BODY_MAX)
                exchange->oversized = true;
        else
                tg_buffer_append(&exchange->body, data, size);
}

/* Called for the head, for each piece of the body, for its end, and after a question's answer. */
static enum MHD_Result on_request(void *context, struct MHD_Connection *connection,
                                  const char *path, const char *method, const char *version,
                                  const char *data, size_t *size, void **state)
{
        struct tg_http *http = context;
        struct tg_exchange *exchange = *state;

        (void)version;
        if (!exchange) {
                *state = exchange = tg_exchange_new(connection);
                look_at_head(http, exchange, path, method);
                if (exchange->reply.status)
                        return reply(http, exchange);
                return MHD_YES;
        }
        if (exchange->sent)
                return MHD_YES;
        if (*size) {
                take_body(exchange, data, *size);
                *size = 0;
                return MHD_YES;
        }
        if (exchange->reply.status) /* it has waited */
                return reply(http, exchange);
        if (exchange->route == metrics_route) {
                page_metrics(http, exchange);
                return reply(http, exchange);
        }
        return answer(http, exchange);
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode code)
{
        (void)context;
        (void)connection;
        (void)code;
        if (*state)
                tg_exchange_free(*state);
        *state = NULL;
}

static struct tg_exchange *exchange_of(const struct tg_http *http, const struct tg_inquiry *inquiry)
{
        struct tg_exchange *exchange = http->waiting;

        while (exchange && exchange->inquiry != inquiry)
                exchange = exchange->next;
        return exchange;
}

/* Takes what the shards have answered to those that wait for it. */
static void deliver(struct tg_http *http)
{
        struct tg_inquiry *inquiry, *next;

        pthread_mutex_lock(&http->lock);
        inquiry = http->answered;
        http->answered = NULL;
        pthread_mutex_unlock(&http->lock);
        for (; inquiry; inquiry = next) {
                struct tg_exchange *exchange = exchange_of(http, inquiry);

                next = inquiry->next;
                if (exchange) {
                        tg_asking_reply(http->asking, inquiry, &exchange->reply);
                        end_waiting(exchange);
                }
                tg_inquiry_free(inquiry);
        }
}

/* Those that have waited for too long; with NOW_US INT64_MAX all. */
static void expire(struct tg_http *http, int64_t now_us)
{
        struct tg_exchange *exchange, *next;

        for (exchange = http->waiting; exchange; exchange = next) {
                next = exchange->next;
                if (exchange->until_us > now_us)
                        continue;
                tg_reply_error(&exchange->reply, 504,
                               "the shard did not answer in time; it may have decided: ask again "
                               "with the same id, and a decision that was made is told again");
                end_waiting(exchange);
        }
}

static void turn(struct tg_http *http, int wait_ms)
{
        const union MHD_DaemonInfo *info =
                MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
        struct pollfd polled[] = {{.fd = info->epoll_fd, .events = POLLIN},
                                  {.fd = http->wake, .events = POLLIN}};
        MHD_UNSIGNED_LONG_LONG soon_ms;
        uint64_t ignored;

        if (MHD_get_timeout(http->daemon, &soon_ms) == MHD_YES &&
            soon_ms < (MHD_UNSIGNED_LONG_LONG)wait_ms)
                wait_ms = (int)soon_ms;
        if (poll(polled, 2, wait_ms) > 0 && polled[1].revents &&
            read(http->wake, &ignored, sizeof ignored) < 0)
                return; /* it was woken for nothing: the next turn looks again */
        deliver(http);
        expire(http, tg_watch_us());
        MHD_run(http->daemon);
}

static void *thread_main(void *argument)
{
        struct tg_http *http = argument;

        while (!atomic_load_explicit(&http->stop, memory_order_relaxed))
                turn(http, TICK_MS);
        deliver(http);
        expire(http, INT64_MAX);
        /* What was answered last is sent, unless somebody does not take it. */
        MHD_quiesce_daemon(http->daemon);
        for (int i = 0; i < TRIES; i++) {
                const union MHD_DaemonInfo *info =
                        MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_CURRENT_CONNECTIONS);

                if (info->num_connections == 0)
                        break;
                turn(http, 1);
        }
        return NULL;
}

static int start_daemon(struct tg_http *http, struct tg_error *error)
{
        http->daemon = MHD_start_daemon(
                MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME, 0, NULL, NULL, on_request, http,
                MHD_OPTION_LISTEN_SOCKET, http->socket, MHD_OPTION_CONNECTION_LIMIT,
                (unsigned)TG_HTTP_CONNECTIONS, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S,
                MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_END);
        if (!http->daemon)
                return tg_fail(error, EX_OSERR, "libmicrohttpd can't start on %s", http->address);
        http->socket = -1; /* the daemon's now */
        return 0;
}

static int start(struct tg_http *http, struct tg_error *error)
{
        int code;

        if (tg_asking_new(&http->options.shards, &http->asking, error) < 0)
                return -1;
        http->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        if (http->wake < 0)
                return tg_fail_errno(error, EX_OSERR, errno, "HTTP");
        if (tg_http_listen(http->options.settings, &http->socket, http->address, error) < 0 ||
            start_daemon(http, error) < 0)
                return -1;
        code = pthread_create(&http->thread, NULL, thread_main, http);
        return code ? tg_fail_errno(error, EX_OSERR, code, "a thread for HTTP") : 0;
}

static void free_all(struct tg_http *http)
{
        if (http->daemon)
                MHD_stop_daemon(http->daemon);
        if (http->socket >= 0)
                close(http->socket);
        if (http->wake >= 0)
                close(http->wake);
        tg_asking_free(http->asking);
        pthread_mutex_destroy(&http->lock);
        free(http);
}

int tg_http_start(const struct tg_http_options *options, struct tg_http **ret_http,
                  struct tg_error *error)
{
        struct tg_http *http = tg_allocate_zeroed(1, sizeof *http);

        http->options = *options;
        http->options.pages.boards = options->shards.boards;
        http->options.pages.count = options->shards.count;
        http->options.pages.live_within_us = options->settings->live_within_ms * 1000;
        http->socket = http->wake = -1;
        pthread_mutex_init(&http->lock, NULL);
        if (start(http, error) < 0) {
                free_all(http);
                return -1;
        }
        *ret_http = http;
        return 0;
}

const char *tg_http_address(const struct tg_http *http)
{
        return http->address;
}

void tg_http_stop(struct tg_http *http)
{
        if (!http)
                return;
        atomic_store_explicit(&http->stop, true, memory_order_relaxed);
        wake(http);
        pthread_join(http->thread, NULL);
        free_all(http);
}
