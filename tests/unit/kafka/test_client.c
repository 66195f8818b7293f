/* SPDX-License-Identifier: Apache-2.0 */
#include "kafka/client.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WAIT_MS = 100, WAITS_MAX = 300 };

/* Listens, and answers whoever comes with what is no TLS. */
static void *answer(void *argument)
{
        static const char text[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
        int listener = *(int *)argument;

        for (int peer; (peer = accept(listener, NULL, NULL)) >= 0; close(peer))
                if (write(peer, text, sizeof text - 1) < 0)
                        break;
        return NULL;
}

static atomic_uint warnings;

static void tell(void *context, enum tg_notice_level level, const char *key, const char *text)
{
        (void)context;
        (void)key;
        if (level == TG_NOTICE_WARNING && strstr(text, "_SSL); trying on"))
                atomic_fetch_add(&warnings, 1);
}

/* Polls a client of a broker that does not speak TLS until it says something of that. */
static struct tg_client try_tls(bool trusted)
{
        static const struct tg_notices notices = {.tell = tell};
        struct sockaddr_in address = {.sin_family = AF_INET,
                                      .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
        socklen_t size = sizeof address;
        struct tg_client client = {.notices = &notices, .role = "test", .trusted = trusted};
        int listener = socket(AF_INET, SOCK_STREAM, 0);
        struct tg_kafka_settings settings;
        const struct tg_client_options options = {.settings = &settings};
        struct tg_error error;
        pthread_t thread;
        char text[32];

        cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
        cr_assert_eq(listen(listener, 16), 0);
        cr_assert_eq(getsockname(listener, (struct sockaddr *)&address, &size), 0);
        cr_assert_eq(pthread_create(&thread, NULL, answer, &listener), 0);
        snprintf(text, sizeof text, "127.0.0.1:%u", ntohs(address.sin_port));
        tg_kafka_settings_init(&settings);
        tg_kafka_settings_set(&settings, "bootstrap.servers", text);
        tg_kafka_settings_set(&settings, "security.protocol", "ssl");
        cr_assert_eq(tg_client_init(&client, RD_KAFKA_PRODUCER, &options, &error), 0, "%s",
                     error.message);
        for (int i = 0; i < WAITS_MAX && !client.failed && !atomic_load(&warnings); i++)
                rd_kafka_poll(client.handle, WAIT_MS);
        tg_client_deinit(&client);
        tg_kafka_settings_deinit(&settings);
        shutdown(listener, SHUT_RDWR);
        pthread_join(thread, NULL);
        close(listener);
        return client;
}

Test(client, that_was_never_let_in_gives_up_when_its_credentials_are_refused)
{
        struct tg_client client = try_tls(false);

        cr_assert(client.failed);
        cr_expect_eq(client.failure.exit_code, EX_NOPERM);
        cr_expect(strstr(client.failure.message, "ssl.ca.location"), "%s", client.failure.message);
}

Test(client, whose_settings_were_good_before_says_so_and_tries_on)
{
        struct tg_client client = try_tls(true);

        cr_expect_not(client.failed, "%s", client.failure.message);
        cr_expect_eq(atomic_load(&warnings), 1);
}
