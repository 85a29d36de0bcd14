# SPDX-License-Identifier: Apache-2.0
"""Pages of timelines, of a business and of one of its customers, under load; and how PostgreSQL finds one."""
import json
import re
import subprocess
import time

from book_servers import CONTENDERS, OURS, ROOT, call, load

CLIENTS = 64


def fullest(book, business):
    """The customer of a business with whom most has happened, as the API names them, and how much."""
    found = book.sql(f"SELECT 'cus_' || replace(customer_id::text, '-', ''), count(*) FROM app.interactions WHERE tenant_id = '{business.tenant}' GROUP BY customer_id ORDER BY 2 DESC LIMIT 1")
    customer, count = found.split("|")
    return customer, int(count)


def paths(customer):
    return {"business": "/v1/interactions?limit=25", "customer": f"/v1/customers/{customer}/interactions?limit=25"}


def measure(name, business, customer, seconds):
    """Requests a second and milliseconds for each kind of timeline."""
    results = {}
    for kind, path in paths(customer).items():
        assert len(call(CONTENDERS[name], "GET", path, business.token)["data"]) == 25
        results[kind] = load(CONTENDERS[name], business.token, [path], CLIENTS, seconds)
        print(f"  {name}, timeline of a {kind}: {results[kind]['rate']:,.0f}/s, p50 {results[kind]['p50']:.2f} ms, p99 {results[kind]['p99']:.2f} ms", flush=True)
    return results


def scans(book, business, customer):
    """For each kind of timeline how many rows of interactions a page reads, by which index, as PostgreSQL writes down itself."""
    log = subprocess.run([ROOT / "docker/local/postgres", "data", "bench"], check=True, capture_output=True, text=True).stdout.strip() + ".log"
    settings = {"session_preload_libraries": "auto_explain", "auto_explain.log_min_duration": "0", "auto_explain.log_analyze": "on", "auto_explain.log_format": "json"}
    # From the next connection on.
    book.sql("".join(f"ALTER DATABASE {book.database} SET {name} = '{value}';" for name, value in settings.items()))
    reconnect(book)
    found = {}
    for kind, path in paths(customer).items():
        with open(log, "rb") as file:
            file.seek(0, 2)
            call(OURS, "GET", path, business.token)
            time.sleep(0.5)
            found[kind] = walked(file.read().decode(errors="replace"))
    book.sql("".join(f"ALTER DATABASE {book.database} RESET {name};" for name in settings))
    reconnect(book)
    return found


def reconnect(book):
    """The server's own connections are taken from it; it makes others."""
    book.sql(f"SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = '{book.database}' AND usename = 'unnati_app'")
    for _ in range(50):
        time.sleep(0.1)
        try:
            return call(OURS, "GET", "/readyz")
        except AssertionError:
            continue
    raise SystemExit("The server has not got its database back.")


def walked(log):
    """How often and by what the plans in a log have gone through interactions, and the rows they have read there."""
    nodes = {}
    for match in re.finditer(r"LOG:  duration: [\d.]+ ms  plan:\n(.*?)(?=\n\d{4}-\d\d-\d\d |\Z)", log, re.DOTALL):
        waiting = [json.loads(re.sub(r"^\t", "", match[1], flags=re.MULTILINE))["Plan"]]
        while waiting:
            node = waiting.pop()
            waiting += node.get("Plans", [])
            if node.get("Relation Name") == "interactions":
                times, rows = nodes.get(node.get("Index Name", node["Node Type"]), (0, 0))
                loops = node["Actual Loops"]
                nodes[node.get("Index Name", node["Node Type"])] = times + loops, rows + round(loops * (node["Actual Rows"] + node.get("Rows Removed by Filter", 0)))
    return nodes
