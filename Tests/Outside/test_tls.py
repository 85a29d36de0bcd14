# SPDX-License-Identifier: Apache-2.0
"""TLS as clients see it: Python's ssl, the openssl command, and sslyze's list of what servers get wrong."""
import contextlib
import json
import signal
import socket
import ssl
import subprocess
import sys
import time

import pytest
import requests

from conftest import Server
from exchange_bytes import read_reply

REQUEST = b"GET /livez HTTP/1.1\r\nHost: localhost\r\n\r\n"


def certificate(folder, name, authority=None, usage="serverAuth"):
    """A key and a certificate for localhost, signed by itself or an authority: paths of both."""
    key, file = folder / f"{name}.key", folder / f"{name}.pem"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", key, "-out", file, "-days", "30",
               "-subj", f"/CN={name}", "-addext", "subjectAltName=DNS:localhost"]
    if authority:
        command += ["-CA", authority[1], "-CAkey", authority[0], "-addext", f"extendedKeyUsage={usage}", "-addext", "basicConstraints=CA:FALSE"]
    subprocess.run(list(map(str, command)), check=True, capture_output=True)
    return key, file


@pytest.fixture
def tls(tmp_path):
    key, file = certificate(tmp_path, "first")
    server = Server(tmp_path, scheme="https", verify=str(file), TLS_CERTIFICATE=file, TLS_KEY=key)
    yield server, key, file
    server.drop()


def connect(server, file, **changes):
    context = ssl.create_default_context(cafile=str(file))
    for name, value in changes.items():
        setattr(context, name, value)
    connection = context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), timeout=10), server_hostname="localhost")
    return connection


def test_the_api_works_over_tls(tls):
    server, _, file = tls
    account = server.register()
    session = server.session
    session.headers["Authorization"] = "Bearer " + account["access_token"]
    reply = session.get(server.url + "/v1/me")
    assert reply.status_code == 200
    assert reply.headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    rows = "name,phone\n" + "".join(f"Customer {index},{7_000_000_000 + index}\n" for index in range(20_000))
    begun = session.post(server.url + "/v1/customers/import", data=rows.encode(), headers={"Content-Type": "text/csv"})
    assert begun.status_code == 202
    page = session.get(server.url + "/v1/customers?limit=100").json()
    assert "data" in page


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_speak_http_1_1_and_pipeline(tls, version):
    server, _, file = tls
    context = ssl.create_default_context(cafile=str(file))
    context.minimum_version = context.maximum_version = version
    context.set_alpn_protocols(["h2", "http/1.1"])
    with context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), timeout=10), server_hostname="localhost") as connection:
        assert connection.selected_alpn_protocol() == "http/1.1"
        connection.sendall(REQUEST * 50)
        rest = b""
        for _ in range(50):
            status, _, rest = read_reply(connection, rest)
            assert status == 200


def test_other_protocols_and_old_versions_are_refused(tls):
    server, _, file = tls
    context = ssl.create_default_context(cafile=str(file))
    context.set_alpn_protocols(["ftp"])
    with pytest.raises(ssl.SSLError):
        context.wrap_socket(socket.create_connection(("127.0.0.1", server.port), timeout=10), server_hostname="localhost")
    old = subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{server.port}", "-tls1_1", "-cipher", "ALL:@SECLEVEL=0"], input=b"", capture_output=True)
    assert b"Cipher is (NONE)" in old.stdout
    # Plain HTTP on the TLS port gets no HTTP answer, and the server lives on.
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as plain:
        plain.sendall(REQUEST)
        with contextlib.suppress(ConnectionResetError):
            assert not plain.recv(100).startswith(b"HTTP/")
    assert server.session.get(server.url + "/livez").ok


def test_sessions_are_resumed(tls):
    server, _, file = tls
    context = ssl.create_default_context(cafile=str(file))
    first = context.wrap_socket(socket.create_connection(("127.0.0.1", server.port)), server_hostname="localhost")
    first.sendall(REQUEST)
    read_reply(first, b"")
    session = first.session
    first.close()
    again = context.wrap_socket(socket.create_connection(("127.0.0.1", server.port)), server_hostname="localhost", session=session)
    assert again.session_reused
    again.close()


