# SPDX-License-Identifier: Apache-2.0
"""Clients behind proxies: whom the PROXY protocol and X-Forwarded-For name, and nobody else's word."""
import contextlib
import pathlib
import socket
import ssl
import struct
import subprocess
import time

import pytest
import requests

from conftest import REPOSITORY, Server, free_port
from exchange_bytes import read_reply
from test_tls import certificate

REQUEST = b"GET /v1/me HTTP/1.1\r\nHost: x\r\n\r\n"
SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
TRUSTED = {"TRUSTED_PROXIES": "127.0.0.1/32", "PROXY_PROTOCOL": "on"}


def header(source):
    addresses = socket.inet_aton(source) + socket.inet_aton("127.0.0.1") + struct.pack(">HH", 4711, 80)
    return SIGNATURE + b"\x21\x11" + struct.pack(">H", len(addresses)) + addresses


def connect(server, first=b""):
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=10)
    connection.sendall(first)
    return connection


def ask(connection, request=REQUEST):
    connection.sendall(request)
    return read_reply(connection, b"")[0]


def is_closed(connection):
    try:
        return connection.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.fixture
def make(tmp_path):
    servers = []

    def make(**settings):
        servers.append(Server(tmp_path, **settings))
        return servers[-1]

    yield make
    for server in servers:
        server.drop()


def test_limits_count_whom_the_proxy_names(make):
    server = make(**TRUSTED, RATE_LIMIT_ADDRESS="3/60")
    assert [ask(connect(server, header("203.0.113.9"))) for _ in range(4)] == [401, 401, 401, 429]
    assert ask(connect(server, header("203.0.113.10"))) == 401
    # A health check of the proxy's own names nobody.
    assert ask(connect(server, SIGNATURE + b"\x20\x00\x00\x00")) == 401


def test_the_header_may_come_in_pieces_and_with_the_request(make):
    server = make(**TRUSTED)
    connection = connect(server)
    for byte in header("203.0.113.9"):
        connection.sendall(bytes([byte]))
        time.sleep(0.002)
    assert ask(connection) == 401
    assert ask(connect(server), header("203.0.113.9") + REQUEST) == 401


@pytest.mark.parametrize("first", [REQUEST, b"PROXY TCP4 203.0.113.9 127.0.0.1 4711 80\r\n", SIGNATURE + b"\x21\x11\xff\xff", SIGNATURE[:-1] + b"X"])
def test_whoever_does_not_speak_it_is_not_answered(make, first):
    server = make(**TRUSTED)
    assert is_closed(connect(server, first))


def test_strangers_have_no_say(make):
    # The peer, 127.0.0.1, is no proxy of this server.
    server = make(TRUSTED_PROXIES="192.0.2.0/24", PROXY_PROTOCOL="on")
    assert is_closed(connect(server, header("203.0.113.9") + REQUEST))


def test_connections_are_counted_by_whom_the_proxy_names(make):
    server = make(**TRUSTED, HTTP_CONNECTIONS_PER_ADDRESS=2)
    kept = [connect(server, header("203.0.113.9")) for _ in range(2)]
    assert [ask(connection) for connection in kept] == [401, 401]
    assert is_closed(connect(server, header("203.0.113.9") + REQUEST))
    assert ask(connect(server, header("203.0.113.10"))) == 401
    metrics = requests.get(f"http://127.0.0.1:{server.admin_port}/metrics").text
    assert "http_server_connections_refused_total 1" in metrics
    kept.pop().close()
    time.sleep(0.1)
    assert ask(connect(server, header("203.0.113.9"))) == 401


def test_it_stands_before_encryption(make, tmp_path):
    key, file = certificate(tmp_path, "proxied")
    server = make(scheme="https", verify=str(file), TLS_CERTIFICATE=file, TLS_KEY=key, **TRUSTED)
    context = ssl.create_default_context(cafile=str(file))
    connection = context.wrap_socket(connect(server, header("203.0.113.9")), server_hostname="localhost")
    assert ask(connection) == 401


def test_haproxy_and_we_understand_each_other(make, tmp_path):
    server = make(**TRUSTED, RATE_LIMIT_ADDRESS="5/60")
    port = free_port()
    configuration = tmp_path / "haproxy.cfg"
    configuration.write_text(f"""
defaults
    mode tcp
    timeout connect 5s
    timeout client 10s
    timeout server 10s
listen front
    bind 127.0.0.1:{port}
    source 127.0.0.1
    server one 127.0.0.1:{server.port} send-proxy-v2 check check-send-proxy inter 200
""")
    process = subprocess.Popen([REPOSITORY / ".local/peers/usr/sbin/haproxy", "-q", "-f", configuration], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(100):
            with contextlib.suppress(OSError):
                if requests.get(f"http://127.0.0.1:{port}/livez", timeout=2).ok:
                    break
            time.sleep(0.05)
        # haproxy names the client, which is this machine: loopback is not limited.
        assert {requests.get(f"http://127.0.0.1:{port}/v1/me").status_code for _ in range(20)} == {401}
    finally:
        process.terminate()
        process.wait(timeout=10)


def test_one_client_of_a_proxy_cannot_take_all_of_it(make):
    server = make(TRUSTED_PROXIES="127.0.0.1/32", HTTP_CONNECTIONS_PER_ADDRESS=2)
    token = server.register()["access_token"]
    rows = "name,notes\n" + "".join(f"Customer {number},{'x' * 9_000}\n" for number in range(2_000))
    headers = {"Authorization": "Bearer " + token}
    status = requests.post(server.url + "/v1/customers/import", data=rows.encode(), headers={**headers, "Content-Type": "text/csv"}).json()
    while status["state"] == "running":
        time.sleep(0.1)
        status = requests.get(server.url + "/v1/customer-imports/" + status["id"], headers=headers).json()

    def request(path, client):
        return f"GET {path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: {client}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()

    # Two long answers that are not read.
    busy = [connect(server, request("/v1/customers/export", "203.0.113.9")) for _ in range(2)]
    time.sleep(0.5)
    connection = connect(server)
    assert ask(connection, request("/v1/me", "203.0.113.9")) == 429
    # Over the same connection, another client of the proxy is answered.
    assert ask(connection, request("/v1/me", "203.0.113.10")) == 200
    busy.pop().close()
    deadline = time.monotonic() + 5
    while ask(connection, request("/v1/me", "203.0.113.9")) != 200:
        assert time.monotonic() < deadline
        time.sleep(0.05)
