# SPDX-License-Identifier: Apache-2.0
"""Other readers of HTTP/1.1, to compare with: nginx and haproxy as they come, and the parser h11.

What is compared is framing: how many requests a reader sees in the same bytes before it gives up.
"""
import contextlib
import pathlib
import socket
import subprocess
import tempfile
import time

import h11

from exchange import Exchange, final_statuses

NGINX = """
daemon off; pid {folder}/nginx.pid; error_log {folder}/error.log; worker_processes 1;
events {{ worker_connections 256; }}
http {{
    access_log off;
    client_body_temp_path {folder}; proxy_temp_path {folder}; fastcgi_temp_path {folder}; uwsgi_temp_path {folder}; scgi_temp_path {folder};
    client_max_body_size 0; large_client_header_buffers 8 16k; client_header_timeout 2s; client_body_timeout 2s;
    server {{ listen 127.0.0.1:{port}; location / {{ return 200 "ok"; }} }}
}}
"""

HAPROXY = """
defaults
    mode http
    timeout client 2s
    timeout http-request 2s
    timeout connect 2s
    timeout server 2s
frontend peer
    bind 127.0.0.1:{port}
    http-request wait-for-body time 1s
    http-request return status 200 content-type text/plain string ok
"""


#: Unpacked by docker/local/peers.
PROGRAMS = pathlib.Path(__file__).resolve().parents[2] / ".local/peers/usr/sbin"


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


@contextlib.contextmanager
def started(name, configuration, command):
    """A peer on a port of its own; stops it afterwards."""
    with tempfile.TemporaryDirectory() as folder:
        port = free_port()
        file = pathlib.Path(folder) / "peer.conf"
        file.write_text(configuration.format(folder=folder, port=port))
        process = subprocess.Popen([PROGRAMS / name, *command, str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            for _ in range(100):
                with contextlib.suppress(OSError):
                    socket.create_connection(("127.0.0.1", port), timeout=1).close()
                    break
                time.sleep(0.05)
            yield port
        finally:
            process.terminate()
            process.wait(timeout=10)


def nginx():
    return started("nginx", NGINX, ["-c"])


def haproxy():
    return started("haproxy", HAPROXY, ["-q", "-f"])


#: Statuses by which a reader says that it cannot tell what was sent.
REFUSALS = {400, 408, 413, 414, 417, 431, 494, 501, 505}


#: Sent behind every case: whoever still reads requests there answers it and ends.
LAST = b"GET /livez HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"


def requests_seen(port, send):
    """How many requests a server takes as such out of `send` and one more behind it."""
    exchange = Exchange(port)
    try:
        exchange.send(send + LAST)
        exchange.read(10_000, 3)
    finally:
        exchange.close()
    statuses = final_statuses(exchange.received)
    return next((index for index, status in enumerate(statuses) if status in REFUSALS), len(statuses))


def requests_seen_by_h11(send):
    """The same of h11, which is given each request without the one empty line that RFC 9112 §2.2 lets stand before it."""
    rest, seen = send + LAST, 0
    while rest:
        connection = h11.Connection(h11.SERVER)
        connection.receive_data(rest.removeprefix(b"\r\n"))
        try:
            while (event := connection.next_event()) is not h11.NEED_DATA and not isinstance(event, h11.EndOfMessage):
                pass
        except h11.RemoteProtocolError:
            return seen
        if event is h11.NEED_DATA:
            return seen
        seen += 1
        if connection.their_state is h11.MUST_CLOSE:
            return seen
        rest = connection.trailing_data[0]
    return seen
