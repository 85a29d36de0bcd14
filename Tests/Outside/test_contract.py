# SPDX-License-Identifier: Apache-2.0
"""openapi.yaml against the running server: schemathesis, every check, at least 1,000 cases."""
import os
import re
import subprocess

import pytest
import yaml
from conftest import REPOSITORY, Server
from openapi_spec_validator import validate
from people import people


def test_the_description_is_valid():
    validate(yaml.safe_load((REPOSITORY / "openapi.yaml").read_text()))


@pytest.fixture
def reachable(tmp_path):
    """A server that sends codes."""
    server = Server(tmp_path, **people().settings)
    yield server
    server.drop()


def test_schemathesis_finds_nothing(reachable):
    server = reachable
    token = server.register()["access_token"]
    examples = os.environ.get("SCHEMATHESIS_EXAMPLES", "60")
    command = [REPOSITORY / ".local/venv/bin/schemathesis", "--config-file", REPOSITORY / "Tests/Outside/schemathesis.toml", "run",
               REPOSITORY / "openapi.yaml", "--url", server.url, "--header", f"Authorization: Bearer {token}", "--checks", "all",
               "--max-examples", examples, "--seed", "7", "--no-color", "--exclude-operation-id", "logOut", "--exclude-operation-id", "endSession",
               "--exclude-operation-id", "leaveBusiness", "--exclude-operation-id", "closeBusiness", "--exclude-operation-id", "closeAccount"]
    result = subprocess.run(command, capture_output=True, text=True, cwd=server.folder)
    output = result.stdout + result.stderr
    assert result.returncode == 0, output[-6000:]
    cases = sum(int(number) for number in re.findall(r"(\d+) generated", output))
    print(f"{cases} cases")
    assert cases >= 1_000, output[-3000:]
    assert server.process.poll() is None
