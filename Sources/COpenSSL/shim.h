// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

// Macros that Swift does not see, as functions.
#pragma once
#include <openssl/err.h>
#include <openssl/ssl.h>

/// TLS 1.2 and 1.3; no compression, no renegotiation, the server's order of ciphers.
static inline int unnati_tls_harden(SSL_CTX *context) {
    SSL_CTX_set_options(context, SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION | SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA);
    // A connection that rests keeps no buffers; what is written may move between two attempts.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
    return SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) && SSL_CTX_set1_groups_list(context, "X25519:P-256:P-384");
}
