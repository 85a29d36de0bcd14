// SPDX-License-Identifier: Apache-2.0
// Seconds per bcrypt of libxcrypt, the C library's own: bcrypt COST COUNT
#include <crypt.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int count, char **arguments) {
    int cost = atoi(arguments[1]), turns = atoi(arguments[2]);
    static struct crypt_data data;
    struct timespec begin, end;
    char setting[64], password[64];
    snprintf(setting, sizeof setting, "$2b$%02d$abcdefghijklmnopqrstuu", cost);
    clock_gettime(CLOCK_MONOTONIC, &begin);
    for (int turn = 0; turn < turns; turn++) {
        snprintf(password, sizeof password, "correct horse %d", turn);
        if (!crypt_r(password, setting, &data)) return 1;
    }
    clock_gettime(CLOCK_MONOTONIC, &end);
    printf("%f\n", ((end.tv_sec - begin.tv_sec) + (end.tv_nsec - begin.tv_nsec) / 1e9) / turns);
}
