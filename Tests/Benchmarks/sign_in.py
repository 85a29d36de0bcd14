# SPDX-License-Identifier: Apache-2.0
"""What coming in costs: checking a token, beside PyJWT on the same ones, and logging in, beside hashing alone. Writes docs/sign-in.md.

usage: sign_in.py CLUSTER_URL
"""
import contextlib
import http.client
import json
import os
import pathlib
import statistics
import subprocess
import sys
import threading
import time

import jwt

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Outside"))
import accounts  # noqa: E402

CLUSTER, PORT, ROUNDS, SECONDS, CLIENTS = sys.argv[1], 18095, 3, 10, 8


def tokens():
    """Microseconds for a check: ours of one seen for the first time and of one seen before, and PyJWT's."""
    rounds = []
    for _ in range(ROUNDS):
        probe = json.loads(subprocess.run([ROOT / ".build/release/TokenProbe"], check=True, capture_output=True, text=True).stdout)
        key = jwt.PyJWK(json.loads(probe["keys"])["keys"][0]).key
        begin = time.perf_counter()
        for token in probe["tokens"]:
            jwt.decode(token, key, algorithms=["EdDSA"], audience="unnati-api", issuer="unnati")
        theirs = (time.perf_counter() - begin) / len(probe["tokens"]) * 1e6
        rounds.append((probe["fresh_nanoseconds"] / 1e3, probe["known_nanoseconds"] / 1e3, theirs))
    return [statistics.median(values) for values in zip(*rounds)]


def hashes():
    """Seconds for one hash at cost 12."""
    return float(subprocess.run([ROOT / ".build/release/PasswordProbe"], input="time 12 12\n", check=True, capture_output=True, text=True).stdout)


@contextlib.contextmanager
def serving():
    settings = {"DATABASE_URL": f"{CLUSTER}unnati_app&dbname=unnati_bench", "JOBS": "off", "HTTP_PORT": str(PORT), "ADMIN_PORT": "0", "ACCESS_LOG": "off",
                "KEYS_DIRECTORY": str(ROOT / ".local/bench-keys"), "RATE_LIMIT_IDENTITY": "off", "PASSWORD_LANES": "1"}
    process = subprocess.Popen([ROOT / ".build/release/unnati", "serve"], env={**os.environ, **settings}, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                connection = http.client.HTTPConnection("127.0.0.1", PORT)
                connection.request("GET", "/readyz")
                if connection.getresponse().status == 200:
                    break
            time.sleep(0.05)
        yield settings
    finally:
        process.terminate()
        process.wait()


def log_ins(bodies):
    """Log-ins a second of eight people at once, over one lane of hashing."""
    done, over = [0] * CLIENTS, time.monotonic() + SECONDS

    def client(number):
        connection = http.client.HTTPConnection("127.0.0.1", PORT)
        while time.monotonic() < over:
            connection.request("POST", "/v1/auth/login", bodies[number], {"Content-Type": "application/json"})
            reply = connection.getresponse()
            reply.read()
            assert reply.status == 200, reply.status
            done[number] += 1

    begin = time.monotonic()
    threads = [threading.Thread(target=client, args=(number,)) for number in range(CLIENTS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(done) / (time.monotonic() - begin)


def main():
    fresh, known, theirs = tokens()
    rates = []
    with serving() as settings:
        people = [f"bench{number}-{time.time_ns()}@example.in" for number in range(CLIENTS)]
        accounts.bring(settings, [accounts.line("Bench", "Bench", person, "seven silk saris", cost=12) for person in people])
        bodies = [json.dumps({"identity": person, "password": "seven silk saris"}) for person in people]
        for _ in range(ROUNDS):
            rates.append((hashes(), log_ins(bodies)))
    hash_seconds = statistics.median(seconds for seconds, _ in rates)
    rate = statistics.median(measured for _, measured in rates)
    share = statistics.median(measured * seconds for seconds, measured in rates)
    lines = ["# Coming in", "", f"Written by `make bench`: the median of {ROUNDS} rounds on a machine of {os.cpu_count()} cores.", "",
             "| Checking an access token | µs | target |", "|---|---:|---:|",
             f"| seen before (SHA-256 and a table) | {known:.2f} | < 5 |", f"| for the first time (EdDSA) | {fresh:.1f} | < 150 |",
             f"| the same tokens with PyJWT | {theirs:.1f} | |", "",
             f"**Logging in.** One lane of hashing makes {1 / hash_seconds:.2f} hashes a second at cost 12; {CLIENTS} people who log in at once over one lane come to "
             f"{rate:.2f} log-ins a second, {share:.2f} of that (round by round). A log-in is a hash and next to nothing else; more lanes (`PASSWORD_LANES`) make more.", ""]
    (ROOT / "docs/sign-in.md").write_text("\n".join(lines))
    print("\n".join(lines))


main()
