/* SPDX-License-Identifier: Apache-2.0 */
#include "http/listen.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BACKLOG = 64 };

/* Returns the socket, or -1 with errno set. */
static int open_socket(const struct addrinfo *where)
{
        const int on = 1;
        int code, opened = socket(where->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

        if (opened < 0)
                return -1;
        setsockopt(opened, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        if (bind(opened, where->ai_addr, where->ai_addrlen) == 0 && listen(opened, BACKLOG) == 0)
                return opened;
        code = errno;
        close(opened);
        errno = code;
        return -1;
}

/* The port that the socket was given, as text. */
static int learn_port(int opened, char port[static NI_MAXSERV])
{
        struct sockaddr_storage address;
        socklen_t size = sizeof address;

        if (getsockname(opened, (struct sockaddr *)&address, &size) < 0)
                return -1;
        return getnameinfo((struct sockaddr *)&address, size, NULL, 0, port, NI_MAXSERV,
                           NI_NUMERICSERV)
                       ? -1
                       : 0;
}

int tg_http_listen(const struct tg_http_settings *settings, int *ret_socket,
                   char ret_address[static TG_HTTP_ADDRESS_SIZE], struct tg_error *error)
{
        const struct addrinfo hints = {
                .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE,
                .ai_socktype = SOCK_STREAM,
        };
        bool colons = strchr(settings->host, ':') != NULL;
        char port[NI_MAXSERV];
        struct addrinfo *found;
        int opened, code = getaddrinfo(settings->host, settings->port, &hints, &found);

        if (code)
                return tg_fail(error, EX_CONFIG, "http.listen: %s:%s: %s", settings->host,
                               settings->port, gai_strerror(code));
        opened = open_socket(found);
        code = errno;
        freeaddrinfo(found);
        if (opened < 0)
                return tg_fail_errno(error, EX_UNAVAILABLE, code, "HTTP on %s:%s", settings->host,
                                     settings->port);
        if (learn_port(opened, port) < 0) {
                close(opened);
                return tg_fail(error, EX_OSERR, "HTTP: the port that was given can't be learnt");
        }
        snprintf(ret_address, TG_HTTP_ADDRESS_SIZE, "%s%s%s:%s", colons ? "[" : "", settings->host,
                 colons ? "]" : "", port);
        *ret_socket = opened;
        return 0;
}
