# SPDX-License-Identifier: Apache-2.0
"""What is acknowledged is kept, and what is begun is finished."""
import concurrent.futures
import signal
import threading
import time

import requests


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

    threads = [threading.Thread(target=work) for _ in range(8)]
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


def test_the_server_refuses_wrong_settings_all_at_once(server):
    server.stop()
    import subprocess
    from conftest import BINARY
    result = subprocess.run([BINARY, "serve"], env={**server.environment, "HTTP_PORT": "banana", "PASSWORD_COST": "3"}, capture_output=True, text=True)
    assert result.returncode == 78
    assert "HTTP_PORT is banana" in result.stderr and "PASSWORD_COST is 3" in result.stderr
