# SPDX-License-Identifier: Apache-2.0
"""How what one business asks for grows dearer with how many others there are: the same requests at ten thousand, a hundred
thousand and a million customers in a database, a thousand to each business. Writes the section "How cost grows" of
docs/benchmarks.md, and its plot.

usage: growth.py CLUSTER-URL
"""
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import statistics
import subprocess
import sys
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Outside"))
import accounts  # noqa: E402
import population  # noqa: E402

REPORT, PLOT, HEADING = ROOT / "docs/benchmarks.md", ROOT / "docs/growth.svg", "## How cost grows"
SIZES = [10_000, 100_000, 1_000_000]
OPERATIONS = {"listCustomers": "list", "getCustomer": "get", "searchCustomers": "search", "createCustomer": "insert"}
ROUNDS, REQUESTS = int(os.environ.get("BENCH_ROUNDS", 5)) * 2, 60
# As many as the smallest database has, so that all of them have as much to keep at hand.
BUSINESSES = 10


class Server:
    """A server on a database of so many customers, and tokens for some of its businesses."""

    def __init__(self, cluster, customers, port):
        self.port, self.database = port, f"unnati_grown_{customers}"
        self.sql(cluster, "postgres", f"DROP DATABASE IF EXISTS {self.database} WITH (FORCE)")
        subprocess.run([ROOT / "docker/local/database", "bench", self.database], check=True, capture_output=True)
        print(f"Filling a database with {customers:,} customers", flush=True)
        population.businesses(lambda text: self.sql(cluster, self.database, text), customers // 1_000, 1_000)
        self.sql(cluster, self.database, "VACUUM ANALYZE")
        self.log = open(ROOT / f".local/{self.database}.log", "wb+")
        settings = {"DATABASE_URL": f"{cluster}unnati_app&dbname={self.database}", "JOBS": "off", "HTTP_PORT": str(port), "ADMIN_PORT": "0", "PASSWORD_COST": "10",
                    "KEYS_DIRECTORY": str(ROOT / ".local/bench-keys"), "RATE_LIMIT_PERSON": "100000000/1", "RATE_LIMIT_TENANT": "100000000/1", "ACCESS_TOKEN_LIFETIME_S": "3600"}
        self.process = subprocess.Popen([ROOT / ".build/release/unnati", "serve"], env={**os.environ, **settings}, cwd=ROOT, stdout=self.log, stderr=self.log)
        for _ in range(200):
            with contextlib.suppress(OSError):
                self.connection = http.client.HTTPConnection("127.0.0.1", port)
                if self.call("GET", "/readyz")[0] == 200:
                    break
            time.sleep(0.05)
        email, password = f"{uuid.uuid4().hex}@example.in", "seven silk saris"
        accounts.bring(settings, [accounts.line("x", "x", email, password)])
        account = self.call("POST", "/v1/auth/login", body={"identity": email, "password": password})[1]
        user = self.sql(cluster, self.database, "SELECT user_id FROM app.users ORDER BY created_at DESC LIMIT 1")
        chosen = random.Random(7).sample(range(1, customers // 1_000 + 1), min(BUSINESSES, customers // 1_000))
        numbers = ", ".join(str(number) for number in chosen)
        self.sql(cluster, self.database, f"INSERT INTO app.memberships (tenant_id, user_id, role) SELECT md5('tenant' || n)::uuid, '{user}', 'owner' FROM unnest(ARRAY[{numbers}]) AS n")
        tenants = self.sql(cluster, self.database, f"SELECT replace(md5('tenant' || n), '-', '') FROM unnest(ARRAY[{numbers}]) AS n").split()
        self.tokens, self.customers = [], {}
        for tenant in tenants:
            token = self.call("POST", "/v1/auth/switch", account["access_token"], {"tenant_id": "ten_" + tenant})[1]["access_token"]
            self.tokens.append(token)
            self.customers[token] = [customer["id"] for customer in self.call("GET", "/v1/customers?limit=100", token)[1]["data"]]

    @staticmethod
    def sql(cluster, database, text):
        return subprocess.run(["psql", "-qAt", f"{cluster}postgres&dbname={database}", "-v", "ON_ERROR_STOP=1"], input=text, check=True, capture_output=True, text=True).stdout.strip()

    def call(self, method, path, token=None, body=None):
        headers = {"Content-Type": "application/json", **({"Authorization": "Bearer " + token} if token else {})}
        self.connection.request(method, path, json.dumps(body) if body else None, headers)
        reply = self.connection.getresponse()
        return reply.status, json.loads(reply.read() or b"null")

    def ask(self, operation, chance):
        token = chance.choice(self.tokens)
        if operation == "listCustomers":
            return self.call("GET", "/v1/customers?limit=20", token)[0]
        if operation == "getCustomer":
            return self.call("GET", "/v1/customers/" + chance.choice(self.customers[token]), token)[0]
        if operation == "searchCustomers":
            return self.call("GET", f"/v1/customers?limit=20&q=customer%20{chance.randrange(100, 1_000)}", token)[0]
        return self.call("POST", "/v1/customers", token, {"name": "Asha", "phone": f"6{chance.randrange(10**9):09d}"})[0]

    def times(self):
        """Microseconds that the server took for each request, as it has logged them, in order."""
        time.sleep(0.3)
        self.log.seek(0)
        return [(line["operation"], line["duration_us"]) for line in map(json.loads, self.log.read().decode().splitlines()) if "duration_us" in line]

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=30)
        self.log.close()


def measure(cluster):
    """Milliseconds of each kind of request at each size: the medians of the middle."""
    servers = {size: Server(cluster, size, 18_100 + index) for index, size in enumerate(SIZES)}
    asked = {size: [] for size in SIZES}
    seen = {size: len(server.times()) for size, server in servers.items()}
    chance = random.Random(11)
    try:
        for turn in range(ROUNDS):
            for size, server in servers.items():
                for operation in OPERATIONS:
                    for _ in range(REQUESTS):
                        assert server.ask(operation, chance) in (200, 201, 409)
                        asked[size].append((turn, operation))
        results = {}
        for size, server in servers.items():
            took = server.times()[seen[size]:]
            assert len(took) == len(asked[size])
            for operation in OPERATIONS:
                # The first round warms caches.
                results[operation, size] = statistics.median(
                    microseconds for (turn, name), (_, microseconds) in zip(asked[size], took) if name == operation and turn > 0) / 1_000
        return results
    finally:
        for server in servers.values():
            server.stop()
            server.sql(cluster, "postgres", f"DROP DATABASE {server.database} WITH (FORCE)")


def section(results):
    lines = [HEADING, "", "What one request takes inside the server, its statement included, in milliseconds (p50), when a database holds so many customers, a thousand to each "
             f"business. {BUSINESSES} businesses ask in turns, one request at a time. Customers came in one business after the other, as from files; "
             "a search looks at every customer of its business.", "",
             "| | " + " | ".join(f"{size:,}" for size in SIZES) + " | last to first | target |", "|---|" + "---:|" * (len(SIZES) + 2)]
    for operation, name in OPERATIONS.items():
        values = [results[operation, size] for size in SIZES]
        lines.append(f"| {name} | " + " | ".join(f"{value:.3f}" for value in values) + f" | {values[-1] / values[0]:.2f} | ≤ 1.5 |")
    return "\n".join(lines + ["", f"![Milliseconds by size]({PLOT.name})", ""])


def draw(results):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "unnati"
    from matplotlib import pyplot
    figure, panel = pyplot.subplots(figsize=(6, 2.6))
    for (operation, name), color in zip(OPERATIONS.items(), ["#0f766e", "#b45309", "#1d4ed8", "#be123c"]):
        panel.plot(SIZES, [results[operation, size] for size in SIZES], marker="o", color=color, linewidth=1.5, label=name)
    panel.set_xscale("log")
    panel.set_ylim(bottom=0)
    panel.set_title("p50 in milliseconds, by customers in the database", loc="left", fontsize=10)
    panel.spines[["top", "right"]].set_visible(False)
    panel.legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(PLOT, metadata={"Date": None})


def write(cluster):
    """Replaces the section in the report, which comes last there."""
    results = measure(cluster)
    for operation, name in OPERATIONS.items():
        print(f"  {name}: " + ", ".join(f"{results[operation, size]:.3f} ms at {size:,}" for size in SIZES), flush=True)
    draw(results)
    text = REPORT.read_text()
    REPORT.write_text(re.split(f"^{HEADING}$", text, flags=re.MULTILINE)[0].rstrip() + "\n\n" + section(results))


if __name__ == "__main__":
    write(sys.argv[1])
