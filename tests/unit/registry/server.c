/* SPDX-License-Identifier: Apache-2.0 */
#include "registry/server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int open_socket(struct sockaddr_in *address)
{
        socklen_t size = sizeof *address;
        int socket_fd = socket(AF_INET, SOCK_STREAM, 0);

        *address = (struct sockaddr_in){
                .sin_family = AF_INET,
                .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
        };
        cr_assert_eq(bind(socket_fd, (struct sockaddr *)address, size), 0);
        cr_assert_eq(getsockname(socket_fd, (struct sockaddr *)address, &size), 0);
        return socket_fd;
}

static void put_url(char url[static 64], const struct sockaddr_in *address)
{
        snprintf(url, 64, "http://127.0.0.1:%d", ntohs(address->sin_port));
}

void server_nowhere(char url[static 64])
{
        struct sockaddr_in address;

        close(open_socket(&address));
        put_url(url, &address);
}

/* How many bytes of body the head promises. */
static size_t body_size(const char *head)
{
        const char *line = strcasestr(head, "\r\nContent-Length:");

        return line ? strtoul(line + 17, NULL, 10) : 0;
}

static void read_request(int connection, char text[static SERVER_REQUEST_SIZE])
{
        size_t used = 0;
        ssize_t got;

        do {
                const char *end;

                text[used] = '\0';
                end = strstr(text, "\r\n\r\n");
                if (end && used >= (size_t)(end + 4 - text) + body_size(text))
                        return;
                got = recv(connection, text + used, SERVER_REQUEST_SIZE - 1 - used, 0);
                used += got > 0 ? (size_t)got : 0;
        } while (got > 0);
}

static void send_reply(int connection, const struct reply *reply)
{
        const struct timespec delay = {reply->delay_ms / 1000, reply->delay_ms % 1000 * 1000000L};
        const char *body = reply->body ? reply->body : "";
        char head[1024], blanks[4096];
        size_t left = reply->filler;
        int size;

        nanosleep(&delay, NULL);
        if (reply->hang_up)
                return;
        size = snprintf(head, sizeof head,
                        "HTTP/1.1 %d Scripted\r\nContent-Length: %zu\r\nConnection: close\r\n"
                        "%s\r\n",
                        reply->status, strlen(body) + left, reply->headers ? reply->headers : "");
        send(connection, head, (size_t)size, MSG_NOSIGNAL);
        send(connection, body, strlen(body), MSG_NOSIGNAL);
        memset(blanks, ' ', sizeof blanks);
        while (left > 0) {
                size_t part = left < sizeof blanks ? left : sizeof blanks;

                if (send(connection, blanks, part, MSG_NOSIGNAL) < 0)
                        return;
                left -= part;
        }
}

static const struct reply *choose(const struct server *server, const char *request, unsigned turn)
{
        for (size_t i = 0; i < server->reply_count; i++)
                if (server->replies[i].path && strstr(request, server->replies[i].path))
                        return &server->replies[i];
        return &server->replies[turn < server->reply_count ? turn : server->reply_count - 1];
}

static void *serve(void *argument)
{
        struct server *server = argument;
        int connection;

        while ((connection = accept(server->socket, NULL, NULL)) >= 0) {
                char *text = calloc(1, SERVER_REQUEST_SIZE);
                unsigned i = server->count;

                const struct reply *reply;

                read_request(connection, text);
                reply = choose(server, text, i);
                if (i < SERVER_REQUESTS_MAX)
                        server->requests[i] = text;
                else
                        free(text);
                server->count++;
                send_reply(connection, reply);
                close(connection);
        }
        return NULL;
}

void server_start(struct server *server, const struct reply *replies, size_t count)
{
        struct sockaddr_in address;

        *server = (struct server){.replies = replies, .reply_count = count};
        server->socket = open_socket(&address);
        put_url(server->url, &address);
        cr_assert_eq(listen(server->socket, 16), 0);
        cr_assert_eq(pthread_create(&server->thread, NULL, serve, server), 0);
}

void server_stop(struct server *server)
{
        shutdown(server->socket, SHUT_RDWR);
        pthread_join(server->thread, NULL);
        close(server->socket);
        for (int i = 0; i < SERVER_REQUESTS_MAX; i++)
                free(server->requests[i]);
}
