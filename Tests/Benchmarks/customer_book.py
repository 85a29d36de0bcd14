# SPDX-License-Identifier: Apache-2.0
"""The customer book as it grows: bringing customers in, looking for them and reading what happened with them, beside the same work in FastAPI
and SQLAlchemy, at ten thousand, a hundred thousand and a million customers of one business. Writes the section "The customer book" of
docs/benchmarks.md, and its plot. With BENCH_QUICK=1 at ten thousand alone, and without writing.

usage: customer_book.py CLUSTER-URL
"""
import json
import os
import sys

import book_imports
import book_processes
import book_report
import book_searches
import book_timelines
from book_servers import CONTENDERS, OURS, ROOT, Book

sys.path.insert(0, str(ROOT / "Tests/Outside"))
import indian_names  # noqa: E402
import population  # noqa: E402

QUICK = os.environ.get("BENCH_QUICK") == "1"
SIZES = [10_000] if QUICK else [10_000, 100_000, 1_000_000]
ROWS = 10_000 if QUICK else int(os.environ.get("BENCH_ROWS", 100_000))
SECONDS = 2 if QUICK else int(os.environ.get("BENCH_SECONDS", 4))
# So that no two files have a number in common.
APART = 10_000_000


def measure(cluster):
    book = Book(cluster)
    try:
        return measured(book)
    finally:
        book.close()


def measured(book):
    results = {"load": [os.getloadavg()[0]], "growth": {}, "search": {}, "timeline": {}, "scans": {}, "import": {}}
    businesses = {size: book.business(f"Business of {size}") for size in SIZES}
    neighbour = book.business("Neighbour")
    firsts = {size: place * APART for place, size in enumerate(SIZES)}
    idle = book_processes.memory(book.process.pid)
    # PostgreSQL plans for empty tables until it has counted them once.
    book_imports.bring(OURS, neighbour, indian_names.file(1, 9 * APART, 1_000))
    book.sql("ANALYZE")
    for size, business in businesses.items():
        print(f"Bringing {size:,} customers in", flush=True)
        results["growth"][size] = book_imports.grow(OURS, business, firsts[size], size)
    results["memory"] = book_processes.memory(book.process.pid, "VmHWM") - idle
    keep(results)
    print("Filling timelines", flush=True)
    for size, business in businesses.items():
        population.timelines(book.sql, business.tenant, size)
    if not QUICK:
        population.businesses(book.sql, 1_000, 10)
        population.timelines_of_businesses(book.sql, 1_000, 10, 100)
    book.sql("VACUUM ANALYZE")
    fullest = {size: book_timelines.fullest(book, business)[0] for size, business in businesses.items()}
    # Takes their connections from all who have any: before the peer has.
    results["scans"] = {size: book_timelines.scans(book, business, fullest[size]) for size, business in businesses.items()}
    keep(results)
    with book.peer() as peer:
        for size, business in businesses.items():
            print(f"Searching among {size:,}", flush=True)
            results["search"][size] = {name: book_searches.measure(name, business, firsts[size], SECONDS) for name in CONTENDERS}
        for size, business in businesses.items():
            print(f"Reading timelines of {size:,}", flush=True)
            results["timeline"][size] = {name: book_timelines.measure(name, business, fullest[size], SECONDS) for name in CONTENDERS}
        results["load"].append(os.getloadavg()[0])
        keep(results)
        for size, business in businesses.items():
            print(f"Bringing {ROWS:,} customers in beside {size:,}", flush=True)
            first = firsts[size] + 2_000_000
            # The peer comes first, while there are fewer.
            results["import"][size] = {
                "FastAPI": book_imports.measure("FastAPI", business, first, ROWS, peer),
                "Unnati": book_imports.measure("Unnati", business, first + 1_000_000, ROWS, book.process)}
    largest = SIZES[-1]
    print("Bringing a file in beside a neighbour", flush=True)
    results["felt"] = book_imports.felt(businesses[largest], neighbour, firsts[largest] + 4_000_000, 10_000 if QUICK else 100_000, book.process)
    results["load"].append(os.getloadavg()[0])
    keep(results)
    return results


def keep(results):
    """What there is so far: a run that ends early has not been for nothing."""
    (ROOT / ".local/customer-book.json").write_text(json.dumps(results))


def main(cluster):
    results = measure(cluster)
    print(book_report.section(results))
    if not QUICK:
        book_report.write(results)


if __name__ == "__main__":
    main(sys.argv[1])
