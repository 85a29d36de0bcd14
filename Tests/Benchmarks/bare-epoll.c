// SPDX-License-Identifier: Apache-2.0
// The least that can answer: a thread for each core, epoll, one recv and one send a request, no parsing but for the end of the
// head, and the same reply as `GET /livez` has. What a server does beyond this is what it costs.
//
//     bare-epoll PORT
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static int port;

static int reply(char *out, unsigned long id) {
    time_t seconds = time(NULL);
    struct tm calendar;
    gmtime_r(&seconds, &calendar);
    int length = strftime(out, 100, "HTTP/1.1 200 OK\r\nDate: %a, %d %b %Y %H:%M:%S GMT\r\n", &calendar);
    return length + sprintf(out + length,
        "Content-Type: application/json\r\nCache-Control: no-store\r\n"
        "Content-Security-Policy: default-src 'none'; frame-ancestors 'none'; sandbox\r\n"
        "X-Content-Type-Options: nosniff\r\nReferrer-Policy: no-referrer\r\nX-Request-Id: %032lx\r\n"
        "Content-Length: 18\r\n\r\n{\"status\":\"alive\"}", id);
}

static void *serve(void *unused) {
    int yes = 1, listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(listener, SOL_SOCKET, SO_REUSEPORT, &yes, sizeof yes);
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    if (bind(listener, (struct sockaddr *)&address, sizeof address) || listen(listener, 1024)) { perror("listen"); exit(1); }
    int poller = epoll_create1(0);
    struct epoll_event event = {.events = EPOLLIN, .data.fd = listener}, events[128];
    epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event);
    char in[65536], out[65536];
    unsigned long id = 0;
    for (;;) {
        int ready = epoll_wait(poller, events, 128, -1);
        for (int index = 0; index < ready; index++) {
            int descriptor = events[index].data.fd;
            if (descriptor == listener) {
                for (int taken; (taken = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0;) {
                    setsockopt(taken, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
                    event.data.fd = taken;
                    epoll_ctl(poller, EPOLL_CTL_ADD, taken, &event);
                }
                continue;
            }
            ssize_t count = recv(descriptor, in, sizeof in, 0);
            if (count <= 0) {
                if (count == 0 || errno != EAGAIN) close(descriptor);
                continue;
            }
            int length = 0;
            for (char *rest = in, *end; (end = memmem(rest, in + count - rest, "\r\n\r\n", 4)) && length < 64000; rest = end + 4)
                length += reply(out + length, id++);
            send(descriptor, out, length, MSG_NOSIGNAL);
        }
    }
    return unused;
}

int main(int count, char **arguments) {
    if (count < 2) return 2;
    port = atoi(arguments[1]);
    pthread_t thread;
    for (long core = 0; core < sysconf(_SC_NPROCESSORS_ONLN); core++) pthread_create(&thread, NULL, serve, NULL);
    pause();
}
