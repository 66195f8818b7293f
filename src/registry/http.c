/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "config/secret.h"

struct tg_registry_http {
        CURL *curl;
        struct curl_slist *get_headers, *post_headers;
        struct tg_buffer body;  /* of the answer */
        const atomic_int *stop; /* borrowed; may be NULL */
        bool too_large;         /* the body of this answer */
        char reason[CURL_ERROR_SIZE];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void init_curl(void)
{
        curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t on_body(char *data, size_t one, size_t size, void *context)
{
        struct tg_registry_http *http = context;

        (void)one;
        if (size > TG_REGISTRY_BODY_MAX - http->body.size) {
                http->too_large = true;
                return 0;
        }
        tg_buffer_append(&http->body, data, size);
        return size;
}

static int on_progress(void *context, curl_off_t total, curl_off_t now, curl_off_t up_total,
                       curl_off_t up_now)
{
        const struct tg_registry_http *http = context;

        (void)total, (void)now, (void)up_total, (void)up_now;
        return http->stop && atomic_load_explicit(http->stop, memory_order_relaxed);
}

static int set_user(struct tg_registry_http *http, const struct tg_registry_settings *settings,
                    struct tg_error *error)
{
        char *password;

        if (!settings->user)
                return 0;
        if (tg_secret_read(settings->password_file, &password, error) < 0)
                return tg_fail_context(error, "basic_auth.password_file of schema_registry");
        curl_easy_setopt(http->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
        curl_easy_setopt(http->curl, CURLOPT_USERNAME, settings->user);
        curl_easy_setopt(http->curl, CURLOPT_PASSWORD, password);
        tg_secret_free(password);
        return 0;
}

static int set_file(struct tg_registry_http *http, CURLoption option, const char *path,
                    const char *key, struct tg_error *error)
{
        FILE *file;

        if (!path)
                return 0;
        file = fopen(path, "re");
        if (!file)
                return tg_fail_errno(error, EX_NOINPUT, errno, "%s of schema_registry: %s", key,
                                     path);
        fclose(file);
        curl_easy_setopt(http->curl, option, path);
        return 0;
}

static int set_up(struct tg_registry_http *http, const struct tg_registry_settings *settings,
                  struct tg_error *error)
{
        CURL *curl = http->curl;

        curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
        curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
        curl_easy_setopt(curl, CURLOPT_USERAGENT, "touchgate/" TG_VERSION);
        curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->reason);
        curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)settings->connect_timeout_ms);
        curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)settings->timeout_ms);
        curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
        curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
        curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
        curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
        curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
        if (set_user(http, settings, error) < 0 ||
            set_file(http, CURLOPT_CAINFO, settings->ca_file, "ca_file", error) < 0 ||
            set_file(http, CURLOPT_SSLCERT, settings->certificate_file, "client_certificate.file",
                     error) < 0 ||
            set_file(http, CURLOPT_SSLKEY, settings->key_file, "client_certificate.key_file",
                     error) < 0)
                return -1;
        return 0;
}

int tg_registry_http_new(const struct tg_registry_settings *settings, const atomic_int *stop,
                         struct tg_registry_http **ret_http, struct tg_error *error)
{
        static const char accept[] = "Accept: application/vnd.schemaregistry.v1+json, "
                                     "application/json";
        struct tg_registry_http *http = tg_allocate_zeroed(1, sizeof *http);

        pthread_once(&once, init_curl);
        http->stop = stop;
        http->curl = curl_easy_init();
        http->get_headers = curl_slist_append(NULL, accept);
        http->post_headers = curl_slist_append(NULL, accept);
        http->post_headers = curl_slist_append(
                http->post_headers, "Content-Type: application/vnd.schemaregistry.v1+json");
        http->post_headers = curl_slist_append(http->post_headers, "Expect:");
        if (!http->curl || !http->get_headers || !http->post_headers)
                abort(); /* out of memory */
        if (set_up(http, settings, error) < 0) {
                tg_registry_http_free(http);
                return -1;
        }
        *ret_http = http;
        return 0;
}

void tg_registry_http_free(struct tg_registry_http *http)
{
        if (!http)
                return;
        curl_easy_cleanup(http->curl);
        curl_slist_free_all(http->get_headers);
        curl_slist_free_all(http->post_headers);
        tg_buffer_deinit(&http->body);
        free(http);
}

/* Another try may go better, but not with these. */
static bool is_final(CURLcode code)
{
        switch (code) {
        case CURLE_PEER_FAILED_VERIFICATION:
        case CURLE_SSL_CACERT_BADFILE:
        case CURLE_SSL_CERTPROBLEM:
        case CURLE_URL_MALFORMAT:
        case CURLE_UNSUPPORTED_PROTOCOL:
        case CURLE_ABORTED_BY_CALLBACK:
        case CURLE_WRITE_ERROR:
                return true;
        default:
                return false;
        }
}

static int failed(const struct tg_registry_http *http, CURLcode code, struct tg_error *error)
{
        if (code == CURLE_ABORTED_BY_CALLBACK)
                tg_fail(error, EX_TEMPFAIL, "interrupted");
        else if (http->too_large)
                tg_fail(error, EX_PROTOCOL, "its answer is longer than %d MiB",
                        TG_REGISTRY_BODY_MAX >> 20);
        else if (code == CURLE_PEER_FAILED_VERIFICATION)
                tg_fail(error, EX_NOPERM, "%s; check ca_file, and the host's name",
                        http->reason[0] ? http->reason : curl_easy_strerror(code));
        else
                tg_fail(error, EX_UNAVAILABLE, "%s",
                        http->reason[0] ? http->reason : curl_easy_strerror(code));
        return is_final(code) ? -1 : 1;
}

int tg_registry_http_request(struct tg_registry_http *http, const char *url, struct tg_span body,
                             struct tg_registry_http_answer *ret_answer, struct tg_error *error)
{
        bool post = tg_span_present(body);
        CURLcode code;

        tg_buffer_reset(&http->body);
        http->too_large = false;
        http->reason[0] = '\0';
        curl_easy_setopt(http->curl, CURLOPT_URL, url);
        if (post) {
                curl_easy_setopt(http->curl, CURLOPT_POST, 1L);
                curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, body.data);
                curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE, (long)body.size);
        } else {
                curl_easy_setopt(http->curl, CURLOPT_HTTPGET, 1L);
        }
        curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER,
                         post ? http->post_headers : http->get_headers);
        code = curl_easy_perform(http->curl);
        if (code)
                return failed(http, code, error);
        curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &ret_answer->status);
        tg_buffer_reserve(&http->body, 1); /* so that an empty body is not an absent one */
        ret_answer->body = tg_buffer_span(&http->body);
        return 0;
}
