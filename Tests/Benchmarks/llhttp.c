// SPDX-License-Identifier: Apache-2.0
// Node's parser, llhttp, on the same bytes as ParserProbe: it marks where things are and keeps nothing of them.
//
//     llhttp FILE SECONDS
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "llhttp.h"

static long parsed, bytes;

static int note(llhttp_t *parser, const char *at, size_t length) { (void)parser, (void)at; bytes += length; return 0; }
static int complete(llhttp_t *parser) { (void)parser; parsed++; return 0; }

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

int main(int count, char **arguments) {
    if (count < 3) return 2;
    static char request[65536];
    FILE *file = fopen(arguments[1], "rb");
    size_t length = fread(request, 1, sizeof request, file);
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    settings.on_url = settings.on_header_field = settings.on_header_value = note;
    settings.on_message_complete = complete;
    llhttp_t parser;
    llhttp_init(&parser, HTTP_REQUEST, &settings);
    double begin = now(), end = begin + atof(arguments[2]);
    while (now() < end)
        for (int turn = 0; turn < 1000; turn++)
            if (llhttp_execute(&parser, request, length) != HPE_OK) { fprintf(stderr, "%s\n", llhttp_get_error_reason(&parser)); return 1; }
    double seconds = now() - begin;
    printf("%.0f %.0f\n", parsed / seconds, parsed * length / seconds);
}
