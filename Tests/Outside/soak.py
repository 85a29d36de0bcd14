# SPDX-License-Identifier: Apache-2.0
"""What only time shows: drains by the dozen, more load than fits, and hours of everything at once.

usage: python Tests/Outside/soak.py [--minutes 10] [--drains 50] [--overload-seconds 60] [--jobs 1000000] [--write docs/soak.md]

Each part prints what it found; the exit code is the number of parts that found something wrong.
"""
import argparse
import json
import pathlib
import random
import signal
import socket
import subprocess
import tempfile
import threading
import time

import requests

from conftest import CLUSTER, PASSWORD, REPOSITORY, Server
from test_faults import restarts
from test_load import memory

OPEN_LOOP, PROBE = REPOSITORY / ".local/open-loop", REPOSITORY / ".build/release/JobProbe"


def fill(server, customers):
    """A business with so many customers: its access token, and the ids of some."""
    token = server.register()["access_token"]
    headers = {"Authorization": "Bearer " + token}
    rows = "name,phone,tags,notes\n" + "".join(f"Customer {number},{7_000_000_000 + number},silk;vip,Note {number}\n" for number in range(customers))
    status = requests.post(server.url + "/v1/customers/import", data=rows.encode(), headers={**headers, "Content-Type": "text/csv"}).json()
    while status["state"] == "running":
        time.sleep(0.1)
        status = requests.get(server.url + "/v1/customer-imports/" + status["id"], headers=headers).json()
    assert status["rows_created"] == customers
    page = requests.get(server.url + "/v1/customers?limit=100", headers=headers).json()
    return token, [customer["id"] for customer in page["data"]]


# Drains


def drains(folder, count):
    """The server is asked to go away so often while sixteen clients ask: no request may go without its reply."""
    server = Server(folder, HTTP_DRAIN_IDLE_MS=1_000)
    try:
        outcomes, longest = restarts(server, folder, count)
    finally:
        server.drop()
    lost = len(outcomes) - outcomes.count("200")
    line = f"{count} drains under load: {len(outcomes):,} requests, {lost} lost; the longest drain took {longest:.1f} s"
    return line, lost == 0 and longest <= 25


# Overload


def open_loop(port, rate, seconds, files, connections=2_000):
    output = subprocess.run([OPEN_LOOP, str(port), str(rate), str(seconds), str(connections), *map(str, files)], check=True, capture_output=True, text=True).stdout
    return json.loads(output)


