# SPDX-License-Identifier: Apache-2.0
"""What is acknowledged is kept, and what is begun is finished."""
import concurrent.futures
import signal
import socket
import subprocess
import threading
import time

import requests

from conftest import BINARY, CLUSTER


def test_kill_minus_nine_loses_no_acknowledged_customer(server):
    tokens = [server.register()["access_token"] for _ in range(4)]
    acknowledged, lock, started = set(), threading.Lock(), threading.Event()

    def create(index):
        session = requests.Session()
        session.headers["Authorization"] = "Bearer " + tokens[index % 4]
        for turn in range(50):
            try:
                reply = session.post(server.url + "/v1/customers", json={"name": f"Customer {index} {turn}"}, timeout=10)
            except requests.RequestException:
                return
            if reply.status_code == 201:
                with lock:
                    acknowledged.add(reply.json()["id"])
                    if len(acknowledged) > 300:
                        started.set()

    with concurrent.futures.ThreadPoolExecutor(200) as pool:
        futures = [pool.submit(create, index) for index in range(200)]
        assert started.wait(60)
        server.stop(signal.SIGKILL)
        concurrent.futures.wait(futures)

    stored = {"cus_" + line.replace("-", "") for line in server.sql("SELECT id FROM app.customers").split()}
    print(f"{len(acknowledged)} acknowledged, {len(stored)} stored")
    assert len(acknowledged) > 300
    assert acknowledged <= stored
    server.start()
    assert requests.get(server.url + "/v1/me", headers={"Authorization": "Bearer " + tokens[0]}).ok


def test_sigterm_finishes_what_was_begun(server):
    token = server.register()["access_token"]
    outcomes, stopping = [], threading.Event()

    def work():
        session = requests.Session()
        session.headers["Authorization"] = "Bearer " + token
        while True:
            try:
                reply = session.post(server.url + "/v1/customers", json={"name": "Asha"}, timeout=10)
                outcomes.append(reply.status_code)
            except requests.ConnectionError as error:
                # A refused connection is how a server that is gone looks; a torn reply is not.
                outcomes.append("refused" if stopping.is_set() else repr(error))
                return

    threads = [threading.Thread(target=work, daemon=True) for _ in range(8)]
    for thread in threads:
        thread.start()
    time.sleep(0.7)
    stopping.set()
    begun = time.monotonic()
    assert server.stop() == 0
    assert time.monotonic() - begun < 10
    for thread in threads:
        thread.join()
    assert set(outcomes) <= {201, "refused"}, set(outcomes)
    assert outcomes.count(201) == int(server.sql("SELECT count(*) FROM app.customers"))


def exchange(port, connections):
    """One request after the other on kept connections until told to stop: how each ended."""
    outcomes, stop = [], threading.Event()

    def work():
        connection, request = None, b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n"
        while not stop.is_set():
            try:
                connection = connection or socket.create_connection(("127.0.0.1", port), timeout=10)
                connection.sendall(request)
                reply = b""
                while not reply.endswith(b"}"):
                    if not (more := connection.recv(4_096)):
                        raise ConnectionResetError("closed before the reply")
                    reply += more
                outcomes.append(reply[9:12].decode())
                if b"Connection: close" in reply:
                    connection.close()
                    connection = None
                time.sleep(0.002)
            except OSError as error:
                outcomes.append(repr(error))
                connection = None

    threads = [threading.Thread(target=work, daemon=True) for _ in range(connections)]
    for thread in threads:
        thread.start()
    return outcomes, stop, threads


def restarts(server, folder, count):
    """The new process starts beside the old one, which then drains, so many times, under load: outcomes, and the longest drain in seconds."""
    server.stop()
    longest = 0.0
    with socket.create_server(("127.0.0.1", 0), backlog=1_024) as listener:
        port = listener.getsockname()[1]
        log = open(folder / "restarts.log", "wb")

        def start():
            # LISTEN_PID is known only once the process exists.
            environment = {**server.environment, "LISTEN_FDS": "1", "ADMIN_PORT": "0"}
            process = subprocess.Popen(["bash", "-c", f'LISTEN_PID=$$ exec "{BINARY}" serve 3<&{listener.fileno()}'], env=environment,
                                       pass_fds=[listener.fileno()], stdout=log, stderr=log)
            wait_until_listening(process, folder / "restarts.log")
            return process

        seen = 0

        def wait_until_listening(process, path):
            nonlocal seen
            seen += 1
            for _ in range(500):
                if path.read_bytes().count(b'"listening"') >= seen:
                    return
                assert process.poll() is None, path.read_bytes()[-2_000:]
                time.sleep(0.01)
            raise AssertionError("not ready")

        process = start()
        outcomes, stop, threads = exchange(port, 16)
        for _ in range(count):
            following = start()
            begun = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=25) == 0
            longest = max(longest, time.monotonic() - begun)
            process = following
        stop.set()
        for thread in threads:
            thread.join()
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=25) == 0
        log.close()
    return outcomes, longest


def test_restarts_with_a_socket_handed_over_refuse_nobody(server, tmp_path):
    outcomes, longest = restarts(server, tmp_path, 20)
    print(f"{len(outcomes)} requests over 20 restarts, the longest drain {longest:.1f} s")
    assert set(outcomes) == {"200"}, set(outcomes)


def test_from_start_to_ready_takes_a_moment(server):
    moments = []
    for _ in range(5):
        server.stop()
        begun = time.monotonic()
        server.start()
        moments.append(time.monotonic() - begun)
    print("seconds from exec to ready:", ", ".join(f"{moment:.3f}" for moment in moments))
    # 300 ms on an idle machine; tests share theirs.
    assert min(moments) < 0.5


def test_the_server_refuses_wrong_settings_all_at_once(server):
    server.stop()
    result = subprocess.run([BINARY, "serve"], env={**server.environment, "HTTP_PORT": "banana", "PASSWORD_COST": "3"}, capture_output=True, text=True)
    assert result.returncode == 78
    assert "HTTP_PORT is banana" in result.stderr and "PASSWORD_COST is 3" in result.stderr


def test_a_client_that_goes_away_ends_its_query(server):
    """A search that waits for a lock: nobody but PostgreSQL would notice that nobody waits for it any more."""
    token = server.register()["access_token"]
    holder = subprocess.Popen(["psql", "-qAt", f"{CLUSTER}postgres&dbname={server.database}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    holder.stdin.write("BEGIN; LOCK TABLE app.customers; SELECT 'held';\n")
    holder.stdin.flush()
    assert holder.stdout.readline() == "held\n"
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND usename = 'unnati_app' AND wait_event_type = 'Lock'"

    def wait_for(count, seconds):
        begun = time.monotonic()
        while server.sql(waiting) != count:
            assert time.monotonic() - begun < seconds, f"not {count} after {seconds} s"
            time.sleep(0.02)
        return time.monotonic() - begun

    with socket.create_connection(("127.0.0.1", server.port)) as connection:
        connection.sendall(f"GET /v1/customers?q=asha HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n\r\n".encode())
        wait_for("1", 2)
    took = wait_for("0", 1)
    holder.communicate("ROLLBACK;\n")
    print(f"ended {took:.2f} s after the client was gone")
    assert requests.get(server.url + "/v1/customers?q=asha", headers={"Authorization": "Bearer " + token}).ok
