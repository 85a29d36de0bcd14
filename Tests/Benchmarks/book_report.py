# SPDX-License-Identifier: Apache-2.0
"""The section "The customer book" of docs/benchmarks.md, and its plot."""
import re

from book_servers import ROOT

REPORT, PLOT, HEADING = ROOT / "docs/benchmarks.md", ROOT / "docs/customer-book.svg", "## The customer book"
TITLES = {"Unnati": "Unnati", "FastAPI": "FastAPI + SQLAlchemy + asyncpg"}


def table(heads, rows):
    return ["| " + " | ".join(heads) + " |", "|---|" + "---:|" * (len(heads) - 1), *("| " + " | ".join(row) + " |" for row in rows), ""]


def judged(what, value, digits, sign, target):
    """A row of a table of targets; what missed its own says so."""
    met = value >= target if sign == "≥" else value <= target
    return [what, f"{value:.{digits}f}", f"{sign} {target}" + ("" if met else ", **missed**")]


def imports(results):
    found, felt = results["import"], results["felt"]
    count = next(iter(found.values()))["Unnati"]["rows"]
    rows = [[f"{TITLES[name]}, beside {size:,}", f"{one['seconds']:.1f}", f"{one['rate']:,.0f}", f"{one['app'] / one['rows'] * 1e6:.0f}", f"{one['postgres'] / one['rows'] * 1e6:.0f}"]
            for size, both in found.items() for name, one in both.items()]
    lines = [f"**Import.** {count:,} rows with name, number, address, city, tags and notes in one file, none of them known, into a business that has so many customers: from asking to the "
             "last row. The peer puts five hundred rows into a transaction and as many into a statement, checks each with a pydantic model and updates by phone number. Both write search keys "
             "and a verdict for each row. The peer does less: it keeps no file to go on with, looks for no e-mail addresses that are known, and makes no sounds of names. µs are those of a core for one row.", ""]
    lines += table(["", "s", "rows/s", "server, µs", "PostgreSQL, µs"], rows)
    ratios = [judged(f"rows/s beside {size:,}, Unnati to FastAPI", both["Unnati"]["rate"] / both["FastAPI"]["rate"], 2, "≥", 10) for size, both in found.items()]
    ratios += [judged(f"seconds for {felt['rows']:,} rows beside {list(found)[-1]:,} and a neighbour", felt["seconds"], 1, "≤", 30),
               judged("memory at most, above a server that has just begun, MiB", results["memory"] / 2 ** 20, 0, "≤", 64),
               judged("neighbour's p99, meanwhile to before", felt["meanwhile"][1] / felt["before"][1], 2, "≤", 1.5)]
    lines += table(["Import", "measured", "target"], ratios)
    ours, peer = (list(found.values())[-1][name] for name in ("Unnati", "FastAPI"))
    whole, database = peer["seconds"] / peer["rows"] * 1e6, ours["postgres"] / ours["rows"] * 1e6
    lines += [f"Most of what a row costs is PostgreSQL's work, which both ask for alike: {database:.0f} of our µs beside {whole:.0f} in all of the peer. Whatever is saved in the server, that is at most "
              f"{whole / database:.1f} times the peer. About half of PostgreSQL's is the index that finds names.", ""]
    lines += [f"The neighbour is another business, who looks at a list 200 times a second: p50 {felt['before'][0]:.2f} ms before and {felt['meanwhile'][0]:.2f} meanwhile, "
              f"p99 {felt['before'][1]:.2f} and {felt['meanwhile'][1]:.2f}. PostgreSQL works on the import on one of the machine's two cores: whoever "
              "comes to that one waits for its turn.", ""]
    if len(results["growth"]) > 1:
        pieces = list(results["growth"].values())[-1]
        lines += [f"A million came in as {len(pieces)} files: {', '.join(f'{rate:,.0f}' for rate in pieces)} rows/s.", ""]
    return lines


def shown(size, kind):
    """A tenth of what a business has is with one customer."""
    return f"{size if kind == 'business' else size // 10:,}"


