/* SPDX-License-Identifier: Apache-2.0 */
#include "http/settings.h"

#include <arpa/inet.h>

#include "base/time.h"

enum { PORT_MAX = 65535, WAITING_MAX = 4096 };

enum { LISTEN };

static const struct tg_setting items[] = {
        [LISTEN] = TG_SETTING_OWN("listen", "127.0.0.1:8787", "ADDRESS:PORT, `off`",
                                  "a numeric address; a port of 0: any. `--http` goes before it."),
        TG_SETTING_BOOL(struct tg_http_settings, ask, "ask", "false",
                        "answer `/decide` and `/explain`, which tell of customers"),
        TG_SETTING_DURATION(struct tg_http_settings, timeout_ms, "timeout", "5s", 1, TG_MINUTE_MS,
                            "of a question"),
        TG_SETTING_INTEGER(struct tg_http_settings, waiting, "waiting", "32", 1, WAITING_MAX,
                           "questions to one shard that are not answered yet, at most; then 503"),
        TG_SETTING_DURATION(struct tg_http_settings, live_within_ms, "live_within", "30s", 1,
                            TG_DAY_MS, "`/livez` fails once a shard has stood still for so long"),
};
const struct tg_settings tg_http_settings_keys = TG_SETTINGS("http", items);

void tg_http_settings_init(struct tg_http_settings *settings)
{
        *settings = (struct tg_http_settings){0};
        tg_settings_init(&tg_http_settings_keys, settings);
        tg_http_settings_listen(settings, tg_span_text(items[LISTEN].fallback));
        settings->chosen = false;
}

static bool is_port(struct tg_span text)
{
        unsigned port = 0;

        for (size_t i = 0; i < text.size; i++) {
                if (text.data[i] < '0' || text.data[i] > '9' || i >= 5)
                        return false;
                port = 10 * port + (text.data[i] - '0');
        }
        return text.size > 0 && port <= PORT_MAX;
}

/* What stands before and behind the last colon. */
static bool split(struct tg_span text, struct tg_span *ret_host, struct tg_span *ret_port)
{
        size_t end = text.size;

        while (end > 0 && text.data[end - 1] != ':')
                end--;
        if (end < 2)
                return false;
        *ret_host = tg_span_of(text.data, end - 1);
        *ret_port = tg_span_of(text.data + end, text.size - end);
        if (ret_host->data[0] == '[' && ret_host->data[ret_host->size - 1] == ']')
                *ret_host = tg_span_of(ret_host->data + 1, ret_host->size - 2);
        return true;
}

int tg_http_settings_listen(struct tg_http_settings *settings, struct tg_span text)
{
        struct tg_http_settings next = *settings;
        struct tg_span host, port;
        uint8_t address[sizeof(struct in6_addr)];

        next.chosen = true;
        memset(next.host, 0, sizeof next.host);
        memset(next.port, 0, sizeof next.port);
        if (!tg_span_equal(text, tg_span_text("off"))) {
                if (!split(text, &host, &port) || host.size >= sizeof next.host || !is_port(port))
                        return -1;
                memcpy(next.host, host.data, host.size);
                memcpy(next.port, port.data, port.size);
                if (inet_pton(AF_INET, next.host, address) != 1 &&
                    inet_pton(AF_INET6, next.host, address) != 1)
                        return -1;
        }
        *settings = next;
        return 0;
}

void tg_http_settings_read(struct tg_http_settings *settings, struct tg_reader *root)
{
        const struct tg_node *node;
        struct tg_reader reader;
        struct tg_span listen;

        tg_read_mapping(root, tg_http_settings_keys.section, TG_OPTIONAL, &reader);
        node = tg_read_text(&reader, items[LISTEN].key, TG_OPTIONAL, &listen);
        if (node && tg_http_settings_listen(settings, listen) < 0)
                tg_diagnose(root->diagnostics, node, TG_ERROR,
                            "write 127.0.0.1:8787, [::1]:8787, a port of 0 for any, or off",
                            "this is no address to listen on");
        tg_settings_read(&tg_http_settings_keys, &reader, ".", settings);
        tg_reader_finish(&reader);
}
