# SPDX-License-Identifier: Apache-2.0
"""The cases of corpus.yaml, and mutations of them."""
import dataclasses
import pathlib
import random
import re

import yaml

FOLDER = pathlib.Path(__file__).parent


@dataclasses.dataclass(frozen=True)
class Case:
    id: str
    kind: int
    send: bytes
    accept: tuple = ()
    refuse: int | None = None
    close: bool = False


def expand(text):
    """One character is one byte; <<text*count>> repeats."""
    return re.sub(r"<<(.+?)\*(\d+)>>", lambda found: found[1] * int(found[2]), text, flags=re.DOTALL).encode("latin-1")


def load():
    return [Case(entry["id"], entry["class"], expand(entry["send"]), tuple(entry.get("accept", ())), entry.get("refuse"), entry.get("close", False))
            for entry in yaml.safe_load((FOLDER / "corpus.yaml").read_text())]


PIECES = [b"\r\n", b"\n", b"\r", b" ", b"\t", b":", b",", b";", b"0", b"+", b"-", b"_", b"\x00", b"\x0b", b"\xa0", b"chunked", b"Content-Length: 3\r\n",
          b"Transfer-Encoding: chunked\r\n", b"Host: y\r\n", b"HTTP/1.0", b"x"]


def mutations(cases, count, seed):
    """Requests a step away from those of the corpus: a piece put in, taken out, doubled or moved."""
    chance = random.Random(seed)
    short = [case for case in cases if len(case.send) < 400]
    for number in range(count):
        send = bytearray(chance.choice(short).send)
        for _ in range(chance.randint(1, 2)):
            at = chance.randrange(len(send))
            match chance.randrange(4):
                case 0: send[at:at] = chance.choice(PIECES)
                case 1: del send[at:at + chance.randint(1, 4)]
                case 2: send[at:at] = send[at:at + chance.randint(1, 12)]
                case 3: send[at:at + 1] = chance.choice(PIECES)
            if not send:
                send = bytearray(b"GET")
        yield Case(f"mutation {seed}-{number}", 0, bytes(send))
