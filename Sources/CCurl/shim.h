// SPDX-License-Identifier: Apache-2.0
// Unnati: a growth platform for very small businesses.

// libcurl sets options through functions of any number of arguments, which Swift does not see: one of a kind each.
#pragma once
#define CURL_DISABLE_TYPECHECK
#include <curl/curl.h>
#include <openssl/ssl.h>
#include <stdlib.h>
#include <unistd.h>

typedef size_t (*unnati_curl_bytes)(char *bytes, size_t size, size_t count, void *context);

static inline CURLcode unnati_curl_number(CURL *easy, CURLoption option, long value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode unnati_curl_size(CURL *easy, CURLoption option, curl_off_t value) {
    return curl_easy_setopt(easy, option, value);
}

/// The text is copied.
static inline CURLcode unnati_curl_text(CURL *easy, CURLoption option, const char *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode unnati_curl_pointer(CURL *easy, CURLoption option, void *value) {
    return curl_easy_setopt(easy, option, value);
}

static inline CURLcode unnati_curl_on_bytes(CURL *easy, CURLoption option, unnati_curl_bytes function) {
    return curl_easy_setopt(easy, option, function);
}

static inline CURLcode unnati_curl_on_open(CURL *easy, curl_opensocket_callback function) {
    return curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, function);
}

/// The authorities in a file, or the machine's own, whatever the environment says; NULL when there are none that can be read.
static inline X509_STORE *unnati_trust(const char *file) {
    const char *bundle = file ? file : X509_get_default_cert_file(), *folder = file ? NULL : X509_get_default_cert_dir();
    if (!file && access(bundle, R_OK) != 0) bundle = NULL;
    if (folder && access(folder, R_OK | X_OK) != 0) folder = NULL;
    X509_STORE *store = X509_STORE_new();
    if (!store) return NULL;
    if ((bundle || folder) && X509_STORE_load_locations(store, bundle, folder)) return store;
    X509_STORE_free(store);
    return NULL;
}

static inline void unnati_trust_free(X509_STORE *store) { X509_STORE_free(store); }

static inline CURLcode unnati_curl_trusting(CURL *easy, void *context, void *store) {
    (void)easy;
    SSL_CTX_set1_cert_store(context, store);
    // A connection that waits holds no buffer for reading, and a small one for writing.
    SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_max_send_fragment(context, 4096);
    return CURLE_OK;
}

/// Trust read once, in place of a file that libcurl would read and keep for each connection.
static inline CURLcode unnati_curl_on_tls(CURL *easy, X509_STORE *store) {
    curl_easy_setopt(easy, CURLOPT_CAINFO, NULL);
    curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
    curl_easy_setopt(easy, CURLOPT_SSL_CTX_DATA, store);
    return curl_easy_setopt(easy, CURLOPT_SSL_CTX_FUNCTION, unnati_curl_trusting);
}

/// libcurl's start. It would write the keys of all connections to a file that the environment names.
static inline CURLcode unnati_curl_start(void) {
    unsetenv("SSLKEYLOGFILE");
    return curl_global_init(CURL_GLOBAL_DEFAULT);
}

static inline CURLcode unnati_curl_on_progress(CURL *easy, curl_xferinfo_callback function) {
    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
    return curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, function);
}

/// OpenSSL's end of the connection; NULL for one in the clear.
static inline SSL *unnati_curl_tls(CURL *easy) {
    struct curl_tlssessioninfo *info = NULL;
    if (curl_easy_getinfo(easy, CURLINFO_TLS_SSL_PTR, &info) != CURLE_OK || !info) return NULL;
    return info->backend == CURLSSLBACKEND_OPENSSL ? info->internals : NULL;
}

static inline int unnati_tls_has_pending(SSL *tls) { return SSL_has_pending(tls); }

static inline CURLcode unnati_curl_on_close(CURL *easy, curl_closesocket_callback function, void *context) {
    curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, context);
    return curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, function);
}

static inline curl_socket_t unnati_curl_info_socket(CURL *easy) {
    curl_socket_t socket = CURL_SOCKET_BAD;
    curl_easy_getinfo(easy, CURLINFO_ACTIVESOCKET, &socket);
    return socket;
}

static inline long unnati_curl_info_number(CURL *easy, CURLINFO info) {
    long value = 0;
    curl_easy_getinfo(easy, info, &value);
    return value;
}

static inline curl_off_t unnati_curl_info_size(CURL *easy, CURLINFO info) {
    curl_off_t value = 0;
    curl_easy_getinfo(easy, info, &value);
    return value;
}

static inline CURLMcode unnati_multi_number(CURLM *multi, CURLMoption option, long value) {
    return curl_multi_setopt(multi, option, value);
}

static inline CURLMcode unnati_multi_on_socket(CURLM *multi, curl_socket_callback function, void *context) {
    curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, context);
    return curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, function);
}

static inline CURLMcode unnati_multi_on_timer(CURLM *multi, curl_multi_timer_callback function, void *context) {
    curl_multi_setopt(multi, CURLMOPT_TIMERDATA, context);
    return curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, function);
}

/// The handle of a transfer that has ended, and how; NULL when none has.
static inline CURL *unnati_multi_ended(CURLM *multi, CURLcode *result) {
    int left = 0;
    CURLMsg *message;
    while ((message = curl_multi_info_read(multi, &left))) {
        if (message->msg != CURLMSG_DONE) continue;
        *result = message->data.result;
        return message->easy_handle;
    }
    return NULL;
}

/// A socket of this kind that no program inherits and that never blocks.
static inline int unnati_curl_socket(const struct curl_sockaddr *address) {
    return socket(address->family, address->socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, address->protocol);
}
