# SPDX-License-Identifier: Apache-2.0
"""What people type into a search box, and how long they wait for what it finds."""
import http.client
import time
import urllib.parse

import indian_names
from book_servers import CONTENDERS, load


def queries(seed):
    """Two hundred, by their kind, for a business whose customers came by ``indian_names.file`` of that seed."""
    names = indian_names.Names(seed)
    chance = names.chance
    latin, devanagari = [], []
    while len(latin) < 150 or len(devanagari) < 30:
        name = names.name()
        (latin if name.isascii() else devanagari).append(name)
    taken = iter(latin)
    kinds = {
        "two to eight letters": [next(taken)[:2 + index % 7].strip() for index in range(60)],
        "two words": [" ".join(next(taken).split()[:2])[:chance.randrange(8, 16)].strip() for _ in range(30)],
        "Devanagari": [name if chance.random() < 0.3 else name[:chance.randrange(3, 7)].strip() for name in devanagari[:30]],
        "digits of a number": [str(chance.randrange(10 ** 9, 10 ** 10))[:chance.randrange(4, 8)] for _ in range(30)],
        "typed wrong": [indian_names.mistyped(next(taken).split()[0], chance) + " " + next(taken).split()[-1] for _ in range(30)],
        "of nobody": [chance.choice(["zqxwv", "xylophone", "qwfpgj", "brzzkt"]) + str(index) for index in range(20)]}
    return {kind: [text for text in texts if text] for kind, texts in kinds.items()}


def path(text):
    return "/v1/customers/search?limit=20&q=" + urllib.parse.quote(text)


def one_by_one(name, business, kinds, rounds=3):
    """Milliseconds of every query of each kind, asked one after the other; and how many were found by."""
    connection = http.client.HTTPConnection("127.0.0.1", CONTENDERS[name], timeout=30)
    headers, taken, failed = {"Authorization": "Bearer " + business.token}, {kind: [] for kind in kinds}, 0
    for turn in range(rounds):
        for kind, texts in kinds.items():
            for text in texts:
                begun = time.perf_counter()
                connection.request("GET", path(text), headers=headers)
                reply = connection.getresponse()
                reply.read()
                # The first round warms caches.
                if turn > 0:
                    taken[kind].append((time.perf_counter() - begun) * 1_000)
                    failed += reply.status != 200
    return taken, failed


def share(times, part):
    times = sorted(times)
    return times[min(len(times) - 1, int(len(times) * part))]


def measure(name, business, seed, seconds):
    kinds = queries(seed)
    taken, failed = one_by_one(name, business, kinds)
    every = [moment for moments in taken.values() for moment in moments]
    result = {"p50": share(every, 0.5), "p95": share(every, 0.95), "p99": share(every, 0.99), "failed": failed,
              "kinds": {kind: (share(moments, 0.5), share(moments, 0.95)) for kind, moments in taken.items()},
              "eight": load(CONTENDERS[name], business.token, [path(text) for texts in kinds.values() for text in texts], 8, seconds)}
    print(f"  {name}: p50 {result['p50']:.1f}, p95 {result['p95']:.1f}, p99 {result['p99']:.1f} ms; eight at once p95 {result['eight']['p95']:.1f} ms", flush=True)
    for kind, (p50, p95) in result["kinds"].items():
        print(f"    {kind}: p50 {p50:.1f}, p95 {p95:.1f} ms", flush=True)
    return result