def test_a_renewed_certificate_is_taken_up_without_dropping_a_connection(tls, tmp_path):
    server, key, file = tls
    kept = connect(server, file)
    old = kept.getpeercert(binary_form=True)
    new_key, new_file = certificate(tmp_path, "second")
    key.write_bytes(new_key.read_bytes())
    file.write_bytes(new_file.read_bytes())
    server.process.send_signal(signal.SIGHUP)
    for _ in range(100):
        fresh = connect(server, new_file, check_hostname=False, verify_mode=ssl.CERT_NONE)
        seen = fresh.getpeercert(binary_form=True)
        fresh.close()
        if seen != old:
            break
        time.sleep(0.02)
    assert seen != old
    kept.sendall(REQUEST)
    assert read_reply(kept, b"")[0] == 200
    # Rubbish in its place changes nothing.
    file.write_text("rubbish")
    server.process.send_signal(signal.SIGHUP)
    time.sleep(0.2)
    connect(server, new_file).close()
    assert server.process.poll() is None


def test_clients_without_a_certificate_stay_outside(tmp_path):
    authority = certificate(tmp_path, "authority")
    key, file = certificate(tmp_path, "server")
    client = certificate(tmp_path, "client", authority, "clientAuth")
    stranger = certificate(tmp_path, "stranger")
    server = Server(tmp_path, scheme="https", verify=str(file), cert=(str(client[1]), str(client[0])), TLS_CERTIFICATE=file, TLS_KEY=key, TLS_CLIENT_CA=authority[1])
    try:
        assert server.session.get(server.url + "/livez").ok
        for cert in (None, (str(stranger[1]), str(stranger[0]))):
            with pytest.raises(requests.exceptions.RequestException):
                requests.get(server.url + "/livez", verify=str(file), cert=cert, timeout=10)
    finally:
        server.drop()


def test_slow_and_broken_handshakes_hold_nobody_up(tls):
    server, _, file = tls
    silent = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(50)]
    for index, connection in enumerate(silent):
        # A ClientHello's first bytes, or noise.
        connection.sendall(b"\x16\x03\x01\x02\x00\x01" if index % 2 else b"\x00" * 40)
    begun = time.monotonic()
    for _ in range(10):
        connect(server, file).close()
    assert time.monotonic() - begun < 5
    deadline = time.monotonic() + 8
    for connection in silent:
        connection.settimeout(max(0.1, deadline - time.monotonic()))
        try:
            while connection.recv(1_000):
                pass
        except ConnectionResetError:
            pass
        connection.close()


def test_nothing_that_scanners_look_for_is_found(tls, tmp_path):
    server, *_ = tls
    target = tmp_path / "sslyze.json"
    subprocess.run([sys.executable, "-m", "sslyze", f"localhost:{server.port}", "--mozilla_config", "disable", f"--json_out={target}", "--sslv2", "--sslv3",
                    "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3", "--heartbleed", "--openssl_ccs", "--reneg", "--robot", "--compression", "--fallback",
                    "--elliptic_curves", "--early_data"], check=True, capture_output=True, timeout=300)
    result = json.loads(target.read_text())["server_scan_results"][0]["scan_result"]
    for version in ("ssl_2_0", "ssl_3_0", "tls_1_0", "tls_1_1"):
        assert not result[f"{version}_cipher_suites"]["result"]["accepted_cipher_suites"], version
    modern = {suite["cipher_suite"]["name"] for version in ("tls_1_2", "tls_1_3") for suite in result[f"{version}_cipher_suites"]["result"]["accepted_cipher_suites"]}
    print(sorted(modern))
    assert modern and all("GCM" in name or "CHACHA20" in name for name in modern)
    assert all(name.startswith(("TLS_AES", "TLS_CHACHA20", "TLS_ECDHE")) for name in modern)
    assert not result["heartbleed"]["result"]["is_vulnerable_to_heartbleed"]
    assert not result["openssl_ccs_injection"]["result"]["is_vulnerable_to_ccs_injection"]
    assert not result["session_renegotiation"]["result"]["is_vulnerable_to_client_renegotiation_dos"]
    assert not result["tls_compression"]["result"]["supports_compression"]
    assert not result["tls_1_3_early_data"]["result"]["supports_early_data"]
