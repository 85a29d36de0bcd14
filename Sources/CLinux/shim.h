// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

// What Swift's Glibc module does not show: GNU extensions and the constants of epoll, which are enumerators to C.
#pragma once
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

static const unsigned int unnati_epoll_in = EPOLLIN;
static const unsigned int unnati_epoll_out = EPOLLOUT;
static const unsigned int unnati_epoll_broken = EPOLLERR | EPOLLHUP;
static const unsigned int unnati_epoll_once = EPOLLONESHOT;

// Declared here, since defining _GNU_SOURCE would change other declarations that Glibc's module shares.
extern int accept4(int listener, struct sockaddr *address, socklen_t *length, int flags);

static inline int unnati_accept(int listener, struct sockaddr_storage *peer) {
    socklen_t length = sizeof *peer;
    return accept4(listener, (struct sockaddr *)peer, &length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}

static inline int unnati_eventfd(void) { return eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK); }

static inline int unnati_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

static inline int unnati_epoll_add(int poller, int descriptor, unsigned int events, unsigned long long token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event);
}

static inline int unnati_epoll_change(int poller, int descriptor, unsigned int events, unsigned long long token) {
    struct epoll_event event = {.events = events, .data.u64 = token};
    return epoll_ctl(poller, EPOLL_CTL_MOD, descriptor, &event);
}

static inline int unnati_epoll_remove(int poller, int descriptor) { return epoll_ctl(poller, EPOLL_CTL_DEL, descriptor, 0); }
