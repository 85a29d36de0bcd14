# SPDX-License-Identifier: Apache-2.0
"""Measures Unnati beside its peers, in turns, and writes docs/benchmarks.md and its plot.

Every contender is measured in every round, and what stood side by side is compared.
"""
import contextlib
import json
import os
import pathlib
import platform
import re
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Outside"))
import accounts  # noqa: E402
CLUSTER = sys.argv[1]
DATABASE = "unnati_bench"
ROUNDS, SECONDS, CLIENTS = int(os.environ.get("BENCH_ROUNDS", 5)), int(os.environ.get("BENCH_SECONDS", 4)), 64
OURS, ALONE, HUMMINGBIRD, FASTAPI, BARE = 18080, 18085, 18090, 18091, 18092
PEERS = "Tests/Benchmarks/swift-peers/.build/release/"
#: A browser's request, a partner app's, and a probe's.
REQUESTS = {
    "probe": "GET /livez HTTP/1.1\r\nHost: 127.0.0.1:8080\r\n\r\n",
    "app": "GET /v1/customers?limit=20 HTTP/1.1\r\nHost: api.example.in\r\nAuthorization: Bearer " + "x" * 420 + "\r\n\r\n",
    "browser": "GET /v1/customers?limit=20 HTTP/1.1\r\nHost: app.example.in\r\nConnection: keep-alive\r\n"
               'sec-ch-ua: "Chromium";v="130", "Google Chrome";v="130", "Not?A_Brand";v="99"\r\nsec-ch-ua-mobile: ?1\r\n'
               'sec-ch-ua-platform: "Android"\r\nUser-Agent: Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) '
               "Chrome/130.0.0.0 Mobile Safari/537.36\r\nAccept: application/json\r\nAuthorization: Bearer " + "x" * 420 + "\r\n"
               "Sec-Fetch-Site: same-origin\r\nSec-Fetch-Mode: cors\r\nSec-Fetch-Dest: empty\r\nReferer: https://app.example.in/customers\r\n"
               "Accept-Encoding: gzip, deflate, br, zstd\r\nAccept-Language: hi-IN,hi;q=0.9,en-IN;q=0.8,en;q=0.7\r\n\r\n",
}


def call(path, body=None, token=None, content_type="application/json"):
    request = urllib.request.Request(f"http://127.0.0.1:{OURS}{path}", data=body, headers={"Content-Type": content_type})
    if token:
        request.add_header("Authorization", "Bearer " + token)
    with urllib.request.urlopen(request) as reply:
        return json.load(reply)


