// SPDX-License-Identifier: Apache-2.0
// Sends requests at a rate that does not depend on how fast they are answered, as the outside world does: wrk waits for each
// reply before it asks again, and so never shows what a queue does.
//
//     open-loop PORT RATE SECONDS CONNECTIONS FILE...
//
// Each FILE holds one request, bytes as they are sent; they take turns. A moment's request goes out on a connection that is
// free; when none is, it counts as unsent. Prints one line of JSON: how many requests were answered with which class of
// status, and how long those took, from the moment they were due to the end of their reply, in milliseconds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { MAXIMUM_FILES = 16, BUCKETS = 60000 };  // a bucket holds a tenth of a millisecond

struct connection {
    int descriptor, isBusy, status, needed, have;
    double due;
    char head[4096];
};

static int port;
static long answered[6], histogram[6][BUCKETS], unsent, broken;
static char *requests[MAXIMUM_FILES];
static size_t lengths[MAXIMUM_FILES];

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static void dial(struct connection *c, int poller) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int yes = 1;
    c->descriptor = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(c->descriptor, (struct sockaddr *)&address, sizeof address)) { perror("connect"); exit(1); }
    setsockopt(c->descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    fcntl(c->descriptor, F_SETFL, O_NONBLOCK);
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = c};
    epoll_ctl(poller, EPOLL_CTL_ADD, c->descriptor, &event);
    c->isBusy = c->needed = c->have = 0;
}

static void done(struct connection *c, double time) {
    int class = c->status / 100;
    if (class < 1 || class > 5) class = 0;
    long bucket = (time - c->due) * 10000;
    answered[class]++;
    histogram[class][bucket < 0 ? 0 : bucket < BUCKETS ? bucket : BUCKETS - 1]++;
    c->isBusy = c->needed = c->have = 0;
}

// Returns 0 when the connection has ended.
static int readSome(struct connection *c) {
    static char buffer[262144];
    ssize_t count = recv(c->descriptor, buffer, sizeof buffer, 0);
    if (count < 0 && errno == EAGAIN) return 1;
    if (count <= 0) return 0;
    size_t taken = 0;
    if (!c->needed) {
        // The head is gathered until it is whole; what is behind it is only counted.
        size_t room = sizeof c->head - 1 - c->have;
        taken = (size_t)count < room ? (size_t)count : room;
        memcpy(c->head + c->have, buffer, taken);
        c->head[c->have + taken] = 0;
        char *end = strstr(c->head, "\r\n\r\n"), *length = strcasestr(c->head, "\r\nContent-Length:");
        if (!end) {
            c->have += taken;
            return c->have < (int)sizeof c->head - 1;
        }
        c->status = atoi(c->head + 9);
        size_t headLeft = end + 4 - (c->head + c->have);
        c->needed = (length && length < end ? atoi(length + 17) : 0) + 1;
        c->needed -= count - headLeft;
    } else {
        c->needed -= count;
    }
    if (c->needed <= 1) {
        if (strcasestr(c->head, "\r\nConnection: close")) return 0;
        done(c, now());
    }
    return 1;
}

static double percentile(int class, double share) {
    long wanted = answered[class] * share, seen = 0;
    for (int bucket = 0; bucket < BUCKETS; bucket++)
        if ((seen += histogram[class][bucket]) > wanted) return bucket / 10.0;
    return 0;
}

int main(int count, char **arguments) {
    if (count < 6) { fprintf(stderr, "usage: open-loop PORT RATE SECONDS CONNECTIONS FILE...\n"); return 2; }
    port = atoi(arguments[1]);
    double rate = atof(arguments[2]), seconds = atof(arguments[3]);
    int connections = atoi(arguments[4]), files = count - 5 < MAXIMUM_FILES ? count - 5 : MAXIMUM_FILES;
    for (int file = 0; file < files; file++) {
        FILE *source = fopen(arguments[5 + file], "rb");
        if (!source) { perror(arguments[5 + file]); return 2; }
        requests[file] = malloc(65536);
        lengths[file] = fread(requests[file], 1, 65536, source);
        fclose(source);
    }
    int poller = epoll_create1(0);
    struct connection *all = calloc(connections, sizeof *all), **idle = calloc(connections, sizeof *idle);
    for (int index = 0; index < connections; index++) { dial(&all[index], poller); idle[index] = &all[index]; }
    int idleCount = connections;
    long due = 0, turn = 0;
    double begin = now(), end = begin + seconds;
    struct epoll_event events[256];
    for (double time = begin; time < end + 2; time = now()) {
        long scheduled = (time < end ? time - begin : seconds) * rate;
        for (; due < scheduled; due++) {
            if (!idleCount) { unsent++; continue; }
            struct connection *c = idle[--idleCount];
            int file = turn++ % files;
            c->due = begin + due / rate;
            c->isBusy = 1;
            if (send(c->descriptor, requests[file], lengths[file], MSG_NOSIGNAL) != (ssize_t)lengths[file]) broken++;
        }
        if (time >= end && idleCount == connections) break;
        int ready = epoll_wait(poller, events, 256, 1);
        for (int index = 0; index < ready; index++) {
            struct connection *c = events[index].data.ptr;
            int wasBusy = c->isBusy;
            if (!readSome(c)) {
                // A last reply counts; anything else that ends a request is broken.
                if (wasBusy && c->needed <= 1 && c->needed) done(c, now());
                else if (wasBusy) broken++;
                close(c->descriptor);
                dial(c, poller);
            }
            if (wasBusy && !c->isBusy) idle[idleCount++] = c;
        }
    }
    printf("{\"sent\": %ld, \"unsent\": %ld, \"broken\": %ld, \"open\": %d", turn, unsent, broken, connections - idleCount);
    for (int class = 2; class <= 5; class++)
        printf(", \"%dxx\": {\"count\": %ld, \"p50\": %.1f, \"p99\": %.1f, \"max\": %.1f}", class, answered[class], percentile(class, 0.5),
               percentile(class, 0.99), percentile(class, 0.999999));
    printf("}\n");
}
