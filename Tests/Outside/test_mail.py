# SPDX-License-Identifier: Apache-2.0
"""`unnati mail test`: mail as an operator tries it, and what the machine around it must not change."""
import json
import os
import subprocess
import sys

import pytest
import requests

from conftest import BINARY, REPOSITORY


@pytest.fixture(scope="module")
def simulator():
    process = subprocess.Popen([sys.executable, REPOSITORY / "Tests/Simulator"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    yield json.loads(process.stdout.readline())
    process.stdin.close()
    process.wait(timeout=10)


def send(simulator, to, server="smtp", **settings):
    environment = {"PATH": os.environ["PATH"], "OUTBOUND_CA_FILE": simulator["ca"], "MAIL_URL": f"smtp://localhost:{simulator[server]}",
                   "MAIL_USER": "unnati", "MAIL_PASSWORD": "seven silk saris", "MAIL_FROM": "shop@acme.in", "MAIL_FROM_NAME": "आशा बुटीक", **settings}
    return subprocess.run([BINARY, "mail", "test", to], env={name: value for name, value in environment.items() if value is not None},
                          capture_output=True, text=True, timeout=60)


def received(simulator, to):
    return requests.get(f"http://127.0.0.1:{simulator['http']}/_simulator/mail", params={"to": to}, timeout=5).json()


def test_a_trial_arrives(simulator):
    result = send(simulator, "one@example.in")
    assert result.returncode == 0, result.stderr
    assert result.stdout == "The mail server has taken the message for one@example.in in.\n"
    [message] = received(simulator, "one@example.in")
    assert message["encrypted"] and message["from"] == "shop@acme.in"
    assert dict(message["fields"])["From"] == "आशा बुटीक <shop@acme.in>"


def test_the_machines_own_settings_change_nothing(simulator, tmp_path):
    """A proxy would see what is said; a .netrc or .curlrc of whoever started the server would speak for it."""
    (tmp_path / ".netrc").write_text("default login intruder password wrong\n")
    (tmp_path / ".curlrc").write_text('proxy = "http://127.0.0.1:1"\ninsecure\n')
    proxies = {name: "http://127.0.0.1:1" for name in ("ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "http_proxy")}
    result = send(simulator, "two@example.in", HOME=str(tmp_path), SSL_CERT_FILE="/dev/null", **proxies)
    assert result.returncode == 0, result.stderr
    assert len(received(simulator, "two@example.in")) == 1


@pytest.mark.parametrize("change, code, says", [
    ({"MAIL_URL": None}, 78, "MAIL_URL is missing"),
    ({"MAIL_FROM": None}, 78, "MAIL_FROM is missing"),
    ({"MAIL_FROM_NAME": "A\nBcc: x@y.in"}, 78, "MAIL_FROM_NAME must be one line"),
    ({"MAIL_URL": "smtp://localhost/x"}, 78, "MAIL_URL is not an address"),
    ({"MAIL_URL": "http://127.0.0.1:25"}, 78, "MAIL_URL is not an address such as smtp://"),
    ({"MAIL_URL": "smtp://user:secret@localhost"}, 78, "MAIL_URL is not an address such as smtp://"),
    ({"MAIL_FROM": "shop"}, 78, "MAIL_FROM is shop"),
    ({"MAIL_PASSWORD": None}, 78, "MAIL_USER and MAIL_PASSWORD go together"),
    ({"OUTBOUND_CALLS": "0"}, 78, "OUTBOUND_CALLS is 0"),
    ({"OUTBOUND_CA_FILE": "/nonexistent"}, 78, "OUTBOUND_CA_FILE names /nonexistent"),
    ({"OUTBOUND_CA_FILE": None}, 1, "The connection cannot be trusted"),
    ({"MAIL_PASSWORD": "wrong"}, 1, "the mail server refused with 535"),
    ({"MAIL_URL": "smtp://127.0.0.1:1"}, 1, "cannot be reached"),
    ({"MAIL_URL": "smtp://nothing.invalid:25"}, 1, "name is unknown"),
])
def test_what_is_wrong_is_said(simulator, change, code, says):
    result = send(simulator, "three@example.in", **change)
    assert result.returncode == code, result.stderr
    assert says in result.stderr
    assert "seven silk" not in result.stderr and "secret" not in result.stderr
    assert received(simulator, "three@example.in") == []


def test_an_unknown_address_is_said(simulator):
    result = send(simulator, "nobody@example.in")
    assert result.returncode == 1
    assert "the mail server refused with 550 5.1.1" in result.stderr


def test_what_is_no_address_is_said(simulator):
    result = send(simulator, "a@example.in\r\nRCPT TO:<b@example.in>")
    assert result.returncode == 64
    assert "is no e-mail address" in result.stderr
