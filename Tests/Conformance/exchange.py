# SPDX-License-Identifier: Apache-2.0
"""Bytes to a server and what comes back, without any HTTP library in between."""
import contextlib
import re
import socket

STATUS_LINE = re.compile(rb"HTTP/1\.[01] (\d{3})[ \r]")
NEXT = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"


def final_statuses(received):
    """The statuses of the replies, in order, interim ones left out."""
    return [int(status) for status in STATUS_LINE.findall(received) if not status.startswith(b"1")]


class Exchange:
    def __init__(self, port):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=5)
        self.received = b""
        self.ended = False

    def send(self, data):
        # A server that has refused may already have gone.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.socket.sendall(data)

    def read(self, replies, patience):
        """Until there are so many replies, the server ends, or `patience` seconds bring nothing."""
        self.socket.settimeout(patience)
        while not self.ended and len(final_statuses(self.received)) < replies:
            try:
                more = self.socket.recv(65_536)
            except TimeoutError:
                return
            except ConnectionResetError:
                more = b""
            self.received += more
            self.ended = not more

    def close(self):
        self.socket.close()


def judge(case, port):
    """None when the server does what the case asks for, else what it did."""
    exchange = Exchange(port)
    try:
        expected = list(case.accept) + ([case.refuse] if case.refuse else [])
        exchange.send(case.send)
        if case.refuse or case.close:
            # One more request behind it: nobody may read it.
            exchange.send(NEXT)
            exchange.read(10_000, 3)
            statuses = final_statuses(exchange.received)
            if statuses != expected:
                return f"answered {statuses} in place of {expected}"
            return None if exchange.ended else "kept the connection"
        exchange.read(len(expected), 3)
        exchange.send(NEXT)
        exchange.read(len(expected) + 1, 3)
        statuses = final_statuses(exchange.received)
        return None if statuses == expected + [200] else f"answered {statuses} in place of {expected + [200]}"
    finally:
        exchange.close()
