# SPDX-License-Identifier: Apache-2.0
"""The corpus over real sockets, and the same bytes before other servers."""
import pathlib
import re
import subprocess
import sys

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "Conformance"


def test_every_case_of_the_corpus_and_no_framing_laxer_than_others(server):
    output = subprocess.run([sys.executable, str(FOLDER), str(server.port)], check=True, capture_output=True, text=True, timeout=600).stdout
    print(output)
    passed, total = map(int, re.search(r"^Score: (\d+)/(\d+)$", output, re.MULTILINE).groups())
    assert passed == total >= 250, output
    assert re.findall(r"more in (\d+)", output) == ["0", "0", "0"], output
    assert server.process.poll() is None