def timelines(results):
    rows, ratios = [], []
    for size, both in results["timeline"].items():
        for kind in next(iter(both.values())):
            for name, one in both.items():
                rows.append([f"{TITLES[name]}, of a {kind}, {shown(size, kind)}", f"{one[kind]['rate']:,.0f}", f"{one[kind]['p50']:.2f}", f"{one[kind]['p99']:.2f}"])
            ratios.append(judged(f"of a {kind} with {shown(size, kind)}, Unnati to FastAPI", both["Unnati"][kind]["rate"] / both["FastAPI"][kind]["rate"], 1, "≥", 8))
    lines = ["**Timelines.** The newest 25 of so many interactions, by 64 connections that ask and wait; the customer has a tenth of the business's. Beside the largest lie a million of a "
             "thousand other businesses.", ""]
    lines += table(["", "requests/s", "p50 ms", "p99 ms"], rows) + table(["Timeline, requests/s", "measured", "target"], ratios)
    last = list(results["scans"].items())[-1]
    for kind, nodes in last[1].items():
        told = ", ".join(f"`{index}` {times} time{'s' * (times > 1)} for {count} row{'s' * (count != 1)}" for index, (times, count) in nodes.items())
        lines += [f"A page of the timeline of a {kind} with {shown(last[0], kind)} goes by {told}.", ""]
    return lines


def searches(results):
    rows = []
    for size, both in results["search"].items():
        for name, one in both.items():
            eight = one["eight"]
            rows.append([f"{TITLES[name]}, among {size:,}", *(f"{one[part]:.1f}" for part in ("p50", "p95", "p99")), *(f"{eight[part]:.1f}" for part in ("p50", "p95", "p99")), f"{eight['rate']:,.0f}"])
    lines = ["**Search.** Two hundred things that people type, one after the other and by eight at once, in milliseconds. The peer asks the same function of the database, without sounds.", ""]
    lines += table(["", "p50", "p95", "p99", "eight: p50", "p95", "p99", "searches/s"], rows)
    measured = 100_000 if 100_000 in results["search"] else next(iter(results["search"]))
    ours = results["search"][measured]["Unnati"]
    lines += table([f"What is typed, among {measured:,}", "p50 ms", "p95 ms"], [[kind, f"{p50:.1f}", f"{p95:.1f}"] for kind, (p50, p95) in ours["kinds"].items()])
    lines += table(["Search", "measured", "target"], [judged(f"p95 among {measured:,}, one after the other, ms", ours["p95"], 1, "≤", 20)])
    return lines


def section(results):
    lines = [HEADING, "", "What a business's customers cost, the more of them there are, beside the same work on the same tables under the same row security in FastAPI, SQLAlchemy and asyncpg.", ""]
    lines += busy(results) + imports(results) + timelines(results) + searches(results)
    return "\n".join(lines + [f"![By size]({PLOT.name})", ""])


def busy(results):
    """What was measured on a machine that had something else to do is said to be."""
    before = results["load"][0]
    return [f"The machine was busy with other work: before the first measurement {before:.1f} processes waited for its cores. Times are longer than they would be, and ratios count more.", ""] if before > 0.7 else []


def draw(results):
    import matplotlib
    matplotlib.use("svg")
    matplotlib.rcParams["svg.hashsalt"] = "unnati"
    from matplotlib import pyplot
    figure, panels = pyplot.subplots(1, 3, figsize=(10, 2.6))
    series = {
        "import, rows a second": lambda size, name: results["import"][size][name]["rate"],
        "timeline, requests a second": lambda size, name: results["timeline"][size][name]["business"]["rate"],
        "search, p95 in milliseconds": lambda size, name: results["search"][size][name]["p95"]}
    for panel, (title, value) in zip(panels, series.items()):
        sizes = list(results["import"])
        for name, color in (("Unnati", "#0f766e"), ("FastAPI", "#b45309")):
            panel.plot(sizes, [value(size, name) for size in sizes], marker="o", color=color, linewidth=1.5, label=name)
        panel.set_xscale("log")
        panel.set_ylim(bottom=0)
        panel.set_title(title, loc="left", fontsize=10)
        panel.spines[["top", "right"]].set_visible(False)
    panels[0].legend(frameon=False, fontsize=8)
    figure.tight_layout()
    figure.savefig(PLOT, metadata={"Date": None})


def write(results):
    """Puts the section in the place of the one that was there, else behind all others."""
    draw(results)
    text = re.sub(rf"\n{HEADING}\n.*?(?=\n## |\Z)", "", REPORT.read_text(), flags=re.DOTALL).rstrip()
    REPORT.write_text(text + "\n\n" + section(results))