def wrk(port, path, token=None, threads=2, prefix=()):
    command = [*prefix, "wrk", f"-t{threads}", f"-c{CLIENTS}", f"-d{SECONDS}s", "--timeout", "10s", "--latency", f"http://127.0.0.1:{port}{path}"]
    if token:
        command += ["-H", f"Authorization: Bearer {token}"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    assert "Non-2xx" not in output and "Socket errors" not in output, output
    unit = {"us": 0.001, "ms": 1, "s": 1000}
    latency = {share: float(value) * unit[suffix] for share, value, suffix in re.findall(r"(50|99)%\s+([\d.]+)(us|ms|s)", output)}
    return float(re.search(r"Requests/sec:\s+([\d.]+)", output)[1]), latency["50"], latency["99"]


def pgbench(tenant):
    columns = "id, name, phone, email, stage, tags, notes, version, created_at, updated_at"
    script = f"""\\startpipeline
BEGIN READ ONLY;
SET LOCAL app.tenant_id = '{tenant}';
SELECT {columns} FROM app.customers WHERE tenant_id = '{tenant}' AND id < 'ffffffff-ffff-ffff-ffff-ffffffffffff' ORDER BY id DESC LIMIT 21;
COMMIT;
\\endpipeline
"""
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file, tempfile.TemporaryDirectory() as folder:
        file.write(script)
        file.flush()
        command = ["pgbench", "-n", "-M", "prepared", "-f", file.name, "-c", "8", "-j", "2", "-T", str(SECONDS), "-l", "--sampling-rate=0.1", "--log-prefix", folder + "/log",
                   f"{CLUSTER}unnati_app&dbname={DATABASE}"]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        times = sorted(int(line.split()[2]) / 1000 for path in pathlib.Path(folder).iterdir() for line in path.open())
    return float(re.search(r"tps = ([\d.]+)", output)[1]), statistics.median(times), times[len(times) * 99 // 100]


@contextlib.contextmanager
def running(command, port, path, **environment):
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise SystemExit(f"Port {port} is taken: what listens there would be measured.")
    process = subprocess.Popen(command, env={**os.environ, **environment}, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    try:
        for _ in range(200):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=1)
                break
            if process.poll() is not None:
                raise SystemExit(f"{command[0]} ended with exit code {process.returncode}.")
            time.sleep(0.05)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait()


def parsers():
    """Requests per second of our parser and of llhttp, by kind of request: the best of the rounds, in turns."""
    best = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for kind, text in REQUESTS.items():
                file = pathlib.Path(folder) / kind
                file.write_bytes(text.encode())
                for name, program in (("ours", ".build/release/ParserProbe"), ("llhttp", ".local/llhttp/llhttp")):
                    output = subprocess.run([ROOT / program, file, "1"], check=True, capture_output=True, text=True).stdout
                    best[kind, name] = max(best.get((kind, name), 0), int(output.split()[0]))
    return best


@contextlib.contextmanager
def idle_connections(port, count):
    """Connections that have had a reply each and rest."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    connections = []
    try:
        for _ in range(min(count, hard - 200)):
            connection = socket.create_connection(("127.0.0.1", port))
            connection.sendall(b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n")
            connection.recv(4096)
            connections.append(connection)
        yield
    finally:
        for connection in connections:
            connection.close()


def bcrypt():
    """Seconds per hash at cost 12, ours and libxcrypt's in turns."""
    ours, theirs = [], []
    for _ in range(ROUNDS + 2):
        theirs.append(float(subprocess.run([ROOT / ".local/bcrypt", "12", "4"], check=True, capture_output=True, text=True).stdout))
        ours.append(float(subprocess.run([ROOT / ".build/release/PasswordProbe"], input="time 12 4\n", check=True, capture_output=True, text=True).stdout))
    return min(ours), min(theirs)


def main():
    settings = {"DATABASE_URL": f"{CLUSTER}unnati_app&dbname={DATABASE}", "DATABASE_WORKER_URL": f"{CLUSTER}unnati_worker&dbname={DATABASE}", "HTTP_PORT": str(OURS), "ADMIN_PORT": "18081",
                # One person asks as fast as the machine goes: counted as always, refused never.
                "RATE_LIMIT_PERSON": "100000000/1", "RATE_LIMIT_TENANT": "100000000/1", "HTTP_CONNECTIONS": "20000", "HTTP_IDLE_MS": "600000",
                "KEYS_DIRECTORY": str(ROOT / ".local/bench-keys"), "DATABASE_CONNECTIONS": os.environ.get("BENCH_CONNECTIONS", "5")}
    rounds = {}

    def note(name, measurement):
        print(f"  {name}: {measurement[0]:,.0f}/s, p50 {measurement[1]:.1f} ms, p99 {measurement[2]:.1f} ms", flush=True)
        rounds.setdefault(name, []).append(measurement)

    with running([".build/release/unnati", "serve"], OURS, "/readyz", **settings):
        email, password = f"{uuid.uuid4().hex}@example.in", "seven silk saris"
        accounts.bring(settings, [accounts.line("Bench", "Bench", email, password, cost=12)])
        login = json.dumps({"identity": email, "password": password}).encode()
        account = call("/v1/auth/login", login)
        rows = "".join(f"Customer {index},9{index:09d},c{index}@example.in,vip;tag{index % 7},Note number {index}\n" for index in range(1000))
        status = call("/v1/customers/import", ("name,phone,email,tags,notes\n" + rows).encode(), account["access_token"], "text/csv")
        while status["state"] == "running":
            time.sleep(0.1)
            status = call("/v1/customer-imports/" + status["id"], token=account["access_token"])
        subprocess.run(["psql", "-q", f"{CLUSTER}postgres&dbname={DATABASE}", "-c", "VACUUM ANALYZE"], check=True)
        keys = json.dumps(json.load(urllib.request.urlopen(f"http://127.0.0.1:{OURS}/.well-known/jwks.json")))
        fastapi = dict(FASTAPI_JWKS=keys, FASTAPI_DATABASE_URL=f"postgresql+asyncpg://unnati_app@/{DATABASE}?{CLUSTER.split('?')[1].split('&')[0]}")
        hummingbird = dict(LIST_JWKS=keys, LIST_DATABASE_URL=f"{CLUSTER}unnati_app&dbname={DATABASE}")
        uvicorn = [".local/venv/bin/uvicorn", "--app-dir", "Tests/Benchmarks/fastapi", "app:app", "--port", str(FASTAPI), "--workers", "2", "--log-level", "error"]
        tenant = str(uuid.UUID(account["tenant_id"].removeprefix("ten_")))
        path = "/v1/customers?limit=20"
        for turn in range(ROUNDS):
            print(f"Round {turn + 1} of {ROUNDS}", flush=True)
            token = call("/v1/auth/login", login)["access_token"]
            note("list: pgbench, same pipelined transaction", pgbench(tenant))
            note("list: Unnati", wrk(OURS, path, token))
            with running(uvicorn, FASTAPI, "/livez", **fastapi):
                note("list: FastAPI + SQLAlchemy + asyncpg", wrk(FASTAPI, path, token))
            with running([PEERS + "list", str(HUMMINGBIRD)], HUMMINGBIRD, "/livez", **hummingbird):
                note("list: Hummingbird + libpq + JWTKit", wrk(HUMMINGBIRD, path, token))
            note("small: Unnati", wrk(OURS, "/livez"))
            # What waits for the server, and not for its turn beside the one who measures.
            alone = {**settings, "HTTP_PORT": str(ALONE), "ADMIN_PORT": "0", "HTTP_LOOPS": "1"}
            with running(["taskset", "-c", "0", ".build/release/unnati", "serve"], ALONE, "/readyz", **alone):
                note("small: Unnati, a core for it and one for wrk", wrk(ALONE, "/livez", threads=1, prefix=("taskset", "-c", "1")))
            with idle_connections(OURS, 10_000):
                note("small: Unnati, 10,000 idle beside", wrk(OURS, "/livez"))
            with running([".local/bare-epoll", str(BARE)], BARE, "/livez"):
                note("small: bare epoll in C", wrk(BARE, "/livez"))
            with running([PEERS + "hello", str(HUMMINGBIRD)], HUMMINGBIRD, "/livez"):
                note("small: Hummingbird", wrk(HUMMINGBIRD, "/livez"))
    report(rounds, parsers(), *bcrypt())


def report(rounds, parsed, ours, theirs):
    # A machine that others use is faster in one round than in the next: what stood side by side is compared, round by round.
    results = {name: tuple(statistics.median(values) for values in zip(*measured)) for name, measured in rounds.items()}

    def ratio(one, other):
        return statistics.median(a[0] / b[0] for a, b in zip(rounds[one], rounds[other]))

    ratios = [
        ("customer list, Unnati to pgbench", ratio("list: Unnati", "list: pgbench, same pipelined transaction"), "≥ 0.50"),
        ("customer list, Unnati to Hummingbird", ratio("list: Unnati", "list: Hummingbird + libpq + JWTKit"), "≥ 6"),
        ("customer list, Unnati to FastAPI", ratio("list: Unnati", "list: FastAPI + SQLAlchemy + asyncpg"), "≥ 10"),
        ("customer list, p99 to p50", statistics.median(p99 / p50 for _, p50, p99 in rounds["list: Unnati"]), "≤ 3"),
        ("small reply, p99 to p50, with a core for Unnati and one for wrk",
         statistics.median(p99 / p50 for _, p50, p99 in rounds["small: Unnati, a core for it and one for wrk"]), "≤ 3"),
        ("small reply, Unnati to Hummingbird", ratio("small: Unnati", "small: Hummingbird"), "≥ 2.0"),
        ("small reply, Unnati to bare epoll in C", ratio("small: Unnati", "small: bare epoll in C"), "≥ 0.70"),
        ("small reply, beside 10,000 idle connections to without", ratio("small: Unnati, 10,000 idle beside", "small: Unnati"), "≥ 0.90"),
        ("bcrypt at cost 12, time of Unnati to libxcrypt", ours / theirs, "≤ 1.10"),
    ]
    cpu = re.search(r"model name\s*: (.*)", pathlib.Path("/proc/cpuinfo").read_text())
    memory = int(re.search(r"MemTotal:\s+(\d+)", pathlib.Path("/proc/meminfo").read_text())[1]) >> 20
    lines = ["# Benchmarks", "", "Written by `make bench`. Everything runs on one machine: PostgreSQL, the server and the load.", "",
             f"Machine: {os.cpu_count()} cores ({cpu[1] if cpu else platform.machine()}), {memory} GiB of memory, {platform.system()} {platform.release()}. "
             f"wrk with {CLIENTS} connections, {SECONDS} s a round, the median of {ROUNDS} rounds; measured in turns.", "",
             "The list is a page of 20 customers out of 1,000, under row security, with a signed token, the access log on and TLS off. The small reply is "
             "`GET /livez`; the peer in C answers it with the same bytes and does nothing else. wrk asks and waits: with 64 connections, two loops and "
             "two threads of its own on two cores, even the peer's slowest hundredth waits for its turn on a core.", "",
             "Hummingbird's list reads with libpq on NIO's thread pool, since PostgresNIO is not among the packages that can be had without the internet. (With "
             "that it served 1,600 of these lists a second on a like machine whose pgbench came to 21,700.)", "", "| | requests/s | p50 ms | p99 ms |", "|---|---:|---:|---:|"]
    lines += [f"| {name} | {rate:,.0f} | {p50:.2f} | {p99:.2f} |" for name, (rate, p50, p99) in results.items()]
    lines += ["", "| Ratio | measured | target |", "|---|---:|---:|"]
    lines += [f"| {name} | {ratio:.2f} | {target} |" for name, ratio, target in ratios]
    lines += ["", "The parser alone, one core: ours checks everything and hands over a head of its own; llhttp, Node's, says where things are.", "",
              "| Request | bytes | Unnati, requests/s | MB/s | llhttp, requests/s | MB/s |", "|---|---:|---:|---:|---:|---:|"]
    for kind, text in REQUESTS.items():
        pair = [parsed[kind, name] for name in ("ours", "llhttp")]
        lines.append(f"| {kind} | {len(text):,} | " + " | ".join(f"{count:,} | {count * len(text) / 1e6:,.0f}" for count in pair) + " |")
    lines += ["", f"bcrypt at cost 12: {ours * 1000:.0f} ms, libxcrypt {theirs * 1000:.0f} ms.", "", "![Requests per second](benchmarks.svg)", ""]
    (ROOT / "docs/benchmarks.md").write_text("\n".join(lines))
    plot(results)
    print("\n".join(lines))


def plot(results):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "unnati"
    from matplotlib import pyplot
    figure, panels = pyplot.subplots(1, 2, figsize=(10, 2.6))
    for panel, kind in zip(panels, ("list", "small")):
        bars = [(name.split(": ")[1].split(",")[0].split(" +")[0], measurement[0]) for name, measurement in results.items() if name.startswith(kind)]
        panel.barh([name for name, _ in bars], [rate for _, rate in bars], color=["#0f766e" if name == "Unnati" else "#cbd5e1" for name, _ in bars])
        panel.invert_yaxis()
        panel.set_title({"list": "20 customers", "small": "Small reply"}[kind] + ", requests per second", loc="left", fontsize=10)
        panel.spines[["top", "right"]].set_visible(False)
        for index, (_, rate) in enumerate(bars):
            panel.text(rate, index, f" {rate:,.0f}", va="center", fontsize=9)
        panel.margins(x=0.2)
    figure.tight_layout()
    figure.savefig(ROOT / "docs/benchmarks.svg", metadata={"Date": None})


main()