def overload(folder, seconds):
    """Three times as much as the server can answer: what it does answer, and how soon it says no to the rest."""
    # Connections wait for their turn for longer than people do.
    server = Server(folder, ACCESS_TOKEN_LIFETIME_S=3_600, HTTP_CONNECTIONS=10_000, HTTP_FIRST_BYTE_MS=60_000, HTTP_IDLE_MS=600_000)
    try:
        token, ids = fill(server, 1_000)
        authorization = f"Host: x\r\nAuthorization: Bearer {token}\r\n"
        body = json.dumps({"notes": "Called again"})
        texts = []
        for one, other in zip(ids[0::2], ids[1::2]):
            texts += [f"GET /v1/customers?limit=20 HTTP/1.1\r\n{authorization}\r\n"] * 3 + [
                f"GET /v1/customers/{one} HTTP/1.1\r\n{authorization}\r\n",
                f"PATCH /v1/customers/{other} HTTP/1.1\r\n{authorization}If-Match: *\r\nContent-Type: application/json\r\n"
                f"Content-Length: {len(body)}\r\n\r\n{body}"]
        files = []
        for number, text in enumerate(texts[:15]):
            files.append(folder / f"request{number}")
            files[-1].write_text(text, newline="")

        def answered(rate, seconds):
            return open_loop(server.port, rate, seconds, files)["2xx"]["count"] / seconds

        # The capacity is the rate up to which all are answered; the peak, the most that are answered at any rate.
        capacity = rate = 3_000
        while answered(rate, 4) > rate * 0.99:
            capacity, rate = rate, int(rate * 1.1)
        offered, saturating = capacity * 3, int(capacity * 1.2)
        # Machines have moods: the peak is taken before and after.
        before = answered(saturating, 15)
        result = open_loop(server.port, offered, seconds, files)
        peak = (before + answered(saturating, 15)) / 2
        goodput, refused = result["2xx"]["count"] / seconds, result["5xx"]
        recovered = answered(capacity // 2, 5) / (capacity // 2)
        other = {name: count for name in ("3xx", "4xx", "broken", "unsent") if (count := result[name]["count"] if name[0].isdigit() else result[name])}
        line = (f"{offered:,} requests/s for {seconds} s, three times the capacity: {goodput:,.0f} answered a second, {goodput / peak:.0%} of the peak of {peak:,.0f}, "
                f"p99 {result['2xx']['p99']:.0f} ms; {refused['count']:,} told to come again, p99 {refused['p99']:.1f} ms, the slowest {refused['max']:.1f} ms; "
                f"{other or 'nothing'} besides; afterwards {recovered:.1%} of half the capacity answered")
        return line, goodput >= 0.8 * peak and refused["p99"] < 100 and not other and recovered > 0.99
    finally:
        server.drop()


# Everything at once


def descriptors(server):
    return len(list(pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir()))


def worker(server, token, ids, stop, counts, lock):
    """Does what people, scripts and mischief do, in turns by chance."""
    chance = random.Random()
    session = requests.Session()
    session.headers["Authorization"] = "Bearer " + token
    own = []

    def create():
        reply = session.post(server.url + "/v1/customers", json={"name": f"Asha {chance.random()}", "tags": ["soak"]})
        own.append(reply.json()["id"])
        return reply

    def remove():
        return session.delete(server.url + "/v1/customers/" + own.pop()) if own else session.get(server.url + "/livez")

    def update():
        return session.patch(server.url + "/v1/customers/" + chance.choice(ids), json={"notes": "x" * chance.randrange(1, 2_000)}, headers={"If-Match": "*"})

    def bring_in():
        rows = "name,phone\n" + "".join(f"Again {number},{7_100_000_000 + number}\n" for number in range(200))
        reply = session.post(server.url + "/v1/customers/import", data=rows.encode(), headers={"Content-Type": "text/csv"})
        session.get(server.url + reply.headers["Location"] + "/events")
        return reply

    def hang_up():
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(f"GET /v1/customers/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
            connection.recv(1_000)

    def babble():
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(chance.choice([b"GET /\n\n", b"\x16\x03\x01\r\n", b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n", b"GET / HTTP/9.9\r\n\r\n"]))
            connection.recv(1_000)

    acts = [(30, lambda: session.get(server.url + "/v1/customers?limit=20")), (10, lambda: session.get(server.url + "/v1/customers?q=asha&limit=5")),
            (20, lambda: session.get(server.url + "/v1/customers/" + chance.choice(ids))), (8, create), (8, remove), (8, update),
            (1, lambda: session.get(server.url + "/v1/customers/export")), (1, bring_in), (1, hang_up), (2, babble),
            (3, lambda: session.get(server.url + "/nothing/here")), (3, lambda: requests.get(server.url + "/v1/me", headers={"Authorization": "Bearer x"})),
            (2, lambda: session.post(server.url + "/v1/customers", data=b'{"name": 1', headers={"Content-Type": "application/json"}))]
    weights = [weight for weight, _ in acts]
    while not stop.is_set():
        reply = chance.choices(acts, weights)[0][1]()
        with lock:
            status = reply.status_code if reply is not None else "hung up"
            counts[status] = counts.get(status, 0) + 1


# A million jobs


def jobs(folder, count):
    """So many jobs in ten heaps: the queue is as quick with the last as with the first, and what they leave is cleaned up and used again."""
    server = Server(folder, JOBS="off")
    try:
        urls = [f"{CLUSTER}{role}&dbname={server.database}" for role in ("unnati_app", "unnati_worker")]
        rates = []

        def heap():
            subprocess.run([PROBE, "enqueue", urls[0], "noop", str(count // 10), "20"], check=True, stdout=subprocess.DEVNULL)
            seconds = float(subprocess.run([PROBE, "drain", *urls, str(count // 10)], check=True, capture_output=True, text=True).stdout)
            rates.append(count / 10 / seconds)

        def megabytes():
            return int(server.sql("SELECT pg_total_relation_size('app.jobs')")) / (1 << 20)

        for _ in range(10):
            heap()
        before = megabytes()
        # PostgreSQL looks once a minute whether something is to be cleaned up.
        ended = time.monotonic() + 150
        while int(server.sql("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'jobs'")) > count // 100 and time.monotonic() < ended:
            time.sleep(1)
        dead = int(server.sql("SELECT n_dead_tup FROM pg_stat_user_tables WHERE relname = 'jobs'"))
        heap()
        after, left = megabytes(), server.sql("SELECT count(*) FROM app.jobs")
    finally:
        server.drop()
    line = (f"{count:,} jobs of 20 businesses, a tenth of them in the queue at a time: {rates[0]:,.0f} done a second in the first tenth, {min(rates[:10]):,.0f} in the slowest, "
            f"{rates[9]:,.0f} in the last; table and indexes had {before:.0f} MiB then, and {after:.0f} MiB when PostgreSQL had cleaned up and as many more had come and gone, "
            f"{rates[10]:,.0f} a second; {left} left")
    return line, left == "0" and sum(rates[5:10]) >= 0.8 * sum(rates[:5]) and dead <= count // 100 and after <= before * 1.05


def slope(samples):
    """Least squares: how much a value grows in a second."""
    count = len(samples)
    mean_x, mean_y = sum(x for x, _ in samples) / count, sum(y for _, y in samples) / count
    return sum((x - mean_x) * (y - mean_y) for x, y in samples) / sum((x - mean_x) ** 2 for x, _ in samples)


def mixed(folder, minutes, plot):
    server = Server(folder, ACCESS_TOKEN_LIFETIME_S=3_600)
    try:
        businesses = [fill(server, 500) for _ in range(4)]
        stop, counts, lock = threading.Event(), {}, threading.Lock()
        threads = [threading.Thread(target=worker, args=(server, *businesses[number % 4], stop, counts, lock), daemon=True) for number in range(12)]
        for thread in threads:
            thread.start()
        samples, files = [], []
        begin = time.monotonic()
        warm = min(120, minutes * 60 / 5)
        while (passed := time.monotonic() - begin) < warm + minutes * 60:
            time.sleep(2)
            samples.append((passed, memory(server.process) / 2**20))
            files.append((passed, descriptors(server)))
        stop.set()
        for thread in threads:
            thread.join(timeout=30)
        settled = [sample for sample in samples if sample[0] >= warm]
        growth = slope(settled) * 600
        # The files of those who are connected come and go; what stays is what counts.
        time.sleep(2)
        left = descriptors(server)
        drift = slope([sample for sample in files if sample[0] >= warm]) * 600
        draw(samples, files, warm, plot)
        wrong = {status: count for status, count in counts.items() if status not in (200, 201, 202, 204, 400, 401, 404, "hung up")}
        line = (f"{minutes} minutes of everything at once after {warm:.0f} s of warming up: {sum(counts.values()):,} requests, {wrong or 'none'} of a status that should not be; "
                f"memory {settled[0][1]:.1f} MiB, growing by {growth:+.2f} MiB in ten minutes; {files[-1][1]} files open, {drift:+.1f} in ten minutes, {left} afterwards")
        server.process.send_signal(signal.SIGTERM)
        code = server.process.wait(timeout=30)
        return line, not wrong and growth <= 1.0 and drift < 5 and code == 0
    finally:
        server.drop()


def draw(samples, files, warm, path):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "unnati"
    from matplotlib import pyplot
    figure, panels = pyplot.subplots(1, 2, figsize=(10, 2.4))
    for panel, values, title in zip(panels, (samples, files), ("Memory, MiB", "Open files")):
        panel.plot([x / 60 for x, _ in values], [y for _, y in values], color="#0f766e", linewidth=1)
        panel.axvspan(0, warm / 60, color="#e2e8f0")
        panel.set_ylim(bottom=0)
        panel.set_title(title + ", by minutes", loc="left", fontsize=10)
        panel.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None})


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("--minutes", type=float, default=10)
    arguments.add_argument("--drains", type=int, default=50)
    arguments.add_argument("--overload-seconds", type=int, default=60)
    arguments.add_argument("--jobs", type=int, default=1_000_000)
    arguments.add_argument("--write", type=pathlib.Path, help="a Markdown file to write the result to; its plot goes beside it")
    options = arguments.parse_args()
    plot = options.write.with_suffix(".svg") if options.write else pathlib.Path(tempfile.mkdtemp()) / "soak.svg"
    lines, faults = [], 0
    parts = [lambda folder: drains(folder, options.drains), lambda folder: overload(folder, options.overload_seconds),
             lambda folder: jobs(folder, options.jobs), lambda folder: mixed(folder, options.minutes, plot)]
    for part in parts:
        with tempfile.TemporaryDirectory() as folder:
            line, is_right = part(pathlib.Path(folder))
        lines.append(line)
        faults += not is_right
        print(("" if is_right else "WRONG: ") + line, flush=True)
    if options.write:
        text = ["# Soak", "", "Written by `make soak`. Everything runs on one machine: PostgreSQL, the server and the load.", ""]
        text += [f"- {line}." for line in lines] + ["", f"![Memory and open files]({plot.name})", ""]
        options.write.write_text("\n".join(text))
    raise SystemExit(faults)


if __name__ == "__main__":
    main()
