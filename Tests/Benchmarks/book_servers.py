# SPDX-License-Identifier: Apache-2.0
"""A database of several businesses with our server and its peer on it, and how both are asked."""
import contextlib
import http.client
import json
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "Tests/Outside"))
import accounts  # noqa: E402

# Who ends the measuring early ends the servers with it.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
OURS, PEER = 18_110, 18_111
CONTENDERS = {"Unnati": OURS, "FastAPI": PEER}
PASSWORD = "seven silk saris"


class Business:
    """One that asks: its tenant's id and a token of its owner."""

    def __init__(self, account):
        self.token = account["access_token"]
        self.tenant = str(uuid.UUID(account["tenant_id"].removeprefix("ten_")))


class Book:
    """A database of its own, our server on it, and the peer's where it is asked for."""

    def __init__(self, cluster, database="unnati_book"):
        self.cluster, self.database = cluster, database
        self.psql("postgres", f"DROP DATABASE IF EXISTS {database} WITH (FORCE)")
        subprocess.run([ROOT / "docker/local/database", "bench", database], check=True, capture_output=True)
        self.settings = {
            "DATABASE_URL": f"{cluster}unnati_app&dbname={database}", "DATABASE_WORKER_URL": f"{cluster}unnati_worker&dbname={database}", "HTTP_PORT": str(OURS),
            "ADMIN_PORT": "0", "PASSWORD_COST": "10", "KEYS_DIRECTORY": str(ROOT / ".local/bench-keys"), "ACCESS_TOKEN_LIFETIME_S": "3600",
            # One person asks as fast as the machine goes: counted as always, refused never.
            "RATE_LIMIT_PERSON": "100000000/1", "RATE_LIMIT_TENANT": "100000000/1", "RATE_LIMIT_IDENTITY": "off", "RATE_LIMIT_IMPORTS": "off"}
        self.process = start([".build/release/unnati", "serve"], OURS, "/readyz", self.settings)

    def business(self, name):
        email = f"{uuid.uuid4().hex}@example.in"
        accounts.bring(self.settings, [accounts.line(name, name, email, PASSWORD)])
        return Business(call(OURS, "POST", "/v1/auth/login", body=json.dumps({"identity": email, "password": PASSWORD}).encode()))

    @contextlib.contextmanager
    def peer(self):
        keys = json.dumps(call(OURS, "GET", "/.well-known/jwks.json"))
        host = self.cluster.split("?")[1].split("&")[0]
        process = start([".local/venv/bin/uvicorn", "--app-dir", "Tests/Benchmarks/fastapi", "app:app", "--port", str(PEER), "--workers", "2", "--log-level", "error"], PEER, "/livez",
                        {"FASTAPI_JWKS": keys, "FASTAPI_DATABASE_URL": f"postgresql+asyncpg://unnati_app@/{self.database}?{host}"})
        try:
            yield process
        finally:
            stop(process)

    def psql(self, database, text, role="postgres"):
        return subprocess.run(["psql", "-qAt", f"{self.cluster}{role}&dbname={database}", "-v", "ON_ERROR_STOP=1"], input=text, check=True, capture_output=True,
                              text=True).stdout.strip()

    def sql(self, text):
        return self.psql(self.database, text)

    def close(self):
        stop(self.process)
        self.psql("postgres", f"DROP DATABASE {self.database} WITH (FORCE)")


def start(command, port, path, settings):
    with socket.socket() as probe:
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            raise SystemExit(f"Port {port} is taken: what listens there would be measured.")
    log = open(ROOT / f".local/book-{port}.log", "wb")
    process = subprocess.Popen(command, env={**os.environ, **settings}, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)
    for _ in range(400):
        with contextlib.suppress(OSError, AssertionError):
            call(port, "GET", path)
            return process
        if process.poll() is not None:
            raise SystemExit(f"{command[0]} ended with exit code {process.returncode}.")
        time.sleep(0.05)
    raise SystemExit(f"{command[0]} does not answer.")


def stop(process):
    os.killpg(process.pid, signal.SIGTERM)
    process.wait()


def call(port, method, path, token=None, body=None, content_type="application/json"):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request(method, path, body, {"Content-Type": content_type, **({"Authorization": "Bearer " + token} if token else {})})
        reply = connection.getresponse()
        content = reply.read()
        assert reply.status < 300, (method, path, reply.status, content)
        return json.loads(content)
    finally:
        connection.close()


def load(port, token, paths, clients, seconds):
    """Requests a second and milliseconds, of clients who ask for some paths in turns, each when it has its reply."""
    (ROOT / ".local/paths").write_text("\n".join(paths))
    command = ["wrk", f"-t{min(2, clients)}", f"-c{clients}", f"-d{seconds}s", "--timeout", "10s", "-H", f"Authorization: Bearer {token}",
               "-s", ROOT / "Tests/Benchmarks/paths.lua", f"http://127.0.0.1:{port}", "--", ROOT / ".local/paths"]
    output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    result = json.loads(output.splitlines()[-1])
    assert result.pop("failed") == 0, output
    return result
