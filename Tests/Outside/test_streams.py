# SPDX-License-Identifier: Apache-2.0
"""Replies that are made while they are sent: the memory of a page, whatever the client does; never half taken for whole."""
import http.client
import socket
import time

import pytest
import requests

from conftest import psql
from test_load import memory

NOTES = "x" * 9_000


@pytest.fixture
def book(server):
    """A server with a business whose book is some 18 MB: its access token."""
    token = server.register()["access_token"]
    headers = {"Authorization": "Bearer " + token}
    rows = "name,notes\n" + "".join(f"Customer {number},{NOTES}\n" for number in range(2_000))
    status = requests.post(server.url + "/v1/customers/import", data=rows.encode(), headers={**headers, "Content-Type": "text/csv"}).json()
    while status["state"] == "running":
        time.sleep(0.1)
        status = requests.get(server.url + "/v1/customer-imports/" + status["id"], headers=headers).json()
    assert status["rows_created"] == 2_000
    return server, token


def begin(server, token):
    connection = socket.create_connection(("127.0.0.1", server.port), timeout=30)
    connection.sendall(f"GET /v1/customers/export HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
    return connection


def read_all(connection, pause=0.0):
    response = http.client.HTTPResponse(connection)
    response.begin()
    size = 0
    while piece := response.read(200_000):
        size += len(piece)
        time.sleep(pause)
    return size


def test_slow_readers_cost_no_memory(book):
    server, token = book
    size = read_all(begin(server, token))
    assert size > 18_000_000
    before = memory(server.process)
    connections = [begin(server, token) for _ in range(10)]
    time.sleep(2)
    most = memory(server.process) - before
    sizes = [read_all(connection) for connection in connections[:3]]
    for connection in connections:
        connection.close()
    print(f"{most / 2**20:.1f} MiB for ten readers who do not read")
    assert most < 12 * 2**20
    assert sizes == [size] * 3
    assert requests.get(server.url + "/livez").ok


def test_a_database_that_goes_away_cuts_the_file_off(book):
    server, token = book
    connection = begin(server, token)
    time.sleep(0.5)
    psql("postgres", f"ALTER DATABASE {server.database} ALLOW_CONNECTIONS false")
    psql("postgres", f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{server.database}'")
    with pytest.raises((http.client.IncompleteRead, ConnectionResetError)):
        read_all(connection)
    psql("postgres", f"ALTER DATABASE {server.database} ALLOW_CONNECTIONS true")
    assert server.process.poll() is None


def test_a_file_on_its_way_is_finished_when_the_server_goes_away(book):
    server, token = book
    connection = begin(server, token)
    time.sleep(0.3)
    server.process.terminate()
    assert read_all(connection, pause=0.01) > 18_000_000
    assert server.process.wait(timeout=25) == 0


def test_watchers_of_a_server_that_goes_away_are_sent_off_politely(server):
    token = server.register()["access_token"]
    # An import that stays as it is: its row says running and nobody works on it.
    tenant = server.sql("SELECT tenant_id FROM app.tenants")
    server.sql(f"INSERT INTO app.customer_imports (tenant_id, id, created_by, state, file_bytes, updated_at) SELECT '{tenant}', "
               f"'01900000-0000-7000-8000-000000000001', user_id, 'running', 10, now() + interval '1 hour' FROM app.memberships")
    reply = requests.get(server.url + "/v1/customer-imports/imp_01900000000070008000000000000001/events", stream=True,
                         headers={"Authorization": "Bearer " + token}, timeout=30)
    assert reply.status_code == 200
    pieces = reply.iter_content(None)
    assert next(pieces).startswith(b"event: state\n")
    begun = time.monotonic()
    server.process.terminate()
    assert b"".join(pieces) == b""
    assert server.process.wait(timeout=25) == 0
    assert time.monotonic() - begun < 6
