# SPDX-License-Identifier: Apache-2.0
"""Another business on the same server, which looks at its list of customers two hundred times a second until its input ends.
Prints the milliseconds that each reply took, from asking for it, as JSON.

usage: book_neighbour.py PORT TOKEN
"""
import http.client
import json
import select
import sys
import time

INTERVAL = 0.005


def main(port, token):
    connection, taken, due = http.client.HTTPConnection("127.0.0.1", port), [], time.perf_counter()
    while not select.select([sys.stdin], [], [], max(0, due - time.perf_counter()))[0]:
        begun = time.perf_counter()
        connection.request("GET", "/v1/customers?limit=20", headers={"Authorization": "Bearer " + token})
        reply = connection.getresponse()
        reply.read()
        assert reply.status == 200, reply.status
        taken.append((time.perf_counter() - begun) * 1_000)
        # Whoever had to wait does not ask for what was missed.
        due = max(due + INTERVAL, time.perf_counter())
    print(json.dumps(taken))


main(int(sys.argv[1]), sys.argv[2])
