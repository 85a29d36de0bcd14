# SPDX-License-Identifier: Apache-2.0
"""How long customer files take to come in, what memory that needs and what another business feels of it."""
import json
import subprocess
import sys
import time

import book_processes
import indian_names
from book_servers import CONTENDERS, OURS, ROOT, call

# As many rows as a file of 20 MiB may have.
PIECE, LONGEST_SECONDS = 200_000, 300


def bring(port, business, content):
    """Seconds from asking to the last row, and how it ended."""
    begun = time.monotonic()
    status = call(port, "POST", "/v1/customers/import", business.token, content, "text/csv")
    path = "/v1/customer-imports/" + status["id"]
    while status["state"] == "running":
        if time.monotonic() - begun > LONGEST_SECONDS:
            raise SystemExit("An import does not end.")
        time.sleep(0.05)
        status = call(port, "GET", path, business.token)
    return time.monotonic() - begun, status


def grow(port, business, first, rows):
    """Brings so many new customers in, in as many files as that takes. Rows a second of each."""
    rates = []
    for begin in range(first, first + rows, PIECE):
        count = min(PIECE, first + rows - begin)
        seconds, status = bring(port, business, indian_names.file(begin, begin, count))
        assert status["rows_created"] == count, status
        rates.append(count / seconds)
        print(f"  {begin - first + count:,} customers are in, the last {count:,} in {seconds:.1f} s", flush=True)
    return rates


class Neighbour:
    """Asks from a process of its own: in life that is another machine."""

    def __init__(self, port, business):
        self.process = subprocess.Popen([sys.executable, ROOT / "Tests/Benchmarks/book_neighbour.py", str(port), business.token], stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def end(self):
        """Milliseconds of half, and of all but a hundredth, of its requests."""
        taken = sorted(json.loads(self.process.communicate()[0]))
        return taken[len(taken) // 2], taken[len(taken) * 99 // 100]


def measure(name, business, first, rows, process):
    """One import by one contender, who has nothing else to do: a neighbour on the same server would cost the one more than the other."""
    port, content = CONTENDERS[name], indian_names.file(first, first, rows)
    # One before that, so that what is kept from then on is not counted.
    bring(port, business, indian_names.file(first + rows, first + rows, 500))
    before = book_processes.of_group(process.pid), book_processes.of_postgres()
    seconds, status = bring(port, business, content)
    after = book_processes.of_group(process.pid), book_processes.of_postgres()
    assert status["rows_created"] == rows, status
    result = {"rows": rows, "seconds": seconds, "rate": rows / seconds, "app": after[0] - before[0], "postgres": after[1] - before[1]}
    print(f"  {name}: {rows:,} rows in {seconds:.1f} s ({rows / seconds:,.0f}/s), cores {result['app']:.1f} s and PostgreSQL's {result['postgres']:.1f} s", flush=True)
    return result


def felt(business, neighbour, first, rows, process):
    """What another business feels of an import by our server, in milliseconds for its list, before and meanwhile."""
    beside = Neighbour(OURS, neighbour)
    time.sleep(10)
    p50, p99 = beside.end()
    beside = Neighbour(OURS, neighbour)
    result = measure("Unnati", business, first, rows, process)
    busy_p50, busy_p99 = beside.end()
    print(f"  the neighbour's p50 {p50:.2f} and then {busy_p50:.2f} ms, p99 {p99:.2f} and then {busy_p99:.2f} ms", flush=True)
    return {**result, "before": (p50, p99), "meanwhile": (busy_p50, busy_p99)}
