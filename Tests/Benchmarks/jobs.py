# SPDX-License-Identifier: Apache-2.0
"""Puts jobs that do nothing through our queue and through others, in turns, and adds what it found to docs/benchmarks.md.

Every contender has its queue filled first; what is measured is how fast it empties. PostgreSQL keeps its promises to the disk.
"""
import os
import pathlib
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import psycopg
import redis

ROOT = pathlib.Path(__file__).resolve().parents[2]
CLUSTER = sys.argv[1]
DATABASE = "unnati_bench"
PROBE = ROOT / ".build/release/JobProbe"
PEERS = ROOT / "Tests/Benchmarks/job-peers"
APP, WORKER = f"{CLUSTER}unnati_app&dbname={DATABASE}", f"{CLUSTER}unnati_worker&dbname={DATABASE}"
ROUNDS = int(os.environ.get("BENCH_ROUNDS", 3))


def unnati(count=40_000):
    subprocess.run([PROBE, "enqueue", APP, "noop", str(count), "10"], check=True, stdout=subprocess.DEVNULL)
    return count / float(subprocess.run([PROBE, "drain", APP, WORKER, str(count)], check=True, capture_output=True, text=True).stdout)


def wake(count=400):
    waits = [float(wait) for wait in subprocess.run([PROBE, "wake", APP, WORKER, str(count)], check=True, capture_output=True, text=True).stdout.split()]
    return waits[count // 2], waits[count * 99 // 100]


def procrastinate(count=4_000):
    url = f"{CLUSTER}postgres&dbname=unnati_bench_procrastinate"
    with psycopg.connect(f"{CLUSTER}postgres&dbname=postgres", autocommit=True) as connection:
        connection.execute("DROP DATABASE IF EXISTS unnati_bench_procrastinate WITH (FORCE)")
        connection.execute("CREATE DATABASE unnati_bench_procrastinate")
    output = subprocess.run([sys.executable, PEERS / "procrastinate_peer.py", url, str(count)], check=True, capture_output=True, text=True).stdout
    return count / float(output)


def celery(count=20_000):
    """Redis behind a socket of its own, and a worker with a process a core, as Celery's documentation starts it."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="unnati-redis-"))
    # Debian's tools are the server too, by another name.
    server = subprocess.Popen(["redis-server", "--port", "0", "--unixsocket", folder / "redis", "--save", "", "--dir", folder],
                              executable=shutil.which("redis-check-rdb"), stdout=subprocess.DEVNULL)
    environment = {**os.environ, "CELERY_BROKER": f"redis+socket://{folder}/redis", "PYTHONPATH": str(PEERS)}
    worker = None
    try:
        client = redis.Redis(unix_socket_path=str(folder / "redis"))
        while True:
            try:
                client.ping()
                break
            except redis.ConnectionError:
                time.sleep(0.05)
        subprocess.run([sys.executable, PEERS / "celery_peer.py", str(count)], check=True, env=environment)
        worker = subprocess.Popen([sys.executable, "-m", "celery", "-A", "celery_peer", "worker", "--loglevel", "ERROR"],
                                  env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        def left():
            return client.llen("celery") + client.hlen("unacked")

        # From the first hundred that are done: starting is not what is measured.
        while left() > count - 100:
            time.sleep(0.002)
        begun, before = time.monotonic(), left()
        while left():
            time.sleep(0.005)
        return before / (time.monotonic() - begun)
    finally:
        for process in filter(None, [worker, server]):
            process.terminate()
            process.wait()
        shutil.rmtree(folder)


def main():
    results = {"Unnati": [], "Celery + Redis": [], "procrastinate": []}
    for turn in range(ROUNDS):
        print(f"Jobs, round {turn + 1} of {ROUNDS}", flush=True)
        for name, contender in zip(results, [unnati, celery, procrastinate]):
            results[name].append(contender())
            print(f"  {name}: {results[name][-1]:,.0f}/s", flush=True)
    median, p99 = wake()
    ours = results["Unnati"]
    rates = {name: statistics.median(rounds) for name, rounds in results.items()}
    lines = ["## Jobs", "", "Jobs that do nothing, of ten businesses, from a full queue: how fast it empties, the attempt counted and its end written down. "
             f"The median of {ROUNDS} rounds, measured in turns. Celery keeps its queue in memory (Redis, nothing saved); the others in PostgreSQL with "
             "`synchronous_commit` on.", "", "| | jobs/s |", "|---|---:|"]
    lines += [f"| {name} | {rate:,.0f} |" for name, rate in rates.items()]
    lines += ["", "| | measured | target |", "|---|---:|---:|", f"| jobs/s | {rates['Unnati']:,.0f} | ≥ 5,000 |"]
    for name in list(results)[1:]:
        lines.append(f"| Unnati to {name} | {statistics.median(a / b for a, b in zip(ours, results[name])):.1f} | > 1 |")
    lines += [f"| from commit to the handler in the same process, p50 | {median:.1f} ms | |", f"| the same, p99 | {p99:.1f} ms | ≤ 25 ms |", ""]
    document = ROOT / "docs/benchmarks.md"
    text = re.sub(r"\n## Jobs\n.*?(?=\n## |\Z)", "", document.read_text(), flags=re.DOTALL).rstrip()
    document.write_text(text + "\n\n" + "\n".join(lines))
    print("\n".join(lines))


main()
