# SPDX-License-Identifier: Apache-2.0
"""Many connections, and connections past what the machine gives: nobody else notices."""
import contextlib
import pathlib
import resource
import socket
import ssl
import time

import pytest
import requests

from conftest import Server
from exchange_bytes import read_reply
from test_tls import certificate

REQUEST = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


@pytest.fixture(autouse=True)
def many_descriptors():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def memory(process):
    """Bytes that are the process's own, those that the system has put elsewhere among them."""
    rollup = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return sum(int(line.split()[1]) for line in rollup.splitlines() if line.startswith(("Private_Dirty:", "Swap:"))) * 1_024


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100


def probe(server, count=900):
    """Milliseconds that requests on a connection take, sorted."""
    moments, rest = [], b""
    with socket.create_connection(("127.0.0.1", server.port), timeout=30) as connection:
        for _ in range(count):
            begun = time.perf_counter()
            connection.sendall(REQUEST)
            status, _, rest = read_reply(connection, rest)
            assert status == 200
            moments.append((time.perf_counter() - begun) * 1_000)
    return sorted(moments)


def percentile(sorted_moments, share):
    return sorted_moments[min(len(sorted_moments) - 1, int(len(sorted_moments) * share))]


def idle_connections(server, count, wrap=lambda connection: connection):
    connections = []
    for _ in range(count):
        connection = wrap(socket.create_connection(("127.0.0.1", server.port), timeout=30))
        connection.sendall(REQUEST)
        read_reply(connection, b"")
        connections.append(connection)
    return connections


def test_ten_thousand_idle_connections_cost_little(tmp_path):
    count = min(10_000, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 200)
    server = Server(tmp_path, HTTP_CONNECTIONS=20_000)
    connections = []
    try:
        base = probe(server)
        before = memory(server.process)
        connections = idle_connections(server, count)
        each = (memory(server.process) - before) / count
        beside = probe(server)
        worked = processor_seconds(server.process)
        time.sleep(2)
        worked = processor_seconds(server.process) - worked
        print(f"{count} idle connections: {each:.0f} bytes each, p50 {percentile(base, 0.5):.2f} -> {percentile(beside, 0.5):.2f} ms, "
              f"p99 {percentile(base, 0.99):.2f} -> {percentile(beside, 0.99):.2f} ms, {worked / 2 * 100:.1f} % of a processor")
        assert each <= 8 * 1_024
        assert percentile(beside, 0.99) <= max(2 * percentile(base, 0.99), 5)
        assert worked < 0.4
    finally:
        for connection in connections:
            connection.close()
        server.drop()


def test_a_low_soft_limit_of_open_files_does_not_bound_the_server(tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    server = Server(tmp_path)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        connections = idle_connections(server, 600)
        for connection in connections:
            connection.close()
    finally:
        server.drop()


def test_an_idle_connection_under_tls_costs_little_too(tmp_path):
    key, file = certificate(tmp_path, "load")
    server = Server(tmp_path, scheme="https", verify=str(file), TLS_CERTIFICATE=file, TLS_KEY=key)
    context = ssl.create_default_context(cafile=str(file))
    connections = []
    try:
        def wrap(connection):
            return context.wrap_socket(connection, server_hostname="localhost")

        connections = idle_connections(server, 50, wrap)
        before = memory(server.process)
        connections += idle_connections(server, 1_000, wrap)
        each = (memory(server.process) - before) / 1_000
        print(f"{each:.0f} bytes for each idle connection under TLS")
        assert each <= 40 * 1_024
    finally:
        for connection in connections:
            connection.close()
        server.drop()


def test_out_of_descriptors_the_server_waits_without_spinning(tmp_path):
    server = Server(tmp_path)
    connections = []
    try:
        used = len(list(pathlib.Path(f"/proc/{server.process.pid}/fd").iterdir()))
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (used + 100, used + 100))
        for _ in range(300):
            connection = socket.create_connection(("127.0.0.1", server.port), timeout=5)
            connections.append(connection)
        time.sleep(0.5)
        worked = processor_seconds(server.process)
        time.sleep(2)
        worked = processor_seconds(server.process) - worked
        print(f"{worked / 2 * 100:.1f} % of a processor while full")
        assert worked < 0.4
        for connection in connections:
            connection.close()
        connections = []
        deadline = time.monotonic() + 5
        while True:
            with contextlib.suppress(requests.RequestException):
                if requests.get(server.url + "/livez", timeout=1).ok:
                    break
            assert time.monotonic() < deadline, "it did not come back"
    finally:
        for connection in connections:
            connection.close()
        server.drop()
