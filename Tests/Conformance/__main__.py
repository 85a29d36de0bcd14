# SPDX-License-Identifier: Apache-2.0
"""Holds a running server against the corpus and against other readers of HTTP/1.1.

usage: python Tests/Conformance PORT [--write docs/http-conformance.md]
"""
import argparse
import collections
import pathlib
import re

import corpus
import exchange
import peers

#: Where we count a request that a peer does not, and nothing can hide in between: peers, what is sent, reason.
EXPLAINED = [
    (("nginx",), rb"^\s*OPTIONS \* ", "nginx does not know this form of target (RFC 9110 §9.3.7)"),
    (("nginx", "haproxy", "h11"), rb"^\s*(CONNECT|TRACE) ", "all refuse these methods; some end the connection too, or say 400 for 405"),
    (("h11",), rb"(?is) HTTP/1\.0\r\n.*keep-alive", "h11 does not keep connections of HTTP/1.0; nginx and haproxy do"),
    (("haproxy", "h11"), rb"(?i)\r\n0\r\n([^\r\n]+\r\n)*Transfer-Encoding:(?! chunked\r\n)",
     "they read a coding in trailers, where it has no meaning (RFC 9110 §6.5.1); nginx passes it over too"),
]


def explanation(peer, case):
    return next((reason for peers_, pattern, reason in EXPLAINED if peer in peers_ and re.search(pattern, case.send)), None)


def score(port, cases):
    """What failed, by id."""
    return {case.id: fault for case in cases if (fault := exchange.judge(case, port))}


def differential(port, cases):
    """For each peer: how often we see fewer requests, as many, or more; and the cases of the last kind."""
    table, laxer = {}, {}
    with peers.nginx() as nginx, peers.haproxy() as haproxy:
        ours = {case: peers.requests_seen(port, case.send) for case in cases}
        for name, see in (("nginx", lambda send: peers.requests_seen(nginx, send)), ("haproxy", lambda send: peers.requests_seen(haproxy, send)),
                          ("h11", peers.requests_seen_by_h11)):
            theirs = {case: see(case.send) for case in cases}
            table[name] = collections.Counter(
                "fewer" if ours[case] < theirs[case] else "same" if ours[case] == theirs[case] else
                "explained" if explanation(name, case) else "more" for case in cases)
            laxer[name] = [(case, ours[case], theirs[case]) for case in cases
                           if ours[case] > theirs[case] and not explanation(name, case)]
    return table, laxer


def document(cases, faults, total, table):
    """docs/http-conformance.md."""
    kinds = collections.Counter(case.kind for case in cases)
    passed = collections.Counter(case.kind for case in cases if case.id not in faults)
    titles = dict(re.findall(r"^# (\d+)\. (.*)$", (corpus.FOLDER / "corpus.yaml").read_text(), re.MULTILINE))
    lines = ["# HTTP/1.1 conformance", "",
             "Written by `make conformance`, which starts a server and holds it against `Tests/Conformance/corpus.yaml` over real sockets: one reply and no "
             "more, the right status, the connection kept or ended, nothing read behind a refusal. Cases are named as in Http11Probe where it has them. "
             "The same cases run on the connection as a value, whole and byte by byte, in `make test`.", "",
             f"**Score: {len(cases) - len(faults)} of {len(cases)}**", "", "| | Cases | Passed |", "|---|---:|---:|"]
    lines += [f"| {titles[str(kind)]} | {kinds[kind]} | {passed[kind]} |" for kind in sorted(kinds)]
    lines += ["", "## Beside other readers", "",
              f"The corpus and mutations of it, {total} inputs in all, each with one more request behind it. Compared is how many requests each reader takes "
              "out of the same bytes. A request that we see and another does not is how requests are smuggled; that column must be empty.", "",
              "| Peer | we see fewer | as many | more | more, for a known reason |", "|---|---:|---:|---:|---:|"]
    lines += [f"| {name} | {counts['fewer']} | {counts['same']} | {counts['more']} | {counts['explained']} |" for name, counts in table.items()]
    lines += ["", "The known reasons:", ""] + [f"- {', '.join(names)}: {reason}." for names, _, reason in EXPLAINED]
    return "\n".join(lines) + "\n"


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    arguments.add_argument("port", type=int)
    arguments.add_argument("--mutations", type=int, default=600)
    arguments.add_argument("--seed", type=int, default=20_261, help="of the mutations; the same seed makes the same ones")
    arguments.add_argument("--write", type=pathlib.Path, help="a Markdown file to write the result to")
    options = arguments.parse_args()
    cases = corpus.load()
    faults = score(options.port, cases)
    for id, fault in faults.items():
        print(f"  {id}: {fault}")
    print(f"Score: {len(cases) - len(faults)}/{len(cases)}")
    everything = cases + list(corpus.mutations(cases, options.mutations, options.seed))
    table, laxer = differential(options.port, everything)
    for name, counts in table.items():
        print(f"{name}: of {len(everything)}, we see fewer requests in {counts['fewer']}, as many in {counts['same']}, more in {counts['more']} "
              f"(and more for a known reason in {counts['explained']})")
        for case, ours, theirs in laxer[name]:
            print(f"  {case.id}: we {ours}, {name} {theirs}: {case.send[:160]!r}")
    if options.write:
        options.write.write_text(document(cases, faults, len(everything), table))


main()
