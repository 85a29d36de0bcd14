// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

#pragma once
#define _GNU_SOURCE
#include <sys/socket.h>

/// accept4(2) is a GNU extension that Swift's Glibc module does not show.
static inline int unnati_accept(int listener, struct sockaddr_storage *address, socklen_t *length) {
    return accept4(listener, (struct sockaddr *)address, length, SOCK_CLOEXEC | SOCK_NONBLOCK);
}
