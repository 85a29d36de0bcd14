# SPDX-License-Identifier: Apache-2.0
"""Work for later, as operators see it: a process that works alone, and the command that shows, repairs and pauses."""
import json
import os
import signal
import subprocess
import time

import pytest
import requests

from conftest import BINARY, Server, free_port


@pytest.fixture
def idle(tmp_path):
    """A server that does no jobs, and somebody who has asked for a customer file to be worked through."""
    server = Server(tmp_path, JOBS="off")
    headers = {"Authorization": "Bearer " + server.register()["access_token"]}
    reply = requests.post(server.url + "/v1/customers/import", data=b"name,phone\nAsha,9812345678\n", headers={**headers, "Content-Type": "text/csv"})
    assert reply.status_code == 202
    yield server, lambda: requests.get(server.url + reply.headers["Location"], headers=headers).json()["state"]
    server.drop()


def jobs(server, *arguments):
    return subprocess.run([BINARY, "jobs", *arguments], env=server.environment, capture_output=True, text=True, timeout=30)


def work(server, port=0):
    environment = {**server.environment, "ADMIN_PORT": str(port)}
    del environment["JOBS"]
    return subprocess.Popen([BINARY, "work"], env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def reach(is_reached, seconds=15):
    ended = time.monotonic() + seconds
    while not is_reached() and time.monotonic() < ended:
        time.sleep(0.05)
    assert is_reached()


def test_a_worker_of_its_own_does_what_servers_ask_for(idle):
    server, state = idle
    assert "Nobody works" in jobs(server).stdout
    port = free_port()
    worker = work(server, port)
    reach(lambda: state() == "completed")
    assert "Worker " in jobs(server).stdout
    metrics = requests.get(f"http://127.0.0.1:{port}/metrics").text
    assert 'jobs_ended_total{kind="customer_import",outcome="done"} 1' in metrics
    assert 'jobs{state="available"}' in metrics
    assert "job_duration_seconds" in metrics and "9812345678" not in metrics
    assert requests.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    worker.send_signal(signal.SIGTERM)
    output = worker.communicate(timeout=30)[0]
    assert worker.returncode == 0 and '"msg":"stopped"' in output
    assert "Nobody works" in jobs(server).stdout


def test_operators_see_pause_cancel_and_repair(idle):
    server, state = idle
    listed = json.loads(jobs(server, "list", "--json").stdout)
    assert [(job["kind"], job["state"]) for job in listed] == [("customer_import", "available")]
    job = listed[0]["id"]
    shown = jobs(server, "show", job).stdout
    assert "customer_import" in shown and "imp_" in shown and "attempt     0 of 12" in shown
    assert job in jobs(server, "list", "--state", "available").stdout
    assert jobs(server, "list", "--state", "dead").stdout == "There are none.\n"

    assert jobs(server, "cancel", job).stdout == f"{job} is cancelled.\n"
    again = jobs(server, "cancel", job)
    assert again.returncode == 1 and again.stderr == f"{job} is cancelled; nothing was changed.\n"
    assert jobs(server, "retry", job).stdout == f"{job} is done anew.\n"
    assert jobs(server, "pause", "customer_import").returncode == 0
    worker = work(server)
    try:
        reach(lambda: "paused" in jobs(server, "list").stdout)
        assert state() == "running"
        assert "go on with: unnati jobs resume customer_import" in jobs(server).stdout
        assert jobs(server, "resume", "customer_import").stdout == "1 job(s) go on.\n"
        reach(lambda: state() == "completed")
        gone = jobs(server, "show", job)
        assert gone.returncode == 1 and "it is done, or was never asked for" in gone.stderr
    finally:
        worker.terminate()
        worker.communicate(timeout=30)


@pytest.mark.parametrize("arguments, words", [
    (["show", "job_1"], "job_1"), (["show", "cus_" + "0" * 32], "cus_"), (["list", "--state", "lost"], "There is no state lost"),
    (["list", "--limit", "0"], "--limit"), (["retry"], "--dead"), (["retry", "--kind", "x"], "--dead"), (["cancel"], "ids"),
])
def test_what_cannot_be_meant_is_told(arguments, words):
    refused = subprocess.run([BINARY, "jobs", *arguments], env={**os.environ, "DATABASE_WORKER_URL": "postgresql:///x"}, capture_output=True, text=True)
    assert refused.returncode == 64 and words in refused.stderr


def test_who_does_no_jobs_says_so(server):
    environment = {name: value for name, value in server.environment.items() if name != "DATABASE_WORKER_URL"}
    refused = subprocess.run([BINARY, "serve"], env=environment, capture_output=True, text=True, timeout=30)
    assert refused.returncode == 78 and "JOBS=off" in refused.stderr
    for role, words in [("unnati_app", "may not claim jobs"), ("unnati_owner", "Connect as unnati_worker")]:
        wrong = {**server.environment, "HTTP_PORT": "0", "ADMIN_PORT": "0", "DATABASE_WORKER_URL": server.environment["DATABASE_WORKER_URL"].replace("unnati_worker", role)}
        for command in ["serve", "work"]:
            refused = subprocess.run([BINARY, command], env=wrong, capture_output=True, text=True, timeout=30)
            assert refused.returncode == 1 and words in refused.stderr, refused.stderr
    unset = subprocess.run([BINARY, "jobs"], env=environment, capture_output=True, text=True, timeout=30)
    assert unset.returncode == 78 and "DATABASE_WORKER_URL is missing" in unset.stderr
