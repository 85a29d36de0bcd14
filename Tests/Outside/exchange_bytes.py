# SPDX-License-Identifier: Apache-2.0
"""Replies read by their Content-Length, without an HTTP library."""


def read_reply(connection, rest):
    """The next reply of a socket: its status, its body, and what has come behind it."""
    while (end := rest.find(b"\r\n\r\n")) < 0:
        rest += receive(connection)
    head = rest[:end].lower().split(b"\r\n")
    length = next((int(line.split(b":")[1]) for line in head if line.startswith(b"content-length:")), 0)
    while len(rest) < end + 4 + length:
        rest += receive(connection)
    return int(head[0].split()[1]), rest[end + 4:end + 4 + length], rest[end + 4 + length:]


def receive(connection):
    if not (more := connection.recv(65_536)):
        raise ConnectionResetError("the server ended the connection")
    return more
