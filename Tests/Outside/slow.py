# SPDX-License-Identifier: Apache-2.0
"""Slow clients by slowhttptest, two thousand connections of each kind, while a well-behaved one watches.

usage: python Tests/Outside/slow.py PORT [SECONDS]
"""
import socket
import statistics
import subprocess
import sys
import threading
import time

from exchange_bytes import read_reply

REQUEST = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
KINDS = {
    "slow headers": ["-H", "-i", "3", "-x", "24"],
    "slow bodies": ["-B", "-i", "3", "-s", "8192", "-x", "24"],
    "slow readers": ["-X", "-w", "1", "-y", "16", "-n", "2", "-z", "16", "-k", "3"],
    "ranges": ["-R", "-a", "10", "-b", "3000"],
}


def watch(port, until):
    """Milliseconds of one request after the other, each on a connection of its own, and how many failed."""
    moments, failures = [], 0
    while not until.is_set():
        begun = time.perf_counter()
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
                connection.sendall(REQUEST)
                failures += read_reply(connection, b"")[0] != 200
        except OSError:
            failures += 1
        moments.append((time.perf_counter() - begun) * 1_000)
        time.sleep(0.01)
    return sorted(moments), failures


def main():
    port, seconds = int(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 30
    faults = 0

    def measure(name, command):
        nonlocal faults
        until, result = threading.Event(), []
        thread = threading.Thread(target=lambda: result.append(watch(port, until)))
        thread.start()
        if command:
            subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=seconds + 60)
        else:
            time.sleep(seconds / 3)
        until.set()
        thread.join()
        moments, failures = result[0]
        p99 = moments[int(len(moments) * 0.99)]
        print(f"{name}: {len(moments)} probes, {failures} failed, p50 {statistics.median(moments):.2f} ms, p99 {p99:.2f} ms", flush=True)
        faults += failures
        return p99

    base = measure("nobody else", None)
    for name, options in KINDS.items():
        path = "/v1/auth/login" if name == "slow bodies" else "/livez"
        p99 = measure(name, ["slowhttptest", "-c", "2000", "-r", "500", "-l", str(seconds), "-p", "3", "-u", f"http://127.0.0.1:{port}{path}", *options])
        if p99 > 2 * base:
            print(f"  more than twice {base:.2f} ms")
            faults += 1
    sys.exit(1 if faults else 0)


main()
