# SPDX-License-Identifier: Apache-2.0
"""The server as others see it: started from its binary, spoken to over sockets."""
import os
import pathlib
import random
import signal
import socket
import subprocess
import time
import uuid

import pytest
import requests

import accounts

REPOSITORY = pathlib.Path(__file__).resolve().parents[2]
BINARY = REPOSITORY / ".build/release/unnati"
CLUSTER = os.environ["UNNATI_TEST_POSTGRES"]
# Where servers find the cluster: through a PgBouncer, when the tests run once more with one.
POOLER = os.environ.get("UNNATI_TEST_POOLER")
PASSWORD = "seven silk saris"


def psql(database, sql, role="postgres"):
    return subprocess.run(["psql", "-qAt", f"{CLUSTER}{role}&dbname={database}", "-v", "ON_ERROR_STOP=1", "-c", sql],
                          check=True, capture_output=True, text=True).stdout.strip()


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Server:
    """A server process on a database of its own."""

    def __init__(self, folder, scheme="http", verify=True, cert=None, **settings):
        self.session = requests.Session()
        # A machine's own list of authorities would win over `verify`.
        self.session.trust_env = False
        self.session.verify, self.session.cert = verify, cert
        self.database = "o_" + uuid.uuid4().hex
        psql("postgres", f"CREATE DATABASE {self.database} OWNER unnati_owner TEMPLATE unnati_template")
        self.port, self.admin_port, self.folder = free_port(), free_port(), folder
        self.url = f"{scheme}://{'127.0.0.1' if scheme == 'http' else 'localhost'}:{self.port}"
        self.environment = {
            **os.environ, "DATABASE_URL": f"{POOLER or CLUSTER}unnati_app&dbname={self.database}",
            "DATABASE_WORKER_URL": f"{POOLER or CLUSTER}unnati_worker&dbname={self.database}",
            **({"DATABASE_PREPARED_STATEMENTS": "off"} if POOLER else {}), "HTTP_PORT": str(self.port),
            "ADMIN_PORT": str(self.admin_port), "KEYS_DIRECTORY": str(folder / "keys"), "MIGRATIONS_DIRECTORY": str(REPOSITORY / "sql"),
            "PASSWORD_COST": "10",
            # One person does here what thousands do elsewhere.
            "RATE_LIMIT_PERSON": "1000000/60", "RATE_LIMIT_TENANT": "1000000/60", "RATE_LIMIT_IDENTITY": "1000000/60",
            "RATE_LIMIT_IMPORTS": "1000000/60", "RATE_LIMIT_EXPORTS": "1000000/60",
            **{name: str(value) for name, value in settings.items()}}
        self.start()

    def start(self):
        self.log = open(self.folder / "server.log", "ab")
        self.process = subprocess.Popen([BINARY, "serve"], env=self.environment, stdout=self.log, stderr=self.log)
        for _ in range(200):
            try:
                if requests.get(f"http://127.0.0.1:{self.admin_port}/readyz", timeout=1).ok:
                    return
            except requests.ConnectionError:
                time.sleep(0.02)
        raise AssertionError((self.folder / "server.log").read_text()[-2000:])

    def stop(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        code = self.process.wait(timeout=40)
        self.log.close()
        return code

    def drop(self):
        if self.process.poll() is None:
            self.stop(signal.SIGKILL)
        psql("postgres", f"DROP DATABASE {self.database} WITH (FORCE)")

    def register(self, business="Acme", name="Owner", phone=None, password=PASSWORD):
        """A business whose owner has signed in, brought in from elsewhere: that takes no code."""
        phone = phone or f"9{random.randrange(10**9):09d}"
        accounts.bring(self.environment, [accounts.line(business, name, phone, password)])
        reply = self.session.post(self.url + "/v1/auth/login", json={"identity": phone, "password": password})
        assert reply.status_code == 200, reply.text
        return reply.json()

    def sql(self, statement):
        return psql(self.database, statement)


@pytest.fixture
def server(tmp_path):
    server = Server(tmp_path)
    yield server
    server.drop()


@pytest.fixture
def database():
    """A database that `docker/roles.sql` has made and nobody has migrated."""
    name = "a_" + uuid.uuid4().hex
    subprocess.run(["psql", "-q", f"{CLUSTER}postgres&dbname=postgres", "-v", "ON_ERROR_STOP=1", "-v", f"database={name}",
                    "-f", REPOSITORY / "docker/roles.sql"], check=True)
    yield name
    psql("postgres", f"DROP DATABASE {name} WITH (FORCE)")


def administer(database, *arguments, **settings):
    environment = {**os.environ, "DATABASE_OWNER_URL": f"{CLUSTER}unnati_owner&dbname={database}",
                   "DATABASE_URL": f"{CLUSTER}unnati_app&dbname={database}", "DATABASE_WORKER_URL": f"{CLUSTER}unnati_worker&dbname={database}",
                   "MIGRATIONS_DIRECTORY": str(REPOSITORY / "sql"), **settings}
    return subprocess.run([BINARY, *arguments], env=environment, capture_output=True, text=True, timeout=120)
